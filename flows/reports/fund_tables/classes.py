"""What each class of partners may get: rates, multiples, payback, probability of loss."""

from flows.reports.blocks import cell
from flows.reports.charts.model import Spread, SpreadChart
from flows.reports.document import Cell, ColumnKind, Row, Table
from flows.reports.fund_tables.wording import assumed_quantile, class_name, heading, text, title
from flows.reports.labels import label
from services.fund.simulation.outcome import FundOutcome, PartnerOutcome


def class_table(outcome: FundOutcome) -> Table:
    """One line a class, and the grass roots where a step pays them."""
    return Table(
        title("classes"),
        (
            heading("class"),
            heading("paid_in", ColumnKind.WAN),
            heading("received", ColumnKind.WAN),
            heading("error", ColumnKind.WAN),
            heading("irr_p5", ColumnKind.PERCENT),
            heading("irr_p50", ColumnKind.PERCENT),
            heading("irr_p95", ColumnKind.PERCENT),
            heading("tvpi_p50", ColumnKind.NUMBER),
            heading("payback", ColumnKind.INTEGER, unit="年"),
            heading("loss", ColumnKind.PERCENT),
        ),
        tuple(_class_row(each) for each in outcome.classes),
        text("classes"),
    )


def _class_row(each: PartnerOutcome) -> Row:
    pays_in = each.tvpi is not None
    return Row(
        (
            Cell(class_name(each.recipient_id)),
            cell(each.paid_in_cny.mean, assumed=True),
            cell(each.received_cny.mean, assumed=True),
            cell(each.received_cny.mean_standard_error, assumed=True),
            *(assumed_quantile(each.irr_annual, level) for level in (0.05, 0.5, 0.95)),
            assumed_quantile(each.tvpi, 0.5),
            assumed_quantile(each.payback_years, 0.5),
            cell(each.probability_of_loss if pays_in else None, assumed=True),
        )
    )


def multiple_table(outcome: FundOutcome, first_year: int) -> Table | None:
    """Paid-out and residual multiples at the report years, medians; None where no year was asked for."""
    rows = tuple(
        Row(
            (
                Cell(class_name(each.recipient_id)),
                Cell(str(first_year + at.year)),
                assumed_quantile(at.dpi, 0.5),
                assumed_quantile(at.rvpi, 0.5),
                assumed_quantile(at.dpi, 0.05),
                assumed_quantile(at.dpi, 0.95),
            )
        )
        for each in outcome.classes
        for at in each.at_years
        if at.dpi is not None
    )
    if not rows:
        return None
    columns = (
        heading("class"),
        heading("year"),
        *(heading(key, ColumnKind.NUMBER) for key in ("dpi_p50", "rvpi_p50", "dpi_p5", "dpi_p95")),
    )
    return Table(title("multiples"), columns, rows, text("multiples"))


def rate_chart(outcome: FundOutcome) -> SpreadChart | None:
    """Rates of return of the classes that pay in; None where none has one."""
    spreads = []
    for each in outcome.classes:
        if each.irr_annual is not None:
            rates = each.irr_annual
            low, lower, middle, upper, high = (
                100.0 * rates.quantile(level) for level in (0.05, 0.10, 0.5, 0.90, 0.95)
            )
            name = class_name(each.recipient_id).inline()
            spreads.append(Spread(name, low, lower, middle, upper, high, is_assumption=True))
    if not spreads:
        return None
    return SpreadChart(label("fund_axis.irr"), "5%–95%", "10%–90%", tuple(spreads), reference=0.0)
