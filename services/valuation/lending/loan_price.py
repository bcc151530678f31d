"""At what rate a loan is made: what is asked, and the answer part by part. Rates a year, amounts CNY."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from services.runtime.results import Caution


@dataclass(frozen=True, slots=True)
class LoanPricing:
    """What the rate is built from; None: the bundled assumption, or what the field says.

    Attributes:
        pd_annual: borrower's probability of default a year; always the bank's own.
        correlation: of the borrower's default index and the value of the pledge, in (-1, 1).
        funding_rate_annual: transfer price of funds; None: at par on the snapshot's curve.
        risk_weight: of the borrower under the regulatory weight method, the pledge not recognised.
        capital_ratio: capital held against risk-weighted assets.
        cost_of_capital_annual: what that capital must earn.
        operating_cost_annual, margin_annual: on the balance.
        lpr_rate_annual, lpr_tenor, lpr_as_of: the loan prime rate that is compared with, all three or none.
        subsidy_points_annual, subsidy_share: interest subsidy as rate or as share of the interest; at most one.
        subsidy_until: last day of it; None: as long as the loan.
        guarantee_share: share of the loan that a guarantor covers.
        guarantee_fee_annual: on the covered balance, paid by the borrower at the beginning of each year.
        guarantor_pd_annual, guarantor_risk_weight: of the guarantor.
        assumed_fields: names of fields above that are assumptions.
    """

    pd_annual: float
    correlation: float | None = None
    funding_rate_annual: float | None = None
    risk_weight: float | None = None
    capital_ratio: float | None = None
    cost_of_capital_annual: float | None = None
    operating_cost_annual: float | None = None
    margin_annual: float | None = None
    lpr_rate_annual: float | None = None
    lpr_tenor: str = ""
    lpr_as_of: dt.date | None = None
    subsidy_points_annual: float | None = None
    subsidy_share: float | None = None
    subsidy_until: dt.date | None = None
    guarantee_share: float = 0.0
    guarantee_fee_annual: float = 0.0
    guarantor_pd_annual: float | None = None
    guarantor_risk_weight: float | None = None
    assumed_fields: tuple[str, ...] = ()


class RatePart(StrEnum):
    """What a rate is made of."""

    FUNDING = "funding"
    EXPECTED_LOSS = "expected_loss"
    CAPITAL = "capital"
    OPERATING_COST = "operating_cost"
    MARGIN = "margin"


@dataclass(frozen=True, slots=True)
class RateComponent:
    """One part of the rate and how it was computed."""

    part: RatePart
    rate_annual: float
    explanation_zh: str
    explanation_en: str


@dataclass(frozen=True, slots=True)
class PricingInput:
    """One figure that the rate rests on, where it comes from, and whether it is an assumption."""

    name: str
    value: float
    is_assumption: bool
    source: str


@dataclass(frozen=True, slots=True)
class LossYear:
    """Expected loss of one year of the loan, CNY.

    Attributes:
        year: 1 for the first.
        exposure_cny: principal before the year's payment.
        survival: probability of no default before the year.
        discount_factor: of the year's end, without spread.
        lgd: share lost at default, the pledge sold, before the guarantor pays.
        guaranteed_lgd: the same after the guarantor has paid.
        expected_loss_cny: survival x PD x guaranteed LGD x exposure, undiscounted.
    """

    year: int
    exposure_cny: float
    survival: float
    discount_factor: float
    lgd: float
    guaranteed_lgd: float
    expected_loss_cny: float


class RateBasis(StrEnum):
    """At which rate the borrower's cost is worked out."""

    LOAN_RATE = "loan_rate"
    BUILT_UP_RATE = "built_up_rate"


@dataclass(frozen=True, slots=True)
class BorrowerCost:
    """What a loan costs the borrower, a year.

    Attributes:
        basis: which rate.
        nominal_annual: that rate.
        after_subsidy_annual: effective, less the subsidy.
        all_in_annual: effective, less the subsidy and with the guarantee fee; None where there is no such rate.
    """

    basis: RateBasis
    nominal_annual: float
    after_subsidy_annual: float | None
    all_in_annual: float | None


@dataclass(frozen=True, slots=True)
class RateBuildUp:
    """What the loan must earn, part by part, and what it then costs.

    Attributes:
        amount_cny: loan that is priced: what may be lent, or what is asked for if that is less.
        components: parts; they add up to the total.
        total_rate_annual: what the loan must earn before tax on the margin, on its balance.
        loan_rate_annual: rate of the terms.
        pd_annual: of the borrower.
        lgd: average over the loan, the pledge sold and the guarantor's share paid.
        risk_weight: of borrower and guarantor by their shares.
        irb_risk_weight: what-if, internal-ratings formula, unsecured, for comparison only.
        lpr_rate_annual, lpr_tenor, lpr_as_of: as given; None or empty where not given.
        required_spread_annual: total less LPR; None where no LPR was given.
        offered_spread_annual: rate of the terms less LPR; None where no LPR was given.
        loss_years: expected loss year by year.
        borrower_costs: at the rate of the terms and at the total.
        inputs: every figure used.
        cautions: what a careful reader should know.
    """

    amount_cny: float
    components: tuple[RateComponent, ...]
    total_rate_annual: float
    loan_rate_annual: float
    pd_annual: float
    lgd: float
    risk_weight: float
    irb_risk_weight: float
    lpr_rate_annual: float | None
    lpr_tenor: str
    lpr_as_of: dt.date | None
    required_spread_annual: float | None
    offered_spread_annual: float | None
    loss_years: tuple[LossYear, ...]
    borrower_costs: tuple[BorrowerCost, ...]
    inputs: tuple[PricingInput, ...]
    cautions: tuple[Caution, ...]
