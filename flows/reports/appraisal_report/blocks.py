"""Small pieces of the appraisal's sections: headings, whether a figure rests on an assumption."""

from flows.appraisal.pledge_appraisal import PledgeAppraisal
from flows.reports.document import Block, Column, ColumnKind, Mark, Section
from flows.reports.labels import label


def heading(
    key: str,
    kind: ColumnKind = ColumnKind.TEXT,
    *,
    unit: str = "",
    decimals: int | None = None,
    long: bool = False,
) -> Column:
    """A column with the heading label("appraisal_column.<key>")."""
    return Column(label(f"appraisal_column.{key}"), kind, unit, decimals, long)


def chapter(key: str, *blocks: Block) -> Section:
    """A section with the title label("appraisal.<key>")."""
    title = label(f"appraisal.{key}")
    return Section(key, title, title.zh, blocks)


def mark_of(appraisal: PledgeAppraisal) -> Mark:
    """How the figures that follow from the valuation are marked: one assumption behind it marks them all."""
    return Mark.ASSUMPTION if appraisal.valuation.assumptions else Mark.PLAIN
