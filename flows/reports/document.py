"""A report as a value: sections of paragraphs, tables, charts and findings, before anyone decides how it looks.

Amounts are CNY everywhere; the kind of a column says whether they are shown in 万元 or 亿元.
"""

import datetime as dt
import math
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from flows.reports.bilingual import Bilingual
from flows.reports.charts.model import Chart
from services.runtime.results import Severity

CellValue: TypeAlias = str | Bilingual | float | int | Decimal | dt.date | None


class ColumnKind(StrEnum):
    """What the values of a column are and in which unit people read them."""

    TEXT = "text"
    WAN = "wan"  # CNY, shown in 万元
    YI = "yi"  # CNY, shown in 亿元
    PERCENT = "percent"  # a ratio, shown times 100
    NUMBER = "number"
    INTEGER = "integer"
    DATE = "date"


NUMERIC_KINDS = frozenset(ColumnKind) - {ColumnKind.TEXT, ColumnKind.DATE}


class Mark(StrEnum):
    """What a reader must know before trusting a cell."""

    PLAIN = "plain"
    ASSUMPTION = "assumption"
    FLAGGED = "flagged"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    Attributes:
        value: None means that there is no such figure, which is shown as a dash and never as 0.
        mark: ASSUMPTION wherever the value rests on one.
        note: what the mark means here, shown with the cell.
    """

    value: CellValue
    mark: Mark = Mark.PLAIN
    note: Bilingual | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        heading: in both languages, without the unit.
        kind: what the values are.
        unit: for NUMBER and INTEGER, such as "m³/年"; 万元, 亿元 and % follow from the kind.
        decimals: digits after the point, None for the usual number of the kind.
        is_long_text: whether the text runs over lines and wants a wide column.
    """

    heading: Bilingual
    kind: ColumnKind = ColumnKind.TEXT
    unit: str = ""
    decimals: int | None = None
    is_long_text: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Cells in the order of the columns; a total row is set apart."""

    cells: tuple[Cell, ...]
    is_total: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its title and what should be read below it.

    Attributes:
        page_rows: how many rows page and PDF show of a long list, whose others are in the workbook; None for all.

    Raises:
        ValueError: if a row does not fit the columns or a numeric column holds something else than a finite
            number or nothing.
    """

    title: Bilingual
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    caption: Bilingual | None = None
    page_rows: int | None = None

    def __post_init__(self) -> None:
        for number, row in enumerate(self.rows, start=1):
            if len(row.cells) != len(self.columns):
                raise ValueError(
                    f"table {self.title.en}, row {number}: found {len(row.cells)} cells, "
                    f"expected {len(self.columns)}"
                )
            for column, cell in zip(self.columns, row.cells, strict=True):
                _check_cell(f"table {self.title.en}, row {number}, column {column.heading.en}", column, cell)

    def rows_on_page(self) -> tuple[Row, ...]:
        """The rows that page and PDF show."""
        return self.rows if self.page_rows is None else self.rows[: self.page_rows]

    @property
    def n_left_out(self) -> int:
        """How many rows only the workbook shows."""
        return len(self.rows) - len(self.rows_on_page())


def _check_cell(where: str, column: Column, cell: Cell) -> None:
    value = cell.value
    if column.kind not in NUMERIC_KINDS or value is None:
        return
    if isinstance(value, bool) or not isinstance(value, float | int | Decimal) or not math.isfinite(value):
        raise ValueError(f"{where}: found {value!r}, expected a finite number or nothing")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Plain words; the English stands below the Chinese."""

    text: Bilingual


@dataclass(frozen=True, slots=True)
class Measure:
    """A number of its own and how it is written, so that a workbook can hold the number itself.

    Attributes:
        value: CNY for WAN and YI, a ratio for PERCENT; NUMBER and INTEGER as they are.
        kind: numeric; WAN, YI and PERCENT say the unit.
        decimals: digits after the point.
        is_change: whether a plus stands before a number above zero.
        unit: what stands behind a NUMBER or INTEGER, such as "倍", or "/ 12" for how many there could be.
    """

    value: float
    kind: ColumnKind
    decimals: int
    is_change: bool = False
    unit: str = ""


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One figure that the section is about: a number with its format, or words that are written already."""

    name: Bilingual
    value: str | Measure
    detail: Bilingual | None = None
    mark: Mark = Mark.PLAIN


@dataclass(frozen=True, slots=True)
class KeyFigures:
    """The few figures of a section that a hurried reader needs."""

    figures: tuple[KeyFigure, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something odd: where it is, how much it weighs, in words."""

    severity: Severity
    message: Bilingual
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Findings:
    """Findings under one title; shown heaviest first, otherwise in the given order."""

    title: Bilingual
    findings: tuple[Finding, ...]

    def by_weight(self) -> tuple[Finding, ...]:
        """The findings, heaviest first."""
        order = (Severity.IMPLAUSIBLE, Severity.WARNING, Severity.NOTE)
        return tuple(sorted(self.findings, key=lambda finding: order.index(finding.severity)))


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart with its title and caption; the title also stands in for the picture where it cannot be seen."""

    title: Bilingual
    chart: Chart
    caption: Bilingual | None = None


Block: TypeAlias = Paragraph | Table | KeyFigures | Findings | Figure


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter of the report.

    Attributes:
        key: short ASCII name, unique in the document; the anchor in the page.
        title: shown in the contents and on the sheet.
        sheet_name: short Chinese name for the workbook's tab.
        blocks: in reading order.
    """

    key: str
    title: Bilingual
    sheet_name: str
    blocks: tuple[Block, ...]

    def tables(self) -> tuple[Table, ...]:
        """The tables of the section, in reading order."""
        return tuple(block for block in self.blocks if isinstance(block, Table))


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the cover: the snapshot, the seed, the version of the engine."""

    name: Bilingual
    value: str


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report.

    Attributes:
        title, subtitle: of the cover.
        as_of: business date.
        facts: what it takes to compute the report again.
        sources: where the figures come from, one line each.
        sections: in reading order.
        notice: what stands on every page and sheet, such as that the figures are no bank's; None for nothing.

    Raises:
        ValueError: if two sections have the same key.
    """

    title: Bilingual
    subtitle: Bilingual
    as_of: dt.date
    facts: tuple[Fact, ...]
    sources: tuple[Bilingual, ...]
    sections: tuple[Section, ...]
    notice: Bilingual | None = None

    def __post_init__(self) -> None:
        keys = [section.key for section in self.sections]
        if len(set(keys)) != len(keys):
            raise ValueError(f"sections: found the keys {keys}, expected each once")
