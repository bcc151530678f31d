"""Small pieces that the sections are built of: labelled columns, cells with their marks, findings from cautions."""

from collections.abc import Iterable

from flows.reports.bilingual import Bilingual
from flows.reports.document import Cell, CellValue, Column, ColumnKind, Finding, Findings, Mark
from flows.reports.labels import label
from services.runtime.results import Caution
from services.runtime.vocabulary.names import field_zh, fields_zh, is_field


def column(
    key: str,
    kind: ColumnKind = ColumnKind.TEXT,
    *,
    unit: str = "",
    decimals: int | None = None,
    is_long_text: bool = False,
) -> Column:
    """A column with the heading label("column.<key>")."""
    return Column(label(f"column.{key}"), kind, unit, decimals, is_long_text)


def cell(value: CellValue, *, assumed: bool = False, note: Bilingual | None = None) -> Cell:
    """A cell; a figure that rests on an assumption is marked, the absence of one is not."""
    return Cell(value, Mark.ASSUMPTION if assumed and value is not None else Mark.PLAIN, note)


def words(zh_and_en: str) -> Bilingual:
    """Words that hold both languages, "中文 · English", as some results carry them; else Chinese alone."""
    zh, _, en = zh_and_en.partition(" · ")
    return Bilingual(zh.strip(), en.strip())


def valuation_assumption(assumption: str) -> Bilingual:
    """An assumption of a valuation: the path of an input in words, or a line that holds both languages."""
    return Bilingual(field_zh(assumption), assumption) if is_field(assumption) else words(assumption)


def parameter_words(parameter: str) -> Bilingual:
    """The parameters of a source in words, the names of files beside them; commas part several."""
    return Bilingual(fields_zh(name.strip() for name in parameter.split(",")), parameter)


def findings_of(title_key: str, cautions: Iterable[tuple[str, Caution]]) -> tuple[Findings, ...]:
    """Cautions with their subjects as one block; none where there are none, and each only once."""
    found = tuple(
        dict.fromkeys(
            Finding(caution.severity, Bilingual(caution.message_zh, caution.message_en), subject)
            for subject, caution in cautions
        )
    )
    return (Findings(label(title_key), found),) if found else ()
