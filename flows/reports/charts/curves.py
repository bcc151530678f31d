"""Lines on one pair of axes, with words beside their points where there are any."""

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from flows.reports.charts.canvas import (
    FAINT,
    INK,
    RULE,
    SERIES,
    add_legend,
    axis_number,
    name_axis,
    new_chart,
)
from flows.reports.charts.model import CurveChart


def draw_curves(chart: CurveChart) -> Figure:
    """One line a curve, modelled ones dashed."""
    figure, axes = new_chart(3.8)
    handles = []
    for i, curve in enumerate(chart.curves):
        (line,) = axes.plot(
            curve.horizontal,
            curve.vertical,
            color=SERIES[i % len(SERIES)],
            linewidth=1.8,
            linestyle=(0, (4, 2)) if curve.is_modelled else "-",
            marker="" if curve.is_modelled else "o",
            markersize=4.5,
        )
        handles.append(line)
        for x, y, words in zip(curve.horizontal, curve.vertical, curve.point_labels, strict=False):
            axes.annotate(
                words, (x, y), xytext=(0, 7), textcoords="offset points", ha="center", fontsize=8, color=INK
            )
    low, high = axes.get_ylim()
    if low <= 0.0 <= high:
        axes.axhline(0.0, color=FAINT, linewidth=0.9)
    axes.grid(color=RULE, linewidth=0.7)
    axes.margins(x=0.12 if any(curve.point_labels for curve in chart.curves) else 0.03, y=0.12)
    places = [place for curve in chart.curves for place in curve.horizontal]
    if all(place == round(place) for place in places):
        # Years of a loan, calendar years: there is no half of one.
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    are_years = all(1900 <= place <= 2200 and place == round(place) for place in places)
    axes.xaxis.set_major_formatter(FuncFormatter(_year if are_years else axis_number))
    axes.yaxis.set_major_formatter(FuncFormatter(axis_number))
    name_axis(axes, horizontal=chart.horizontal_axis, vertical=chart.vertical_axis)
    add_legend(figure, handles, [curve.name for curve in chart.curves], columns=2)
    return figure


def _year(value: float, _position: int = 0) -> str:
    """A calendar year has no comma."""
    return f"{value:.0f}"
