"""Small multiples: the same chart in several worlds, on the same axes."""

import math

from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from flows.reports.charts.canvas import (
    COMPUTED,
    FAINT,
    INK,
    PUBLISHED,
    RULE,
    WIDTH_IN,
    add_legend,
    axis_number,
)
from flows.reports.charts.model import Panel, PanelChart

_COLUMNS = 4
_ROW_HEIGHT_IN = 2.0


def draw_panels(chart: PanelChart) -> Figure:
    """Panels in rows of four; the dashed line is the same in all of them."""
    n_rows = math.ceil(len(chart.panels) / _COLUMNS)
    n_columns = min(_COLUMNS, len(chart.panels))
    figure = Figure(figsize=(WIDTH_IN, 0.9 + _ROW_HEIGHT_IN * n_rows), layout="constrained")
    FigureCanvasSVG(figure)
    grid = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False)
    for place, axes in enumerate(grid.flat):
        if place < len(chart.panels):
            _draw_panel(axes, chart, chart.panels[place])
        else:
            axes.set_visible(False)
    figure.supxlabel(chart.time_axis.inline(), color=INK, fontsize=9)
    figure.supylabel(chart.value_axis.inline(), color=INK, fontsize=9)
    add_legend(
        figure,
        [
            Line2D([], [], color=COMPUTED, linewidth=1.8),
            Patch(facecolor=COMPUTED, alpha=0.22),
            Line2D([], [], color=PUBLISHED, linewidth=1.2, linestyle=(0, (4, 2))),
        ],
        [chart.middle_name.inline(), chart.panels[0].band.name, chart.reference_name.inline()],
    )
    return figure


def _draw_panel(axes: Axes, chart: PanelChart, panel: Panel) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    axes.tick_params(colors=INK, length=0, labelsize=8, labelbottom=True)
    axes.fill_between(
        chart.times, panel.band.lower, panel.band.upper, color=COMPUTED, alpha=0.22, linewidth=0
    )
    axes.axhline(0.0, color=FAINT, linewidth=0.8)
    if panel.reference is not None:
        axes.plot(chart.times, panel.reference, color=PUBLISHED, linewidth=1.2, linestyle=(0, (4, 2)))
    axes.plot(chart.times, panel.middle, color=COMPUTED, linewidth=1.8)
    axes.grid(axis="y", color=RULE, linewidth=0.6)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _position: f"{value:.0f}"))
    axes.yaxis.set_major_formatter(FuncFormatter(axis_number))
    axes.set_title(
        "\n".join(part for part in (panel.title.zh, panel.title.en) if part), fontsize=8.5, color=INK
    )
