"""Every variant in every world, the classes of partners beside each other, and the settings."""

from decimal import Decimal

from flows.fund_scenarios.grid import FundVariant, seen
from flows.reports.bilingual import Bilingual
from flows.reports.document import Cell, Column, ColumnKind, Row, Table
from flows.reports.fund_grid_report.figures import GridFigures, median_rate, quantile
from flows.reports.fund_grid_report.wording import WORDS, recipient_name
from services.fund.fund_terms.terms import GRASSROOTS_ID
from services.fund.simulation.outcome import FundOutcome

_POINTS = 100.0
heading = WORDS.heading


def comparison_table(figures: GridFigures) -> Table:
    """One row a variant and world."""
    rows = [
        Row((Cell(variant_name), Cell(world), *_cells(figures, outcome, figures.outcomes(variant)[0])))
        for variant_name, variant in zip(figures.variant_names, figures.variants, strict=True)
        for world, outcome in zip(figures.world_names, figures.outcomes(variant), strict=True)
    ]
    return Table(
        WORDS.title("comparison"),
        (
            heading("variant"),
            heading("world"),
            heading("irr_p5", ColumnKind.PERCENT),
            heading("irr_p50", ColumnKind.PERCENT),
            heading("irr_p95", ColumnKind.PERCENT),
            heading("to_base", ColumnKind.NUMBER, unit="百分点", decimals=1),
            heading("tvpi", ColumnKind.NUMBER, unit="倍"),
            heading("loss", ColumnKind.PERCENT),
            heading("payback", ColumnKind.NUMBER, unit="年", decimals=0),
            heading("called", ColumnKind.WAN),
            heading("received", ColumnKind.WAN),
            heading("line_needed", ColumnKind.PERCENT),
            heading("line", ColumnKind.WAN),
        ),
        tuple(rows),
        WORDS.text("comparison"),
    )


def _cells(figures: GridFigures, outcome: FundOutcome, base: FundOutcome) -> tuple[Cell, ...]:
    each, before = seen(outcome, figures.grid.seen_by), seen(base, figures.grid.seen_by)
    rate = None if each is None else median_rate(each)
    rate_before = None if before is None else median_rate(before)
    change = None
    if outcome is not base and rate is not None and rate_before is not None:
        change = (rate - rate_before) * _POINTS
    pays = each is not None and each.tvpi is not None
    return (
        *(Cell(None if each is None else quantile(each.irr_annual, level)) for level in (0.05, 0.5, 0.95)),
        Cell(change),
        Cell(None if each is None else quantile(each.tvpi, 0.5)),
        Cell(each.probability_of_loss if each is not None and pays else None),
        Cell(None if each is None else quantile(each.payback_years, 0.5)),
        Cell(outcome.called_cny),
        Cell(None if each is None else each.received_cny.mean),
        Cell(outcome.probability_line_needed),
        Cell(outcome.peak_line_cny.quantile(0.95)),
    )


def class_table(figures: GridFigures) -> Table:
    """Median rates of all classes, and what the grass roots receive."""
    found = [each for variant in figures.variants for each in figures.outcomes(variant)[0].classes]
    names = list(dict.fromkeys(each.recipient_id for each in found if each.tvpi is not None))
    has_grassroots = any(each.recipient_id == GRASSROOTS_ID for each in found)
    columns = [
        heading("variant"),
        heading("world"),
        *(Column(recipient_name(figures.variants[0].terms, name), ColumnKind.PERCENT) for name in names),
    ]
    if has_grassroots:
        columns.append(heading("grassroots", ColumnKind.WAN))
    rows = []
    for variant_name, variant in zip(figures.variant_names, figures.variants, strict=True):
        for world, outcome in zip(figures.world_names, figures.outcomes(variant), strict=True):
            cells = [Cell(variant_name), Cell(world), *(Cell(_class_rate(outcome, name)) for name in names)]
            if has_grassroots:
                each = seen(outcome, GRASSROOTS_ID)
                cells.append(Cell(None if each is None else each.received_cny.mean))
            rows.append(Row(tuple(cells)))
    return Table(WORDS.title("classes"), tuple(columns), tuple(rows), WORDS.text("classes"))


def _class_rate(outcome: FundOutcome, name: str) -> float | None:
    each = seen(outcome, name)
    return None if each is None else median_rate(each)


def setting_table(figures: GridFigures) -> Table:
    """What each variant stands on."""
    rows = tuple(
        Row((Cell(name), *_setting_cells(figures, variant)))
        for name, variant in zip(figures.variant_names, figures.variants, strict=True)
    )
    return Table(
        WORDS.title("settings"),
        (
            heading("variant"),
            heading("commitment", ColumnKind.WAN),
            heading("fee", ColumnKind.PERCENT, decimals=2),
            heading("rate", ColumnKind.PERCENT, decimals=2),
            heading("projects", ColumnKind.INTEGER),
            heading("left_out", is_long_text=True),
        ),
        rows,
        WORDS.text("settings"),
    )


def _setting_cells(figures: GridFigures, variant: FundVariant) -> tuple[Cell, ...]:
    terms, setting = variant.terms, variant.setting
    committed = sum((partner.commitment_cny for partner in terms.partners), Decimal())
    rate = setting.liquidity_rate_annual
    return (
        Cell(committed),
        Cell(terms.fee_rate_annual),
        Cell(figures.grid.liquidity_rate_annual if rate is None else rate),
        Cell(len(figures.outcomes(variant)[0].projects)),
        Cell(Bilingual("、".join(setting.leave_out)) if setting.leave_out else None),
    )
