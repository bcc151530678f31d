"""A path over time with the bands of its distribution."""

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from flows.reports.charts.canvas import COMPUTED, FAINT, RULE, add_legend, axis_number, name_axis, new_chart
from flows.reports.charts.model import FanChart


def draw_fan(chart: FanChart) -> Figure:
    """Bands from the widest to the narrowest, the middle path on top and the line of nothing won or lost."""
    figure, axes = new_chart(4.0)
    handles: list[Line2D | Patch] = []
    for i, band in enumerate(chart.bands):
        opacity = 0.16 + 0.16 * i
        axes.fill_between(chart.times, band.lower, band.upper, color=COMPUTED, alpha=opacity, linewidth=0)
        handles.append(Patch(facecolor=COMPUTED, alpha=opacity))
    (line,) = axes.plot(chart.times, chart.middle, color=COMPUTED, linewidth=2.0, marker="o", markersize=3.5)
    axes.axhline(0.0, color=FAINT, linewidth=0.9)
    axes.grid(axis="y", color=RULE, linewidth=0.7)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(axis_number))
    axes.margins(x=0.02)
    name_axis(axes, horizontal=chart.time_axis, vertical=chart.value_axis)
    names = [band.name for band in chart.bands]
    add_legend(figure, [line, *handles], [chart.middle_name.inline(), *names])
    return figure
