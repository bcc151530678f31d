"""Section: the same pledge in every named world, the hardest first."""

from flows.appraisal.pledge_appraisal import PledgeAppraisal
from flows.reports.appraisal_report.blocks import chapter, heading
from flows.reports.bilingual import Bilingual
from flows.reports.charts.model import Bar, ChangeChart
from flows.reports.document import (
    Block,
    Cell,
    ColumnKind,
    Figure,
    Finding,
    Findings,
    Paragraph,
    Row,
    Section,
    Table,
)
from flows.reports.figures import CNY_PER_WAN
from flows.reports.labels import label
from services.runtime.results import Severity
from services.valuation.stress.report import StressedAsset, StressReport
from services.valuation.valuation import Failure


def stress_section(appraisal: PledgeAppraisal) -> Section:
    """A chart of the changes, the figures of every scenario, and what could not be applied."""
    stressed, report = appraisal.stressed, appraisal.stress
    blocks: list[Block] = [Paragraph(label("appraisal_text.stress"))]
    if stressed is not None:
        blocks += _figures(stressed, report)
    left_out = [Finding(Severity.NOTE, Bilingual(item.reason), item.name) for item in report.skipped]
    left_out += [
        Finding(Severity.WARNING, Bilingual(outcome.message), outcome.asset_id)
        for outcome in report.outcomes
        if isinstance(outcome, Failure)
    ]
    if left_out:
        blocks.append(Findings(label("appraisal_title.cautions"), tuple(left_out)))
    return chapter("stress", *blocks)


def _figures(stressed: StressedAsset, report: StressReport) -> list[Block]:
    names = {scenario.name: Bilingual(scenario.label_zh, scenario.label_en) for scenario in report.scenarios}
    hardest_first = sorted(stressed.stressed, key=lambda item: (item.value_change_cny, item.scenario))
    bars = tuple(Bar(names[item.scenario].zh, item.value_change_cny / CNY_PER_WAN) for item in hardest_first)
    rows = [
        _row(
            label("appraisal_row.base"),
            stressed.base.value_cny,
            None,
            stressed.base.pledge_value_cny,
            stressed.base.haircut,
        )
    ]
    rows += [
        _row(
            names[item.scenario],
            item.figures.value_cny,
            item.value_change_cny,
            item.figures.pledge_value_cny,
            item.figures.haircut,
        )
        for item in hardest_first
    ]
    table = Table(
        label("appraisal_title.stress_table"),
        (
            heading("scenario"),
            heading("value", ColumnKind.WAN),
            heading("change_of_value", ColumnKind.WAN),
            heading("pledge_value", ColumnKind.WAN),
            heading("haircut", ColumnKind.PERCENT),
        ),
        tuple(rows),
    )
    if not bars:
        return [table]
    axis = Bilingual("评估现值变动（万元）", "change of the value, 10,000 CNY")
    return [Figure(label("appraisal_title.stress"), ChangeChart(axis, bars)), table]


def _row(name: Bilingual, value: float, change: float | None, pledge_value: float, haircut: float) -> Row:
    return Row((Cell(name), Cell(value), Cell(change), Cell(pledge_value), Cell(haircut)))
