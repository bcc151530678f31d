"""Sections: what each class may get; when money is called, comes back, and must be bridged."""

from flows.fund_review.fund_review import FundReview
from flows.reports.blocks import cell
from flows.reports.document import Block, Cell, ColumnKind, Figure, Paragraph, Row, Section, Table
from flows.reports.fund_tables.cash import call_chart, j_curve, leverage_table, liquidity_table
from flows.reports.fund_tables.classes import class_table, multiple_table, rate_chart
from flows.reports.fund_tables.wording import chapter, heading, text, title
from flows.reports.labels import label
from services.runtime.results import Distribution


def partners_section(review: FundReview) -> Section:
    """Rates, multiples, payback, probability of loss by class."""
    blocks: list[Block] = [Paragraph(text("partners")), class_table(review.outcome)]
    rates = rate_chart(review.outcome)
    if rates is not None:
        blocks.append(Figure(title("rates"), rates, text("rates")))
    multiples = multiple_table(review.outcome, review.first_year)
    if multiples is not None:
        blocks.append(multiples)
    return chapter("partners", *blocks)


def cash_section(review: FundReview) -> Section:
    """J-curve, calls, leverage, shortfalls and the line."""
    outcome, first_year = review.outcome, review.first_year
    blocks: list[Block] = [
        Figure(title("j_curve"), j_curve(outcome, first_year), text("j_curve")),
        Figure(title("calls"), call_chart(outcome, first_year), text("calls")),
        leverage_table(outcome),
        liquidity_table(outcome, first_year),
    ]
    contributions = {"jobs": outcome.jobs, "gep": outcome.gep_cny_per_year}
    stated = {key: found for key, found in contributions.items() if found is not None}
    if stated:
        blocks.append(_contribution_table(stated))
    else:
        blocks.append(Paragraph(text("no_contributions")))
    return chapter("cash", *blocks)


def _contribution_table(stated: dict[str, Distribution]) -> Table:
    """Jobs, and gross ecosystem product in CNY a year, of the projects that come into operation."""
    return Table(
        title("contributions"),
        (
            heading("rule"),
            heading("mean", ColumnKind.NUMBER, decimals=0),
            heading("p5", ColumnKind.NUMBER, decimals=0),
            heading("p95", ColumnKind.NUMBER, decimals=0),
        ),
        tuple(
            Row(
                (
                    Cell(label(f"fund_row.{key}")),
                    cell(found.mean, assumed=True),
                    cell(found.quantile(0.05), assumed=True),
                    cell(found.quantile(0.95), assumed=True),
                )
            )
            for key, found in stated.items()
        ),
    )
