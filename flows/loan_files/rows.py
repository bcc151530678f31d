"""From columns of cells to loans, positions, movements and pledges; a row that cannot be one is told."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from flows.loan_files.pledge_row import PledgeRow
from quant.repayment.daycount import DayCount
from services.loans.conditions import BorrowerSize, GuaranteeMode, InterestSubsidy
from services.loans.loan import Guarantee, IndexWeight, Loan, RepaymentKind, RepaymentTerms, due_date
from services.loans.products import read_products
from services.loans.repayment.changes import LprFixing, LprTenor, RateReset
from services.loans.reported.position import FiveClass, LoanMovement, LoanPosition, MovementKind

Cells = Mapping[str, Any]
Row = Loan | LoanPosition | LoanMovement | PledgeRow


def rows_of(
    kind: str, columns: Mapping[str, Any], is_bad: Sequence[bool]
) -> Iterator[Row | ValueError | None]:
    """The row of each line of a table, or what is wrong with it; None for a line that is known to be bad."""
    build, names = _BUILD[kind], list(columns)
    for bad, cells in zip(is_bad, zip(*columns.values(), strict=True), strict=True):
        if bad:
            yield None
            continue
        try:
            yield build(dict(zip(names, cells, strict=True)))
        except ValueError as error:
            yield error


def _loan(cells: Cells) -> Loan:
    product = cells["product"] or ""
    if product:
        product = _product_code(product)
    mode = cells["guarantee_mode"]
    return Loan(
        loan_id=cells["loan_id"],
        borrower_id=cells["borrower_id"],
        name=cells["name"] or "",
        county=cells["county"] or "",
        industry=cells["industry"] or "",
        product=product,
        terms=_terms(cells),
        default_probability_annual=cells["default_probability_annual"],
        asset_correlation=cells["asset_correlation"],
        unsecured_lgd=cells["unsecured_lgd"],
        index_weights=tuple(IndexWeight(*pair) for pair in cells["index"] or ()),
        guarantee=_guarantee(cells),
        purpose=cells["purpose"] or "",
        approved_on=cells["approved_on"],
        guarantee_mode=None if mode is None else GuaranteeMode(mode),
        borrower_size=None if cells["borrower_size"] is None else BorrowerSize(cells["borrower_size"]),
        is_investment_grade=bool(cells["is_investment_grade"]),
        subsidy=_subsidy(cells),
        compensation_share=cells["compensation_share"] or 0.0,
        restructured_on=cells["restructured_on"],
    )


def _terms(cells: Cells) -> RepaymentTerms:
    months = cells["months_per_period"] or 1
    day_count = cells["day_count"]
    return RepaymentTerms(
        cells["principal_cny"],
        cells["drawn_on"],
        _periods(cells, months),
        cells["rate_annual"],
        RepaymentKind(cells["kind"]),
        months,
        cells["grace_periods"] or 0,
        None if day_count is None else DayCount(day_count),
        _reset(cells),
    )


def _periods(cells: Cells, months: int) -> int:
    """Number of periods, given or counted to the day of maturity."""
    drawn_on, matures_on = cells["drawn_on"], cells["matures_on"]
    if cells["periods"] is not None:
        periods: int = cells["periods"]
        if matures_on is not None and matures_on != due_date(drawn_on, periods * months):
            expected = due_date(drawn_on, periods * months)
            raise ValueError(f"matures_on: found {matures_on}, expected {expected} after {periods} periods")
        return periods
    if matures_on is None:
        raise ValueError("periods: found nothing, expected a number, or a date in matures_on")
    elapsed = (matures_on.year - drawn_on.year) * 12 + matures_on.month - drawn_on.month
    periods, rest = divmod(elapsed, months)
    if rest or periods < 1 or due_date(drawn_on, elapsed) != matures_on:
        raise ValueError(
            f"matures_on: found {matures_on}, expected a day whole periods of {months} months after {drawn_on}"
        )
    return periods


def _product_code(text: str) -> str:
    products = read_products()
    if text in products:
        return text
    for code, product in products.items():
        if text in {product.name_zh, product.name_en}:
            return code
    raise ValueError(
        f"product: found {text!r}, expected one of {', '.join(products)} (data/loans/products.toml)"
    )


def _guarantee(cells: Cells) -> Guarantee | None:
    share = cells["guarantee_share"]
    if share is None:
        for field in ("guarantor_id", "guarantor_default_probability_annual"):
            if cells[field] is not None:
                raise ValueError(f"{field}: found {cells[field]}, expected nothing without guarantee_share")
        return None
    probability = cells["guarantor_default_probability_annual"]
    if probability is None:
        raise ValueError(
            "guarantor_default_probability_annual: found nothing, expected a fraction beside guarantee_share"
        )
    guarantor = cells["guarantor_id"] or ""
    if guarantor == cells["borrower_id"]:
        raise ValueError(
            f"guarantor_id: found {guarantor!r}, the borrower itself, expected another name or none"
        )
    return Guarantee(guarantor, share, probability)


def _subsidy(cells: Cells) -> InterestSubsidy | None:
    points, share = cells["subsidy_rate_points"] or None, cells["subsidy_interest_share"] or None
    if points is None and share is None:
        if cells["subsidy_rate_points"] is None and cells["subsidy_interest_share"] is None:
            for field in ("subsidy_payer", "subsidy_until"):
                if cells[field] is not None:
                    raise ValueError(
                        f"{field}: found {cells[field]}, expected nothing without subsidy_rate_points or "
                        "subsidy_interest_share"
                    )
        return None
    if points is not None and share is not None:
        raise ValueError(
            f"subsidy_interest_share: found {share} beside {points} points, expected it or subsidy_rate_points"
        )
    return InterestSubsidy(cells["subsidy_payer"] or "", points, share, cells["subsidy_until"])


def _reset(cells: Cells) -> RateReset | None:
    tenor = cells["lpr_tenor"]
    if tenor is None:
        for field in ("lpr_spread_bp", "lpr_months_between", "lpr_first_on", "lpr_fixings"):
            if cells[field] is not None:
                # Stored without it, a loan at a floating rate would be one at a fixed rate.
                raise ValueError(f"lpr_tenor: found nothing, expected 1Y or 5Y beside {field}")
        return None
    for field in ("lpr_spread_bp", "lpr_months_between"):
        if cells[field] is None:
            raise ValueError(f"{field}: found nothing, expected a number beside lpr_tenor")
    fixings = tuple(_fixing(name, rate) for name, rate in cells["lpr_fixings"] or ())
    return RateReset(
        LprTenor(tenor), cells["lpr_spread_bp"], cells["lpr_months_between"], fixings, cells["lpr_first_on"]
    )


def _fixing(day: str, rate: float) -> LprFixing:
    try:
        return LprFixing(dt.date.fromisoformat(day), rate)
    except ValueError:
        found = f"{day}:{rate:g}"
        raise ValueError(f"lpr_fixings: found {found!r}, expected pairs such as 2026-01-20:0.03") from None


def _position(cells: Cells) -> LoanPosition:
    quality = cells["quality"]
    return LoanPosition(
        cells["loan_id"],
        cells["as_of"],
        cells["balance_cny"],
        cells["rate_annual"],
        cells["overdue_days"] or 0,
        cells["overdue_principal_cny"] or Decimal(0),
        None if quality is None else FiveClass(quality),
        bool(cells["is_credit_impaired"]),
    )


def _movement(cells: Cells) -> LoanMovement:
    return LoanMovement(
        cells["movement_id"],
        cells["loan_id"],
        cells["day"],
        MovementKind(cells["kind"]),
        cells["amount_cny"],
        cells["reverses"] or "",
    )


def _pledge(cells: Cells) -> PledgeRow:
    share = cells["pledged_share"]
    return PledgeRow(
        cells["collateral_id"],
        cells["loan_id"],
        cells["asset_file"] or "",
        cells["valuation_id"] or "",
        1.0 if share is None else share,
    )


_BUILD: dict[str, Callable[[Cells], Row]] = {
    "loans": _loan,
    "positions": _position,
    "movements": _movement,
    "pledges": _pledge,
}
