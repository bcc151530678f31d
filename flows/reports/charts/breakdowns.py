"""Draws breakdowns: panels of bars, two in a row, each with the names of its own parts."""

import math

from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from flows.reports.charts.bars import written_value
from flows.reports.charts.breakdown_model import Breakdown, BreakdownChart
from flows.reports.charts.canvas import COMPUTED, FAINT, INK, WIDTH_IN, axis_number, name_lines, shortened

_COLUMNS = 2
_LONGEST_NAME = 14
# Room right of the longest bar for its figure, as a share of the axis.
_ROOM_FOR_FIGURES = 0.3


def draw_breakdowns(chart: BreakdownChart) -> Figure:
    """Panels in rows of two; a row is as high as its longest panel needs."""
    n_rows = math.ceil(len(chart.panels) / _COLUMNS)
    n_columns = min(_COLUMNS, len(chart.panels))
    rows = [chart.panels[i * _COLUMNS : (i + 1) * _COLUMNS] for i in range(n_rows)]
    heights = [0.75 + 0.24 * max(len(panel.parts) for panel in row) for row in rows]
    figure = Figure(figsize=(WIDTH_IN, 0.35 + sum(heights)), layout="constrained")
    FigureCanvasSVG(figure)
    grid = figure.subplots(n_rows, n_columns, squeeze=False, gridspec_kw={"height_ratios": heights})
    largest = max(part.value for panel in chart.panels for part in panel.parts)
    for place, axes in enumerate(grid.flat):
        if place >= len(chart.panels):
            axes.set_visible(False)
            continue
        panel = chart.panels[place]
        own = max(part.value for part in panel.parts)
        _draw_panel(axes, panel, chart.decimals, (own if chart.has_own_scales else largest) or 1.0)
    figure.supxlabel(chart.axis.inline(), color=INK, fontsize=9)
    return figure


def _draw_panel(axes: Axes, panel: Breakdown, decimals: int, largest: float) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    axes.tick_params(colors=INK, length=0, labelsize=8)
    axes.set_axisbelow(True)
    axes.barh(range(len(panel.parts)), [part.value for part in panel.parts], height=0.66, color=COMPUTED)
    name_lines(axes, [shortened(part.label, _LONGEST_NAME) for part in panel.parts])
    axes.set_xlim(0.0, largest * (1 + _ROOM_FOR_FIGURES))
    for line, part in enumerate(panel.parts):
        words = written_value(part.value, decimals)
        axes.text(part.value + largest * 0.015, line, words, va="center", fontsize=7.5, color=INK)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(FuncFormatter(axis_number))
    axes.set_title(panel.title.inline(), fontsize=9, color=INK, loc="left")
