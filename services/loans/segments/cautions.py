"""What a careful reader should know about the curves and funds of a question: whose they are, where they come from."""

from collections.abc import Iterator, Sequence

import numpy as np

from services.loans.columns.loan_columns import LoanColumns
from services.loans.segments.compensation_fund import (
    INSTITUTION_FUND,
    CompensationFundTerms,
    FundClaims,
    FundsOfLoans,
    funds_of_loans,
)
from services.loans.segments.default_curve import DefaultCurve
from services.loans.segments.segment import first_segment
from services.runtime.results import Caution, Severity

CNY_PER_WAN = 10_000.0
_SHOWN = 3


def cautions_about_curves(
    loans: LoanColumns, curves: Sequence[DefaultCurve], longest_years: float
) -> Iterator[Caution]:
    """How many loans every curve has, its basis, and curves that end before the risk does.

    Args:
        loans: of the book.
        curves: of the question.
        longest_years: to which losses are counted.
    """
    chosen = first_segment([curve.segment for curve in curves], loans)
    for number, curve in enumerate(curves):
        n = int(np.count_nonzero(chosen == number))
        shape_zh, shape_en = (
            ("，按各笔贷款首年违约概率缩放", ", scaled to each loan's own first year")
            if curve.scaled_to_loan
            else ("", "")
        )
        yield Caution(
            "DEFAULT_CURVE_USED" if n else "DEFAULT_CURVE_WITHOUT_LOANS",
            Severity.NOTE if n else Severity.WARNING,
            f"违约期限结构“{curve.name}”用于 {n} 笔贷款{shape_zh}；依据：{curve.basis}",
            f"default curve {curve.name!r} is that of {n} loans{shape_en}; basis: {curve.basis}",
            "default_curves",
        )
        years = len(curve.cumulative_default)
        if n and longest_years > years:
            yield Caution(
                "DEFAULT_CURVE_EXTENDED",
                Severity.NOTE,
                f"违约期限结构“{curve.name}”止于第 {years} 年，其后沿用末年违约强度（假设）",
                f"default curve {curve.name!r} ends after {years} years; the hazard of its last year is kept after it "
                "(an assumption)",
                "default_curves",
            )


def cautions_about_funds(
    loans: LoanColumns,
    funds: Sequence[CompensationFundTerms],
    institution_cap_cny: float | None,
    *,
    is_part: bool = False,
) -> Iterator[Caution]:
    """Which loans every fund has and its basis, funds without loans, and loans whose share no named fund bears.

    Args:
        loans: of the book.
        funds: named ones.
        institution_cap_cny: most that the fund behind all other loans pays; None for no cap.
        is_part: whether the loans are chosen ones of a larger book.
    """
    behind = funds_of_loans(loans, funds, institution_cap_cny)
    numbers = loans_of_funds(behind)
    for fund, n in zip(funds, numbers, strict=True):
        yield _about_fund(fund, n)
    if is_part and any(numbers):
        yield Caution(
            "COMPENSATION_FUNDS_FOR_A_PART",
            Severity.NOTE,
            "只计算部分贷款：资金池的上限全部留给这些贷款，其余贷款的求偿未计",
            "some loans of the book alone: the limits of funds are all theirs, claims of the other loans do not count",
            "compensation_funds",
        )
    left = [loans.loan_ids[i] for i in np.flatnonzero(behind.fund_of_loan == INSTITUTION_FUND)]
    if left and institution_cap_cny is None:
        rest = f" (+{len(left) - _SHOWN})" if len(left) > _SHOWN else ""
        some = ", ".join(left[:_SHOWN]) + rest
        yield Caution(
            "COMPENSATION_WITHOUT_FUND",
            Severity.WARNING if funds else Severity.NOTE,
            f"{len(left)} 笔贷款有补偿比例但不属于任何具名资金池，按无上限计（假设）：{some}",
            f"{len(left)} loans have a compensation share and no named fund; theirs is paid without a cap "
            f"(assumption): {some}",
            "compensation_funds",
        )


def cautions_about_claims_in_default(
    first: FundClaims, funds: Sequence[CompensationFundTerms], institution_cap_cny: float | None
) -> Iterator[Caution]:
    """Of each fund with a cap that loans in default claim of: its cap, what they claim, are paid and leave.

    Args:
        first: claims of these loans, of the institution's fund and the named ones.
        funds: the named ones.
        institution_cap_cny: most that the fund behind all other loans pays; None for no cap.
    """
    if not first.claims_cny:
        return
    named = [(f"“{fund.name}”", f" {fund.name!r}", fund.pays_at_most_cny) for fund in funds]
    caps = [
        ("", " of the institution", np.inf if institution_cap_cny is None else institution_cap_cny),
        *named,
    ]
    lefts = first.left_of(np.array([cap for *_, cap in caps])).tolist()
    for (name_zh, name_en, cap), claim, paid, left in zip(
        caps, first.claims_cny, first.payments_cny, lefts, strict=True
    ):
        if claim > 0.0 and np.isfinite(cap):
            of_cap, claimed, pays, rest = (
                f"{value / CNY_PER_WAN:,.2f}" for value in (cap, claim, paid, left)
            )
            yield Caution(
                "FUND_CLAIMED_IN_DEFAULT",
                Severity.NOTE,
                f"风险补偿资金池{name_zh}上限 {of_cap} 万元：已违约贷款先得（假设），预期求偿 {claimed} 万元，"
                f"预期支付 {pays} 万元，其余贷款可用 {rest} 万元",
                f"of compensation fund{name_en}, cap {of_cap} x 10,000 CNY, loans in default claim first (an "
                f"assumption): {claimed} expected claims, {pays} expected payment, {rest} left for all others",
                "compensation_funds",
            )


def _about_fund(fund: CompensationFundTerms, n_loans: int) -> Caution:
    if n_loans == 0:
        return Caution(
            "COMPENSATION_FUND_WITHOUT_LOANS",
            Severity.WARNING,
            f"风险补偿资金池“{fund.name}”没有对应的贷款",
            f"compensation fund {fund.name!r} bears a share of no loan",
            "compensation_funds",
        )
    wan = fund.pays_at_most_cny / CNY_PER_WAN
    return Caution(
        "COMPENSATION_FUND_USED",
        Severity.NOTE,
        f"风险补偿资金池“{fund.name}”分担 {n_loans} 笔贷款的损失，合计最多支付 {wan:,.2f} 万元；依据：{fund.basis}",
        f"compensation fund {fund.name!r} bears a share of {n_loans} loans and pays at most {wan:,.2f} x 10,000 CNY in "
        f"all; basis: {fund.basis}",
        "compensation_funds",
    )


def loans_of_funds(behind: FundsOfLoans) -> list[int]:
    """How many loans each named fund bears a share of, [n_funds]."""
    counted = np.bincount(behind.fund_of_loan[behind.fund_of_loan >= 0], minlength=len(behind.cap_cny))
    return [int(n) for n in counted[INSTITUTION_FUND + 1 :]]
