"""Regulatory capital of one loan: the weight method with a guarantor's weight, and the foundation approach.

GEP, water and carbon pledges are no eligible mitigants under the weight method: the pledge does not count there. In the
foundation approach it is a what-if: `LGD* = [LGD_S min(C (1 - Hc), E) + LGD_U (E - that)] / E`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from quant.credit import irb_risk_weight
from services.loans.conditions import BorrowerSize
from services.loans.loan import Loan
from services.loans.quality.capital import GuarantorFacts, IrbCollateral
from services.loans.quality.rules import RulePeriod


@dataclass(frozen=True, slots=True)
class WeightedClaim:
    """A claim under the weight method; see `LoanCapital`."""

    weight_class: str
    weight: float
    covered_share: float
    guarantor_weight: float

    def weighted_cny(self, exposure_cny: float) -> float:
        """Risk-weighted amount."""
        covered = self.covered_share * self.guarantor_weight
        return exposure_cny * ((1.0 - self.covered_share) * self.weight + covered)


@dataclass(frozen=True, slots=True)
class FoundationClaim:
    """A claim under the foundation approach.

    Attributes:
        floored_pd: probability of default, at least its floor.
        unrecognised_cny: risk-weighted amount with the pledge unrecognised.
        recognised_lgd: LGD* with the pledge recognised.
        recognised_cny: risk-weighted amount with the pledge recognised.
    """

    floored_pd: float
    unrecognised_cny: float
    recognised_lgd: float
    recognised_cny: float


def weight_class_of(loan: Loan, *, is_defaulted: bool) -> str:
    """The class of the weight method; a borrower of whom nothing is known is a general corporate."""
    if is_defaulted:
        return "past_due"
    if loan.borrower_size in {BorrowerSize.SMALL, BorrowerSize.MICRO}:
        return "small_micro"
    if loan.is_investment_grade and loan.borrower_size is not BorrowerSize.NOT_ENTERPRISE:
        return "investment_grade"
    return "medium" if loan.borrower_size is BorrowerSize.MEDIUM else "corporate"


def weighted_claim(
    loan: Loan, guarantors: Mapping[str, GuarantorFacts], rules: RulePeriod, *, is_defaulted: bool
) -> WeightedClaim:
    """A loan under the weight method: an eligible guarantor's weight on its share, if it is the lower one."""
    name = weight_class_of(loan, is_defaulted=is_defaulted)
    weight = rules.value(f"weight_{name}")
    facts = None if loan.guarantee is None else guarantors.get(loan.guarantee.guarantor_id)
    if loan.guarantee is None or facts is None or not facts.is_eligible or facts.risk_weight >= weight:
        return WeightedClaim(name, weight, 0.0, weight)
    return WeightedClaim(name, weight, loan.guarantee.share, facts.risk_weight)


def recognised_lgd(exposure_cny: float, pledge_cny: float, kind: IrbCollateral, rules: RulePeriod) -> float:
    """LGD* of an exposure above 0 with a pledge of a kind."""
    unsecured, secured = rules.value("lgd_unsecured"), rules.value(f"lgd_{kind.value}")
    covered = min(max(pledge_cny, 0.0) * (1.0 - rules.value("collateral_haircut")), exposure_cny)
    return (secured * covered + unsecured * (exposure_cny - covered)) / exposure_cny


def foundation_claim(
    loan: Loan,
    exposure_cny: float,
    pledge_cny: float,
    kind: IrbCollateral,
    rules: RulePeriod,
    *,
    is_defaulted: bool,
) -> FoundationClaim:
    """A loan under the foundation approach, corporate class without the reduction for smaller firms.

    A loan in default weighs nothing here: what it may lose is its expected loss.
    """
    pd = 1.0 if is_defaulted else max(loan.default_probability_annual, rules.value("pd_floor"))
    lgd = recognised_lgd(exposure_cny, pledge_cny, kind, rules)
    maturity = rules.value("maturity_years")
    plain, secured = irb_risk_weight([pd, pd], [rules.value("lgd_unsecured"), lgd], maturity).tolist()
    return FoundationClaim(pd, exposure_cny * plain, lgd, exposure_cny * secured)
