"""Section: the pace of calls and distributions, and of the commitments that no project calls yet."""

from flows.fund_review.fund_review import FundReview, PaceReview
from flows.reports.bilingual import Bilingual
from flows.reports.blocks import cell, findings_of
from flows.reports.charts.model import Curve, CurveChart
from flows.reports.document import Block, Cell, ColumnKind, Figure, Paragraph, Row, Section, Table
from flows.reports.figures import CNY_PER_YI, percent, yi
from flows.reports.fund_tables.wording import chapter, heading, text, title
from flows.reports.labels import label
from services.fund.performance.pacing import PacedPlan


def pace_section(review: FundReview) -> Section:
    """The fund's own flows beside the fitted model, its parameters, and the open commitments."""
    pace = review.pace
    if pace is None:
        return chapter("pace", Paragraph(text("no_pace", why=review.pace_refusal)))
    blocks: list[Block] = [
        Paragraph(text("pace")),
        *findings_of("fund_title.cautions", (("", caution) for caution in pace.fitted.cautions)),
        Figure(title("pace"), _chart(review, pace), text("pace_chart")),
        _parameter_table(review, pace.fitted),
    ]
    if pace.open_plan is None:
        blocks.append(Paragraph(text("nothing_open")))
    else:
        blocks.append(_open_table(pace, pace.open_plan))
    return chapter("pace", *blocks)


def _chart(review: FundReview, pace: PaceReview) -> CurveChart:
    years = tuple(float(review.first_year + year) for year in range(len(pace.called_cny)))
    fitted = pace.fitted.years
    modelled = {
        "called": tuple(year.contribution_cny for year in fitted),
        "distributed": tuple(year.distribution_cny for year in fitted),
    }
    own = {"called": pace.called_cny, "distributed": pace.distributed_cny}

    def curve(key: str, amounts: tuple[float, ...], *, is_modelled: bool) -> Curve:
        name = label(f"fund_legend.{key}_{'fitted' if is_modelled else 'simulated'}").inline()
        return Curve(name, years, tuple(amount / CNY_PER_YI for amount in amounts), is_modelled)

    return CurveChart(
        label("axis.year"),
        label("fund_axis.amount_yi"),
        (
            *(curve(key, amounts, is_modelled=False) for key, amounts in own.items()),
            *(curve(key, amounts, is_modelled=True) for key, amounts in modelled.items()),
        ),
    )


def _parameter_table(review: FundReview, plan: PacedPlan) -> Table:
    found = plan.parameters
    precision = plan.precision

    def error(value: float | None) -> str | None:
        return None if value is None else percent(value, 2)

    rates = " / ".join(percent(rate) for rate in found.contribution_rates)
    rows: list[tuple[Bilingual, str, str | None]] = [
        (label("fund_pace.rates"), rates, error(None if precision is None else precision.last_rate_error)),
        (
            label("fund_pace.bow"),
            f"{found.bow:.2f}",
            None if precision is None or precision.bow_error is None else f"{precision.bow_error:.2f}",
        ),
        (
            label("fund_pace.growth"),
            percent(found.growth_annual, 2),
            error(None if precision is None else precision.growth_error),
        ),
        (label("fund_pace.yield"), percent(review.asked.pacing_yield_rate_annual), None),
    ]
    if precision is not None:
        rows.append((label("fund_pace.rms"), percent(precision.rms_error, 2), None))
    return Table(
        title("pace_parameters"),
        (heading("rule"), heading("fitted"), heading("std_error")),
        tuple(Row((Cell(name), cell(value, assumed=True), Cell(spread))) for name, value, spread in rows),
        text("pace_parameters"),
    )


def _open_table(pace: PaceReview, plan: PacedPlan) -> Table:
    return Table(
        title("open_pace", amount=yi(pace.open_cny)),
        (
            heading("fund_year", ColumnKind.INTEGER),
            heading("called", ColumnKind.WAN),
            heading("distributed", ColumnKind.WAN),
            heading("nav", ColumnKind.WAN),
        ),
        tuple(
            Row(
                (
                    Cell(year.year),
                    cell(year.contribution_cny, assumed=True),
                    cell(year.distribution_cny, assumed=True),
                    cell(year.nav_cny, assumed=True),
                )
            )
            for year in plan.years
        ),
        text("open_pace"),
    )
