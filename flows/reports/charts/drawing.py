"""From what a chart shows to its picture."""

from collections.abc import Callable, Mapping
from typing import Any

from flows.reports.charts.bars import draw_bars, draw_changes, draw_stack
from flows.reports.charts.breakdown_model import BreakdownChart
from flows.reports.charts.breakdowns import draw_breakdowns
from flows.reports.charts.canvas import as_svg
from flows.reports.charts.comparisons import draw_estimates, draw_pairs, draw_spreads
from flows.reports.charts.curves import draw_curves
from flows.reports.charts.fans import draw_fan
from flows.reports.charts.grid_model import BandGridChart, BarGridChart, CurveGridChart, SpreadGridChart
from flows.reports.charts.grids import draw_band_grid, draw_bar_grid, draw_curve_grid, draw_spread_grid
from flows.reports.charts.model import (
    BarChart,
    ChangeChart,
    Chart,
    CurveChart,
    EstimateChart,
    FanChart,
    PairChart,
    SpreadChart,
    StackChart,
)

# Every kind of chart and who draws it; each drawer takes exactly its kind.
DRAWERS: Mapping[type[Chart], Callable[[Any], Any]] = {
    BarChart: draw_bars,
    ChangeChart: draw_changes,
    StackChart: draw_stack,
    PairChart: draw_pairs,
    SpreadChart: draw_spreads,
    EstimateChart: draw_estimates,
    FanChart: draw_fan,
    CurveChart: draw_curves,
    BreakdownChart: draw_breakdowns,
    BandGridChart: draw_band_grid,
    SpreadGridChart: draw_spread_grid,
    BarGridChart: draw_bar_grid,
    CurveGridChart: draw_curve_grid,
}


def draw(chart: Chart) -> bytes:
    """The chart as SVG, the same bytes for the same chart."""
    return as_svg(DRAWERS[type(chart)](chart))
