"""Section: the few figures that a hurried reader needs, with what is gravest."""

from collections import Counter

from flows.main_job_result import MainJobResult
from flows.published_cases.mapping import Sufficiency
from flows.reports.bilingual import Bilingual
from flows.reports.blocks import findings_of
from flows.reports.document import KeyFigure, KeyFigures, Mark, Paragraph, Section
from flows.reports.figures import in_count, in_wan, in_yi, wan
from flows.reports.labels import label
from flows.reports.main_report.oddities import subject_of
from services.runtime.results import Caution, Severity


def summary_section(result: MainJobResult) -> Section:
    """One figure from each section, and every implausible finding."""
    return Section(
        "summary",
        label("section.summary"),
        label("sheet.summary").zh,
        (
            Paragraph(label("text.summary")),
            KeyFigures((*_account_figures(result), *_project_figures(result), *_risk_figures(result))),
            *findings_of("title.gravest", _gravest(result)),
        ),
    )


def _account_figures(result: MainJobResult) -> list[KeyFigure]:
    counts = Counter(appraisal.sufficiency for appraisal in result.appraisals)
    return [
        KeyFigure(
            Bilingual(result.account.title_zh, result.account.title_en),
            in_yi(result.account.reconciliation.total_cny),
        ),
        KeyFigure(
            label("figure.cases"),
            in_count(len(result.appraisals)),
            label(
                "detail.case_counts",
                sufficient=str(counts[Sufficiency.SUFFICIENT]),
                assumed=str(counts[Sufficiency.UNDER_ASSUMPTION]),
                not_valued=str(counts[Sufficiency.NOT_VALUED]),
            ),
        ),
        KeyFigure(label("figure.oddities"), in_count(len(result.oddities))),
    ]


def _project_figures(result: MainJobResult) -> list[KeyFigure]:
    return [
        KeyFigure(
            Bilingual(review.title_zh, review.title_en),
            in_yi(review.projects.total_investment_cny),
            label(
                "detail.projects",
                count=str(review.projects.total_count),
                wan=wan(review.projects.total_investment_cny),
            ),
        )
        for review in result.pipelines
    ]


def _risk_figures(result: MainJobResult) -> list[KeyFigure]:
    loss = result.loan_book.loss
    return [
        KeyFigure(label("figure.expected_loss"), in_wan(loss.expected_loss_cny), mark=Mark.ASSUMPTION),
        KeyFigure(label("figure.called"), in_yi(result.fund.outcome.called_cny), mark=Mark.ASSUMPTION),
    ]


def _gravest(result: MainJobResult) -> list[tuple[str, Caution]]:
    flags = [(flag.project_id, flag.caution) for review in result.pipelines for flag in review.projects.flags]
    oddities = [(subject_of(oddity), oddity.caution) for oddity in result.oddities]
    account = [(result.account.account.file, caution) for caution in result.account.reconciliation.cautions]
    grave = [
        (subject, caution)
        for subject, caution in oddities + flags
        if caution.severity is Severity.IMPLAUSIBLE
    ]
    return account + grave
