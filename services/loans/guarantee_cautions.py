"""What a reader should know of guarantors who borrow in the same book."""

from collections.abc import Iterator

from quant.loan_losses.book import Flags
from services.loans.columns.loan_columns import LoanColumns
from services.loans.few_names import few
from services.loans.guarantees import GuaranteeCircle, circles
from services.runtime.results import Caution, Severity

_SHOWN_MEMBERS = 4


def cautions_about_borrowing_guarantors(loans: LoanColumns, borrows: Flags) -> Iterator[Caution]:
    """Whose probability counts where the guarantor of a loan has loans at risk of its own.

    Args:
        loans: the book.
        borrows: whether the guarantor of each loan does, [n_loans].
    """
    guarantor = loans.guarantees.guarantor
    borrowing = sorted({guarantor.names[code] for code in guarantor.codes[borrows]})
    if borrowing:
        yield Caution(
            "GUARANTORS_BORROW",
            Severity.NOTE,
            f"{len(borrowing)} 个保证人同时是本账簿的借款人，其代偿能力随其自身贷款违约而丧失，按其借款人违约概率计算，"
            f"不采用贷款上填写的保证人违约概率：{few(borrowing)}",
            f"{len(borrowing)} guarantors borrow in the same book: they fail as guarantor when they default as "
            f"borrower, with the probability of their own loans, not the one stated beside the guarantee: "
            f"{few(borrowing)}",
        )


def cautions_about_circles(loans: LoanColumns) -> Iterator[Caution]:
    """Who guarantees for each other, and what was lent inside."""
    found = circles(loans)
    if found:
        lent_wan = sum(loans.terms.principal_cents[i] for circle in found for i in circle.loans) / 1e6
        shown = [_members(circle) for circle in found]
        yield Caution(
            "GUARANTEE_CIRCLES",
            Severity.WARNING,
            f"{len(found)} 个互保圈，圈内互保贷款合同金额合计 {lent_wan:,.2f} 万元，"
            f"一方违约时其余各方的保证随之落空：{few(shown)}",
            f"{len(found)} circles of mutual guarantees with loans of {lent_wan:,.2f} wan CNY granted inside them; "
            f"when one member falls its guarantees for the others are gone: {few(shown)}",
        )


def _members(circle: GuaranteeCircle) -> str:
    more = len(circle.borrowers) - _SHOWN_MEMBERS
    return " - ".join(circle.borrowers[:_SHOWN_MEMBERS]) + (f" - … (+{more})" if more > 0 else "")
