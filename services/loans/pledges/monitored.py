"""What is asked of the pledges of a book and what comes back. Values only."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from services.loans.pledges.levels import PledgeLevel, ProductLevels
from services.runtime.market import MarketSnapshot
from services.runtime.results import Caution, Manifest

DEFAULT_PATHS = 2_000
DEFAULT_SEED = 20260821
MIN_PATHS, MAX_PATHS = 256, 65_536
MAX_SEED = 2**63 - 1
MONTHS_AHEAD = 12
PROBABILITIES = (0.05, 0.25, 0.5, 0.75, 0.95)
GRID = "monthly, today and the 12 months after"


@dataclass(frozen=True, slots=True)
class MonitoringQuestion:
    """What to monitor.

    Attributes:
        snapshot: market on which the pledges are valued.
        as_of: day; None for the snapshot's.
        loan_ids: only these; empty for all of the institution.
        n_paths: 256 to 65,536.
        seed: of the scenario universe.

    Raises:
        ValueError: if a figure is outside its domain.
    """

    snapshot: MarketSnapshot
    as_of: dt.date | None = None
    loan_ids: tuple[str, ...] = ()
    n_paths: int = DEFAULT_PATHS
    seed: int = DEFAULT_SEED

    def __post_init__(self) -> None:
        if not MIN_PATHS <= self.n_paths <= MAX_PATHS:
            raise ValueError(f"n_paths: found {self.n_paths}, expected {MIN_PATHS:,} to {MAX_PATHS:,}")
        if not 0 <= self.seed <= MAX_SEED:
            raise ValueError(f"seed: found {self.seed}, expected 0 to {MAX_SEED}")

    @property
    def day(self) -> dt.date:
        """Day of the monitoring."""
        return self.snapshot.as_of if self.as_of is None else self.as_of


@dataclass(frozen=True, slots=True)
class FanDate:
    """Loan to value and pledge value on a date; quantiles at PROBABILITIES, probabilities by this date.

    Attributes:
        day: the date.
        balance_cny: balance on it.
        value_cny: quantiles of the value of all pledges, ascending.
        loan_to_value: quantiles, ascending, at most 10.
        warning_probability, call_probability, liquidation_probability: that the level is reached by the date.
    """

    day: dt.date
    balance_cny: float
    value_cny: tuple[float, ...]
    loan_to_value: tuple[float, ...]
    warning_probability: float
    call_probability: float
    liquidation_probability: float


@dataclass(frozen=True, slots=True)
class PledgeValue:
    """A pledge today: value of the pledged share on the snapshot, and what its last valuation recorded."""

    collateral_id: str
    value_cny: float
    valuation_date: dt.date
    recorded_value_cny: float | None


@dataclass(frozen=True, slots=True)
class MonitoredLoan:
    """A loan with its pledges.

    Attributes:
        loan_id, county, product: which.
        balance_cny: principal outstanding; from the schedule where `is_balance_reported` is False.
        is_balance_reported: whether a position says so.
        pledges: in order of collateral.
        value_cny: of all pledges.
        loan_to_value: at most 10.
        level: reached today.
        levels: of its product.
        fan: today, then month by month.
        probability_errors: standard errors at the last date of warning, call and liquidation.
        margin_cash_cny: cash that brings loan to value back to the call level; 0 below it.
        margin_pledge_cny: additional pledge value that does the same.
    """

    loan_id: str
    county: str
    product: str
    balance_cny: float
    is_balance_reported: bool
    pledges: tuple[PledgeValue, ...]
    value_cny: float
    loan_to_value: float
    level: PledgeLevel
    levels: ProductLevels
    fan: tuple[FanDate, ...]
    probability_errors: tuple[float, float, float]
    margin_cash_cny: Decimal
    margin_pledge_cny: Decimal


class RevaluationReason(StrEnum):
    """Why a pledge should be valued again."""

    OLD = "old"  # 估值过期
    MARKET_MOVED = "market_moved"  # 市场变动
    CAUTION = "caution"  # 估值提示
    NO_VALUE = "no_value"  # 无估值金额


@dataclass(frozen=True, slots=True)
class RevaluationDue:
    """A pledge that should be valued again, and why; the message carries the figures."""

    collateral_id: str
    loan_id: str
    reason: RevaluationReason
    message_zh: str
    message_en: str


@dataclass(frozen=True, slots=True)
class PledgeReport:
    """The pledges of a book.

    Attributes:
        loans: that owe something, in order of id.
        probabilities: of the quantiles.
        revaluations: in order of loan and collateral, one entry a reason.
        grid: on which levels are looked at.
        cautions: what a careful reader should know.
        manifest: what it takes to compute this again.
    """

    loans: tuple[MonitoredLoan, ...]
    probabilities: tuple[float, ...]
    revaluations: tuple[RevaluationDue, ...]
    grid: str
    cautions: tuple[Caution, ...]
    manifest: Manifest

    def at_stake_cny(self) -> dict[str, float]:
        """How urgent each loan is: its balance times the probability that it reaches the call level on the grid."""
        return {loan.loan_id: loan.balance_cny * loan.fan[-1].call_probability for loan in self.loans}
