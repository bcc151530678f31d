"""The words of one kind of report: its groups of the catalogue begin with its name, "appraisal_column", "fund_text"."""

from dataclasses import dataclass

from flows.reports.bilingual import Bilingual
from flows.reports.document import Block, Column, ColumnKind, KeyFigure, Mark, Measure, Section
from flows.reports.labels import label


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Takes sections, headings and titles from the groups of one kind of report.

    Attributes:
        report: how the names of the groups begin, such as "appraisal".
    """

    report: str

    def chapter(self, key: str, *blocks: Block) -> Section:
        """A section with the title label("<report>.<key>")."""
        title = label(f"{self.report}.{key}")
        return Section(key, title, title.zh, blocks)

    def heading(
        self,
        key: str,
        kind: ColumnKind = ColumnKind.TEXT,
        *,
        unit: str = "",
        decimals: int | None = None,
        is_long_text: bool = False,
    ) -> Column:
        """A column with the heading label("<report>_column.<key>")."""
        return Column(label(f"{self.report}_column.{key}"), kind, unit, decimals, is_long_text)

    def title(self, key: str, **values: str) -> Bilingual:
        """The title label("<report>_title.<key>") of a table, a chart or findings."""
        return label(f"{self.report}_title.{key}", **values)

    def text(self, key: str, **values: str) -> Bilingual:
        """The words label("<report>_text.<key>") of a paragraph or a caption."""
        return label(f"{self.report}_text.{key}", **values)

    def figure(
        self, key: str, value: str | Measure, mark: Mark = Mark.PLAIN, *, detail: str = "", **words: str
    ) -> KeyFigure:
        """The figure label("<report>_figure.<key>"); below it label("<report>_detail.<detail>") with the words.

        Words without a detail are those of the detail that is called as the figure is.
        """
        below = detail or (key if words else "")
        return KeyFigure(
            label(f"{self.report}_figure.{key}"),
            value,
            label(f"{self.report}_detail.{below}", **words) if below else None,
            mark,
        )

    def word(self, group: str, key: str, **values: str) -> Bilingual:
        """The words label("<report>_<group>.<key>") of any other group: a figure, a row, a part."""
        return label(f"{self.report}_{group}.{key}", **values)
