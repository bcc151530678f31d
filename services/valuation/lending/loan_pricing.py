"""At what rate a loan must be made: funding, expected loss, capital, operation, margin; and what it costs the borrower.

The formulas are those of `quant.credit_risk.loan_pricing`; docs/models/loan-pricing.md says what they leave out.
"""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from quant.credit import irb_risk_weight
from quant.credit_risk.loan_pricing import (
    average_rate,
    borrower_rate,
    capital_charge_rate,
    loss_given_default,
    matched_funding_rate,
    survival,
)
from quant.schedules import Array
from services.runtime.errors import InvalidInput
from services.valuation.lending.loan_price import (
    BorrowerCost,
    LoanPricing,
    LossYear,
    RateBasis,
    RateBuildUp,
    RateComponent,
    RatePart,
)
from services.valuation.lending.needed_changes import percent
from services.valuation.lending.pledge_path import PledgeYear
from services.valuation.lending.pricing_assumptions import PricingAssumptions
from services.valuation.lending.pricing_cautions import cautions_of
from services.valuation.lending.pricing_figures import PricingFigures
from services.valuation.lending.sizing import outstanding_per_unit, worth_of_cash
from services.valuation.prepared_market import PreparedMarket
from services.valuation.valuation import LoanTerms

_IRB_LEAST_PD, _IRB_LGD = 0.0005, 0.40
_IRB_MATURITY_YEARS = (1.0, 5.0)
_DAYS_IN_YEAR = 365.0


@dataclass(frozen=True, slots=True, eq=False)
class PricedLoan:
    """The loan whose rate is asked for.

    Attributes:
        amount_cny: above 0.
        terms: of the loan.
        pledge: at the end of each year of the loan.
        valuation_date: when the loan begins.
        low_cash_cny: of each year, where the loan is repaid as the cash comes; empty for level instalments.
    """

    amount_cny: float
    terms: LoanTerms
    pledge: Sequence[PledgeYear]
    valuation_date: dt.date
    low_cash_cny: Sequence[float] = ()

    @property
    def outstanding_cny(self) -> Array:
        """Balances at the beginning and after each yearly payment, [n + 1]."""
        if len(self.low_cash_cny) == 0:
            return self.amount_cny * np.array(outstanding_per_unit(self.terms))
        worth = np.array(worth_of_cash(self.terms, self.low_cash_cny))
        balances: Array = self.amount_cny * (worth / worth[0])
        return balances


def check_dates(pricing: LoanPricing, valuation_date: dt.date) -> None:
    """Refuse dates that make no sense at the date of the valuation.

    Raises:
        InvalidInput: a loan prime rate of the future, or a subsidy that has ended.
    """
    if pricing.lpr_as_of is not None and pricing.lpr_as_of > valuation_date:
        raise InvalidInput.of(
            "pricing.lpr_as_of",
            f"found {pricing.lpr_as_of}, expected a date not after the valuation date {valuation_date}",
        )
    if pricing.subsidy_until is not None and pricing.subsidy_until <= valuation_date:
        raise InvalidInput.of(
            "pricing.subsidy_until",
            f"found {pricing.subsidy_until}, expected a date after the valuation date {valuation_date}",
        )


def build_up_rate(
    loan: PricedLoan, pricing: LoanPricing, market: PreparedMarket, assumptions: PricingAssumptions
) -> RateBuildUp:
    """What the loan must earn.

    Args:
        loan: whose rate.
        pricing: the lender's figures.
        market: its curve discounts, and funds where no transfer price is given.
        assumptions: for what the lender does not state.
    """
    figures = PricingFigures(pricing, assumptions)
    balances = loan.outstanding_cny
    discount = market.curve.discount_factors(np.arange(1.0, len(balances)))
    pd = figures.value("pd_annual")
    years = _loss_years(loan, pricing, figures, discount)
    lgd = average_rate(balances, discount, pd, [year.guaranteed_lgd for year in years])
    risk_weight = _risk_weight(pricing, figures)
    components = (
        _funding(balances, discount, figures, market),
        _expected_loss(pd, lgd, pricing, figures),
        _capital(risk_weight, pricing, figures),
        _stated(
            RatePart.OPERATING_COST, figures.value("operating_cost_annual"), "运营成本", "operating cost"
        ),
        _stated(RatePart.MARGIN, figures.value("margin_annual"), "利润加点", "margin"),
    )
    total = math.fsum(component.rate_annual for component in components)
    lpr = figures.stated("lpr_rate_annual")
    offered = loan.terms.rate_annual
    costs = _borrower_costs(total, loan, pricing, figures)
    return RateBuildUp(
        amount_cny=loan.amount_cny,
        components=components,
        total_rate_annual=total,
        loan_rate_annual=offered,
        pd_annual=pd,
        lgd=lgd,
        risk_weight=risk_weight,
        irb_risk_weight=_irb_what_if(pd, loan.terms),
        lpr_rate_annual=lpr,
        lpr_tenor=pricing.lpr_tenor,
        lpr_as_of=pricing.lpr_as_of,
        required_spread_annual=None if lpr is None else total - lpr,
        offered_spread_annual=None if lpr is None else offered - lpr,
        loss_years=years,
        borrower_costs=costs,
        inputs=figures.inputs,
        cautions=cautions_of(
            total,
            offered,
            figures.inputs,
            lpr_as_of=pricing.lpr_as_of,
            valuation_date=loan.valuation_date,
            follows_cash=len(loan.low_cash_cny) > 0,
        ),
    )


def _loss_years(
    loan: PricedLoan, pricing: LoanPricing, figures: PricingFigures, discount: Array
) -> tuple[LossYear, ...]:
    pd, correlation = figures.value("pd_annual"), figures.value("correlation")
    left = 1.0
    if pricing.guarantee_share > 0.0:
        left -= figures.value("guarantee_share") * (1.0 - figures.value("guarantor_pd_annual"))
    balances, alive = loan.outstanding_cny, survival(pd, len(loan.pledge))
    found = []
    for k, pledge in enumerate(loan.pledge):
        exposure, kept = float(balances[k]), float(alive[k])
        # A loan that is repaid before its last year has nothing to lose in it.
        lgd = loss_given_default(exposure, pledge.sale_cny, pd, correlation) if exposure > 0.0 else 0.0
        found.append(
            LossYear(
                k + 1, exposure, kept, float(discount[k]), lgd, lgd * left, kept * pd * lgd * left * exposure
            )
        )
    return tuple(found)


def _funding(
    balances: Array, discount: Array, figures: PricingFigures, market: PreparedMarket
) -> RateComponent:
    given = figures.stated("funding_rate_annual")
    if given is not None:
        return _stated(RatePart.FUNDING, given, "资金转移价格", "transfer price of funds")
    rate = matched_funding_rate(balances, discount)
    figures.funded_at(rate, market)
    snapshot = market.snapshot
    return RateComponent(
        RatePart.FUNDING,
        rate,
        f"各年余额按市场快照 {snapshot.snapshot_id} 的收益率曲线平价融资 = {percent(rate)}",
        f"the balances funded at par on the curve of snapshot {snapshot.snapshot_id} = {percent(rate)}",
    )


def _expected_loss(pd: float, lgd: float, pricing: LoanPricing, figures: PricingFigures) -> RateComponent:
    rate, share = pd * lgd, pricing.guarantee_share
    of_guarantee_zh = of_guarantee_en = ""
    if share > 0.0:
        unpaid = figures.value("guarantor_pd_annual")
        of_guarantee_zh = f"，担保 {percent(share)}、不能代偿概率 {percent(unpaid)} 已扣"
        of_guarantee_en = f", guarantee of {percent(share)} taken off, which fails with {percent(unpaid)}"
    rho = f"{figures.value('correlation'):g}"
    return RateComponent(
        RatePart.EXPECTED_LOSS,
        rate,
        f"违约概率 {percent(pd)} × 违约损失率 {percent(lgd)}（押品处置价值的模拟分布，与违约相关 {rho}，各年加权"
        f"{of_guarantee_zh}）= {percent(rate)}",
        f"PD {percent(pd)} x LGD {percent(lgd)} (simulated sale value of the pledge, correlation {rho} with default, "
        f"average of the years{of_guarantee_en}) = {percent(rate)}",
    )


def _risk_weight(pricing: LoanPricing, figures: PricingFigures) -> float:
    borrower, share = figures.value("risk_weight"), pricing.guarantee_share
    if share == 0.0:
        return borrower
    # A guarantor with a higher weight than the borrower's takes nothing off, and the rule does not make it worse.
    return (1.0 - share) * borrower + share * min(borrower, figures.value("guarantor_risk_weight"))


def _capital(risk_weight: float, pricing: LoanPricing, figures: PricingFigures) -> RateComponent:
    ratio, cost = figures.value("capital_ratio"), figures.value("cost_of_capital_annual")
    rate = float(capital_charge_rate(risk_weight, ratio, cost))
    weight_zh = weight_en = ""
    if pricing.guarantee_share > 0.0:
        covered = min(figures.value("risk_weight"), figures.value("guarantor_risk_weight"))
        weight_zh = f"（担保部分 {percent(pricing.guarantee_share)} 按 {percent(covered)}）"
        weight_en = f" ({percent(covered)} on the {percent(pricing.guarantee_share)} that is guaranteed)"
    return RateComponent(
        RatePart.CAPITAL,
        rate,
        f"风险权重 {percent(risk_weight)}{weight_zh} × 资本比率 {percent(ratio)} × 资本成本 {percent(cost)} = "
        f"{percent(rate)}（监管权重法，不认押品）",
        f"risk weight {percent(risk_weight)}{weight_en} x capital ratio {percent(ratio)} x cost of capital "
        f"{percent(cost)} = {percent(rate)} (regulatory weight, pledge not recognised)",
    )


def _stated(part: RatePart, rate: float, name_zh: str, name_en: str) -> RateComponent:
    return RateComponent(part, rate, f"{name_zh} {percent(rate)}", f"{name_en} {percent(rate)}")


def _irb_what_if(pd: float, terms: LoanTerms) -> float:
    shortest, longest = _IRB_MATURITY_YEARS
    maturity = min(max(terms.tenor_years, shortest), longest)
    return float(irb_risk_weight(max(pd, _IRB_LEAST_PD), _IRB_LGD, maturity))


def _borrower_costs(
    total: float, loan: PricedLoan, pricing: LoanPricing, figures: PricingFigures
) -> tuple[BorrowerCost, ...]:
    for name in ("subsidy_points_annual", "subsidy_share"):
        figures.stated(name)
    if pricing.guarantee_fee_annual > 0.0:
        figures.stated("guarantee_fee_annual")
    return (
        _borrower_cost(RateBasis.LOAN_RATE, loan.terms.rate_annual, loan, pricing),
        _borrower_cost(RateBasis.BUILT_UP_RATE, total, loan, pricing),
    )


def _borrower_cost(basis: RateBasis, rate: float, loan: PricedLoan, pricing: LoanPricing) -> BorrowerCost:
    balances = replace(loan, terms=replace(loan.terms, rate_annual=rate)).outstanding_cny
    begin = balances[:-1]
    subsidy = begin * _subsidy_rates(rate, len(begin), loan.valuation_date, pricing)
    fees = begin * (pricing.guarantee_share * pricing.guarantee_fee_annual)
    subsidised = borrower_rate(balances, begin * rate, subsidy=subsidy)
    all_in = borrower_rate(balances, begin * rate, subsidy=subsidy, fee_in_advance=fees)
    return BorrowerCost(basis, rate, _number_or_none(subsidised), _number_or_none(all_in))


def _subsidy_rates(rate: float, n_years: int, begins: dt.date, pricing: LoanPricing) -> Array:
    """Subsidy of each year as a rate on the balance; a year in which it ends has it for its days."""
    points = 0.0
    if pricing.subsidy_points_annual is not None:
        points = min(pricing.subsidy_points_annual, max(rate, 0.0))
    elif pricing.subsidy_share is not None:
        points = pricing.subsidy_share * max(rate, 0.0)
    lasts = math.inf
    if pricing.subsidy_until is not None:
        lasts = (pricing.subsidy_until - begins).days / _DAYS_IN_YEAR
    rates: Array = points * np.clip(lasts - np.arange(n_years), 0.0, 1.0)
    return rates


def _number_or_none(rate: float) -> float | None:
    return rate if math.isfinite(rate) else None
