"""Section: which projects to choose under the limits, which limit binds, and what it costs."""

from flows.fund_review.fund_review import FundReview
from flows.reports.bilingual import Bilingual
from flows.reports.blocks import cell, findings_of
from flows.reports.charts.model import Curve, CurveChart
from flows.reports.document import (
    Block,
    Cell,
    Column,
    ColumnKind,
    Figure,
    Finding,
    Findings,
    Paragraph,
    Row,
    Section,
    Table,
)
from flows.reports.figures import CNY_PER_WAN, percent, wan
from flows.reports.fund_report.limit_words import amount_words, limit_name
from flows.reports.fund_tables.wording import chapter, heading, text, title
from flows.reports.labels import label
from services.fund.allocation.question import PRICED_STEP, Infeasibility, LimitStatus, ProjectChoice, Unit
from services.runtime.results import Severity


def choice_section(review: FundReview) -> Section:
    """The frontier, each choice with its limits, or why there is none."""
    answer = review.allocation
    request = review.asked.allocation
    intro = text(
        "choice",
        scenarios=f"{request.n_scenarios:,}",
        checks=f"{request.n_check_paths:,}",
        confidence=percent(request.confidence, 0),
    )
    blocks: list[Block] = [Paragraph(intro)]
    if answer.infeasibility is not None:
        blocks.append(_contradiction(review, answer.infeasibility))
    if answer.frontier:
        if len(answer.frontier) > 1:  # one point is no frontier
            blocks.append(Figure(title("frontier"), _frontier_chart(answer.frontier), text("frontier")))
        blocks += [
            _frontier_table(answer.frontier),
            _chosen_table(review),
            *(_limit_table(review, choice) for choice in answer.frontier),
        ]
    blocks += findings_of("fund_title.cautions", (("", caution) for caution in answer.cautions))
    return chapter("choice", *blocks)


def _contradiction(review: FundReview, why: Infeasibility) -> Findings:
    limits = review.asked.allocation.limits
    conflict = "、".join(limit_name(limits, each).zh for each in why.conflict)
    relaxed = [
        Finding(
            Severity.WARNING,
            label("fund_choice.relax", by=amount_words(each.by, each.unit)),
            limit_name(limits, each.limit).zh,
        )
        for each in why.relax
    ]
    first = Finding(Severity.IMPLAUSIBLE, label("fund_choice.conflict"), conflict)
    return Findings(title("contradiction"), (first, *relaxed))


def _frontier_chart(frontier: tuple[ProjectChoice, ...]) -> CurveChart:
    """Mean value over mean of the worst losses, on the scenarios and elsewhere."""
    labels = tuple(f"{label('fund_column.aversion').zh} {choice.aversion:g}" for choice in frontier)

    def curve(key: str, values: list[tuple[float, float]], *, words: tuple[str, ...] = ()) -> Curve:
        return Curve(
            label(f"fund_legend.{key}").inline(),
            tuple(tail / CNY_PER_WAN for tail, _ in values),
            tuple(mean / CNY_PER_WAN for _, mean in values),
            point_labels=words,
        )

    return CurveChart(
        label("fund_axis.tail_wan"),
        label("fund_axis.mean_wan"),
        (
            curve(
                "in_sample",
                [(choice.in_sample.tail_loss_cny, choice.in_sample.mean_cny) for choice in frontier],
                words=labels,
            ),
            curve(
                "out_of_sample",
                [(choice.out_of_sample.tail_loss_cny, choice.out_of_sample.mean_cny) for choice in frontier],
            ),
        ),
    )


def _frontier_table(frontier: tuple[ProjectChoice, ...]) -> Table:
    return Table(
        title("frontier_table"),
        (
            heading("aversion", ColumnKind.NUMBER),
            heading("n_projects", ColumnKind.INTEGER),
            heading("cost", ColumnKind.WAN),
            heading("leverage_ratio", ColumnKind.NUMBER, unit="倍", decimals=1),
            heading("mean_in", ColumnKind.WAN),
            heading("tail_in", ColumnKind.WAN),
            heading("mean_out", ColumnKind.WAN),
            heading("error", ColumnKind.WAN),
            heading("tail_out", ColumnKind.WAN),
            heading("gap", ColumnKind.PERCENT, decimals=2),
        ),
        tuple(
            Row(
                (
                    Cell(choice.aversion),
                    Cell(len(choice.projects)),
                    *(
                        cell(value, assumed=True)
                        for value in (
                            choice.cost_cny,
                            choice.leverage,
                            choice.in_sample.mean_cny,
                            choice.in_sample.tail_loss_cny,
                            choice.out_of_sample.mean_cny,
                            choice.out_of_sample.mean_error_cny,
                            choice.out_of_sample.tail_loss_cny,
                        )
                    ),
                    Cell(choice.gap),
                )
            )
            for choice in frontier
        ),
        text("frontier_table"),
    )


def _chosen_table(review: FundReview) -> Table:
    """Every project that some choice takes, and the share that each choice takes of it."""
    frontier = review.allocation.frontier
    shares = [
        {(each.pipeline, each.project_id): each.share for each in choice.projects} for choice in frontier
    ]
    chosen = [p for p in review.asked.projects if any(p.key in each for each in shares)]
    aversion = label("fund_column.aversion")
    named = [heading("project_id"), heading("project", is_long_text=True), heading("county")]
    for choice in frontier:
        words = Bilingual(f"{aversion.zh} {choice.aversion:g}", f"{aversion.en} {choice.aversion:g}")
        named.append(Column(words, ColumnKind.PERCENT, decimals=0))
    return Table(
        title("chosen"),
        tuple(named),
        tuple(
            Row(
                (
                    Cell(project.project_id),
                    Cell(project.name),
                    Cell(project.county),
                    *(cell(each.get(project.key), assumed=True) for each in shares),
                )
            )
            for project in chosen
        ),
        text("chosen"),
    )


def _limit_table(review: FundReview, choice: ProjectChoice) -> Table:
    return Table(
        title("limits", aversion=f"{choice.aversion:g}"),
        (
            heading("limit", is_long_text=True),
            heading("used"),
            heading("bound"),
            heading("binds"),
            heading("dual"),
            heading("relaxed_by"),
            heading("gain"),
        ),
        tuple(_limit_row(review, each) for each in choice.limits),
        text("limits"),
    )


def _limit_row(review: FundReview, status: LimitStatus) -> Row:
    gained = None
    if status.gain_low_cny is not None and status.gain_high_cny is not None:
        low, high = wan(status.gain_low_cny), wan(status.gain_high_cny)
        gained = low if low == high else f"{low} – {high}"
    return Row(
        (
            Cell(limit_name(review.asked.allocation.limits, status.limit)),
            cell(amount_words(status.used, status.unit), assumed=True),
            cell(amount_words(status.bound, status.unit), assumed=True),
            Cell(label("fund_choice.yes" if status.binds else "fund_choice.no")),
            cell(_price(status), assumed=True),
            cell(None if status.relaxed_by is None else amount_words(status.relaxed_by, status.unit)),
            cell(gained, assumed=True),
        )
    )


def _price(status: LimitStatus) -> str:
    step = amount_words(PRICED_STEP[status.unit], status.unit)
    if status.unit is Unit.CNY:
        return f"{status.relaxed_price_cny:.3f} 元 / 1 元"
    return f"{wan(status.relaxed_price_cny)} / {step}"
