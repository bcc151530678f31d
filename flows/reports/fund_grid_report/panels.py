"""Small multiples of a grid of the fund: rates of return, and cash over the years."""

from flows.fund_scenarios.grid import FundVariant, seen
from flows.reports.charts.grid_model import (
    CurveGridChart,
    CurvePanel,
    PanelSpread,
    SpreadGridChart,
    SpreadPanel,
)
from flows.reports.document import Figure
from flows.reports.figures import CNY_PER_YI
from flows.reports.fund_grid_report.figures import GridFigures
from flows.reports.fund_grid_report.wording import WORDS
from flows.reports.labels import label
from services.fund.simulation.outcome import FundOutcome

_LEVELS = (0.05, 0.1, 0.5, 0.9, 0.95)


def rate_panels(figures: GridFigures) -> Figure:
    """The spread of the rate of return in every world, one panel a variant."""
    panels = tuple(
        SpreadPanel(name, tuple(_spread(outcome, figures.grid.seen_by) for outcome in figures.outcomes(variant)))
        for name, variant in zip(figures.variant_names, figures.variants, strict=True)
    )  # fmt: skip
    chart = SpreadGridChart(
        label("scenario_grid.irr_axis"),
        tuple(name.zh for name in figures.world_names),
        "5%–95%",
        "10%–90%",
        panels,
    )
    return Figure(WORDS.title("irr_panels"), chart, WORDS.text("panels"))


def _spread(outcome: FundOutcome, recipient_id: str) -> PanelSpread | None:
    each = seen(outcome, recipient_id)
    if each is None or each.irr_annual is None:
        return None
    rates = each.irr_annual
    return PanelSpread(*(100.0 * rates.quantile(level) for level in _LEVELS))


def cash_panels(figures: GridFigures) -> Figure:
    """The median J-curve of all partners in every world, one panel a variant."""
    panels = tuple(
        CurvePanel(name, _curves(figures, variant))
        for name, variant in zip(figures.variant_names, figures.variants, strict=True)
    )
    chart = CurveGridChart(
        label("scenario_grid.year_axis"),
        label("scenario_grid.cash_axis"),
        tuple(name.zh for name in figures.world_names),
        panels,
    )
    return Figure(WORDS.title("curve_panels"), chart, WORDS.text("panels"))


def _curves(figures: GridFigures, variant: FundVariant) -> tuple[tuple[float, ...], ...]:
    return tuple(
        tuple(point.cumulated_cny.quantile(0.5) / CNY_PER_YI for point in outcome.j_curve)
        for outcome in figures.outcomes(variant)
    )
