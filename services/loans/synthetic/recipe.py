"""What a synthetic book is drawn from. Values only."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from services.loans.loan import IndexWeight


@dataclass(frozen=True, slots=True)
class LoanTemplate:
    """A published case that synthetic loans start from.

    Attributes:
        case_id: of the case.
        product, county, industry, purpose: of its loans.
        has_variants: whether the product comes with a guarantee, an unsecured part or a project as well.
        amount_cny: published loan, around which amounts are drawn.
        tenor_months: a whole number of months.
        rate_annual: around which rates are drawn.
        index_weights: of the borrower.
    """

    case_id: str
    product: str
    county: str
    industry: str
    purpose: str
    has_variants: bool
    amount_cny: float
    tenor_months: int
    rate_annual: float
    index_weights: tuple[IndexWeight, ...]


@dataclass(frozen=True, slots=True)
class BookRecipe:
    """Templates, and every assumption of data/demonstration/synthetic_book.toml, where each is explained.

    Attributes:
        templates: drawn from evenly.
        as_of: reporting day, the end of a quarter.
        n_quarters: quarters with movements up to that day.
    """

    templates: tuple[LoanTemplate, ...]
    as_of: dt.date
    n_quarters: int
    amount_log_sd: float
    damped_above_cny: float
    damping_power: float
    rate_spread_bp: float
    default_probability_annual: float
    default_probability_log_sd: float
    asset_correlation: float
    unsecured_lgd: float
    oldest_loan_months: int
    overdue_share: float
    overdue_longest_months: int
    prepaid_share: float
    written_off_share: float
    guarantee_share: float
    guarantor_default_probability_annual: float
    compensation_share: float
    variants: Mapping[str, float]
    borrower_sizes: Mapping[str, float]
    repayment_kinds: Mapping[str, float]

    def __post_init__(self) -> None:
        if not self.templates:
            raise ValueError("templates: found none, expected at least one")
        if (self.as_of + dt.timedelta(days=1)).day != 1 or self.as_of.month % 3 != 0:
            raise ValueError(f"as_of: found {self.as_of}, expected the end of a quarter such as 2026-06-30")
        if not 0.0 < self.damped_above_cny < float("inf"):
            raise ValueError(
                f"damped_above_cny: found {self.damped_above_cny}, expected a finite amount above 0"
            )
        if not 0.0 <= self.damping_power <= 1.0:
            raise ValueError(
                f"damping_power: found {self.damping_power}, expected 0 (a cap) to 1 (no damping)"
            )
        if not 1 <= self.n_quarters <= 40:
            raise ValueError(f"n_quarters: found {self.n_quarters}, expected 1 to 40")

    def report_days(self) -> tuple[dt.date, ...]:
        """Ends of quarters: the day before the first quarter with movements, and the end of each, [n_quarters + 1]."""
        months = self.as_of.year * 12 + self.as_of.month
        firsts = [divmod(months - 3 * back, 12) for back in range(self.n_quarters, -1, -1)]
        return tuple(dt.date(year, month + 1, 1) - dt.timedelta(days=1) for year, month in firsts)
