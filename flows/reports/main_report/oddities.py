"""Section: published figures that a careful reader should not take as they stand."""

from collections.abc import Iterable

from flows.published_cases.oddity import Figure as OddityFigure
from flows.published_cases.oddity import Oddity
from flows.reports.bilingual import Bilingual
from flows.reports.blocks import column, findings_of
from flows.reports.document import Cell, ColumnKind, Paragraph, Row, Section, Table
from flows.reports.labels import catalogue, label
from services.runtime.vocabulary.names import caution_en, caution_zh


def oddities_section(oddities: tuple[Oddity, ...]) -> Section:
    """Every oddity in words, and the arithmetic behind it."""
    return Section(
        "oddities",
        label("section.oddities"),
        label("sheet.oddities").zh,
        (
            Paragraph(label("text.oddities")),
            *findings_of("title.oddities", ((subject_of(oddity), oddity.caution) for oddity in oddities)),
            Table(
                label("title.oddity_figures"),
                (
                    column("case"),
                    column("oddity_code"),
                    column("figure"),
                    column("figure_value", ColumnKind.NUMBER, decimals=4),
                    column("unit"),
                    column("computation", is_long_text=True),
                ),
                tuple(_rows(oddities)),
            ),
        ),
    )


def subject_of(oddity: Oddity) -> str:
    """The cases it is about, the first few of them."""
    shown = "、".join(oddity.case_ids[:4])
    return shown if len(oddity.case_ids) <= 4 else f"{shown} 等 {len(oddity.case_ids)} 例"


def _figure_words(name: str) -> Bilingual:
    """What a figure is; one that is named after its case keeps the name."""
    return catalogue().get(f"oddity_figure.{name}", Bilingual(name))


def _rows(oddities: Iterable[Oddity]) -> Iterable[Row]:
    for oddity in oddities:
        for figure in oddity.figures:
            yield _row(oddity, figure)


def _row(oddity: Oddity, figure: OddityFigure) -> Row:
    return Row(
        (
            Cell(subject_of(oddity)),
            Cell(Bilingual(caution_zh(oddity.caution.code), caution_en(oddity.caution.code))),
            Cell(_figure_words(figure.name)),
            Cell(figure.value),
            Cell("" if figure.unit == "1" else figure.unit),
            Cell(figure.computation),
        )
    )
