"""Section: the published targets of the place beside the accounts."""

from flows.assessment.assessment import Assessment, TargetProgress
from flows.reports.assessment_report.blocks import chapter, heading
from flows.reports.document import Cell, ColumnKind, Mark, Paragraph, Row, Section, Table
from flows.reports.labels import label

REALISATION = "生态产品价值实现率"


def targets_section(assessment: Assessment) -> Section:
    """Every target, what the accounts say of it, and the growth that would still lead there."""
    if not assessment.targets:
        return chapter("targets", Paragraph(label("assessment_text.no_targets")))
    table = Table(
        label("assessment_title.targets"),
        (
            heading("indicator", is_long_text=True),
            heading("target_year"),
            heading("target", ColumnKind.NUMBER),
            heading("unit"),
            heading("reached", ColumnKind.NUMBER),
            heading("reached_year"),
            heading("gap", ColumnKind.NUMBER),
            heading("needed", ColumnKind.PERCENT, decimals=2),
            heading("source", is_long_text=True),
        ),
        tuple(_row(progress) for progress in assessment.targets),
    )
    return chapter("targets", Paragraph(label("assessment_text.targets")), table)


def _row(progress: TargetProgress) -> Row:
    target = progress.target
    # The definition of the rate is ours until the official one is published.
    mark = Mark.ASSUMPTION if target.indicator == REALISATION and progress.reached is not None else Mark.PLAIN
    return Row(
        (
            Cell(target.indicator),
            Cell(str(target.year)),
            Cell(target.value),
            Cell(target.unit),
            Cell(progress.reached, mark),
            Cell(None if progress.reached_year is None else str(progress.reached_year)),
            Cell(progress.gap, mark),
            Cell(progress.needed_growth_annual),
            Cell(target.source),
        )
    )
