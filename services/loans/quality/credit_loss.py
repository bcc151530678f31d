"""What is asked about expected credit loss and what comes back; CNY. Values only."""

import datetime as dt
import math
from dataclasses import dataclass

from services.loans.quality.classification import DebtorFacts
from services.loans.quality.rules import RuleUsed
from services.loans.quality.staging import StageReason
from services.loans.segments.compensation_fund import CompensationFundTerms
from services.loans.segments.default_curve import DefaultCurve
from services.loans.segments.segment import require_distinct
from services.runtime.market import MarketSnapshot
from services.runtime.results import Caution, Manifest

DEFAULT_PATHS = 1_024
DEFAULT_SEED = 20260821
MIN_PATHS, MAX_PATHS = 2, 100_000
MAX_SEED = 2**63 - 1
MAX_EXPLAINED = 1_000
QUARTERS_PER_YEAR = 4


@dataclass(frozen=True, slots=True)
class CreditLossQuestion:
    """What to measure.

    Attributes:
        snapshot: the market, taken as that of the day of the book.
        as_of: day of the book; None for the snapshot's.
        loan_ids: only these; empty for all of the institution. Contagion always looks at all.
        debtors: what is known of debtors across banks, each once.
        origination: annual probability at origination by loan; the first recorded state where one is missing.
        explained_loan_ids: loans whose quarters are listed, up to 1,000.
        n_paths: even, 2 to 100,000.
        seed: of the scenario universe.
        default_curves: term structures of default in stages 1 and 2, up to 100, in place of those of the book; the
            first that has a loan is taken, and loans of none keep a constant hazard.
        compensation_funds: named funds, up to 100, in place of those of the book; the first that has a loan is taken,
            and loans of none have their own share paid without a cap.
        without_book_terms: leave out the curves and funds that the book keeps.

    Raises:
        ValueError: if a figure is outside its domain.
    """

    snapshot: MarketSnapshot
    as_of: dt.date | None = None
    loan_ids: tuple[str, ...] = ()
    debtors: tuple[DebtorFacts, ...] = ()
    origination: tuple[tuple[str, float], ...] = ()
    explained_loan_ids: tuple[str, ...] = ()
    n_paths: int = DEFAULT_PATHS
    seed: int = DEFAULT_SEED
    default_curves: tuple[DefaultCurve, ...] = ()
    compensation_funds: tuple[CompensationFundTerms, ...] = ()
    without_book_terms: bool = False

    def __post_init__(self) -> None:
        if not MIN_PATHS <= self.n_paths <= MAX_PATHS or self.n_paths % 2:
            raise ValueError(
                f"n_paths: found {self.n_paths}, expected an even number from {MIN_PATHS} to {MAX_PATHS:,}"
            )
        if not 0 <= self.seed <= MAX_SEED:
            raise ValueError(f"seed: found {self.seed}, expected 0 to {MAX_SEED}")
        if len(self.explained_loan_ids) > MAX_EXPLAINED:
            raise ValueError(
                f"explained_loan_ids: found {len(self.explained_loan_ids)}, expected at most {MAX_EXPLAINED:,}"
            )
        if not all(0.0 <= probability <= 1.0 for _, probability in self.origination):
            raise ValueError("origination: expected probabilities from 0 to 1")
        require_distinct("default_curves", [curve.name for curve in self.default_curves])
        require_distinct("compensation_funds", [fund.name for fund in self.compensation_funds])

    @property
    def day(self) -> dt.date:
        """Day of the book."""
        return self.snapshot.as_of if self.as_of is None else self.as_of


@dataclass(frozen=True, slots=True)
class LossQuarter:
    """One quarter of a loan's expected credit loss.

    Attributes:
        until_years: end of the quarter; in stage 3 the time of the sale.
        marginal_pd: probability of default in the quarter, seen from today; 1 in stage 3.
        exposure_cny: at default.
        collateral_cny: mean of what pledges bring given default; in stage 3 discounted to today.
        loss_cny: undiscounted expected loss, the mean of probability times loss on the same paths.
        discount_factor: at the effective rate.
        discounted_loss_cny: the product of the two.
    """

    until_years: float
    marginal_pd: float
    exposure_cny: float
    collateral_cny: float
    loss_cny: float
    discount_factor: float
    discounted_loss_cny: float


@dataclass(frozen=True, slots=True)
class ScenarioLoss:
    """Expected credit loss of a loan in one scenario; quarters only where they were asked for."""

    scenario: str
    weight: float
    twelve_month_cny: float
    lifetime_cny: float
    quarters: tuple[LossQuarter, ...] = ()


@dataclass(frozen=True, slots=True)
class LoanCreditLoss:
    """Expected credit loss of a loan.

    Attributes:
        loan_id, county, product: which.
        stage: 1 to 3.
        reasons: why; the first decides.
        exposure_cny: principal outstanding.
        effective_rate_annual: at which losses are discounted.
        default_probability_annual: now.
        origination_pd: at origination; None where not known.
        origination_basis: where it comes from.
        twelve_month_cny, lifetime_cny: weighted over the scenarios.
        allowance_cny: the first in stage 1, the second in stages 2 and 3.
        scenarios: each scenario.
        compensation_cny: what the allowance counts on compensation funds to pay, discounted as it is; over the loans of
            a fund at most what the fund pays.
    """

    loan_id: str
    county: str
    product: str
    stage: int
    reasons: tuple[StageReason, ...]
    exposure_cny: float
    effective_rate_annual: float
    default_probability_annual: float
    origination_pd: float | None
    origination_basis: str
    twelve_month_cny: float
    lifetime_cny: float
    allowance_cny: float
    scenarios: tuple[ScenarioLoss, ...]
    compensation_cny: float = 0.0


@dataclass(frozen=True, slots=True)
class FundInCreditLoss:
    """What a named risk-compensation fund does for the allowance; weighted over the scenarios.

    Attributes:
        name, basis: of its terms.
        n_loans: loans that it bears a share of.
        cap_cny: most that it pays.
        claims_cny: expected claims, of stage 3 and over the whole life of the others, undiscounted.
        payment_cny: what it is expected to pay of them, at most the cap.
        counted_cny: what the allowance counts of it: 12 months of stage 1, the life of stages 2 and 3, discounted.
    """

    name: str
    basis: str
    n_loans: int
    cap_cny: float
    claims_cny: float
    payment_cny: float
    counted_cny: float


@dataclass(frozen=True, slots=True)
class CreditLossTotal:
    """Expected credit loss of a group: how many loans, their exposure and allowance."""

    key: str
    n_loans: int
    exposure_cny: float
    allowance_cny: float

    @property
    def coverage(self) -> float:
        """Allowance over exposure; 0 of nothing."""
        return self.allowance_cny / self.exposure_cny if self.exposure_cny > 0.0 else 0.0


@dataclass(frozen=True, slots=True)
class CreditLossReport:
    """Expected credit loss of a book.

    Attributes:
        loans: that owe something, in order of id.
        total, by_stage, by_product, by_county: sums over them.
        rule: with what a reader must know of its parameters.
        cautions: what a careful reader should know.
        manifest: what it takes to compute this again.
        funds: named risk-compensation funds, in order.
    """

    loans: tuple[LoanCreditLoss, ...]
    total: CreditLossTotal
    by_stage: tuple[CreditLossTotal, ...]
    by_product: tuple[CreditLossTotal, ...]
    by_county: tuple[CreditLossTotal, ...]
    rule: RuleUsed
    cautions: tuple[Caution, ...]
    manifest: Manifest
    funds: tuple[FundInCreditLoss, ...] = ()


def totals_by(loans: tuple[LoanCreditLoss, ...], keys: list[str]) -> tuple[CreditLossTotal, ...]:
    """Sums of the groups in order of the key; they add up to the book."""
    groups: dict[str, list[LoanCreditLoss]] = {}
    for loan, key in zip(loans, keys, strict=True):
        groups.setdefault(key, []).append(loan)
    return tuple(total_of(key, groups[key]) for key in sorted(groups))


def total_of(key: str, loans: list[LoanCreditLoss]) -> CreditLossTotal:
    """Sum of a group."""
    return CreditLossTotal(
        key,
        len(loans),
        math.fsum(loan.exposure_cny for loan in loans),
        math.fsum(loan.allowance_cny for loan in loans),
    )
