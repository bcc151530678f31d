"""Which column a heading means: data/accounts/headings.csv lists every spelling, and people may add to it."""

import csv
import functools
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from flows.accounts.columns import Column, Need
from flows.accounts.problems import Problem, nearest, shown
from flows.accounts.tables import TextRow, TextTable
from flows.accounts.unit_above import units_above
from flows.accounts.units import DATA_FOLDER, UnitError, factor_between

# Workbooks carry a title and a remark or two above their headings.
ROWS_SEARCHED = 12


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading that was recognised.

    Attributes:
        index: position in the row, from 0.
        text: as it was written.
        column: canonical name.
        unit: that the heading states; empty where it states none.
    """

    index: int
    text: str
    column: str
    unit: str


@dataclass(frozen=True, slots=True)
class FoundHeadings:
    """The headings of a table.

    Attributes:
        row: the row they stand in.
        headings: recognised ones in order.
        ignored: texts of headings that mean nothing here.
    """

    row: TextRow
    headings: tuple[Heading, ...]
    ignored: tuple[str, ...]


def find_headings(
    table: TextTable, stem: str, columns: Sequence[Column]
) -> tuple[FoundHeadings, list[Problem]]:
    """Find the row of headings and what each means.

    A required column that is missing is a problem that names the nearest heading found; so is a heading that is
    nearly, but not quite, a known one, since it would otherwise be dropped in silence.
    """
    spellings = _spellings(stem, tuple((column.name, column.unit) for column in columns))
    row = max(table.rows[:ROWS_SEARCHED], key=lambda candidate: _recognised(candidate.cells, spellings))
    units = {column.name: column.unit for column in columns if column.unit and not column.unit_column}
    stated = _unit_above(table, row)
    headings = tuple(
        Heading(index, text, name, unit or _unit_of_the_table(stated, units.get(name, "")))
        for index, text in enumerate(row.cells)
        if (key := normalised(text)) in spellings
        for name, unit in [spellings[key]]
    )
    unknown = [text for text in row.cells if text and normalised(text) not in spellings]
    missing = [
        column.name
        for column in columns
        if column.need is not Need.NOTHING and column.name not in {heading.column for heading in headings}
    ]
    renamed = {name: _renamed(name, unknown, spellings) for name in missing}
    problems = [_missing(table, row, name, renamed[name]) for name in missing]
    absent = (
        {name for name, _ in spellings.values()} - set(missing) - {heading.column for heading in headings}
    )
    problems += [
        Problem(
            table.file,
            f"column {shown(text)}",
            f"column {meant}, or another name",
            table.sheet,
            row.number,
            text,
        )
        for text in unknown
        if text not in renamed.values() and (meant := _meant(text, spellings)) in absent
    ]
    return FoundHeadings(row, headings, tuple(unknown)), problems


def headings_recognised(table: TextTable, stem: str, columns: Sequence[Column]) -> int:
    """How many columns the likeliest row of headings names."""
    spellings = _spellings(stem, tuple((column.name, column.unit) for column in columns))
    return max(
        len({spellings[key][0] for text in row.cells if (key := normalised(text)) in spellings})
        for row in table.rows[:ROWS_SEARCHED]
    )


def _unit_above(table: TextTable, row: TextRow) -> str:
    """The unit that a line above the headings states ("单位：亿元"); empty where none does."""
    stated = units_above(line.cells for line in table.rows if line.number < row.number)
    return next((unit.text for unit in stated if unit.is_of_figures), "")


def _unit_of_the_table(stated: str, expected: str) -> str:
    """The unit of the table where it measures what the column holds; else a figure is left without one."""
    if not stated or not expected:
        return ""
    try:
        factor_between(stated, expected)
    except UnitError:
        return ""
    return stated


def normalised(text: str) -> str:
    """A heading without blanks, in one width and in lower case."""
    return "".join(unicodedata.normalize("NFKC", text).split()).lower()


def _recognised(cells: Sequence[str], spellings: dict[str, tuple[str, str]]) -> int:
    return sum(normalised(cell) in spellings for cell in cells)


def _renamed(name: str, unknown: list[str], spellings: dict[str, tuple[str, str]]) -> str | None:
    """The heading that probably stands for a missing column: one that is near it, or that begins it."""
    near = (text for text in unknown if _meant(text, spellings) == name)
    beginning = (text for text in unknown if name.startswith(normalised(text)))
    return next(near, None) or next(beginning, None)


def _missing(table: TextTable, row: TextRow, name: str, likely: str | None) -> Problem:
    found = f"no column {name}" if likely is None else f"column {likely!r}"
    expected = f"column {name}" if likely is None else f"column {name}; was it renamed?"
    return Problem(table.file, found, expected, table.sheet, row.number, name)


def _meant(text: str, spellings: dict[str, tuple[str, str]]) -> str | None:
    near = nearest(normalised(text), spellings)
    return None if near is None else spellings[near][0]


@functools.cache
def _spellings(stem: str, columns: tuple[tuple[str, str], ...]) -> dict[str, tuple[str, str]]:
    """Normalised heading -> (column, unit), the canonical names among them."""
    known = {normalised(name): (name, unit) for name, unit in columns}
    names = {name for name, _ in columns}
    with (DATA_FOLDER / "headings.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["file"] in {stem, "*"} and row["column"] in names:
                known[normalised(row["heading"])] = (row["column"], row["unit"])
    return known
