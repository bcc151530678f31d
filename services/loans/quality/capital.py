"""What is asked about capital and what comes back; CNY, weights as fractions of 1. Values only."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from services.loans.quality.rules import RuleUsed
from services.loans.segments.compensation_fund import CompensationFundTerms
from services.loans.segments.default_curve import DefaultCurve
from services.loans.segments.segment import require_distinct
from services.runtime.market import MarketSnapshot
from services.runtime.results import Caution, Manifest

DEFAULT_PATHS = 20_000
DEFAULT_SEED = 20260821
MIN_PATHS, MAX_PATHS = 256, 10_000_000
MAX_SEED = 2**63 - 1
MAX_RISK_WEIGHT = 12.5
ALLOCATION = (
    "全簿分位数减预期损失，按各笔对预期尾部损失的 Euler 贡献减其预期损失的比例分摊 · value at risk less expected loss "
    "of the book, shared in proportion to each loan's Euler contribution to expected shortfall less its expected loss"
)


class IrbCollateral(StrEnum):
    """As what a pledge would count in the what-if of the foundation approach."""

    OTHER_PHYSICAL = "other_physical"  # 其他实物押品
    RECEIVABLES = "receivables"  # 应收账款


@dataclass(frozen=True, slots=True)
class GuarantorFacts:
    """What a guarantor is under the capital rule.

    Attributes:
        guarantor_id: as loans name it.
        risk_weight: 0 to 12.5.
        is_eligible: whether its guarantee counts.

    Raises:
        ValueError: if the weight is outside its domain.
    """

    guarantor_id: str
    risk_weight: float
    is_eligible: bool

    def __post_init__(self) -> None:
        if not 0.0 <= self.risk_weight <= MAX_RISK_WEIGHT:
            raise ValueError(f"risk_weight: found {self.risk_weight}, expected 0 to {MAX_RISK_WEIGHT}")


@dataclass(frozen=True, slots=True)
class CapitalQuestion:
    """What to measure.

    Attributes:
        snapshot: the market, taken as that of the day of the book.
        as_of: day of the book; None for the snapshot's.
        loan_ids: only these; empty for all of the institution.
        guarantors: what is known of guarantors, each once; a guarantor without facts does not count.
        irb_collateral: as what a pledge would count in the what-if.
        n_paths: of the economic capital, 256 to 10,000,000.
        seed: of the scenario universe.
        default_curves: term structures of default of the economic capital, up to 100, in place of those of the book.
        compensation_funds: named funds of the economic capital, up to 100, in place of those of the book.
        without_book_terms: leave out the curves and funds that the book keeps.

    Raises:
        ValueError: if a figure is outside its domain.
    """

    snapshot: MarketSnapshot
    as_of: dt.date | None = None
    loan_ids: tuple[str, ...] = ()
    guarantors: tuple[GuarantorFacts, ...] = ()
    irb_collateral: IrbCollateral = IrbCollateral.OTHER_PHYSICAL
    n_paths: int = DEFAULT_PATHS
    seed: int = DEFAULT_SEED
    default_curves: tuple[DefaultCurve, ...] = ()
    compensation_funds: tuple[CompensationFundTerms, ...] = ()
    without_book_terms: bool = False

    def __post_init__(self) -> None:
        if not MIN_PATHS <= self.n_paths <= MAX_PATHS:
            raise ValueError(f"n_paths: found {self.n_paths}, expected {MIN_PATHS:,} to {MAX_PATHS:,}")
        if not 0 <= self.seed <= MAX_SEED:
            raise ValueError(f"seed: found {self.seed}, expected 0 to {MAX_SEED}")
        require_distinct("default_curves", [curve.name for curve in self.default_curves])
        require_distinct("compensation_funds", [fund.name for fund in self.compensation_funds])

    @property
    def day(self) -> dt.date:
        """Day of the book."""
        return self.snapshot.as_of if self.as_of is None else self.as_of


@dataclass(frozen=True, slots=True)
class LoanCapital:
    """Capital of a loan three ways.

    Attributes:
        loan_id: which.
        exposure_cny: principal outstanding.
        pledge_value_cny: value of its pledges on the snapshot.
        weight_class: corporate, investment_grade, medium, small_micro or past_due.
        weight: of that class.
        covered_share: share that an eligible guarantor covers.
        guarantor_weight: weight on that share; that of the class where nothing is substituted.
        weighted_cny: risk-weighted amount of the weight method; the pledge does not count.
        floored_pd: probability of default with its floor.
        irb_unrecognised_cny: foundation approach, pledge unrecognised: risk-weighted amount.
        recognised_lgd: LGD* with the pledge recognised.
        irb_recognised_cny: what-if with the pledge recognised.
        economic_unrecognised_cny, economic_recognised_cny: its share of the book's economic capital.
    """

    loan_id: str
    exposure_cny: float
    pledge_value_cny: float
    weight_class: str
    weight: float
    covered_share: float
    guarantor_weight: float
    weighted_cny: float
    floored_pd: float
    irb_unrecognised_cny: float
    recognised_lgd: float
    irb_recognised_cny: float
    economic_unrecognised_cny: float
    economic_recognised_cny: float


@dataclass(frozen=True, slots=True)
class EconomicCapital:
    """Economic capital of a book over one year; the interval of the value at risk is one of 95 %."""

    expected_loss_cny: float
    value_at_risk_cny: float
    value_at_risk_low_cny: float
    value_at_risk_high_cny: float

    @property
    def capital_cny(self) -> float:
        """Value at risk less expected loss, never below 0."""
        return max(self.value_at_risk_cny - self.expected_loss_cny, 0.0)


@dataclass(frozen=True, slots=True)
class CapitalTotals:
    """Capital of a book three ways.

    Attributes:
        exposure_cny, pledge_value_cny: sums over the loans.
        weighted_cny: risk-weighted amount of the weight method.
        weight_capital_cny: capital that it asks for at the minimum ratio.
        irb_unrecognised_cny, irb_recognised_cny: risk-weighted amounts before the output floor.
        irb_unrecognised_floored_cny, irb_recognised_floored_cny: after it.
        economic_unrecognised, economic_recognised: economic capital without and with the pledges.
    """

    exposure_cny: float
    pledge_value_cny: float
    weighted_cny: float
    weight_capital_cny: float
    irb_unrecognised_cny: float
    irb_unrecognised_floored_cny: float
    irb_recognised_cny: float
    irb_recognised_floored_cny: float
    economic_unrecognised: EconomicCapital
    economic_recognised: EconomicCapital

    @property
    def is_floor_binding(self) -> bool:
        """Whether the output floor binds with the pledge recognised."""
        return self.irb_recognised_floored_cny > self.irb_recognised_cny


@dataclass(frozen=True, slots=True)
class CapitalReport:
    """Capital of a book.

    Attributes:
        loans: that owe something, in order of id.
        totals: sums.
        allocation: how the economic capital was given to loans.
        rule: with what a reader must know of its parameters.
        cautions: what a careful reader should know.
        manifest: what it takes to compute this again.
    """

    loans: tuple[LoanCapital, ...]
    totals: CapitalTotals
    allocation: str
    rule: RuleUsed
    cautions: tuple[Caution, ...]
    manifest: Manifest
