"""Charts made of bars: amounts under each other, and amounts stacked over time."""

from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter

from flows.reports.charts.canvas import (
    ALARM,
    COMPUTED,
    INK,
    RULE,
    SERIES,
    add_legend,
    axis_number,
    name_axis,
    name_lines,
    new_chart,
    shortened,
)
from flows.reports.charts.model import BarChart, ChangeChart, StackChart

# Room right of the longest bar for its figure, as a share of the axis.
_ROOM_FOR_FIGURES = 0.16


def draw_bars(chart: BarChart) -> Figure:
    """Horizontal bars with the figure at the end of each."""
    figure, axes = new_chart(1.3 + 0.26 * len(chart.bars))
    groups = list(dict.fromkeys(bar.group for bar in chart.bars))
    colours = {group: SERIES[i % len(SERIES)] for i, group in enumerate(groups)}
    values = [bar.value for bar in chart.bars]
    axes.barh(range(len(values)), values, height=0.66, color=[colours[bar.group] for bar in chart.bars])
    name_lines(axes, [shortened(bar.label) for bar in chart.bars])
    largest = max([0.0, *values]) or 1.0
    axes.set_xlim(min([0.0, *values]), largest * (1 + _ROOM_FOR_FIGURES))
    for line, value in enumerate(values):
        axes.text(
            max(value, 0.0) + largest * 0.008,
            line,
            written_value(value, chart.decimals),
            va="center",
            fontsize=8,
            color=INK,
        )
    axes.xaxis.set_major_formatter(FuncFormatter(axis_number))
    name_axis(axes, horizontal=chart.axis)
    if groups != [""]:
        add_legend(figure, [Patch(color=colours[group]) for group in groups], groups)
    return figure


def draw_changes(chart: ChangeChart) -> Figure:
    """Bars to both sides of 0, the bad side in the colour of alarm; the figure stands outside each bar."""
    figure, axes = new_chart(1.1 + 0.27 * len(chart.bars))
    values = [bar.value for bar in chart.bars]
    colours = [ALARM if (value > 0) is chart.is_rise_bad and value != 0 else COMPUTED for value in values]
    axes.barh(range(len(values)), values, height=0.66, color=colours)
    name_lines(axes, [shortened(bar.label, 26) for bar in chart.bars])
    widest = max(abs(value) for value in values) or 1.0
    room = widest * _ROOM_FOR_FIGURES
    axes.set_xlim(
        min(values) - room if min(values) < 0 else 0.0,
        max(values) + room if max(values) > 0 else widest * 0.04,
    )
    axes.axvline(0.0, color=INK, linewidth=0.8)
    for line, value in enumerate(values):
        axes.text(
            value + widest * (0.01 if value >= 0 else -0.01),
            line,
            _signed(value, chart.decimals),
            ha="left" if value >= 0 else "right",
            va="center",
            fontsize=8,
            color=INK,
        )
    axes.xaxis.set_major_formatter(FuncFormatter(axis_number))
    name_axis(axes, horizontal=chart.axis)
    return figure


def _signed(value: float, decimals: int) -> str:
    text = f"{abs(value):,.{decimals}f}"
    return text if not text.strip("0.,") else f"{'−' if value < 0 else '+'}{text}"


def draw_stack(chart: StackChart) -> Figure:
    """Stacked columns, one for each category."""
    figure, axes = new_chart(3.8)
    positions = range(len(chart.categories))
    floor = [0.0] * len(chart.categories)
    patches = []
    for i, layer in enumerate(chart.layers):
        colour = SERIES[i % len(SERIES)]
        axes.bar(positions, layer.values, bottom=floor, width=0.66, color=colour)
        floor = [below + value for below, value in zip(floor, layer.values, strict=True)]
        patches.append(Patch(color=colour))
    axes.set_xticks(positions, chart.categories)
    axes.grid(axis="y", color=RULE, linewidth=0.7)
    top = max([*floor, 1e-9])
    axes.set_ylim(0, top * 1.1)
    for position, total in zip(positions, floor, strict=True):
        if total > 0:
            axes.text(
                position,
                total + top * 0.012,
                f"{total:,.2f}",
                ha="center",
                va="bottom",
                fontsize=8,
                color=INK,
            )
    axes.yaxis.set_major_formatter(FuncFormatter(axis_number))
    name_axis(axes, horizontal=chart.category_axis, vertical=chart.value_axis)
    add_legend(figure, patches, [layer.name for layer in chart.layers])
    return figure


def written_value(value: float, decimals: int) -> str:
    """The figure beside a bar; one that would be rounded to nothing says that it is below the last digit."""
    smallest = 10.0**-decimals
    return f"<{smallest:g}" if 0.0 < value < smallest / 2 else f"{value:,.{decimals}f}"
