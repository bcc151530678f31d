"""Draws small multiples: panels side by side on one axis, names of the lines before the first of each row."""

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from flows.reports.bilingual import Bilingual
from flows.reports.charts.canvas import (
    ALARM,
    COMPUTED,
    FAINT,
    INK,
    PUBLISHED,
    RULE,
    SERIES,
    WIDTH_IN,
    add_legend,
    axis_number,
    shortened,
)
from flows.reports.charts.grid_model import (
    BandGridChart,
    BandPanel,
    BarGridChart,
    BarPanel,
    CurveGridChart,
    CurvePanel,
    SpreadGridChart,
    SpreadPanel,
)

_MOST_COLUMNS = 3
_MOST_BANDS = 4
_FEWEST_TICKS = 4
_LONGEST_LINE = 12
_DASHES = ("-", (0, (4, 2)), (0, (1, 1.5)))
_REFERENCE: dict[str, Any] = {"color": PUBLISHED, "linewidth": 1.2, "linestyle": _DASHES[1]}


def draw_spread_grid(chart: SpreadGridChart) -> Figure:
    """Whiskers, box and median of each world; the median of the base runs through the panel."""
    figure, panels = _panels(len(chart.panels), 0.75 + 0.22 * len(chart.lines))
    for axes, panel in zip(panels, chart.panels, strict=True):
        _draw_spreads(axes, panel)
        _finish(axes, panel.title, chart.lines)
    _share_lines(panels)
    figure.supxlabel(chart.axis.inline(), color=INK, fontsize=9)
    add_legend(
        figure,
        [
            Line2D([], [], color=COMPUTED, linewidth=1.2),
            Patch(facecolor="#a5c7be", edgecolor=COMPUTED),
            Line2D([], [], color=INK, linewidth=1.6),
            Line2D([], [], color=FAINT, linewidth=0.9, linestyle=(0, (4, 3))),
        ],
        [chart.whisker_name, chart.box_name, "中位数 · median", "基准中位数 · median of the base"],
    )
    return figure


def draw_bar_grid(chart: BarGridChart) -> Figure:
    """A bar and a mark for each world, the mark's figure beside it."""
    figure, panels = _panels(len(chart.panels), 0.75 + 0.24 * len(chart.lines))
    largest = max([*(value for panel in chart.panels for value in (*panel.bars, *panel.marks)), 1e-9])
    for axes, panel in zip(panels, chart.panels, strict=True):
        _draw_bars(axes, panel, chart.decimals, largest)
        axes.set_xlim(0.0, largest * 1.22)
        _finish(axes, panel.title, chart.lines)
    _share_lines(panels)
    figure.supxlabel(chart.axis.inline(), color=INK, fontsize=9)
    add_legend(
        figure,
        [Patch(color=COMPUTED), Line2D([], [], marker="D", linestyle="", color=ALARM, markersize=5)],
        [chart.bar_name.inline(), chart.mark_name.inline()],
    )
    return figure


def draw_curve_grid(chart: CurveGridChart) -> Figure:
    """A line for each world; the base is the thick one."""
    figure, panels = _panels(len(chart.panels), 2.3)
    for axes, panel in zip(panels, chart.panels, strict=True):
        _draw_curves(axes, panel)
        _quiet(axes, panel.title)
    figure.supxlabel(chart.time_axis.inline(), color=INK, fontsize=9)
    figure.supylabel(chart.value_axis.inline(), color=INK, fontsize=9)
    handles = [Line2D([], [], **_style(i)) for i in range(len(chart.lines))]
    add_legend(figure, handles, [shortened(line) for line in chart.lines])
    return figure


def draw_band_grid(chart: BandGridChart) -> Figure:
    """A path in its band in every panel, and a dashed one to compare with."""
    figure, panels = _panels(len(chart.panels), 2.0, _MOST_BANDS)
    for axes, panel in zip(panels, chart.panels, strict=True):
        _draw_band(axes, chart.times, panel)
        _quiet(axes, panel.title)
    figure.supxlabel(chart.time_axis.inline(), color=INK, fontsize=9)
    figure.supylabel(chart.value_axis.inline(), color=INK, fontsize=9)
    add_legend(
        figure,
        [
            Line2D([], [], color=COMPUTED, linewidth=1.8),
            Patch(facecolor=COMPUTED, alpha=0.22),
            Line2D([], [], **_REFERENCE),
        ],
        [chart.middle_name.inline(), chart.band_name, chart.reference_name.inline()],
    )
    return figure


def _panels(n: int, height_in: float, most_columns: int = _MOST_COLUMNS) -> tuple[Figure, list[Axes]]:
    columns = min(n, most_columns)
    rows = math.ceil(n / columns)
    figure = Figure(figsize=(WIDTH_IN, 0.9 + height_in * rows), layout="constrained")
    FigureCanvasSVG(figure)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    panels = list(grid.flat)
    for axes in panels[n:]:
        axes.set_visible(False)
    return figure, panels[:n]


def _draw_spreads(axes: Axes, panel: SpreadPanel) -> None:
    base = panel.spreads[0]
    if base is not None:
        axes.axvline(base.middle, color=FAINT, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    for line, spread in enumerate(panel.spreads):
        if spread is None:
            continue
        axes.plot([spread.low, spread.high], [line, line], color=COMPUTED, linewidth=1.2, zorder=2)
        axes.barh(
            line, spread.upper - spread.lower, left=spread.lower, height=0.52, facecolor="#a5c7be",
            edgecolor=COMPUTED, linewidth=0.9, zorder=3,
        )  # fmt: skip
        axes.plot([spread.middle] * 2, [line - 0.26, line + 0.26], color=INK, linewidth=1.6, zorder=4)


def _draw_bars(axes: Axes, panel: BarPanel, decimals: int, largest: float) -> None:
    axes.barh(range(len(panel.bars)), panel.bars, height=0.6, color=COMPUTED)
    axes.plot(panel.marks, range(len(panel.marks)), "D", color=ALARM, markersize=4.5)
    for line, (bar, mark) in enumerate(zip(panel.bars, panel.marks, strict=True)):
        axes.text(
            max(bar, mark) + largest * 0.04, line, f"{mark:,.{decimals}f}", va="center", fontsize=7.5, color=INK
        )  # fmt: skip


def _draw_curves(axes: Axes, panel: CurvePanel) -> None:
    _over_time(axes)
    # The base last, on top of the worlds.
    for i in reversed(range(len(panel.curves))):
        axes.plot(range(len(panel.curves[i])), panel.curves[i], **_style(i))


def _draw_band(axes: Axes, times: Sequence[float], panel: BandPanel) -> None:
    _over_time(axes)
    axes.fill_between(times, panel.lower, panel.upper, color=COMPUTED, alpha=0.22, linewidth=0)
    if panel.reference is not None:
        axes.plot(times, panel.reference, **_REFERENCE)
    axes.plot(times, panel.middle, color=COMPUTED, linewidth=1.8)


def _over_time(axes: Axes) -> None:
    axes.axhline(0.0, color=FAINT, linewidth=0.8)
    axes.xaxis.set_major_locator(MaxNLocator(_FEWEST_TICKS, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _position: f"{value:.0f}"))
    axes.yaxis.set_major_formatter(FuncFormatter(axis_number))
    axes.grid(axis="y", color=RULE, linewidth=0.6)


def _style(line: int) -> dict[str, Any]:
    """Colour and dashes of a world; the base, line 0, is thick and dark."""
    if line == 0:
        return {"color": INK, "linewidth": 2.2}
    turn, colour = divmod(line - 1, len(SERIES))
    return {"color": SERIES[colour], "linewidth": 1.3, "linestyle": _DASHES[turn % len(_DASHES)]}


def _finish(axes: Axes, title: Bilingual, lines: Sequence[str]) -> None:
    _quiet(axes, title)
    axes.set_yticks(range(len(lines)), [shortened(line, _LONGEST_LINE) for line in lines])
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.grid(axis="x", color=RULE, linewidth=0.6)
    axes.xaxis.set_major_locator(MaxNLocator(5, min_n_ticks=_FEWEST_TICKS))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _position: f"{value:g}"))


def _quiet(axes: Axes, title: Bilingual) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, length=0, labelsize=8, labelbottom=True)
    words = [part for part in (title.zh, title.en) if part]
    axes.set_title("\n".join(shortened(part, 40) for part in words), fontsize=8.5, color=INK)


def _share_lines(panels: Sequence[Axes]) -> None:
    """Names of the lines before the first panel of each row only."""
    for i, axes in enumerate(panels):
        axes.tick_params(axis="y", labelleft=i % _MOST_COLUMNS == 0)
