"""Which table a file holds and which column each heading means: data/loans/headings.csv lists every spelling."""

import csv
import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from flows.accounts.headings import normalised
from flows.accounts.problems import Problem, nearest, refusal, shown
from flows.accounts.unit_above import units_above
from flows.accounts.units import UnitError, factor_between
from flows.loan_files.cells import LOANS_DATA
from flows.loan_files.columns import COLUMNS, ONE_OF
from flows.loan_files.tables import FirstRows, first_rows

_SEPARATORS = {";": "semicolons", "；": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a heading means: a column, and the unit that it states."""

    column: str
    unit: str


@dataclass(frozen=True, slots=True)
class FoundTable:
    """Where a table stands in a file.

    Attributes:
        kind: loans, positions, movements or pledges.
        sheet: of a workbook.
        heading_row: from 1.
        meanings: column by position of the heading.
        ignored: headings that mean nothing here.
    """

    kind: str
    sheet: str
    heading_row: int
    meanings: dict[int, Meaning]
    ignored: tuple[str, ...]


def find_tables(path: Path, kind: str | None, sheet: str | None) -> tuple[FoundTable, ...]:
    """The tables of a file: one, or in a workbook one of each kind.

    Args:
        path: of the file.
        kind: what is wanted; None takes every kind whose required columns are all there.
        sheet: of a workbook; None looks in all.

    Raises:
        InvalidInput: no such table, several of a kind, or columns that are missing or twice.
    """
    given = [found for found in first_rows(path) if any(map(any, found.rows))]
    if not given:
        raise refusal([Problem(str(path), "an empty table", "a row of headings and at least one row")])
    sheets = [found for found in given if sheet in (None, found.sheet)]
    if not sheets:
        raise refusal(
            [Problem(str(path), f"no sheet {shown(sheet or '')}", "one of the sheets of the workbook")]
        )
    kinds = [kind] if kind is not None else list(COLUMNS)
    best = [(_best_row(found.rows, name), name, found) for found in sheets for name in kinds]
    whole = [(row, name, found) for row, name, found in best if not _missing(found.rows[row], name)]
    if len({name for _, name, _ in whole}) < len(whole) or len({id(found) for *_, found in whole}) < len(
        whole
    ):
        places = ", ".join(
            f"{name} in sheet {found.sheet}" if found.sheet else name for _, name, found in whole
        )
        expected = "one table of a kind; name it with --kind or --sheet"
        raise refusal([Problem(str(path), f"{places}", expected)])
    if not whole:
        _check_separator(path, given)
        row, name, found = max(best, key=lambda item: _recognised(item[2].rows[item[0]], item[1]))
        raise refusal(_complaints(path, found.sheet, name, row, found.rows[row]))
    return tuple(_table(path, name, found, row) for row, name, found in whole)


def _table(path: Path, kind: str, found: FirstRows, row: int) -> FoundTable:
    sheet, headings = found.sheet, found.rows[row]
    spellings = _spellings(kind)
    meanings = {
        i: spellings[normalised(text)] for i, text in enumerate(headings) if normalised(text) in spellings
    }
    columns = [meaning.column for meaning in meanings.values()]
    twice = sorted({column for column in columns if columns.count(column) > 1})
    absent = {column.name for column in COLUMNS[kind]} - set(columns)
    ignored = [text for text in headings if text and normalised(text) not in spellings]
    problems = [
        Problem(str(path), f"two headings for {column}", "one", sheet, row + 1, column) for column in twice
    ]
    for text in ignored:
        near = nearest(normalised(text), spellings)
        # A heading that is nearly a known one would otherwise be dropped in silence.
        if near is not None and spellings[near].column in absent:
            expected = f"column {spellings[near].column}, or another name"
            problems.append(Problem(str(path), f"column {shown(text)}", expected, sheet, row + 1, text))
    money = {column.name for column in COLUMNS[kind] if column.unit == "CNY"}
    without = {i for i, meaning in meanings.items() if meaning.column in money and not meaning.unit}
    if without:
        unit, unreadable = _money_unit_above(path, sheet, found.rows[:row])
        problems += unreadable
        meanings |= {i: replace(meanings[i], unit=unit) for i in without}
    if problems:
        raise refusal(problems)
    return FoundTable(kind, sheet, row + 1, meanings, tuple(ignored))


def _check_separator(path: Path, given: Sequence[FirstRows]) -> None:
    """Refuse a CSV file with another separator than commas.

    Raises:
        InvalidInput: if several headings stand in one cell.
    """
    known = {heading for kind in COLUMNS for heading in _spellings(kind)}
    for number, cells in enumerate(given[0].rows if path.suffix.lower() == ".csv" else (), start=1):
        for separator, name in _SEPARATORS.items():
            if any(sum(normalised(part) in known for part in cell.split(separator)) > 1 for cell in cells):
                found = f"headings with {name} between them"
                raise refusal([Problem(str(path), found, "commas between cells", row=number)])


def _money_unit_above(path: Path, sheet: str, above: Sequence[Sequence[str]]) -> tuple[str, list[Problem]]:
    """The unit that lines above the headings state for amounts, empty where none does; and what cannot be read."""
    units: dict[float, str] = {}
    problems: list[Problem] = []
    for number, cells in enumerate(above, start=1):
        for stated in units_above([cells]):
            try:
                units.setdefault(factor_between(stated.text, "CNY"), stated.text)
            except UnitError:
                if stated.is_of_figures:
                    expected = "a unit of money such as 单位：万元 for the headings that state none"
                    problems.append(Problem(str(path), f"单位 {shown(stated.text)}", expected, sheet, number))
    if len(units) > 1:
        found = f"units {' and '.join(units.values())} above the headings"
        problems.append(Problem(str(path), found, "one for all amounts, or one in each heading", sheet))
    return next(iter(units.values()), ""), problems


def _complaints(path: Path, sheet: str, kind: str, row: int, headings: Sequence[str]) -> list[Problem]:
    missing = _missing(headings, kind)
    spellings = _spellings(kind)
    problems = []
    for column in missing:
        likely = next(
            (
                text
                for text in headings
                if normalised(text) not in spellings
                and (near := nearest(normalised(text), spellings)) is not None
                and spellings[near].column == column
            ),
            None,
        )
        found = f"no column {column}" if likely is None else f"column {likely!r}"
        expected = f"column {column} of a table of {kind}" + ("" if likely is None else "; was it renamed?")
        problems.append(Problem(str(path), found, expected, sheet, row + 1, column))
    return problems


def _best_row(rows: Sequence[Sequence[str]], kind: str) -> int:
    return max(range(len(rows)), key=lambda i: _recognised(rows[i], kind), default=0)


def _recognised(row: Sequence[str], kind: str) -> int:
    return len(
        {_spellings(kind)[key].column for text in row if (key := normalised(text)) in _spellings(kind)}
    )


def _missing(headings: Sequence[str], kind: str) -> list[str]:
    spellings = _spellings(kind)
    there = {spellings[key].column for text in headings if (key := normalised(text)) in spellings}
    missing = [column.name for column in COLUMNS[kind] if column.required and column.name not in there]
    either = ONE_OF.get(kind, ())
    if either and not there.intersection(either):
        missing.append(" or ".join(either))
    return missing


@functools.cache
def _spellings(kind: str) -> dict[str, Meaning]:
    """Normalised heading -> what it means, the canonical names among them."""
    # Their canonical names say the unit of amounts.
    known = {
        normalised(column.name): Meaning(column.name, column.unit if column.unit == "CNY" else "")
        for column in COLUMNS[kind]
    }
    with (LOANS_DATA / "headings.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["file"] in {kind, "*"}:
                known[normalised(row["heading"])] = Meaning(row["column"], row["unit"])
    return known
