"""What an asset is worth, how sure that is, and how much may be lent: the results of the valuation service."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from services.runtime.errors import FieldViolation
from services.runtime.results import Caution, Distribution, Manifest
from services.valuation.accounts.ecosystem_account import EcosystemAccount
from services.valuation.asset import Asset
from services.valuation.lending.loan_price import RateBuildUp

DEFAULT_SEED = 20260821
DISCOUNT_RATE, LOSS_OF_RIGHT, VALUATION_ERROR = "discount_rate", "loss_of_right", "valuation_error"
"""Drivers of a value that are no factor of the snapshot."""

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Simulation:
    """How a valuation is simulated.

    Attributes:
        n_paths: 256 to 1,048,576.
        seed: of the scenario universe.
        horizon_years: when the pledge may have to be sold.
        confidence: of the haircut and of the pledge value.
    """

    n_paths: int = 2048
    seed: int = DEFAULT_SEED
    horizon_years: float = 1.0
    confidence: float = 0.95


@dataclass(frozen=True, slots=True)
class CashFlowLine:
    """One line of the cash-flow table; the present values of an asset add up to its value."""

    time_years: float
    factor: str
    quantity: float
    expected_factor: float
    expected_amount_cny: float
    present_value_cny: float
    label: str


@dataclass(frozen=True, slots=True)
class AlternativeValue:
    """What one alternative is worth if it is chosen today."""

    name: str
    value_cny: float


@dataclass(frozen=True, slots=True)
class HarvestOption:
    """Value of choosing the date of felling as prices come, by least-squares Monte Carlo; disclosed, not lent on.

    Attributes:
        value_cny: with the choice; an estimate from below.
        option_value_cny: that less the better of the alternatives that are chosen today.
        standard_error_cny: of both.
        foresight_cny: value for an owner who knew all prices, an upper bound.
        alternatives: chosen today.
        mean_felling_years: mean date of felling; None where no path is felled.
        felled_share: share of the paths that are felled at all.
    """

    value_cny: float
    option_value_cny: float
    standard_error_cny: float
    foresight_cny: float
    alternatives: tuple[AlternativeValue, ...]
    mean_felling_years: float | None
    felled_share: float


class Bump(StrEnum):
    """What is changed to measure a sensitivity."""

    LEVEL_1_PERCENT = "level_1_percent"
    VOLATILITY_1_POINT = "volatility_1_point"
    DISCOUNT_RATE_100_BP = "discount_rate_100_bp"
    EVENT_INTENSITY_10_PERCENT = "event_intensity_10_percent"
    ONE_STANDARD_DEVIATION = "one_standard_deviation"


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """How V(0) changes with one input, all others unchanged.

    Attributes:
        driver: primary factor, or one of the names above.
        bump: what is changed.
        change_cny: change of V(0).
    """

    driver: str
    bump: Bump
    change_cny: float


@dataclass(frozen=True, slots=True)
class Valuation:
    """What an asset is worth; fields as in the contract's message Valuation, amounts in CNY."""

    valuation_id: str
    asset_id: str
    kind: str
    valuation_date: dt.date
    value_cny: float
    horizon_years: float
    confidence: float
    value_at_horizon: Distribution
    haircut: float
    pledge_value_cny: float
    undiscounted_sum_cny: float
    annual_cash_cny: float
    disclosed_value_cny: float | None
    best_alternative: str
    cautions: tuple[Caution, ...]
    assumptions: tuple[str, ...]
    cash_flows: tuple[CashFlowLine, ...]
    manifest: Manifest
    harvest_option: HarvestOption | None = None
    sensitivities: tuple[Sensitivity, ...] = ()
    main_drivers: tuple[Sensitivity, ...] = ()
    realised_value_cny: Distribution | None = None
    ecosystem_account: EcosystemAccount | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an asset could not be valued.

    Attributes:
        code: canonical status name, such as "INVALID_ARGUMENT".
    """

    asset_id: str
    code: str
    message: str
    violations: tuple[FieldViolation, ...] = ()


@dataclass(frozen=True, slots=True)
class LoanTerms:
    """The loan that is asked for and what limits it apart from the pledge; amounts CNY, rates a year."""

    tenor_years: float
    rate_annual: float
    grace_years: float = 0.0
    min_dscr: float | None = None
    requested_cny: float | None = None
    project_cost_cny: float | None = None
    project_equity_cny: float = 0.0
    guarantor_cap_cny: float | None = None
    product_cap_cny: float | None = None
    ltv_cap: float | None = None


class LimitRule(StrEnum):
    """Which rule limits a loan."""

    PLEDGE_VALUE = "pledge_value"
    CASH_MULTIPLE = "cash_multiple"
    DEBT_SERVICE = "debt_service"
    PROJECT_COST = "project_cost"
    GUARANTOR_CAP = "guarantor_cap"
    PRODUCT_CAP = "product_cap"


@dataclass(frozen=True, slots=True)
class Limit:
    """One rule, what it allows, and how that was computed."""

    rule: LimitRule
    limit_cny: float
    explanation_zh: str
    explanation_en: str


@dataclass(frozen=True, slots=True)
class LoanYear:
    """One year of a loan at the limit; amounts CNY.

    Attributes:
        year: 1 for the first.
        low_cash_cny: low quantile of the year's cash.
        debt_service_cny: interest and principal paid.
        outstanding_cny: principal after the payment.
        dscr: cash over debt service; None where nothing is due.
        pledge_value_cny: at the end of the year, seen from today.
        ltv: principal before the payment over that; None where the pledge is worth nothing.
    """

    year: int
    low_cash_cny: float
    debt_service_cny: float
    outstanding_cny: float
    dscr: float | None
    pledge_value_cny: float
    ltv: float | None

    @property
    def is_covered(self) -> bool:
        """Whether the low cash pays what is due; a cover of exactly 1 is not missed by rounding."""
        return self.dscr is None or self.dscr >= 1.0 - _ROUNDING


@dataclass(frozen=True, slots=True)
class NeededChange:
    """One way to meet one rule for the amount asked for, all else unchanged; levers as in the contract."""

    rule: LimitRule
    lever: str
    needed: float
    explanation_zh: str
    explanation_en: str


@dataclass(frozen=True, slots=True)
class SizedLoan:
    """How much may be lent and why; see the contract's message SizeLoanResponse."""

    valuation: Valuation
    limits: tuple[Limit, ...]
    binding_rule: LimitRule
    limit_cny: float
    requested_within_limit: bool | None
    min_dscr_at_limit: float | None
    loan_per_unit_cny: float | None
    years: tuple[LoanYear, ...] = ()
    changes_needed: tuple[NeededChange, ...] = ()
    rate: RateBuildUp | None = None
    years_following_cash: tuple[LoanYear, ...] = ()
    cautions: tuple[Caution, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredValuation:
    """A valuation with the asset as it was valued."""

    valuation: Valuation
    asset: Asset


@dataclass(frozen=True, slots=True)
class ValuationSummary:
    """One stored valuation, in short."""

    valuation_id: str
    asset_id: str
    kind: str
    valuation_date: dt.date
    recorded_at: dt.datetime
    value_cny: float
    pledge_value_cny: float
    snapshot_id: str


@dataclass(frozen=True, slots=True)
class Replay:
    """A stored valuation beside the one computed now.

    Attributes:
        differences: field path, stored and recomputed value of every figure that differs in any bit.
    """

    identical: bool
    differences: tuple[str, ...]
    stored: Valuation
    recomputed: Valuation
