"""Oddities of the forest-carbon cases: prices, yields and revenue that do not fit."""

from decimal import Decimal

from flows.published_cases.case import CNY_PER_WAN, MU_PER_HA, PublishedCase
from flows.published_cases.cited_figures import Yardsticks
from flows.published_cases.oddity import Figure, Oddity, oddity, required
from services.runtime.errors import InvalidInput
from services.runtime.results import Severity


def wuning_price(case: PublishedCase, yardsticks: Yardsticks) -> Oddity:
    """The price used against the first and the last published CCER price."""
    price = required(case, "price_used_cny")
    first, last = yardsticks.ccer_prices[0], yardsticks.ccer_prices[-1]
    figures = tuple(
        Figure(name, price / quote.price_cny_per_t, "1", f"{price} / {quote.price_cny_per_t} ({quote.date})")
        for name, quote in (("multiple_of_first_ccer", first), ("multiple_of_last_ccer", last))
    )
    texts = (
        (
            f"武宁按每吨 {price} 元计价，是 {first.date} CCER 价 {first.price_cny_per_t} 元的 "
            f"{figures[0].value:.2f} 倍，"
            f"{last.date} 价 {last.price_cny_per_t} 元的 {figures[1].value:.2f} 倍"
        ),
        (
            f"Wuning counts {price} CNY/t, {figures[0].value:.2f} times the CCER price of {first.date} "
            f"({first.price_cny_per_t}) and {figures[1].value:.2f} times that of {last.date} ({last.price_cny_per_t})"
        ),
    )
    return oddity((case.case_id,), "PRICE_FAR_ABOVE_MARKET", Severity.WARNING, texts, *figures)


def ganzhou_yield(case: PublishedCase, other: PublishedCase, yardsticks: Yardsticks) -> Oddity:
    """The yield a hectare and year against Sanming tickets and the Wuning case.

    The area itself is not in the data: it follows from the cited yields and is shown as derived.
    """
    tonnes = required(case, "quantity_per_year")
    phase_1 = yardsticks.value("ganzhou_yield_phase_1")
    whole = yardsticks.value("ganzhou_yield_whole")
    ticket_mu = yardsticks.value("sanming_ticket_yield")
    ticket = ticket_mu * MU_PER_HA
    other_tonnes, other_mu = required(other, "quantity_per_year"), required(other, "area_mu")
    other_yield = other_tonnes / (other_mu / MU_PER_HA)
    figures = (
        Figure("yield_phase_1", phase_1, "t CO2e/ha/yr", "as cited"),
        Figure("yield_whole", whole, "t CO2e/ha/yr", "as cited"),
        Figure("area_phase_1", tonnes / phase_1, "ha", f"{tonnes} / {phase_1}, derived"),
        Figure("area_whole", tonnes / whole, "ha", f"{tonnes} / {whole}, derived"),
        Figure("yield_sanming", ticket, "t CO2e/ha/yr", f"{ticket_mu} x {MU_PER_HA}"),
        Figure("multiple_of_sanming", phase_1 / ticket, "1", f"{phase_1} / {ticket}"),
        Figure(
            "yield_wuning", other_yield, "t CO2e/ha/yr", f"{other_tonnes} / ({other_mu} mu / {MU_PER_HA})"
        ),
    )
    texts = (
        (
            f"甘州每年 {tonnes:,.0f} 吨，按一期面积为每公顷 {phase_1} 吨（全部面积 {whole} 吨），"
            f"是三明碳票 {ticket:.1f} 吨的 {phase_1 / ticket:.1f} 倍；武宁为 {other_yield:.2f} 吨：不可信"
        ),
        (
            f"Ganzhou's {tonnes:,.0f} t a year are {phase_1} t/ha/yr on the area of phase 1 ({whole} on the whole), "
            f"{phase_1 / ticket:.1f} times Sanming's {ticket:.1f}; Wuning has {other_yield:.2f}: implausible"
        ),
    )
    return oddity((case.case_id,), "IMPLAUSIBLE_YIELD", Severity.IMPLAUSIBLE, texts, *figures)


def ganzhou_debt(case: PublishedCase) -> Oddity:
    """Revenue a year against the loan: even without interest the carbon revenue repays it in decades."""
    loan, revenue = required(case, "loan_wan"), required(case, "annual_revenue_wan")
    tonnes, price = required(case, "quantity_per_year"), required(case, "price_used_cny")
    term = required(case, "term_years")
    figures = (
        Figure("years_of_revenue", loan / revenue, "yr", f"{loan} / {revenue}"),
        Figure("revenue_to_loan", revenue / loan, "1", f"{revenue} / {loan}"),
        Figure("revenue", tonnes * price / CNY_PER_WAN, "wan/yr", f"{tonnes} x {price} / {CNY_PER_WAN}"),
    )
    texts = (
        (
            f"甘州贷款 {loan} 万元是年碳汇收入 {revenue} 万元的 {loan / revenue:.1f} 倍，期限只有 {term} 年："
            "不计利息也还不清，还款必须另有来源"
        ),
        (
            f"Ganzhou's loan of {loan} wan is {loan / revenue:.1f} years of its carbon revenue of {revenue} wan, over "
            f"{term} years: it cannot be repaid from that even without interest"
        ),
    )
    return oddity((case.case_id,), "REVENUE_CANNOT_CARRY_LOAN", Severity.IMPLAUSIBLE, texts, *figures)


def wuning_sum(case: PublishedCase, yardsticks: Yardsticks) -> Oddity:
    """The undiscounted sum recomputed, and what discounting at the social rate leaves of it."""
    tonnes, price = required(case, "quantity_per_year"), required(case, "price_used_cny")
    years, published = required(case, "term_years"), required(case, "published_value_wan")
    rate = yardsticks.value("social_discount_rate") / 100
    yearly_wan = tonnes * price / CNY_PER_WAN
    annuity = (1 - (1 + rate) ** -int(years)) / rate
    figures = (
        Figure("sum", yearly_wan * years, "wan", f"{tonnes} x {price} x {years} / {CNY_PER_WAN}"),
        Figure("sum_to_published", yearly_wan * years / published, "1", f"sum / {published}"),
        Figure("present_value", yearly_wan * annuity, "wan", f"{yearly_wan} x annuity({years} yr, {rate})"),
        Figure("present_value_to_sum", annuity / years, "1", f"annuity({years} yr, {rate}) / {years}"),
    )
    texts = (
        (
            f"武宁公布的 {published} 万元是 {years} 年收入的未折现合计（复算 {figures[0].value:.1f} 万元）；"
            f"按社会折现率 {rate:.0%} 折现只剩 {figures[2].value:.0f} 万元（{figures[3].value:.0%}）"
        ),
        (
            f"Wuning's {published} wan is the undiscounted sum of {years} years (recomputed {figures[0].value:.1f}); "
            f"at the social rate of {rate:.0%} {figures[2].value:.0f} wan ({figures[3].value:.0%}) are left"
        ),
    )
    return oddity((case.case_id,), "UNDISCOUNTED_SUM", Severity.WARNING, texts, *figures)


def ninger_price(case: PublishedCase, yardsticks: Yardsticks) -> Oddity:
    """The option-adjusted value spread over all tonnes, against the market, and the width of the model's range."""
    value, tonnes = required(case, "published_value_wan"), required(case, "quantity_per_year")
    low = _model_lower_bound_wan(case)
    market = yardsticks.ccer_prices[-1]
    per_tonne = value * CNY_PER_WAN / tonnes
    figures = (
        Figure("price_per_tonne", per_tonne, "CNY/t", f"{value} x {CNY_PER_WAN} / {tonnes}"),
        Figure(
            "multiple_of_market", per_tonne / market.price_cny_per_t, "1", f"price / {market.price_cny_per_t}"
        ),
        Figure("model_range", value / low, "1", f"{value} / {low}"),
    )
    texts = (
        (
            f"宁洱的期权模型价值合每吨 {per_tonne:.1f} 元，全部减排量今天就高于 CCER 市价 {market.price_cny_per_t} 元；"
            f"模型下限 {low} 万元，上下相差 {value / low:.1f} 倍"
        ),
        (
            f"Ning'er's option-adjusted value is {per_tonne:.1f} CNY for every tonne of all years, above today's CCER "
            f"price of {market.price_cny_per_t}; the model's lower bound is {low} wan, {value / low:.1f} times less"
        ),
    )
    return oddity((case.case_id,), "OPTION_VALUE_LENT_ON", Severity.WARNING, texts, *figures)


def _model_lower_bound_wan(case: PublishedCase) -> Decimal:
    _, found, rest = case.value_basis.partition("model lower bound ")
    if not found:
        raise InvalidInput.of(
            f"{case.case_id}.value_basis", f"found {case.value_basis!r}, expected the model's lower bound"
        )
    return Decimal(rest.rstrip(")"))
