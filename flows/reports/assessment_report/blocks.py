"""Small pieces of the assessment's sections."""

from flows.reports.document import Block, Column, ColumnKind, Section
from flows.reports.labels import label


def heading(
    key: str,
    kind: ColumnKind = ColumnKind.TEXT,
    *,
    unit: str = "",
    decimals: int | None = None,
    long: bool = False,
) -> Column:
    """A column with the heading label("assessment_column.<key>")."""
    return Column(label(f"assessment_column.{key}"), kind, unit, decimals, long)


def chapter(key: str, *blocks: Block) -> Section:
    """A section with the title label("assessment.<key>")."""
    title = label(f"assessment.{key}")
    return Section(key, title, title.zh, blocks)
