"""The inputs that a case may lack: one visible table of names, labels, units and acceptable ranges."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CaseInput:
    """One input that turns a case into an asset or a loan.

    Attributes:
        name: as in the file of assumptions.
        label_zh, label_en: for people.
        unit: the only unit in which an assumption may be given; empty for a name.
        low, high: acceptable values, both included; None where the input is a name.
        choices: acceptable names; empty where any name is checked later or the input is a number.
        decisive: whether the pledge cannot be valued without it. Inputs that are conventions of the model (how
            often credits are issued, say) are shown when they are assumed but do not make a case insufficient.
    """

    name: str
    label_zh: str
    label_en: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    decisive: bool = True


_TINY = 1e-9
_HUGE = 1e15

_TABLE = (
    # Water rights.
    CaseInput("volume_m3_per_year", "年取水量", "water volume a year", "m3/yr", _TINY, _HUGE),
    CaseInput("permit_term_years", "取水许可剩余年限", "remaining permit term", "yr", _TINY, 50),
    CaseInput("water_price_cny_per_m3", "当地水价或水权价", "local price of the water", "CNY/m3", 0, 1000),
    CaseInput(
        "renewal_probability", "许可延续概率", "probability of renewal", "fraction", 0, 1, decisive=False
    ),
    CaseInput(
        "transferable_share",
        "可依法转让比例（节约水量）",
        "share that may be transferred (saved water)",
        "fraction",
        0,
        1,
        decisive=False,
    ),
    CaseInput(
        "reliability", "来水保证比例", "share that arrives in a mean year", "fraction", 0, 1, decisive=False
    ),
    CaseInput(
        "allocation_factor",
        "来水与分水因子（none：无所在河流的因子）",
        "factor of the river's water (none: no factor of its river)",
        decisive=False,
    ),
    CaseInput(
        "water_cost_cny_per_m3",
        "取水成本与税费",
        "cost and fees of the water",
        "CNY/m3",
        0,
        1000,
        decisive=False,
    ),
    # Forest carbon.
    CaseInput("tonnes_per_year", "年净减排量", "net credits a year", "t CO2e/yr", _TINY, _HUGE),
    CaseInput("crediting_years", "计入期", "crediting period", "yr", _TINY, 60),
    CaseInput(
        "carbon_instrument",
        "碳产品类型（CCER 或碳票）",
        "instrument (CCER or carbon ticket)",
        choices=("ccer", "carbon_ticket"),
        decisive=False,
    ),
    CaseInput(
        "monitoring_period_years", "监测核证间隔", "years between issuances", "yr", 0.25, 20, decisive=False
    ),
    CaseInput(
        "issuance_lag_years",
        "监测期末至签发时间",
        "lag from monitoring to issuance",
        "yr",
        0,
        10,
        decisive=False,
    ),
    CaseInput("forest_area_ha", "林地面积", "forest area", "ha", _TINY, 1e8, decisive=False),
    # Forest tenure and tickets.
    CaseInput("tenure_area_ha", "抵押林地面积", "area of the tenure", "ha", _TINY, 1e8),
    CaseInput("years_to_harvest", "距采伐年数", "years to the harvest", "yr", _TINY, 120),
    CaseInput("harvest_volume_m3_per_ha", "采伐出材量", "timber at harvest", "m3/ha", _TINY, 2000),
    CaseInput(
        "net_timber_price_cny_per_m3", "木材净价（扣除采运）", "timber price net of felling", "CNY/m3", 0, 1e5
    ),
    CaseInput("ticket_term_years", "林票兑付年限", "years over which the tickets pay", "yr", _TINY, 70),
    CaseInput("ticket_area_mu", "林票对应面积", "area behind the tickets", "mu", _TINY, 1e9),
    CaseInput(
        "ticket_income_cny_per_mu_year",
        "林票每亩年收益",
        "income of the tickets a mu and year",
        "CNY/mu/yr",
        0,
        1e6,
    ),
    # GEP and VEP.
    CaseInput("annual_gep_cny", "年度 GEP", "GEP of a year", "CNY/yr", _TINY, _HUGE),
    CaseInput("cash_service", "产生现金的服务类别", "service that brings the cash"),
    CaseInput(
        "regulating_service",
        "只披露的调节服务类别",
        "regulating service that is only disclosed",
        decisive=False,
    ),
    CaseInput(
        "regulating_share", "调节服务占 GEP 比例", "share of regulating services in the GEP", "fraction", 0, 1
    ),
    CaseInput(
        "realisable_share", "出质人可收现比例", "share that the pledgor receives in cash", "fraction", 0, 1
    ),
    CaseInput("income_right_years", "收益权年限", "years of the income right", "yr", 1, 70),
    CaseInput(
        "published_value_reading", "公布价值的口径", "meaning of the published value", choices=("period_sum",)
    ),
    CaseInput("cash_share", "可变现现金比例", "share of the value that becomes cash", "fraction", 0, 1),
    CaseInput("annual_net_cash_cny", "年经营净现金", "net operating cash a year", "CNY/yr", _TINY, _HUGE),
    CaseInput(
        "cash_to_investment_annual",
        "年经营净现金占项目投资比例",
        "net operating cash a year to project investment",
        "fraction/yr",
        _TINY,
        1,
    ),
    CaseInput("revenue_factor", "收入驱动因子", "factor that drives the revenue"),
    # What cannot be assumed; named only where a case is not valued.
    CaseInput(
        "pledged_right", "出质的权利本身（公布为无抵押）", "the pledged right (published as no collateral)"
    ),
    CaseInput("pledged_object", "出质对象（项目或区域）", "what exactly is pledged (project or area)"),
    CaseInput("point_value", "价值的确定数（公布的只是下限）", "a value that is more than a lower bound"),
    CaseInput("certificate_resource", "生态权证所载资源种类", "kind of resource on the certificate"),
    CaseInput("certificate_quantity", "生态权证所载数量", "quantity on the certificate"),
    # The loan.
    CaseInput(
        "term_meaning",
        "公布年限的含义",
        "what the published term means",
        choices=("loan", "right"),
        decisive=False,
    ),
    CaseInput("loan_tenor_years", "贷款期限", "tenor of the loan", "yr", _TINY, 50, decisive=False),
    CaseInput("loan_rate_annual", "贷款年利率", "interest of the loan", "fraction/yr", 0, 1, decisive=False),
    CaseInput("loan_grace_years", "宽限期", "years of grace", "yr", 0, 49, decisive=False),
    CaseInput(
        "project_equity_share",
        "项目资本金比例",
        "equity share of the project",
        "fraction",
        0,
        1,
        decisive=False,
    ),
)

CASE_INPUTS = {entry.name: entry for entry in _TABLE}
