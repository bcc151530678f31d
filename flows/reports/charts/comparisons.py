"""Charts that set figures side by side: published against computed, distributions, estimates with intervals."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter

from flows.reports.charts.canvas import (
    ASSUMED,
    COMPUTED,
    FAINT,
    INK,
    PUBLISHED,
    RULE,
    SERIES,
    add_legend,
    axis_number,
    name_axis,
    name_lines,
    new_chart,
    shortened,
)
from flows.reports.charts.model import Estimate, EstimateChart, Pair, PairChart, Spread, SpreadChart


def _dot(colour: str, *, hollow: bool = False, marker: str = "o") -> Line2D:
    return Line2D(
        [],
        [],
        marker=marker,
        linestyle="",
        markersize=7,
        color=colour,
        markerfacecolor="white" if hollow else colour,
    )


def draw_pairs(chart: PairChart) -> Figure:
    """Two dots a line on a logarithmic axis; the second is hollow where it rests on an assumption."""
    figure, axes = new_chart(1.4 + 0.25 * len(chart.pairs))
    edge = _left_edge(chart.pairs)
    for line, pair in enumerate(chart.pairs):
        _draw_pair(axes, line, pair, edge)
    name_lines(axes, [shortened(pair.label, 26) for pair in chart.pairs])
    axes.set_xscale("log")
    has_zero = any(0.0 in (pair.first, pair.second) for pair in chart.pairs)
    axes.xaxis.set_major_formatter(
        FuncFormatter(
            lambda value, position: "0" if value == edge and has_zero else axis_number(value, position)
        )
    )
    axes.xaxis.set_minor_formatter(FuncFormatter(lambda _value, _position: ""))
    name_axis(axes, horizontal=chart.axis)
    second = chart.second_name
    add_legend(
        figure,
        [
            _dot(PUBLISHED, marker="D"),
            _dot(COMPUTED),
            _dot(ASSUMED, hollow=True),
            _dot(FAINT, hollow=True, marker="<"),
        ],
        [
            chart.first_name.inline(),
            second.inline(),
            f"{second.zh}（含假设） · {second.en}, with assumptions",
            "为零 · zero",
        ],
    )
    return figure


def _left_edge(pairs: Sequence[Pair]) -> float:
    """Where zeros stand: a power of ten below every figure."""
    figures = [
        value for pair in pairs for value in (pair.first, pair.second) if value is not None and value > 0.0
    ]
    return float(10.0 ** (math.floor(math.log10(min(figures, default=1.0))) - 1))


def _draw_pair(axes: Axes, line: int, pair: Pair, edge: float) -> None:
    first = None if pair.first is None else max(pair.first, edge)
    second = None if pair.second is None else max(pair.second, edge)
    if first is not None and second is not None:
        axes.plot([first, second], [line, line], color=RULE, linewidth=2.4, zorder=1)
    if first is not None:
        axes.plot([first], [line], "D", color=PUBLISHED, markersize=5.5, zorder=3)
    if second is not None:
        colour = ASSUMED if pair.second_is_assumption else COMPUTED
        face = "white" if pair.second_is_assumption else colour
        marker = "<" if pair.second == 0.0 else "o"
        axes.plot([second], [line], marker, color=colour, markerfacecolor=face, markersize=6.5, zorder=4)


def draw_spreads(chart: SpreadChart) -> Figure:
    """Whiskers, box and median for each line."""
    figure, axes = new_chart(1.4 + 0.27 * len(chart.spreads))
    for line, spread in enumerate(chart.spreads):
        _draw_spread(axes, line, spread)
    name_lines(axes, [shortened(spread.label, 26) for spread in chart.spreads])
    if chart.reference is not None:
        axes.axvline(chart.reference, color=INK, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _position: f"{value:g}"))
    name_axis(axes, horizontal=chart.axis)
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=COMPUTED, linewidth=1.2),
        Patch(facecolor=COMPUTED, alpha=0.45),
        Patch(facecolor="white", edgecolor=ASSUMED),
    ]
    names = [chart.whisker_name, chart.box_name, "含假设 · with assumptions"]
    if chart.marker_name is not None:
        handles.append(_dot(PUBLISHED, marker="D"))
        names.append(chart.marker_name.inline())
    add_legend(figure, handles, names)
    return figure


def _draw_spread(axes: Axes, line: int, spread: Spread) -> None:
    colour = ASSUMED if spread.is_assumption else COMPUTED
    axes.plot([spread.low, spread.high], [line, line], color=colour, linewidth=1.2, zorder=2)
    axes.barh(
        line,
        spread.upper - spread.lower,
        left=spread.lower,
        height=0.5,
        facecolor="white" if spread.is_assumption else "#a5c7be",
        edgecolor=colour,
        linewidth=1.0,
        zorder=3,
    )
    axes.plot([spread.middle, spread.middle], [line - 0.25, line + 0.25], color=INK, linewidth=1.6, zorder=4)
    if spread.marker is not None:
        axes.plot([spread.marker], [line], "D", color=PUBLISHED, markersize=5, zorder=5)


def draw_estimates(chart: EstimateChart) -> Figure:
    """Bars from 0 with an interval at their end and the figure beside it."""
    figure, axes = new_chart(1.3 + 0.34 * len(chart.estimates))
    groups = list(dict.fromkeys(estimate.group for estimate in chart.estimates))
    colours = {group: SERIES[i % len(SERIES)] for i, group in enumerate(groups)}
    for line, estimate in enumerate(chart.estimates):
        axes.barh(line, estimate.value, height=0.6, color=colours[estimate.group])
        axes.plot(
            [estimate.low, estimate.high], [line, line], color=INK, linewidth=1.3, marker="|", markersize=8
        )
    name_lines(axes, [shortened(estimate.label, 26) for estimate in chart.estimates])
    largest = max([*(max(e.value, e.high) for e in chart.estimates), 1e-9])
    axes.set_xlim(0, largest * 1.18)
    _write_estimates(axes, chart.estimates, largest, chart.decimals)
    axes.xaxis.set_major_formatter(FuncFormatter(axis_number))
    name_axis(axes, horizontal=chart.axis)
    if groups != [""]:
        add_legend(figure, [Patch(color=colours[group]) for group in groups], groups)
    return figure


def _write_estimates(axes: Axes, estimates: Sequence[Estimate], largest: float, decimals: int) -> None:
    for line, estimate in enumerate(estimates):
        axes.text(
            max(estimate.value, estimate.high) + largest * 0.012,
            line,
            f"{estimate.value:,.{decimals}f}",
            va="center",
            fontsize=8,
            color=INK,
        )
