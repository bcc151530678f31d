"""Section: the lists of projects, their totals beside the published ones, and entries to be checked."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from operator import attrgetter

from flows.main_job_result import PipelineReview
from flows.reports.bilingual import Bilingual
from flows.reports.blocks import column, findings_of
from flows.reports.charts.model import Bar, BarChart
from flows.reports.document import (
    Block,
    Cell,
    ColumnKind,
    Figure,
    KeyFigure,
    KeyFigures,
    Mark,
    Paragraph,
    Row,
    Section,
    Table,
)
from flows.reports.figures import CNY_PER_YI, in_wan, in_yi, wan
from flows.reports.labels import label
from services.fund.pipeline.project import Project

# Texts that some lists have and others do not.
_TEXTS: dict[str, Callable[[Project], str]] = {
    "owner": attrgetter("owner"),
    "progress": attrgetter("progress"),
}


def pipelines_section(reviews: tuple[PipelineReview, ...]) -> Section:
    """Every list with totals, charts by sector and county, flags, and the projects."""
    flags = ((flag.project_id, flag.caution) for review in reviews for flag in review.projects.flags)
    charts = [block for review in reviews for block in _charts(review)]
    return Section(
        "projects",
        label("section.projects"),
        label("sheet.projects").zh,
        (
            Paragraph(label("text.projects")),
            KeyFigures(tuple(figure for review in reviews for figure in _key_figures(review))),
            *findings_of("title.project_flags", flags),
            *charts,
            *(_table(review) for review in reviews),
        ),
    )


def _key_figures(review: PipelineReview) -> Iterable[KeyFigure]:
    projects = review.projects
    title = Bilingual(review.title_zh, review.title_en)
    yield KeyFigure(
        title,
        in_yi(projects.total_investment_cny),
        label("detail.projects", count=str(projects.total_count), wan=wan(projects.total_investment_cny)),
    )
    if review.published_total_cny is not None:
        difference = projects.total_investment_cny - review.published_total_cny
        agrees = difference == 0
        yield KeyFigure(
            label("figure.to_published_total"),
            label("status.agrees").zh if agrees else in_wan(difference),
            label("detail.published_total", total=wan(review.published_total_cny)),
            Mark.PLAIN if agrees else Mark.FLAGGED,
        )


def _charts(review: PipelineReview) -> Iterable[Block]:
    if not review.projects.projects:
        return
    for key, name_of in (("sector", _sector), ("county", _county)):
        words = label(f"title.projects_by_{key}", title_zh=review.title_zh, title_en=review.title_en)
        yield Figure(words, BarChart(label("axis.investment_yi"), tuple(_bars(review, name_of))))


def _bars(review: PipelineReview, name_of: Callable[[Project], str]) -> Iterable[Bar]:
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for project in review.projects.projects:
        sums[name_of(project)] += project.total_investment_cny
    for name, total in sorted(sums.items(), key=lambda pair: -pair[1]):
        yield Bar(name, float(total / CNY_PER_YI))


def _sector(project: Project) -> str:
    return project.sector or label("row.not_stated").zh


def _county(project: Project) -> str:
    """The county; projects of several counties make a group of their own, for their shares are not known."""
    several = any(mark in project.county for mark in "、，,;；/")
    return label("row.several_counties").zh if several else project.county or label("row.not_stated").zh


def _table(review: PipelineReview) -> Table:
    """The projects; columns that a list does not fill are left out."""
    projects = review.projects.projects
    flagged = {flag.project_id for flag in review.projects.flags}
    texts = {name: read for name, read in _TEXTS.items() if any(read(project) for project in projects)}
    rows = [_row(project, project.project_id in flagged, list(texts.values())) for project in projects]
    blanks = (Cell(""),) * 5
    total = Cell(review.projects.total_investment_cny)
    rows.append(Row((Cell(label("row.total")), *blanks, total, *(Cell("") for _ in texts)), is_total=True))
    return Table(
        Bilingual(review.title_zh, review.title_en),
        (
            column("project"),
            column("project_name", is_long_text=True),
            column("sector"),
            column("county"),
            column("start_year"),
            column("end_year"),
            column("investment", ColumnKind.WAN),
            *(column(name, is_long_text=name == "progress") for name in texts),
        ),
        tuple(rows),
        Bilingual(review.source),
    )


def _row(project: Project, is_flagged: bool, texts: list[Callable[[Project], str]]) -> Row:
    return Row(
        (
            Cell(project.project_id),
            Cell(project.name),
            Cell(project.sector),
            Cell(project.county),
            Cell(str(project.start_year)),
            Cell(str(project.end_year)),
            Cell(project.total_investment_cny, Mark.FLAGGED if is_flagged else Mark.PLAIN),
            *(Cell(read(project)) for read in texts),
        )
    )
