"""The fund in several worlds side by side: figures of each, and their J-curves on the same axes."""

from flows.reports.bilingual import Bilingual
from flows.reports.blocks import cell
from flows.reports.charts.grid_model import BandGridChart, BandPanel
from flows.reports.charts.model import Bar, ChangeChart
from flows.reports.document import Cell, Column, ColumnKind, Row, Table
from flows.reports.figures import CNY_PER_YI
from flows.reports.fund_tables.wording import assumed_quantile, class_name, heading, text, title
from flows.reports.labels import label
from services.fund.simulation.outcome import FundOutcome, PartnerOutcome
from services.fund.simulation.scenario import ScenarioComparison
from services.runtime.results import Distribution


def named_worlds(comparison: ScenarioComparison) -> list[tuple[Bilingual, FundOutcome]]:
    """The fund as it is, then each world with its name."""
    others = [
        (Bilingual(each.scenario.market.label_zh, each.scenario.market.label_en), each.outcome)
        for each in comparison.scenarios
    ]
    return [(label("fund_row.base"), comparison.base), *others]


def paying_class(outcome: FundOutcome) -> PartnerOutcome | None:
    """The first class that pays in; None where none does."""
    return next((each for each in outcome.classes if each.tvpi is not None), None)


def world_table(comparison: ScenarioComparison) -> Table | None:
    """Figures of the first class that pays in, by world; None where none pays in."""
    base = paying_class(comparison.base)
    if base is None:
        return None
    rows = []
    for name, outcome in named_worlds(comparison):
        each = next(found for found in outcome.classes if found.recipient_id == base.recipient_id)
        change = _change(each.irr_annual, base.irr_annual)
        rows.append(
            Row(
                (
                    Cell(name),
                    *(assumed_quantile(each.irr_annual, level) for level in (0.05, 0.5, 0.95)),
                    cell(None if outcome is comparison.base else change, assumed=True),
                    assumed_quantile(each.tvpi, 0.5),
                    cell(each.probability_of_loss, assumed=True),
                    assumed_quantile(each.payback_years, 0.5),
                    cell(outcome.called_cny, assumed=True),
                    assumed_quantile(outcome.peak_line_cny, 0.95),
                )
            )
        )
    return Table(
        title("worlds"),
        (
            heading("world"),
            heading("irr_p5", ColumnKind.PERCENT),
            heading("irr_p50", ColumnKind.PERCENT),
            heading("irr_p95", ColumnKind.PERCENT),
            heading("to_base", ColumnKind.NUMBER, unit="百分点", decimals=1),
            heading("tvpi_p50", ColumnKind.NUMBER),
            heading("loss", ColumnKind.PERCENT),
            heading("payback", ColumnKind.INTEGER, unit="年"),
            heading("called", ColumnKind.WAN),
            heading("peak_p95", ColumnKind.WAN),
        ),
        tuple(rows),
        text("worlds", name=class_name(base.recipient_id).inline()),
    )


def class_world_table(comparison: ScenarioComparison) -> Table:
    """Median rate of return and probability of loss of every class that pays in, by world."""
    ids = [each.recipient_id for each in comparison.base.classes if each.tvpi is not None]
    columns = [heading("world")]
    for recipient_id in ids:
        name = class_name(recipient_id)
        for key in ("irr_p50", "loss"):
            measured = heading(key, ColumnKind.PERCENT)
            what = measured.heading
            columns.append(
                Column(Bilingual(f"{name.zh} {what.zh}", f"{name.en}, {what.en or what.zh}"), measured.kind)
            )
    rows = []
    for name, outcome in named_worlds(comparison):
        found = {each.recipient_id: each for each in outcome.classes}
        cells = [Cell(name)]
        for recipient_id in ids:
            each = found[recipient_id]
            cells += [assumed_quantile(each.irr_annual, 0.5), cell(each.probability_of_loss, assumed=True)]
        rows.append(Row(tuple(cells)))
    return Table(title("class_worlds"), tuple(columns), tuple(rows))


def world_panels(comparison: ScenarioComparison) -> BandGridChart:
    """J-curves of all worlds on the same axes, each beside that of the fund as it is."""

    def path(outcome: FundOutcome, probability: float) -> tuple[float, ...]:
        return tuple(point.cumulated_cny.quantile(probability) / CNY_PER_YI for point in outcome.j_curve)

    base = path(comparison.base, 0.5)
    return BandGridChart(
        label("axis.fund_year"),
        label("axis.cumulated_yi"),
        tuple(float(point.year) for point in comparison.base.j_curve),
        label("legend.median"),
        "5%–95%",
        label("fund_row.base_median"),
        tuple(
            BandPanel(
                name,
                path(outcome, 0.5),
                path(outcome, 0.05),
                path(outcome, 0.95),
                None if outcome is comparison.base else base,
            )
            for name, outcome in named_worlds(comparison)
        ),
    )


def world_changes(comparison: ScenarioComparison) -> ChangeChart | None:
    """Change of the median rate of return of the first class that pays in, the hardest world first."""
    base = paying_class(comparison.base)
    bars = []
    for name, outcome in named_worlds(comparison)[1:]:
        each = paying_class(outcome)
        change = None if base is None or each is None else _change(each.irr_annual, base.irr_annual)
        if change is not None:
            bars.append(Bar(name.zh, change))
    if not bars:
        return None
    hardest_first = tuple(sorted(bars, key=lambda bar: bar.value))
    return ChangeChart(label("fund_axis.irr_change"), hardest_first, decimals=1)


def _change(rates: Distribution | None, before: Distribution | None) -> float | None:
    """Of the median, percentage points; None where one of them has no rate."""
    return None if rates is None or before is None else 100.0 * (rates.quantile(0.5) - before.quantile(0.5))
