"""What is asked of a book of loans and what comes back: losses over one horizon or quarter by quarter, CNY."""

import datetime as dt
import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from services.loans.segments.compensation_fund import CompensationFundTerms
from services.loans.segments.default_curve import DefaultCurve
from services.loans.segments.segment import require_distinct
from services.runtime.market import MarketSnapshot
from services.runtime.results import Caution, Manifest

DEFAULT_HORIZON_YEARS = 1.0
DEFAULT_PATHS = 20_000
DEFAULT_SEED = 20260821
MIN_PATHS, MAX_PATHS = 256, 10_000_000
# A day: over less, floating point makes of a probability of default next to nothing what it likes.
MIN_HORIZON_YEARS, MAX_HORIZON_YEARS = 1.0 / 365.0, 10.0
MAX_SEED = 2**63 - 1
MAX_QUARTERS = 40
# Paths x quarters: what a simulation keeps of every path and quarter then fits the memory of a small server.
MAX_PATH_QUARTERS = 20_000_000
CONTRIBUTION_CONFIDENCES = (0.95, 0.99, 0.999)


class Sampling(StrEnum):
    """How paths are drawn."""

    PLAIN = "plain"
    TOWARDS_TAIL = "towards_tail"


@dataclass(frozen=True, slots=True)
class PortfolioQuestion:
    """What to simulate.

    Attributes:
        snapshot: the market, taken as that of the day of the book.
        as_of: day of the book; None for the snapshot's.
        loan_ids: only these; empty for all of the institution.
        horizon_years: a day (1 / 365) to 10.
        n_paths: 256 to 10,000,000.
        seed: of the scenario universe, 0 to 2**63 - 1.
        n_quarters: that many quarters, 1 to 40, which take the place of the horizon; None for one period over it.
        sampling: plain paths, or paths of high losses more often.
        fund_cap_cny: most that the risk-compensation fund pays; None for no cap.
        contribution_confidence: of the expected shortfall that loans contribute to: 0.95, 0.99 or 0.999.
        default_curves: term structures of default, up to 100, in place of those of the book; the first that has a loan
            is taken, and loans of none keep a constant hazard.
        compensation_funds: named funds, up to 100, in place of those of the book; the first that has a loan is taken,
            and `fund_cap_cny` is that of the fund behind all other loans with a compensation share.
        without_book_terms: leave out the curves and funds that the book keeps.

    Raises:
        ValueError: if a figure is outside its domain.
    """

    snapshot: MarketSnapshot
    as_of: dt.date | None = None
    loan_ids: tuple[str, ...] = ()
    horizon_years: float = DEFAULT_HORIZON_YEARS
    n_paths: int = DEFAULT_PATHS
    seed: int = DEFAULT_SEED
    n_quarters: int | None = None
    sampling: Sampling = Sampling.PLAIN
    fund_cap_cny: float | None = None
    contribution_confidence: float = 0.99
    default_curves: tuple[DefaultCurve, ...] = ()
    compensation_funds: tuple[CompensationFundTerms, ...] = ()
    without_book_terms: bool = False

    def __post_init__(self) -> None:
        if not MIN_HORIZON_YEARS <= self.horizon_years <= MAX_HORIZON_YEARS:
            raise ValueError(f"horizon_years: found {self.horizon_years}, expected a day (1 / 365) to 10")
        if not MIN_PATHS <= self.n_paths <= MAX_PATHS:
            raise ValueError(f"n_paths: found {self.n_paths}, expected {MIN_PATHS:,} to {MAX_PATHS:,}")
        if not 0 <= self.seed <= MAX_SEED:
            raise ValueError(f"seed: found {self.seed}, expected 0 to {MAX_SEED}")
        if self.n_quarters is not None and not 1 <= self.n_quarters <= MAX_QUARTERS:
            raise ValueError(f"n_quarters: found {self.n_quarters}, expected 1 to {MAX_QUARTERS}")
        if self.n_paths * len(self.period_ends_years) > MAX_PATH_QUARTERS:
            raise ValueError(
                f"n_paths: found {self.n_paths} paths of {len(self.period_ends_years)} quarters, "
                f"expected at most {MAX_PATH_QUARTERS:,} in all"
            )
        if self.fund_cap_cny is not None and not 0.0 <= self.fund_cap_cny < math.inf:
            raise ValueError(f"fund_cap_cny: found {self.fund_cap_cny}, expected a finite number >= 0")
        require_distinct("default_curves", [curve.name for curve in self.default_curves])
        require_distinct("compensation_funds", [fund.name for fund in self.compensation_funds])
        if self.contribution_confidence not in CONTRIBUTION_CONFIDENCES:
            raise ValueError(
                f"contribution_confidence: found {self.contribution_confidence}, expected one of "
                f"{CONTRIBUTION_CONFIDENCES}"
            )

    @property
    def period_ends_years(self) -> NDArray[np.float64]:
        """Ends of the periods, years from the day of the book."""
        if self.n_quarters is None:
            return np.array([self.horizon_years])
        return np.arange(1, self.n_quarters + 1) / 4.0

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
    effective_paths: float | None = None


@dataclass(frozen=True, slots=True)
class FanPoint:
    """A ratio at the end of a quarter: mean and quantiles over the paths.

    Attributes:
        end_years: years from the day of the book.
        mean: over the paths.
        quantiles: probability and value, ascending.
    """

    end_years: float
    mean: float
    quantiles: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class CompensationFund:
    """What a risk-compensation fund has to pay, and how probable it is that its cap is reached.

    Attributes:
        cap_cny: most that it pays, for loans in default already and those that are simulated together.
        payment_mean_cny: mean payment for the latter.
        exhausted_probability: that their claims go beyond what loans in default are expected to leave of the cap.
        name: empty for the one fund of an institution.
        n_loans: loans of a named fund that it bears a share of; None for the one fund.
        basis: where the terms of a named fund come from.
    """

    cap_cny: float
    payment_mean_cny: float
    exhausted_probability: float
    name: str = ""
    n_loans: int | None = None
    basis: str = ""


@dataclass(frozen=True, slots=True)
class LossShare:
    """Loss of one loan or one group.

    Attributes:
        key: loan, county or product.
        exposure_cny: scheduled balance in the middle of the time at risk, in the first quarter where there are several.
        expected_loss_cny: the shares of a grouping add up to the book's.
        defaults_mean: share of paths with default (a loan), mean number of defaults (a group).
        collateral_mean_cny: expected collateral after disposal at the horizon.
        collateral_mean_in_default_cny: its mean on the paths on which the loan defaults, None where it never did;
            of a group the sum over its loans, None where one of them never defaulted.
        tail_contribution_cny: part of the expected shortfall; the shares of a grouping add up to the book's.
    """

    key: str
    exposure_cny: float
    expected_loss_cny: float
    defaults_mean: float
    collateral_mean_cny: float
    collateral_mean_in_default_cny: float | None
    tail_contribution_cny: float | None = None


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
        by_guarantee_mode: in order of the key; "" for loans without one.
        npl, ltv: fans over the quarters; empty over one horizon.
        n_quarters: quarters simulated; None for one horizon.
        effective_paths: plain paths worth the weighted ones; None in results of an older version.
        contribution_confidence: of the expected shortfall that loans contribute to.
        fund: the compensation fund; None where it has no cap.
        named_funds: in order of the question.

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
    by_guarantee_mode: tuple[LossShare, ...] = ()
    npl: tuple[FanPoint, ...] = ()
    ltv: tuple[FanPoint, ...] = ()
    n_quarters: int | None = None
    effective_paths: float | None = None
    contribution_confidence: float | None = None
    fund: CompensationFund | None = None
    named_funds: tuple[CompensationFund, ...] = ()

    def __post_init__(self) -> None:
        figures = (self.exposure_cny, self.expected_loss_cny, self.unexpected_loss_cny)
        if not all(math.isfinite(figure) and figure >= 0.0 for figure in figures):
            raise ValueError(
                f"portfolio loss: found exposure, expected and unexpected loss {figures}, expected finite and >= 0"
            )
