"""From an assessment to its document and its files."""

import datetime as dt
from pathlib import Path

from flows.assessment.account_years import AccountYear
from flows.assessment.assessment import Assessment
from flows.assessment.pledge_loans import PledgeLoans
from flows.reports.assessment_report.blocks import chapter
from flows.reports.assessment_report.loans import loans_section
from flows.reports.assessment_report.targets import targets_section
from flows.reports.assessment_report.totals import services_section, years_section
from flows.reports.bilingual import Bilingual
from flows.reports.blocks import findings_of
from flows.reports.document import Document, Fact, KeyFigure, KeyFigures, Mark, Paragraph, Section
from flows.reports.figures import in_count, in_percent, in_unit, in_wan, in_yi
from flows.reports.labels import label
from flows.reports.report_files import file_stem, write_report


def build_assessment_document(
    assessment: Assessment, accounts: tuple[AccountYear, ...], loans: PledgeLoans | None
) -> Document:
    """The document; the same assessment gives the same document."""
    specifications = dict.fromkeys(
        item.account.specification for item in accounts if item.account.specification
    )
    facts = [
        Fact(label("assessment_fact.accounts"), "、".join(str(year.year) for year in assessment.years)),
        Fact(label("assessment_fact.specification"), "；".join(specifications) or "—"),
    ]
    if loans is not None:
        facts.append(Fact(label("assessment_fact.period"), loans.period))
    sources = dict.fromkeys(progress.target.source for progress in assessment.targets)
    sources |= dict.fromkeys(item.realised.source for item in accounts if item.realised is not None)
    return Document(
        label("assessment.title", place=assessment.place),
        label("assessment.subtitle"),
        dt.date(assessment.latest.year, 12, 31),
        tuple(facts),
        tuple(Bilingual(source) for source in sources),
        (
            _summary(assessment, loans),
            years_section(assessment),
            services_section(assessment),
            targets_section(assessment),
            loans_section(loans),
            _findings(accounts),
        ),
    )


def _summary(assessment: Assessment, loans: PledgeLoans | None) -> Section:
    latest, year = assessment.latest, str(assessment.latest.year)
    figures = [KeyFigure(label("assessment_figure.total", year=year), in_yi(latest.total_cny))]
    if latest.growth_annual is not None:
        figures.append(KeyFigure(label("assessment_figure.growth"), in_percent(latest.growth_annual, 2)))
    if latest.realisation_rate is not None:
        figures.append(
            KeyFigure(
                label("assessment_figure.realisation", year=year),
                in_percent(latest.realisation_rate),
                mark=Mark.ASSUMPTION,
            )
        )
    for progress in assessment.targets:
        if progress.gap is not None:
            target = progress.target
            gap = f"{progress.gap:,.2f} {target.unit}"
            figures.append(
                KeyFigure(
                    label("assessment_figure.target", indicator=target.indicator, year=str(target.year)),
                    in_unit(target.value, target.unit, _decimals(target.value)),
                    label("assessment_figure.gap", gap=gap)
                    if progress.gap > 0
                    else label("assessment_figure.met"),
                )
            )
    if loans is not None:
        figures.append(KeyFigure(label("assessment_figure.loan_number"), in_count(loans.n_loans)))
        figures.append(KeyFigure(label("assessment_figure.loan_balance"), in_wan(loans.balance_cents / 100)))
    return chapter("summary", KeyFigures(tuple(figures)))


def _decimals(value: float) -> int:
    """Digits after the point as a policy states its target: 170 has none, 60.5 has one."""
    return len(f"{value:g}".partition(".")[2])


def _findings(accounts: tuple[AccountYear, ...]) -> Section:
    found = findings_of(
        "assessment_title.findings",
        ((str(item.year), caution) for item in accounts for caution in item.reconciliation.cautions),
    )
    return chapter("findings", *(found or (Paragraph(label("assessment_text.no_findings")),)))


def write_assessment(
    assessment: Assessment,
    accounts: tuple[AccountYear, ...],
    loans: PledgeLoans | None,
    out_dir: Path,
) -> tuple[Path, ...]:
    """Write gep-assessment-<place>-<year>.html, .pdf and .xlsx into a folder, which is made if need be; all or none.

    The year is that of the last account; the quarter of the loans stands behind it where there are any.

    Raises:
        OSError: if the folder cannot be written or the disk is full.
    """
    quarter = "" if loans is None else loans.period
    stem = file_stem("gep-assessment", assessment.place, str(assessment.latest.year), quarter)
    files = write_report(build_assessment_document(assessment, accounts, loans), out_dir, stem)
    return files.html, files.pdf, files.xlsx
