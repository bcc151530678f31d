"""What a careful reader should know about a simulated loss: old valuations, other markets, too few paths."""

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np

from quant.loan_losses.simulation import LossSummary
from services.loans.book import SecuredBook
from services.loans.book_terms.used import cautions_about_terms
from services.loans.columns.loan_columns import Labels
from services.loans.conditions import GuaranteeMode
from services.loans.few_names import few
from services.loans.guarantee_cautions import cautions_about_borrowing_guarantors, cautions_about_circles
from services.loans.guarantees import guarantor_is_borrower
from services.loans.portfolio import PortfolioQuestion
from services.loans.products import read_products
from services.loans.segments.cautions import (
    cautions_about_claims_in_default,
    cautions_about_curves,
    cautions_about_funds,
)
from services.loans.segments.segment import first_segment
from services.runtime.results import Caution, Severity

OLD_VALUATION_DAYS = 365
DISTANT_SNAPSHOT_DAYS = 31
FEWEST_TAIL_PATHS = 10
SMALLEST_EFFECTIVE_SHARE = 0.2


def cautions_about(question: PortfolioQuestion, book: SecuredBook, found: LossSummary) -> tuple[Caution, ...]:
    """All cautions about a result, in a fixed order."""
    return (
        *_about_dates(question, book),
        *_about_snapshots(question, book),
        *_about_rows(question, book),
        *_about_missing_pledges(book),
        *_about_borrowers(book),
        *_about_guarantors(book),
        *_about_fallen_guarantors(book),
        *_about_loans(book),
        *cautions_about_terms(book.terms),
        *cautions_about_curves(
            book.loans,
            book.terms.curves.entries,
            min(question.period_ends_years[-1], book.years_left().max()),
        ),
        *cautions_about_funds(
            book.loans, book.terms.funds.entries, book.fund_cap_cny, is_part=bool(question.loan_ids)
        ),
        *cautions_about_claims_in_default(
            book.claimed_first, book.terms.funds.entries, question.fund_cap_cny
        ),
        *_about_paths(found),
        *_about_weights(found),
    )


def _about_dates(question: PortfolioQuestion, book: SecuredBook) -> Iterator[Caution]:
    distance = abs((question.snapshot.as_of - book.day).days)
    if distance > 0:
        yield Caution(
            "SNAPSHOT_DATE_DIFFERS",
            Severity.WARNING if distance > DISTANT_SNAPSHOT_DAYS else Severity.NOTE,
            f"市场快照日期 {question.snapshot.as_of} 与账簿日期 {book.day} 相差 {distance} 天，按账簿日期的市场使用",
            f"the snapshot of {question.snapshot.as_of} is {distance} days from the book of {book.day} and is taken "
            "as the market of that day",
            "snapshot.as_of",
        )
    old = [
        c.collateral_id for c in book.collateral if (book.day - c.valuation_date).days > OLD_VALUATION_DAYS
    ]
    if old:
        yield Caution(
            "COLLATERAL_VALUATION_OLD",
            Severity.WARNING,
            f"{len(old)} 项押品估值早于账簿日期一年以上：{few(old)}",
            f"{len(old)} collateral valuations are more than a year older than the book: {few(old)}",
        )
    later = [c.collateral_id for c in book.collateral if c.valuation_date > book.day]
    if later:
        yield Caution(
            "COLLATERAL_VALUED_AFTER_BOOK",
            Severity.NOTE,
            f"{len(later)} 项押品估值晚于账簿日期：{few(later)}",
            f"{len(later)} collateral valuations are later than the book: {few(later)}",
        )


def _about_snapshots(question: PortfolioQuestion, book: SecuredBook) -> Iterator[Caution]:
    other = [
        c.collateral_id for c in book.collateral if c.snapshot_id not in {"", question.snapshot.snapshot_id}
    ]
    if other:
        yield Caution(
            "COLLATERAL_OTHER_SNAPSHOT",
            Severity.NOTE,
            f"{len(other)} 项押品的现金流表按其他市场快照编制：{few(other)}",
            f"{len(other)} collateral schedules were made under another snapshot: {few(other)}",
        )


def _about_rows(question: PortfolioQuestion, book: SecuredBook) -> Iterator[Caution]:
    ended = [
        c.collateral_id
        for c in book.collateral
        if not (c.schedule_from(book.day).times_years > question.period_ends_years[-1]).any()
    ]
    if ended:
        yield Caution(
            "COLLATERAL_ENDS_BEFORE_HORIZON",
            Severity.WARNING,
            f"{len(ended)} 项押品在期末之后已无现金流，按 0 计：{few(ended)}",
            f"{len(ended)} collateral schedules have no row after the horizon and count as 0: {few(ended)}",
        )


def _about_missing_pledges(book: SecuredBook) -> Iterator[Caution]:
    """Loans at risk that should have a pledge by their product or by what the bank says of their security."""
    loans = book.loans
    # Every product of the table has a pledge, unless the bank says of a loan that it is secured in another way.
    has_product = _is_named(loans.product, set(read_products()))
    expected = _is_named(loans.guarantee_mode, {GuaranteeMode.PLEDGE}) | (
        has_product & _is_named(loans.guarantee_mode, {"", GuaranteeMode.COMBINED})
    )
    secured = {item.loan_id for item in book.collateral if item.is_pledged}
    rows = np.flatnonzero(expected & (book.years_left() > 0.0))
    bare = [loans.loan_ids[i] for i in rows if loans.loan_ids[i] not in secured]
    if bare:
        yield Caution(
            "LOANS_WITHOUT_PLEDGE",
            Severity.WARNING,
            f"{len(bare)} 笔质押类贷款没有押品，损失按无抵押违约损失率计：{few(bare)}",
            f"{len(bare)} loans of pledge products have no pledge and lose like unsecured ones: {few(bare)}",
        )


def _is_named(column: Labels, names: Collection[str]) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """Of each loan whether its text is one of the names, [n_loans]."""
    return np.array([name in names for name in column.names], dtype=bool)[column.codes]


def _about_borrowers(book: SecuredBook) -> Iterator[Caution]:
    loans = book.loans
    # One view a borrower: a number changes where any of what decides its default does.
    borrower, view = loans.borrower.codes, loans.index_of_loan
    curve = first_segment([curve.segment for curve in book.terms.curves.entries], loans)
    for column in (loans.default_probability_annual, loans.asset_correlation, curve):
        values, codes = np.unique(column, return_inverse=True)
        view = view * len(values) + codes
    lowest, highest = np.full((2, len(loans.borrower.names)), np.iinfo(np.int64).max)
    np.minimum.at(lowest, borrower, view)
    np.minimum.at(highest, borrower, -view)
    torn = sorted(loans.borrower.names[i] for i in np.flatnonzero(lowest != -highest))
    if torn:
        yield Caution(
            "BORROWER_TERMS_DIFFER",
            Severity.WARNING,
            f"{len(torn)} 个借款人的各笔贷款违约参数不一致，未必同时违约：{few(torn)}",
            f"{len(torn)} borrowers have loans with different default parameters, which may default apart: "
            f"{few(torn)}",
        )


def _about_guarantors(book: SecuredBook) -> Iterator[Caution]:
    at_risk = book.years_left() > 0.0
    borrows = guarantor_is_borrower(book.loans, at_risk) & at_risk & ~book.guarantor_has_fallen()
    yield from cautions_about_borrowing_guarantors(book.loans, borrows)
    yield from cautions_about_circles(book.loans)


def _about_fallen_guarantors(book: SecuredBook) -> Iterator[Caution]:
    loans = book.loans
    counted = (book.years_left() > 0.0) & (loans.guarantees.share > 0.0)
    unbacked = [loans.loan_ids[i] for i in np.flatnonzero(book.guarantor_has_fallen() & counted)]
    if unbacked:
        yield Caution(
            "GUARANTORS_IN_DEFAULT",
            Severity.WARNING,
            f"{len(unbacked)} 笔贷款的保证人自身已违约，保证按 0 计：{few(unbacked)}",
            f"the guarantors of {len(unbacked)} loans are in default themselves, whose guarantees count as nothing: "
            f"{few(unbacked)}",
        )


def _about_loans(book: SecuredBook) -> Iterator[Caution]:
    over = [book.loans.loan_ids[i] for i in np.flatnonzero(book.years_left() == 0.0)]
    known = book.settled.union(book.bad.balances_cny)
    matured = [loan_id for loan_id in over if loan_id not in known]
    if matured:
        yield Caution(
            "LOANS_MATURED",
            Severity.WARNING,
            f"{len(matured)} 笔贷款在账簿日期已到期，敞口按 0 计：{few(matured)}",
            f"{len(matured)} loans have matured by the day of the book and count with exposure 0: {few(matured)}",
        )
    if book.settled:
        settled = sorted(book.settled)
        yield Caution(
            "LOANS_SETTLED",
            Severity.NOTE,
            f"{len(settled)} 笔贷款报送余额为零（提前还清或已核销），敞口按 0 计：{few(settled)}",
            f"{len(settled)} loans are reported to owe nothing (repaid early or written off) and count with exposure "
            f"0: {few(settled)}",
        )
    if book.bad.balances_cny:
        bad, owed_wan = sorted(book.bad.balances_cny), book.bad.stock_cny / 1e4
        yield Caution(
            "BAD_LOANS_LEFT_OUT",
            Severity.NOTE,
            f"{len(bad)} 笔贷款逾期超过 90 天或已列不良（报送余额合计 {owed_wan:,.2f} 万元），已经违约，不再模拟，"
            f"其损失见预期信用损失第三阶段；不良率由该余额起算：{few(bad)}",
            f"{len(bad)} loans are more than 90 days overdue or non-performing, {owed_wan:,.2f} wan CNY as reported; "
            "they do not default again and are left out: their loss is that of stage 3 in the expected credit loss. "
            f"The non-performing ratio starts from them: {few(bad)}",
        )


def _about_paths(found: LossSummary) -> Iterator[Caution]:
    unresolved = [tail.confidence for tail in found.tail if not tail.is_resolved]
    if unresolved:
        levels = ", ".join(f"{level:.1%}" for level in unresolved)
        yield Caution(
            "TAIL_NEEDS_MORE_PATHS",
            Severity.WARNING,
            f"路径数 {found.n_paths} 不足以给出 {levels} 分位数的置信区间上限",
            f"{found.n_paths} paths are too few for the upper end of the interval at {levels}",
            "n_paths",
        )


def _about_weights(found: LossSummary) -> Iterator[Caution]:
    for tail in found.tail:
        if tail.is_resolved and tail.effective_paths < FEWEST_TAIL_PATHS:
            yield Caution(
                "TAIL_RESTS_ON_FEW_PATHS",
                Severity.NOTE,
                f"{tail.confidence:.1%} 分位数以外的有效路径仅 {tail.effective_paths:.0f} 条",
                f"only {tail.effective_paths:.0f} effective paths lie at or beyond the quantile at "
                f"{tail.confidence:.1%}",
                "n_paths",
            )
    if found.effective_paths < SMALLEST_EFFECTIVE_SHARE * found.n_paths:
        yield Caution(
            "WEIGHTS_UNEVEN",
            Severity.WARNING,
            f"加权路径的有效样本量为 {found.effective_paths:.0f}，不足 {found.n_paths} 条的二成，"
            "均值与低分位数请用等权路径",
            f"the weighted paths are worth {found.effective_paths:.0f} plain ones, less than a fifth of "
            f"{found.n_paths}: take means and low quantiles from plain paths",
            "sampling",
        )
