"""Section: the projects, what is odd about their entries, and what became of each on the paths."""

from collections import defaultdict
from decimal import Decimal

from flows.fund_review.fund_review import FundReview
from flows.reports.blocks import cell, findings_of
from flows.reports.charts.model import Bar, BarChart
from flows.reports.document import (
    Block,
    Cell,
    ColumnKind,
    Figure,
    Mark,
    Paragraph,
    Row,
    Section,
    Table,
)
from flows.reports.figures import CNY_PER_YI
from flows.reports.fund_tables.wording import chapter, heading, text, title
from flows.reports.labels import label
from services.fund.pipeline.project import Project


def pipeline_section(review: FundReview) -> Section:
    """Totals by sector, every project with its flags, and its fate on the paths."""
    blocks: list[Block] = [
        Paragraph(text("pipeline")),
        *findings_of("fund_title.flags", ((flag.project_id, flag.caution) for flag in review.flags)),
        Figure(title("sectors"), _sector_chart(review), text("sectors")),
        _project_table(review),
        _fate_table(review),
    ]
    if review.left_out:
        blocks.append(_left_out_table(review))
    return chapter("pipeline", *blocks)


def _sector_chart(review: FundReview) -> BarChart:
    totals: defaultdict[str, Decimal] = defaultdict(Decimal)
    for project in review.asked.projects:
        totals[project.sector] += project.total_investment_cny
    bars = (Bar(sector, float(total) / CNY_PER_YI) for sector, total in totals.items())
    return BarChart(label("axis.investment_yi"), tuple(sorted(bars, key=lambda bar: -bar.value)))


def _project_table(review: FundReview) -> Table:
    return Table(
        title("projects"),
        (
            heading("project_id"),
            heading("project", is_long_text=True),
            heading("sector", is_long_text=True),
            heading("county", is_long_text=True),
            heading("years"),
            heading("investment", ColumnKind.WAN),
            heading("equity_share", ColumnKind.PERCENT),
            heading("debt_share", ColumnKind.PERCENT),
        ),
        tuple(
            Row(
                (
                    *_who(review, project),
                    Cell(project.county),
                    Cell(f"{project.start_year}–{project.end_year}"),
                    Cell(project.total_investment_cny, _mark(review, project)),
                    cell(investment.fund_equity_share, assumed=True),
                    cell(investment.debt_share, assumed=True),
                )
            )
            for project, investment in zip(
                review.asked.projects, review.asked.simulation.investments, strict=True
            )
        ),
        text("projects"),
    )


def _who(review: FundReview, project: Project) -> tuple[Cell, Cell, Cell]:
    return Cell(project.project_id, _mark(review, project)), Cell(project.name), Cell(project.sector)


def _mark(review: FundReview, project: Project) -> Mark:
    """Flagged where something is odd about the entry; ids are unique in a pipeline, flags name the id alone."""
    flagged = any(flag.project_id == project.project_id for flag in review.flags)
    return Mark.FLAGGED if flagged else Mark.PLAIN


def _fate_table(review: FundReview) -> Table:
    names = {project.key: project.name for project in review.asked.projects}
    return Table(
        title("fates"),
        (
            heading("project_id"),
            heading("project", is_long_text=True),
            heading("abandoned", ColumnKind.PERCENT),
            heading("closed", ColumnKind.PERCENT),
            heading("unfinished", ColumnKind.PERCENT),
            heading("delay", ColumnKind.NUMBER, unit="年"),
            heading("cost_multiple", ColumnKind.NUMBER, unit="倍"),
            heading("value", ColumnKind.WAN),
            heading("error", ColumnKind.WAN),
        ),
        tuple(
            Row(
                (
                    Cell(each.project_id),
                    Cell(names[each.pipeline, each.project_id]),
                    cell(each.probability_abandoned, assumed=True),
                    cell(each.probability_closed, assumed=True),
                    cell(each.probability_unfinished, assumed=True),
                    cell(each.mean_delay_years, assumed=True),
                    cell(each.mean_cost_multiple, assumed=True),
                    cell(each.mean_value_cny, assumed=True),
                    cell(each.value_error_cny, assumed=True),
                )
            )
            for each in review.outcome.projects
        ),
        text("fates"),
    )


def _left_out_table(review: FundReview) -> Table:
    return Table(
        title("left_out"),
        (heading("project_id"), heading("project", is_long_text=True), heading("investment", ColumnKind.WAN)),
        tuple(
            Row(
                (
                    Cell(project.project_id, _mark(review, project)),
                    Cell(project.name),
                    Cell(project.total_investment_cny, _mark(review, project)),
                )
            )
            for project in review.left_out
        ),
    )
