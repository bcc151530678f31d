"""Section: what is assumed of each project, figure by figure; none of it is published."""

from collections import Counter

from flows.fund_review.fund_review import FundReview
from flows.reports.blocks import cell
from flows.reports.document import Cell, ColumnKind, Mark, Paragraph, Row, Section, Table
from flows.reports.fund_tables.wording import assumption_words, chapter, heading, text, title
from services.fund.simulation.outcome import Investment
from services.runtime.market import MarketSnapshot


def assumptions_section(review: FundReview) -> Section:
    """Figures and reasons by project."""
    return chapter(
        "assumptions",
        Paragraph(text("assumptions")),
        _figure_table(review),
        _reason_table(review),
    )


def _figure_table(review: FundReview) -> Table:
    simulation = review.asked.simulation
    return Table(
        title("assumption_figures"),
        (
            heading("project_id"),
            heading("equity_share", ColumnKind.PERCENT),
            heading("debt_share", ColumnKind.PERCENT),
            heading("debt_rate", ColumnKind.PERCENT),
            heading("late", ColumnKind.PERCENT),
            heading("overrun", ColumnKind.PERCENT),
            heading("abandonment", ColumnKind.PERCENT),
            heading("exit", ColumnKind.NUMBER, unit="年现金", decimals=1),
            heading("cv", ColumnKind.PERCENT),
            heading("factors", is_long_text=True),
        ),
        tuple(
            Row(
                (
                    Cell(each.project_id),
                    *(cell(figure, assumed=True) for figure in _figures(each)),
                    cell(_factors(each, simulation.snapshot), assumed=True),
                )
            )
            for each in simulation.investments
        ),
        text("assumption_figures"),
    )


def _figures(each: Investment) -> tuple[float | None, ...]:
    return (
        each.fund_equity_share,
        each.debt_share,
        each.debt_rate_annual,
        sum(each.risk.delay_probabilities),
        each.risk.overrun_mean,
        each.risk.abandonment_intensity_annual,
        None if each.exit is None else each.exit.years_of_cash,
        each.operations.terms.quantity_cv,
    )


def _factors(each: Investment, snapshot: MarketSnapshot) -> str:
    """Factors behind the project's cash, those of most rows first."""
    names = {factor.name: factor.label_zh for factor in snapshot.primary_factors}
    names |= {factor.name: factor.label_zh for factor in snapshot.derived_factors}
    used = Counter(each.operations.factors)
    return "、".join(names.get(name, name) for name, _ in used.most_common())


def _reason_table(review: FundReview) -> Table:
    """The same reason stands once, with the projects that it is for."""
    projects: dict[str, list[str]] = {}
    for each in review.asked.simulation.investments:
        for reason in each.assumptions:
            projects.setdefault(reason, []).append(each.project_id)
    return Table(
        title("assumption_reasons"),
        (heading("projects_of", is_long_text=True), heading("content", is_long_text=True)),
        tuple(
            Row((Cell("、".join(ids)), Cell(assumption_words(reason), Mark.ASSUMPTION)))
            for reason, ids in projects.items()
        ),
    )
