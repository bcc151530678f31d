"""Section: what the grass roots of each county receive under the rule, and what that costs each partner."""

from flows.fund_review.fund_review import BenefitRun, FundReview
from flows.reports.blocks import cell
from flows.reports.charts.model import Estimate, EstimateChart
from flows.reports.document import Cell, ColumnKind, Figure, Paragraph, Row, Section, Table
from flows.reports.figures import CNY_PER_WAN
from flows.reports.fund_tables.terms import step_table
from flows.reports.fund_tables.wording import chapter, heading, recipient_name, text, title
from flows.reports.labels import label
from services.fund.simulation.outcome import GrassrootsBenefit
from services.runtime.results import Distribution


def grassroots_section(review: FundReview) -> Section:
    """By county, with the cost; says so where no terms pay the grass roots."""
    run = review.benefit
    benefit = None if run is None else run.outcome.grassroots
    if run is None or benefit is None:
        return chapter("grassroots", Paragraph(text("no_grassroots")))
    intro = text("grassroots_own" if run.are_own else "grassroots_other", name=run.terms.name)
    return chapter(
        "grassroots",
        Paragraph(intro),
        step_table(run.terms),
        Figure(title("counties"), _chart(benefit), text("counties_chart")),
        _county_table(benefit),
        _cost_table(run, benefit),
    )


def _county(name: str) -> str:
    return name or label("fund_row.no_county").zh


def _chart(benefit: GrassrootsBenefit) -> EstimateChart:
    """Means with the range from the 5 % to the 95 % quantile, largest first."""
    ordered = sorted(benefit.counties, key=lambda each: -each.received_cny.mean)
    return EstimateChart(
        label("fund_axis.benefit_wan"),
        tuple(
            Estimate(
                _county(each.county),
                each.received_cny.mean / CNY_PER_WAN,
                each.received_cny.quantile(0.05) / CNY_PER_WAN,
                each.received_cny.quantile(0.95) / CNY_PER_WAN,
            )
            for each in ordered
        ),
    )


def _amounts(found: Distribution) -> tuple[Cell, ...]:
    figures = (found.mean, found.mean_standard_error, *(found.quantile(level) for level in (0.05, 0.5, 0.95)))
    return tuple(cell(figure, assumed=True) for figure in figures)


_COLUMNS = ("mean", "error", "p5", "p50", "p95")


def _county_table(benefit: GrassrootsBenefit) -> Table:
    total = sum(each.received_cny.mean for each in benefit.counties)
    rows = [
        Row(
            (
                Cell(_county(each.county)),
                *_amounts(each.received_cny),
                cell(each.received_cny.mean / total if total > 0.0 else None, assumed=True),
            )
        )
        for each in benefit.counties
    ]
    nothing = (Cell(None),) * 4
    rows.append(
        Row(
            (
                Cell(label("row.total")),
                cell(total, assumed=True),
                *nothing,
                cell(1.0 if total > 0.0 else None, assumed=True),
            ),
            is_total=True,
        )
    )
    return Table(
        title("counties"),
        (
            heading("county"),
            *(heading(key, ColumnKind.WAN) for key in _COLUMNS),
            heading("share", ColumnKind.PERCENT),
        ),
        tuple(rows),
        text("counties"),
    )


def _cost_table(run: BenefitRun, benefit: GrassrootsBenefit) -> Table:
    rows = [
        Row((Cell(recipient_name(run.terms, each.partner_id)), *_amounts(each.cost_cny)))
        for each in benefit.costs
    ]
    total = sum(each.cost_cny.mean for each in benefit.costs)
    rows.append(
        Row(
            (Cell(label("row.total")), cell(total, assumed=True), *((Cell(None),) * 4)),
            is_total=True,
        )
    )
    return Table(
        title("costs"),
        (heading("partner"), *(heading(key, ColumnKind.WAN) for key in _COLUMNS)),
        tuple(rows),
        text("costs"),
    )
