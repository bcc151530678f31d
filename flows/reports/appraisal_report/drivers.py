"""Section: what moves the value: the five inputs that matter most, and the sensitivities of all."""

from collections.abc import Mapping

from flows.appraisal.pledge_appraisal import PledgeAppraisal
from flows.reports.appraisal_report.blocks import chapter, heading
from flows.reports.bilingual import Bilingual
from flows.reports.charts.model import Bar, ChangeChart
from flows.reports.document import Block, Cell, ColumnKind, Figure, Paragraph, Row, Section, Table
from flows.reports.factor_names import factor_names
from flows.reports.figures import CNY_PER_WAN
from flows.reports.labels import label
from services.valuation.valuation import DISCOUNT_RATE, LOSS_OF_RIGHT, VALUATION_ERROR, Sensitivity


def drivers_section(appraisal: PledgeAppraisal) -> Section:
    """A chart of the main drivers, and every sensitivity that is not zero."""
    valuation = appraisal.valuation
    names = _driver_names(appraisal)
    blocks: list[Block] = [Paragraph(label("appraisal_text.drivers"))]
    if valuation.main_drivers:
        bars = tuple(
            Bar(names[found.driver].zh, found.change_cny / CNY_PER_WAN) for found in valuation.main_drivers
        )
        chart = ChangeChart(Bilingual("评估现值变动（万元）", "change of the value, 10,000 CNY"), bars)
        blocks.append(Figure(label("appraisal_title.drivers"), chart))
    moving = [found for found in valuation.sensitivities if found.change_cny != 0.0]
    if moving:
        blocks.append(_table(moving, names, valuation.value_cny))
    return chapter("drivers", *blocks)


def _driver_names(appraisal: PledgeAppraisal) -> Mapping[str, Bilingual]:
    names = dict(factor_names(appraisal.snapshot))
    names |= {
        key: label(f"appraisal_driver.{key}") for key in (DISCOUNT_RATE, LOSS_OF_RIGHT, VALUATION_ERROR)
    }
    for found in (*appraisal.valuation.main_drivers, *appraisal.valuation.sensitivities):
        names.setdefault(found.driver, Bilingual(found.driver))
    return names


def _table(found: list[Sensitivity], names: Mapping[str, Bilingual], value_cny: float) -> Table:
    rows = tuple(
        Row(
            (
                Cell(names[item.driver]),
                Cell(label(f"appraisal_bump.{item.bump}")),
                Cell(item.change_cny),
                Cell(item.change_cny / value_cny if value_cny > 0.0 else None),
            )
        )
        for item in sorted(found, key=lambda item: -abs(item.change_cny))
    )
    return Table(
        label("appraisal_title.sensitivities"),
        (
            heading("driver"),
            heading("change"),
            heading("change_of_value", ColumnKind.WAN),
            heading("share", ColumnKind.PERCENT, decimals=2),
        ),
        rows,
    )
