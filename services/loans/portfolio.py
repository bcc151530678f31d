"""What is asked of a book of loans and what comes back: losses over one horizon, CNY."""

import datetime as dt
import math
from dataclasses import dataclass

from services.runtime.market import MarketSnapshot
from services.runtime.results import Caution, Manifest

DEFAULT_HORIZON_YEARS = 1.0
DEFAULT_PATHS = 20_000
DEFAULT_SEED = 20260821
MIN_PATHS, MAX_PATHS = 256, 10_000_000
MAX_HORIZON_YEARS = 10.0
MAX_SEED = 2**63 - 1


@dataclass(frozen=True, slots=True)
class PortfolioQuestion:
    """What to simulate.

    Attributes:
        snapshot: the market, taken as that of the day of the book.
        as_of: day of the book; None for the snapshot's.
        loan_ids: only these; empty for all of the institution.
        horizon_years: > 0 and at most 10.
        n_paths: 256 to 10,000,000.
        seed: of the scenario universe, 0 to 2**63 - 1.

    Raises:
        ValueError: if a figure is outside its domain.
    """

    snapshot: MarketSnapshot
    as_of: dt.date | None = None
    loan_ids: tuple[str, ...] = ()
    horizon_years: float = DEFAULT_HORIZON_YEARS
    n_paths: int = DEFAULT_PATHS
    seed: int = DEFAULT_SEED

    def __post_init__(self) -> None:
        if not 0.0 < self.horizon_years <= MAX_HORIZON_YEARS:
            raise ValueError(f"horizon_years: found {self.horizon_years}, expected above 0 and at most 10")
        if not MIN_PATHS <= self.n_paths <= MAX_PATHS:
            raise ValueError(f"n_paths: found {self.n_paths}, expected {MIN_PATHS:,} to {MAX_PATHS:,}")
        if not 0 <= self.seed <= MAX_SEED:
            raise ValueError(f"seed: found {self.seed}, expected 0 to {MAX_SEED}")

    @property
    def book_date(self) -> dt.date:
        """Day of the book."""
        return self.snapshot.as_of if self.as_of is None else self.as_of


@dataclass(frozen=True, slots=True)
class TailFigure:
    """Tail of the loss at one confidence; the interval is one of 95 %."""

    confidence: float
    value_at_risk_cny: float
    value_at_risk_low_cny: float
    value_at_risk_high_cny: float
    expected_shortfall_cny: float
    expected_shortfall_error_cny: float


@dataclass(frozen=True, slots=True)
class LossShare:
    """Loss of one loan or one group.

    Attributes:
        key: loan, county or product.
        exposure_cny: scheduled balance in the middle of the time at risk.
        expected_loss_cny: the shares of a grouping add up to the book's.
        defaults_mean: share of paths with default (a loan), mean number of defaults (a group).
        collateral_mean_cny: expected collateral after disposal at the horizon.
        collateral_mean_in_default_cny: its mean on the paths on which the loan defaults, None where it never did;
            of a group the sum over its loans, None where one of them never defaulted.
    """

    key: str
    exposure_cny: float
    expected_loss_cny: float
    defaults_mean: float
    collateral_mean_cny: float
    collateral_mean_in_default_cny: float | None


@dataclass(frozen=True, slots=True)
class PortfolioLoss:
    """Loss of the book over the horizon, CNY.

    Attributes:
        n_loans: loans.
        exposure_cny: sum of the exposures.
        expected_loss_cny, expected_loss_error_cny: mean and its standard error.
        unexpected_loss_cny: standard deviation of the loss.
        tail: at 95, 99 and 99.9 %.
        by_loan, by_county, by_product: in order of the key.
        cautions: what a careful reader should know.
        manifest: what it takes to compute this again.

    Raises:
        ValueError: if a figure is not a number or a loss is negative.
    """

    n_loans: int
    exposure_cny: float
    expected_loss_cny: float
    expected_loss_error_cny: float
    unexpected_loss_cny: float
    tail: tuple[TailFigure, ...]
    by_loan: tuple[LossShare, ...]
    by_county: tuple[LossShare, ...]
    by_product: tuple[LossShare, ...]
    cautions: tuple[Caution, ...]
    manifest: Manifest

    def __post_init__(self) -> None:
        figures = (self.exposure_cny, self.expected_loss_cny, self.unexpected_loss_cny)
        if not all(math.isfinite(figure) and figure >= 0.0 for figure in figures):
            raise ValueError(
                f"portfolio loss: found exposure, expected and unexpected loss {figures}, expected finite and >= 0"
            )
