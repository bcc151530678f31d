"""Section: capital by the weight method, the foundation approach as a what-if, and economic capital."""

from flows.reports.charts.breakdown_model import Breakdown, BreakdownChart, Part
from flows.reports.document import Cell, ColumnKind, Figure, Paragraph, Row, Section, Table
from flows.reports.labels import label
from flows.reports.portfolio_report.blocks import chapter, heading, in_wan, listing, text, title
from flows.reports.portfolio_report.book_facts import BookFacts
from services.loans.quality.capital import CapitalTotals, LoanCapital


def capital_section(book: BookFacts) -> Section:
    """Three measures with and without the pledges, and the loans that tie up most economic capital."""
    report = book.figures.capital
    if not report.loans:
        return chapter("capital", Paragraph(text("nothing_owed")))
    totals = report.totals
    pairs = {
        "irb": (totals.irb_unrecognised_cny, totals.irb_recognised_cny),
        "economic": (totals.economic_unrecognised.capital_cny, totals.economic_recognised.capital_cny),
    }
    sides = (label("portfolio_column.unrecognised").zh, label("portfolio_column.recognised").zh)
    panels = tuple(
        Breakdown(
            label(f"portfolio_row.{key}"),
            tuple(Part(side, in_wan(value)) for side, value in zip(sides, pair, strict=True)),
        )
        for key, pair in pairs.items()
    )
    chart = BreakdownChart(label("portfolio_axis.amount"), panels, has_own_scales=True)
    largest = sorted(report.loans, key=lambda loan: (-loan.economic_recognised_cny, loan.loan_id))
    columns = (
        heading("loan"),
        heading("class"),
        heading("weight", ColumnKind.PERCENT),
        heading("exposure", ColumnKind.WAN),
        heading("pledge_value", ColumnKind.WAN),
        heading("weighted", ColumnKind.WAN),
        heading("economic", ColumnKind.WAN),
    )
    return chapter(
        "capital",
        Paragraph(text("capital")),
        Figure(title("capital_chart"), chart),
        _totals(totals),
        listing("capital_loans", columns, [_row(book, loan) for loan in largest]),
    )


def _totals(totals: CapitalTotals) -> Table:
    bare, pledged = totals.economic_unrecognised, totals.economic_recognised
    rows = (
        _measure("weighted", totals.weighted_cny, None),
        _measure("weight_capital", totals.weight_capital_cny, None),
        _measure("irb", totals.irb_unrecognised_cny, totals.irb_recognised_cny),
        _measure("irb_floored", totals.irb_unrecognised_floored_cny, totals.irb_recognised_floored_cny),
        _measure("year_loss", bare.expected_loss_cny, pledged.expected_loss_cny),
        _measure("value_at_risk", bare.value_at_risk_cny, pledged.value_at_risk_cny),
        _measure("economic", bare.capital_cny, pledged.capital_cny),
    )
    return Table(
        title("capital"),
        (
            heading("measure"),
            heading("unrecognised", ColumnKind.WAN),
            heading("recognised", ColumnKind.WAN),
            heading("effect", ColumnKind.PERCENT),
        ),
        rows,
        None if not totals.is_floor_binding else label("portfolio_text.floor_binds"),
    )


def _measure(key: str, bare_cny: float, pledged_cny: float | None) -> Row:
    effect = None if pledged_cny is None or bare_cny <= 0.0 else pledged_cny / bare_cny - 1.0
    return Row((Cell(label(f"portfolio_row.{key}")), Cell(bare_cny), Cell(pledged_cny), Cell(effect)))


def _row(book: BookFacts, loan: LoanCapital) -> Row:
    return Row(
        (
            book.loan(loan.loan_id),
            Cell(label(f"portfolio_weight.{loan.weight_class}")),
            Cell(loan.weight),
            Cell(loan.exposure_cny),
            Cell(loan.pledge_value_cny),
            Cell(loan.weighted_cny),
            Cell(loan.economic_recognised_cny),
        )
    )
