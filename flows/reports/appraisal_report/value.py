"""Sections: the lines that add up to the value, and how sure the value is."""

from collections import defaultdict

from flows.appraisal.pledge_appraisal import PledgeAppraisal
from flows.reports.appraisal_report.blocks import chapter, heading, mark_of
from flows.reports.bilingual import Bilingual
from flows.reports.charts.model import Layer, Spread, SpreadChart, StackChart
from flows.reports.document import Block, Cell, ColumnKind, Figure, Mark, Paragraph, Row, Section, Table
from flows.reports.factor_names import factor_names
from flows.reports.figures import CNY_PER_WAN
from flows.reports.labels import label
from services.runtime.results import Distribution
from services.valuation.valuation import CashFlowLine

_MOST_LAYERS = 6
# Of the reported quantiles those that a spread shows: whiskers, box, middle.
_SHOWN = (0.05, 0.1, 0.5, 0.9, 0.95)
_MOST_YEARS = 40


def value_section(appraisal: PledgeAppraisal) -> Section:
    """Every line of the cash-flow table with its total, and the expected cash by year as a chart."""
    blocks: list[Block] = [Paragraph(label("appraisal_text.value")), _cash_flow_table(appraisal)]
    chart = _cash_chart(appraisal.valuation.cash_flows)
    if chart is not None:
        blocks.insert(1, Figure(label("appraisal_title.cash_by_year"), chart))
    return chapter("value", *blocks)


def _cash_flow_table(appraisal: PledgeAppraisal) -> Table:
    mark, names = mark_of(appraisal), factor_names(appraisal.snapshot)
    lines = appraisal.valuation.cash_flows
    rows = [
        Row(
            (
                Cell(line.time_years),
                Cell(line.label),
                Cell(names.get(line.factor, Bilingual(line.factor)).zh),
                Cell(line.quantity),
                Cell(line.expected_factor),
                Cell(line.expected_amount_cny, mark),
                Cell(line.present_value_cny, mark),
            )
        )
        for line in lines
    ]
    none = Cell(None)
    expected = Cell(sum(line.expected_amount_cny for line in lines), mark)
    present = Cell(sum(line.present_value_cny for line in lines), mark)
    total = Row((none, Cell(label("row.total")), Cell(""), none, none, expected, present), is_total=True)
    return Table(
        label("appraisal_title.cash_flows"),
        (
            heading("time", ColumnKind.NUMBER, unit="年"),
            heading("line", is_long_text=True),
            heading("factor"),
            heading("quantity", ColumnKind.NUMBER),
            heading("expected_factor", ColumnKind.NUMBER, decimals=4),
            heading("expected", ColumnKind.WAN),
            heading("present_value", ColumnKind.WAN),
        ),
        tuple(_without_marks(row) for row in (*rows, total)),
        label("caption.cash_flows"),
    )


def _without_marks(row: Row) -> Row:
    """A row whose total alone is marked: the mark on every line would say nothing more."""
    return row if row.is_total else Row(tuple(Cell(cell.value) for cell in row.cells))


def _cash_chart(lines: tuple[CashFlowLine, ...]) -> StackChart | None:
    """Expected cash by year; None where a layer would be negative, which no stack can show."""
    by_label: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for line in lines:
        by_label[line.label][max(1, -int(-line.time_years // 1))] += line.expected_amount_cny / CNY_PER_WAN
    last = max((year for amounts in by_label.values() for year in amounts), default=0)
    is_drawable = all(amount >= 0.0 for amounts in by_label.values() for amount in amounts.values())
    if not (0 < last <= _MOST_YEARS and is_drawable):
        return None
    if len(by_label) > _MOST_LAYERS:
        together: dict[int, float] = defaultdict(float)
        for amounts in by_label.values():
            for year, amount in amounts.items():
                together[year] += amount
        by_label = defaultdict(dict, {label("row.total").zh: together})
    years = range(1, last + 1)
    return StackChart(
        label("appraisal_column.year"),
        Bilingual("万元", "10,000 CNY"),
        tuple(map(str, years)),
        tuple(
            Layer(name, tuple(amounts.get(year, 0.0) for year in years)) for name, amounts in by_label.items()
        ),
    )


def spread_section(appraisal: PledgeAppraisal) -> Section:
    """Distribution of the value at disposal and of what is paid in the end, with standard errors."""
    valuation = appraisal.valuation
    words = label(
        "appraisal_text.spread",
        horizon=f"{valuation.horizon_years:g}",
        paths=f"{valuation.manifest.n_paths:,}",
        confidence=f"{valuation.confidence * 100:g}%",
    )
    blocks: list[Block] = [Paragraph(words)]
    chart = _spread_chart(appraisal)
    if chart is not None:
        blocks.append(Figure(label("appraisal_title.spread"), chart))
    blocks.append(_quantile_table(appraisal))
    return chapter("spread", *blocks)


def _spread_chart(appraisal: PledgeAppraisal) -> SpreadChart | None:
    valuation = appraisal.valuation
    if valuation.value_cny <= 0.0:
        return None
    assumed = mark_of(appraisal) is Mark.ASSUMPTION
    lines = {label("appraisal_column.value_at_horizon"): valuation.value_at_horizon}
    if valuation.realised_value_cny is not None:
        lines[label("appraisal_column.realised")] = valuation.realised_value_cny
    spreads: list[Spread] = []
    for name, found in lines.items():
        low, lower, middle, upper, high = (found.quantile(p) / valuation.value_cny for p in _SHOWN)
        marker = valuation.pledge_value_cny / valuation.value_cny if not spreads else None
        spreads.append(Spread(name.zh, low, lower, middle, upper, high, marker, assumed))
    names = [f"{probability * 100:g}%" for probability in _SHOWN]
    return SpreadChart(
        label("appraisal_column.ratio"),
        f"{names[0]}–{names[-1]}",
        f"{names[1]}–{names[-2]}",
        tuple(spreads),
        label("appraisal_figure.pledge_value"),
        1.0,
    )


def _quantile_table(appraisal: PledgeAppraisal) -> Table:
    valuation, mark = appraisal.valuation, mark_of(appraisal)
    realised = valuation.realised_value_cny

    def cells(found: Distribution | None, position: int) -> tuple[Cell, Cell]:
        if found is None:
            return Cell(None), Cell(None)
        point = found.quantiles[position]
        return Cell(point.value, mark), Cell(point.standard_error)

    def mean(found: Distribution | None) -> tuple[Cell, Cell]:
        if found is None:
            return Cell(None), Cell(None)
        return Cell(found.mean, mark), Cell(found.mean_standard_error)

    at_horizon = valuation.value_at_horizon
    rows = [
        Row((Cell(f"P{point.probability * 100:g}"), *cells(at_horizon, i), *cells(realised, i)))
        for i, point in enumerate(at_horizon.quantiles)
    ]
    rows.append(Row((Cell(label("appraisal_row.mean")), *mean(at_horizon), *mean(realised)), is_total=True))
    return Table(
        label("appraisal_title.quantiles"),
        (
            heading("probability"),
            heading("value_at_horizon", ColumnKind.WAN),
            heading("error", ColumnKind.WAN),
            heading("realised", ColumnKind.WAN),
            heading("error", ColumnKind.WAN),
        ),
        tuple(rows),
    )
