"""What a careful reader should know about forest carbon: its methodology, its periods, its buffer."""

from collections.abc import Sequence
from itertools import pairwise

from quant.forestry import CO2_PER_CARBON
from services.runtime.results import Caution, Severity
from services.valuation.catalogue.carbon_rules import Methodology


def of_methodology(methodology: Methodology, field: str) -> Caution:
    """METHODOLOGY_CHANGE: the rule is being revised; METHODOLOGY_SCENARIO where the revision is what was asked for."""
    if methodology.scenario:
        return Caution(
            "METHODOLOGY_SCENARIO",
            Severity.WARNING,
            f"{methodology.name_zh}：参数均为假设情景，不是已生效的规则。",
            f"The {methodology.name_en}: its figures are assumptions of a scenario, not a rule in force.",
            field,
        )
    return Caution(
        "METHODOLOGY_CHANGE",
        Severity.NOTE,
        "造林碳汇方法学修订稿已于 2026-08-13 征求意见，签发量可能改变。",
        "A revised afforestation methodology went out for comment on 2026-08-13; issuance may change.",
        field,
    )


def of_crediting_period(years: float, field: str, methodology: Methodology) -> list[Caution]:
    """CREDITING_PERIOD_UNUSUAL where a period is outside the methodology's range."""
    low, high = methodology.crediting_years_low, methodology.crediting_years_high
    if low <= years <= high:
        return []
    return [
        Caution(
            "CREDITING_PERIOD_UNUSUAL",
            Severity.NOTE,
            f"计入期 {years:g} 年，不在方法学规定的 {low:g}-{high:g} 年之内。",
            f"The crediting period of {years:g} years is outside the methodology's {low:g} to {high:g}.",
            field,
        )
    ]


def of_monitoring_period(years: float, field: str, methodology: Methodology) -> list[Caution]:
    """MONITORING_PERIOD_UNUSUAL where a period is outside the methodology's range."""
    low, high = methodology.monitoring_years_low, methodology.monitoring_years_high
    if low <= years <= high:
        return []
    return [
        Caution(
            "MONITORING_PERIOD_UNUSUAL",
            Severity.NOTE,
            f"监测期 {years:g} 年，不在方法学规定的 {low:g}-{high:g} 年之内。",
            f"The monitoring period of {years:g} years is outside the methodology's {low:g} to {high:g}.",
            field,
        )
    ]


def of_counted_trees(co2_t_per_ha: float, field: str) -> Caution:
    """STAND_STOCK: what counted trees hold, for comparison with stands of their kind."""
    carbon = co2_t_per_ha / CO2_PER_CARBON
    return Caution(
        "STAND_STOCK",
        Severity.NOTE,
        f"按单木生物量方程，首个监测期初活立木碳储量为 {carbon:.1f} tC/公顷（{co2_t_per_ha:.1f} tCO2/公顷）；"
        "只计活立木增量，枯死木按损失计。",
        f"By the tree equations the living trees hold {carbon:.1f} tC/ha ({co2_t_per_ha:.1f} tCO2/ha) when the first "
        "monitoring period begins; credits are what they gain, and what dies is taken as lost.",
        field,
    )


def of_losing_stand(on_site_t: Sequence[float], field: str) -> list[Caution]:
    """STAND_LOSES_CARBON where the stand holds less at the end of a monitoring period than at its beginning.

    Args:
        on_site_t: carbon dioxide on the site at the edges of the periods.
        field: path of the trees.
    """
    losing = [number for number, (before, after) in enumerate(pairwise(on_site_t), start=1) if after < before]
    if not losing:
        return []
    periods = ", ".join(map(str, losing))
    return [
        Caution(
            "STAND_LOSES_CARBON",
            Severity.WARNING,
            f"第 {periods} 个监测期林地碳储量下降（枯死大于生长）：该期不签发，其后须先补足所失；"
            "此前已签发量的补偿未计。",
            f"In monitoring period {periods} the stand loses more by mortality than it gains by growth: nothing is "
            "issued, and the loss has to be made good before anything is again. Credits that were issued before and "
            "would have to be compensated are not counted.",
            field,
        )
    ]


def of_buffer(
    cover: float, buffer_t: float, *, least_cover: float, stock_known: bool, field: str
) -> list[Caution]:
    """BUFFER_BELOW_CARBON_AT_RISK where the deduction K does not cover the reversals expected of the carbon on site.

    Args:
        cover: buffer over expected reversal, measured on all the carbon that stands there, not on credits alone.
        buffer_t: the buffer.
        least_cover: cover below which this is said.
        stock_known: whether the stock at the beginning is in it; without it the true cover is lower still.
        field: path of the deduction.
    """
    if cover >= least_cover:
        return []
    zh = "" if stock_known else "（期初存量未知，实际覆盖更低）"
    en = "" if stock_known else " (the stock at the beginning is not known: the true cover is lower)"
    return [
        Caution(
            "BUFFER_BELOW_CARBON_AT_RISK",
            Severity.WARNING,
            f"缓冲量 {buffer_t:,.0f} tCO2 仅为计入期内林地碳储量预期逆转量的 {cover:.2f} 倍，"
            f"低于 {least_cover:g}{zh}；火灾与病虫害强度为假设。",
            f"The buffer of {buffer_t:,.0f} tCO2 is {cover:.2f} times the reversal expected of the carbon on site over "
            f"the crediting period, below {least_cover:g}{en}; the rates of fire and pests are assumptions.",
            field,
        )
    ]
