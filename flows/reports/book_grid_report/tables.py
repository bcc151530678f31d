"""Every part of the book in every world, and what the parts are."""

from flows.book_scenarios.grid import BookVariant
from flows.reports.bilingual import Bilingual
from flows.reports.book_grid_report.figures import WORDS, GridFigures
from flows.reports.charts.grid_model import BarGridChart, BarPanel
from flows.reports.document import Cell, ColumnKind, Figure, Row, Table
from flows.reports.labels import label
from services.loans.simulation.stress import StressedLoss

_PERCENT = 100.0
heading = WORDS.heading


def loss_panels(figures: GridFigures) -> Figure:
    """Expected loss and loss at 99.9 % as shares of exposure, one panel a part."""
    panels = tuple(
        BarPanel(
            name,
            tuple(_PERCENT * figures.share(variant, world.expected_loss_cny) for world in variant.worlds),
            tuple(_PERCENT * figures.share(variant, world.value_at_risk_cny) for world in variant.worlds),
        )
        for name, variant in zip(figures.variant_names, figures.variants, strict=True)
    )
    chart = BarGridChart(
        label("scenario_grid.share_axis"),
        tuple(name.zh for name in figures.world_names),
        label("scenario_grid.expected"),
        label("scenario_grid.tail"),
        panels,
    )
    return Figure(WORDS.title("panels"), chart, WORDS.text("panels"))


def comparison_table(figures: GridFigures) -> Table:
    """One row a part and world."""
    rows = tuple(
        Row((Cell(variant_name), Cell(world_name), *_cells(world, is_base=i == 0)))
        for variant_name, variant in zip(figures.variant_names, figures.variants, strict=True)
        for i, (world_name, world) in enumerate(zip(figures.world_names, variant.worlds, strict=True))
    )
    return Table(
        WORDS.title("comparison"),
        (
            heading("variant"),
            heading("world"),
            heading("loss", ColumnKind.WAN),
            heading("change", ColumnKind.WAN),
            heading("change_error", ColumnKind.WAN),
            heading("var", ColumnKind.WAN),
            heading("shortfall", ColumnKind.WAN),
            heading("defaults", ColumnKind.PERCENT),
            heading("npl", ColumnKind.PERCENT),
            heading("collateral", ColumnKind.WAN),
        ),
        rows,
        WORDS.text("comparison"),
    )


def _cells(world: StressedLoss, *, is_base: bool) -> tuple[Cell, ...]:
    return (
        Cell(world.expected_loss_cny),
        Cell(None if is_base else world.expected_loss_change_cny),
        Cell(None if is_base else world.expected_loss_change_error_cny),
        Cell(world.value_at_risk_cny),
        Cell(world.expected_shortfall_cny),
        Cell(world.default_rate),
        Cell(world.npl_ratio),
        Cell(world.collateral_mean_cny),
    )


def setting_table(figures: GridFigures) -> Table:
    """What each part is."""
    rows = tuple(
        Row((Cell(name), *_setting_cells(variant)))
        for name, variant in zip(figures.variant_names, figures.variants, strict=True)
    )
    return Table(
        WORDS.title("settings"),
        (
            heading("variant"),
            heading("loans", ColumnKind.INTEGER),
            heading("exposure", ColumnKind.WAN),
            heading("quarters", ColumnKind.INTEGER),
            heading("products"),
            heading("counties"),
            heading("fund_cap", ColumnKind.WAN),
        ),
        rows,
        WORDS.text("settings"),
    )


def _setting_cells(variant: BookVariant) -> tuple[Cell, ...]:
    setting, stress = variant.setting, variant.stress
    return (
        Cell(None if stress is None else stress.n_loans),
        Cell(None if stress is None else stress.exposure_cny),
        Cell(variant.n_quarters),
        Cell(Bilingual("、".join(setting.products)) if setting.products else None),
        Cell(Bilingual("、".join(setting.counties)) if setting.counties else None),
        Cell(setting.fund_cap_cny),
    )
