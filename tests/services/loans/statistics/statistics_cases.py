"""A small made-up book whose statistics are computed by hand, and shorthand for its rows."""

import datetime as dt

from services.loans.reported.position import FiveClass, MovementKind
from services.loans.statistics.columns import Positions, book_columns
from services.loans.statistics.compilation import compile_statistics
from services.loans.statistics.facts import LoanFacts, MovementFacts, PositionFacts
from services.loans.statistics.position_rows import position_rows
from services.loans.statistics.quarter import Quarter
from services.loans.statistics.result import QuarterStatistics
from services.loans.statistics.taxonomy import Taxonomy, read_taxonomy
from services.runtime.bundled import bundled

QUARTER = Quarter(2026, 3)
OPENING, CLOSING = dt.date(2026, 6, 30), dt.date(2026, 9, 30)
YEAR_BEGIN, YEAR_BEFORE = dt.date(2025, 12, 31), dt.date(2025, 9, 30)
WAN = 1_000_000  # cents


def taxonomy() -> Taxonomy:
    return read_taxonomy(bundled("statistics/purposes.toml"))


def loan(
    loan_id: str,
    *,
    borrower_id: str = "",
    drawn_on: dt.date = dt.date(2026, 1, 15),
    matures_on: dt.date = dt.date(2030, 1, 15),
    approved_on: dt.date | None = dt.date(2026, 1, 5),
    purpose: str = "water_saving",
    industry: str = "农业",
    county: str = "甘州区",
    product: str = "water_right",
    guarantee_mode: str = "pledge",
) -> LoanFacts:
    return LoanFacts(
        loan_id, borrower_id or f"B-{loan_id}", drawn_on, matures_on, approved_on, purpose, industry, county,
        product, guarantee_mode,
    )  # fmt: skip


def position(
    loan_id: str,
    balance_cents: int,
    as_of: dt.date = CLOSING,
    *,
    rate_annual: float = 0.04,
    quality: FiveClass | None = FiveClass.NORMAL,
) -> PositionFacts:
    return PositionFacts(loan_id, as_of, balance_cents, rate_annual, quality)


def movement(
    loan_id: str, kind: MovementKind, amount_cents: int, day: dt.date = dt.date(2026, 8, 15)
) -> MovementFacts:
    return MovementFacts(loan_id, day, kind, amount_cents)


def statistics(
    loans: list[LoanFacts],
    opening: list[PositionFacts],
    closing: list[PositionFacts],
    movements: list[MovementFacts],
    *,
    year_begin: list[PositionFacts] | None = None,
    year_before: list[PositionFacts] | None = None,
    quarter: Quarter = QUARTER,
) -> QuarterStatistics:
    positions = Positions(
        *(position_rows(rows or []) for rows in (opening, closing, year_begin, year_before))
    )
    return compile_statistics(quarter, book_columns(quarter, loans, positions, movements), taxonomy())
