"""What a careful reader should know about a value: every warning the pricers can raise, with its stable code."""

import datetime as dt

from services.runtime.results import Caution, Severity
from services.runtime.vocabulary.names import fields_zh
from services.valuation.asset import StatedValue, ValueBasis
from services.valuation.catalogue.kinds import Thresholds

_DECIMALS_OF_YEARS = (2, 4, 6)
UNDISCOUNTED_SUM = Caution(
    "UNDISCOUNTED_SUM",
    Severity.WARNING,
    "公布价值为多年未折现合计，不是现值，不能作为押品价值。",
    "The stated value is an undiscounted sum over years, not a present value; it is no collateral value.",
    "stated_value.basis",
)
ANNUAL_FLOW_NOT_STOCK = Caution(
    "ANNUAL_FLOW_NOT_STOCK",
    Severity.WARNING,
    "公布价值为一年流量，不是资产存量价值。",
    "The stated value is the flow of one year, not the value of an asset.",
    "stated_value.basis",
)
UNSTATED_BASIS = Caution(
    "UNSTATED_BASIS",
    Severity.WARNING,
    "公布价值未说明口径（年流量、未折现合计或现值），仅作披露。",
    "The stated value does not say its basis (annual flow, undiscounted sum or present value); disclosed only.",
    "stated_value.basis",
)
TOTAL_NOT_CASH = Caution(
    "TOTAL_NOT_CASH",
    Severity.NOTE,
    "生态产品总值不是现金收入：仅可变现部分计入押品价值，总值只作披露。",
    "The account total is not cash: only the realisable part makes collateral value, the total is disclosed.",
)
NO_CASH = Caution(
    "NO_CASH",
    Severity.IMPLAUSIBLE,
    "各项可变现份额均为零，没有可质押的现金流。",
    "Every realisable share is zero: there is no cash to pledge.",
)
CATALOGUE_ASSUMPTION = Caution(
    "CATALOGUE_ASSUMPTION",
    Severity.NOTE,
    "押品条款（风险溢价、折扣等）含目录假设，逐项列于假设清单。",
    "Collateral terms (risk premium, discounts and others) rest on assumptions of the catalogue, listed one by one.",
    "terms",
)
_OF_BASIS = {
    ValueBasis.PERIOD_SUM_UNDISCOUNTED: UNDISCOUNTED_SUM,
    ValueBasis.ANNUAL_FLOW: ANNUAL_FLOW_NOT_STOCK,
    ValueBasis.UNSTATED: UNSTATED_BASIS,
}


OLD_MARKET_DAYS = 31


def of_market_age(valuation_date: dt.date, as_of: dt.date) -> list[Caution]:
    """VALUATION_AFTER_MARKET: prices and rates are those of the snapshot's day, whatever the day of the valuation."""
    days = (valuation_date - as_of).days
    if days <= 0:
        return []
    return [
        Caution(
            "VALUATION_AFTER_MARKET",
            Severity.WARNING if days > OLD_MARKET_DAYS else Severity.NOTE,
            f"估值日 {valuation_date} 晚于市场快照 {as_of} {days} 天，价格与利率仍按快照日。",
            f"The valuation date {valuation_date} is {days} days after the market snapshot of {as_of}; "
            "prices and rates are those of the snapshot.",
            "valuation_date",
        )
    ]


def years_told_apart(first: float, second: float) -> tuple[str, str]:
    """Two numbers of years for one sentence, with two decimals at most, or as many more as tell them apart.

    >>> years_told_apart(4.7479452, 1.0)
    ('4.75', '1')
    >>> years_told_apart(5.0, 4.9973)
    ('5', '4.9973')
    """
    texts = ("", "")
    for decimals in _DECIMALS_OF_YEARS:
        texts = (_trimmed(first, decimals), _trimmed(second, decimals))
        if first == second or texts[0] != texts[1]:
            break
    return texts


def _trimmed(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}".rstrip("0").rstrip(".")


def of_horizon(last_payment_years: float, horizon_years: float) -> list[Caution]:
    """NOTHING_AFTER_HORIZON: a pledge that has paid everything before it would be sold secures nothing."""
    if last_payment_years > horizon_years:
        return []
    last, horizon = years_told_apart(last_payment_years, horizon_years)
    return [
        Caution(
            "NOTHING_AFTER_HORIZON",
            Severity.WARNING,
            f"最后一笔现金在 {last} 年，处置在 {horizon} 年后：届时已无现金流，质押价值为零。",
            f"The last payment falls at {last} years and the pledge would be sold after {horizon}: nothing is left "
            "by then, so the pledge value is zero.",
            "simulation.horizon_years",
        )
    ]


def of_negative_value(value_cny: float) -> list[Caution]:
    """VALUE_BELOW_ZERO: what has to be paid outweighs what the right brings; as a pledge it is worth nothing."""
    if value_cny >= 0.0:
        return []
    return [
        Caution(
            "VALUE_BELOW_ZERO",
            Severity.WARNING,
            f"现值 {value_cny / 1e4:,.2f} 万元为负：成本超过收入，该权利不能担保任何贷款。",
            f"The value of {value_cny / 1e4:,.2f} x10k CNY is below zero: cost exceeds income, and the right secures "
            "nothing.",
            "",
        )
    ]


def of_stated_value(stated: StatedValue | None) -> list[Caution]:
    """What the basis of a stated value calls for."""
    if stated is None or stated.basis is ValueBasis.PRESENT_VALUE:
        return []
    return [_OF_BASIS[stated.basis]]


def of_price(used: float, market: float, unit: str, field: str, limits: Thresholds) -> list[Caution]:
    """PRICE_FAR_ABOVE_MARKET where the price used exceeds the market's by the catalogue's multiple."""
    if used < limits.price_ratio_warning * market:
        return []
    severe = used >= limits.price_ratio_implausible * market
    return [
        Caution(
            "PRICE_FAR_ABOVE_MARKET",
            Severity.IMPLAUSIBLE if severe else Severity.WARNING,
            f"采用价格 {used:g} {unit} 为市场价 {market:g} 的 {used / market:.2f} 倍。",
            f"The price used, {used:g} {unit}, is {used / market:.2f} times the market's {market:g}.",
            field,
        )
    ]


def of_quantity_date(
    quantity_as_of: dt.date | None, today: dt.date, field: str, limits: Thresholds
) -> list[Caution]:
    """QUANTITY_OUTDATED where a quantity is older than the catalogue's limit at the date of the snapshot."""
    if quantity_as_of is None or (today - quantity_as_of).days <= 365.25 * limits.quantity_age_years:
        return []
    return [
        Caution(
            "QUANTITY_OUTDATED",
            Severity.WARNING,
            f"数量为 {quantity_as_of} 的数据，距 {today} 已超过 {limits.quantity_age_years:g} 年，请更新。",
            f"The quantity is of {quantity_as_of}, more than {limits.quantity_age_years:g} years before {today}.",
            field,
        )
    ]


def of_yield(tonnes_per_year: float, area_ha: float, field: str, limits: Thresholds) -> list[Caution]:
    """YIELD_IMPLAUSIBLE where the forest binds more than forests of the sources do; tonnes of CO2."""
    found = tonnes_per_year / area_ha
    if found <= limits.yield_t_per_ha_year_warning:
        return []
    severe = found > limits.yield_t_per_ha_year_implausible
    return [
        Caution(
            "YIELD_IMPLAUSIBLE",
            Severity.IMPLAUSIBLE if severe else Severity.WARNING,
            f"单位面积固碳 {found:.1f} tCO2/公顷·年，高于合理上限 {limits.yield_t_per_ha_year_warning:g}；"
            "请核对面积单位（亩/公顷）与碳、二氧化碳换算。",
            f"The yield of {found:.1f} tCO2/ha a year is above a plausible {limits.yield_t_per_ha_year_warning:g}; "
            "check the unit of area (mu or ha) and carbon against carbon dioxide.",
            field,
        )
    ]


def of_permit_term(term_years: float, renewed: bool, limits: Thresholds) -> list[Caution]:
    """PERMIT_ENDS where nothing is counted after expiry; PERMIT_TERM_UNUSUAL where a permit runs very long."""
    found = []
    term, longest = years_told_apart(term_years, limits.permit_term_years)
    if not renewed:
        found.append(
            Caution(
                "PERMIT_ENDS",
                Severity.NOTE,
                f"许可 {term} 年后到期，未计续期，到期后价值为零。",
                f"The permit ends in {term} years; no renewal is counted and nothing is worth after it.",
                "water_right.remaining_term_years",
            )
        )
    if term_years > limits.permit_term_years:
        found.append(
            Caution(
                "PERMIT_TERM_UNUSUAL",
                Severity.WARNING,
                f"剩余期限 {term} 年，超过取水许可通常最长 {longest} 年。",
                f"{term} years remain; abstraction permits run at most {longest} usually.",
                "water_right.remaining_term_years",
            )
        )
    return found


def of_transferable_share(share: float) -> list[Caution]:
    """TRANSFER_NOT_LIMITED where a whole entitlement counts as transferable: the law lets only saved water go."""
    if share < 1.0:
        return []
    return [
        Caution(
            "TRANSFER_NOT_LIMITED",
            Severity.WARNING,
            "全部取水量按可转让计算；取水条例第二十七条只允许转让节约的水量，请填写可转让份额。",
            "The whole entitlement counts as transferable; by article 27 of the abstraction regulation only saved "
            "water is: state the transferable share.",
            "water_right.transferable_share",
        )
    ]


def of_loan_beyond_right(tenor_years: float, right_ends_years: float) -> list[Caution]:
    """LOAN_OUTLASTS_RIGHT where a loan is owed after the right behind it has ended or paid for the last time."""
    if tenor_years <= right_ends_years:
        return []
    tenor, right = years_told_apart(tenor_years, right_ends_years)
    return [
        Caution(
            "LOAN_OUTLASTS_RIGHT",
            Severity.WARNING,
            f"贷款期限 {tenor} 年，长于质押权利的 {right} 年（许可到期或最后一笔收入）。",
            f"The loan runs {tenor} years, the pledged right {right} (end of the permit or last income).",
            "terms.tenor_years",
        )
    ]


def of_dominance(
    name_zh: str, name_en: str, share: float, n_services: int, limits: Thresholds
) -> list[Caution]:
    """DOMINANT_SERVICE where one of several services makes most of a total, so that one price decides it."""
    if n_services < 2 or share <= limits.dominant_share:
        return []
    return [
        Caution(
            "DOMINANT_SERVICE",
            Severity.WARNING,
            f"“{name_zh}”占总值 {share:.0%}，一个价格决定总值，请复核。",
            f"{name_en} makes {share:.0%} of the total: one price decides it and should be checked.",
        )
    ]


def of_regulating_cash(name_zh: str, name_en: str, share: float, field: str) -> Caution:
    """REGULATING_CASH_HIGH: a regulating service that is said to be paid for to an unusual extent."""
    return Caution(
        "REGULATING_CASH_HIGH",
        Severity.WARNING,
        f"调节服务“{name_zh}”可变现份额 {share:.0%} 偏高，请提供付款合同或补偿文件。",
        f"The realisable share {share:.0%} of the regulating service {name_en} is high; a contract should back it.",
        field,
    )


def of_assumed_inputs(fields: tuple[str, ...]) -> list[Caution]:
    """ASSUMED_INPUT, one for all the inputs that the asset marks as assumptions."""
    if len(fields) == 0:
        return []
    return [
        Caution(
            "ASSUMED_INPUT",
            Severity.WARNING,
            f"以下输入为假设，未见公布数据：{fields_zh(fields)}。",
            f"These inputs are assumptions without published figures: {', '.join(fields)}.",
            fields[0] if len(fields) == 1 else "",
        )
    ]
