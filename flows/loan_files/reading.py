"""A loan file read whole: every cell, every row, every key; all problems at once, or the rows."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.accounts.problems import CellError, Problem, refusal
from flows.loan_files.cells import none_columns, read_column
from flows.loan_files.columns import COLUMNS, KEYS
from flows.loan_files.fields import column_of
from flows.loan_files.headings import FoundTable, find_tables
from flows.loan_files.merged_cells import refuse_merged
from flows.loan_files.rows import Row, rows_of
from flows.loan_files.tables import CellTable, read_cells
from services.runtime.errors import FieldViolation, InvalidInput

if TYPE_CHECKING:
    import pandas as pd

_COLUMN_NAME = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")


@dataclass(frozen=True, slots=True, eq=False)
class LoanFile:
    """The rows of a file without a problem.

    Attributes:
        file, sheet: where they stand.
        kind: loans, positions, movements or pledges.
        numbers: of the rows, as a spreadsheet shows them.
        headings: as they are written, by the column that each means.
        rows: in order of the file.
        ignored: headings that mean nothing here.
    """

    file: str
    sheet: str
    kind: str
    numbers: Sequence[int]
    headings: Mapping[str, str]
    rows: tuple[Row, ...]
    ignored: tuple[str, ...]

    def place(self, row: int, field: str = "") -> str:
        """Where a row counted from 0 stands, or the cell of a field in it."""
        column = column_of(self.kind, field)
        heading = self.headings.get(column, column)
        return Problem(self.file, "", "", self.sheet, self.numbers[row], heading).place


def read_loan_files(
    paths: Sequence[Path], *, kind: str | None = None, sheet: str | None = None
) -> tuple[LoanFile, ...]:
    """Read the tables of files that belong together: loans, positions, movements and pledges, at most one of each.

    Args:
        paths: CSV (UTF-8 or GB18030), XLSX or Parquet.
        kind: loans, positions, movements or pledges; None takes what the headings tell.
        sheet: of a workbook; None takes every sheet that is such a table.

    Raises:
        InvalidInput: with every problem of the files: where, found, expected.
    """
    tables: list[LoanFile] = []
    problems: list[FieldViolation] = []
    for path in paths:
        try:
            tables += _tables(path, kind, sheet)
        except InvalidInput as error:
            problems += error.violations
    kinds = [table.kind for table in tables]
    for table in tables[1:]:
        first = tables[kinds.index(table.kind)]
        if first is not table:
            found = f"{table.kind} as in {first.file} {first.sheet}".rstrip()
            expected = "one table of a kind"
            problems.append(Problem(table.file, found, expected, table.sheet).violation())
    if problems:
        raise InvalidInput.from_violations(problems)
    return tuple(tables)


def _tables(path: Path, kind: str | None, sheet: str | None) -> list[LoanFile]:
    tables: list[LoanFile] = []
    problems: list[FieldViolation] = []
    for found in find_tables(path, kind, sheet):
        try:
            tables.append(_read(path, found))
        except InvalidInput as error:
            problems += error.violations
    if problems:
        raise InvalidInput.from_violations(problems)
    return tables


def _read(path: Path, found: FoundTable) -> LoanFile:
    table = read_cells(path, found.sheet, found.heading_row)
    refuse_merged(table, set(found.meanings))
    columns, problems = _columns(table, found)
    bad_rows = {problem.row for problem in problems}
    if (
        table.heading_row in bad_rows
    ):  # of a column that is wrong as a whole there are no values to make rows of
        raise refusal(problems)
    problems += _checked(table, found, columns)
    rows: list[Row] = []
    is_bad = [number in bad_rows for number in table.numbers]
    for number, row in zip(table.numbers, rows_of(found.kind, columns, is_bad), strict=True):
        if isinstance(row, ValueError):
            problems.append(_of_row(table, found, number, row))
        elif row is not None:
            rows.append(row)
    if problems:
        raise refusal(sorted(problems, key=lambda problem: (problem.row or 0, problem.column)))
    return LoanFile(
        table.file,
        table.sheet,
        found.kind,
        table.numbers,
        _headings(table, found),
        tuple(rows),
        found.ignored,
    )


def _columns(table: CellTable, found: FoundTable) -> tuple[dict[str, Any], list[Problem]]:
    """Values of every column of the kind by name, and what is wrong with a cell."""
    problems: list[Problem] = []
    values = none_columns([column.name for column in COLUMNS[found.kind]], len(table.cells))
    by_name = {column.name: column for column in COLUMNS[found.kind]}
    for position, meaning in found.meanings.items():
        heading = table.headings[position]
        try:
            read = read_column(table.cells[position], by_name[meaning.column], meaning.unit)
        except CellError as error:
            problems.append(
                Problem(table.file, error.found, error.expected, table.sheet, table.heading_row, heading)
            )
            continue
        values[meaning.column] = read.cells
        problems += [
            Problem(table.file, error.found, error.expected, table.sheet, table.numbers[row], heading)
            for row, error in read.wrong
        ]
    return values, problems


def _checked(table: CellTable, found: FoundTable, columns: Mapping[str, Any]) -> list[Problem]:
    """What is wrong across rows: keys that come twice."""
    import pandas as pd  # noqa: PLC0415  # the command line must answer before pandas is loaded

    frame = pd.DataFrame({name: columns[name] for name in KEYS[found.kind]}, dtype=object)
    known = frame[frame.notna().all(axis=1)]
    return _repeated(table, found, known, columns) if known.duplicated().any() else []


def _repeated(
    table: CellTable, found: FoundTable, known: "pd.DataFrame", columns: Mapping[str, Any]
) -> list[Problem]:
    """Each row whose key stands further up, told apart from an exact copy of that row."""
    first: dict[tuple[Any, ...], int] = {}
    problems = []
    for row, *key in known.itertuples():
        earlier = first.setdefault(tuple(key), row)
        if earlier == row:
            continue
        is_copy = all(values[row] == values[earlier] for values in columns.values())
        what = "an exact copy of" if is_copy else "the same key as"
        problems.append(
            Problem(
                table.file,
                f"{what} row {table.numbers[earlier]}: {' '.join(map(str, key))}",
                "each once",
                table.sheet,
                table.numbers[row],
                ", ".join(map(_headings(table, found).__getitem__, KEYS[found.kind])),
            )
        )
    return problems


def _of_row(table: CellTable, found: FoundTable, number: int, error: ValueError) -> Problem:
    """A problem of a row whose cells are each right: its message begins with the field."""
    field, colon, rest = str(error).partition(": found ")
    if not colon:
        return Problem(table.file, str(error), "a row that makes sense", table.sheet, number)
    what, _, expected = rest.partition(", expected ")
    headings = _headings(table, found)
    expected = _COLUMN_NAME.sub(lambda name: headings.get(name[0], name[0]), expected)
    column = column_of(found.kind, field)
    return Problem(table.file, what, expected, table.sheet, number, headings.get(column, column))


def _headings(table: CellTable, found: FoundTable) -> dict[str, str]:
    """The headings as they are written, by the column that each means."""
    return {meaning.column: table.headings[i] for i, meaning in found.meanings.items()}
