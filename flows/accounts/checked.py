"""A table whose every cell was read and checked: headings, cells, units, bounds, choices, uniqueness."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.accounts.cells import Value, read_cell
from flows.accounts.columns import COLUMNS_OF_FILE, Column, Content, Need
from flows.accounts.headings import FoundHeadings, Heading, find_headings, headings_recognised
from flows.accounts.one_width import in_one_width
from flows.accounts.problems import CellError, Problem, refusal, shown
from flows.accounts.tables import TextRow, TextTable, is_note, read_table, sheets_to_choose_from
from services.runtime.errors import InvalidInput

if TYPE_CHECKING:
    import pandas as pd
    import pandera.pandas as pa

TOTAL_WORDS = ("合计", "总计", "小计", "总值", "total", "subtotal")


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """One row in canonical columns and units.

    Attributes:
        number: as a spreadsheet shows it.
        values: by canonical column; None where the cell is empty.
        printed: text of the cells as they were written.
        confirmed: columns stated twice, in two units that agree.
        places: how messages name a column: the heading as it was written, and the canonical name.
    """

    file: str
    sheet: str
    number: int
    values: Mapping[str, Value]
    printed: Mapping[str, str]
    confirmed: frozenset[str]
    places: Mapping[str, str]

    def cell(self, column: str) -> Value:
        """Whatever a cell holds, None where it is empty."""
        return self.values.get(column)

    def text(self, column: str) -> str:
        """Text of a cell, empty where it is empty."""
        value = self.values.get(column)
        return value if isinstance(value, str) else ""

    def figure(self, column: str) -> float | None:
        """Number of a cell, None where it is empty."""
        value = self.values.get(column)
        return value if isinstance(value, float) else None

    def date(self, column: str) -> dt.date | None:
        """Date of a cell, None where it is empty."""
        value = self.values.get(column)
        return value if isinstance(value, dt.date) else None

    def problem(self, column: str, found: str, expected: str) -> Problem:
        """A problem of this row."""
        return Problem(self.file, found, expected, self.sheet, self.number, self.places.get(column, column))


@dataclass(frozen=True, slots=True)
class CheckedTable:
    """A table that was read without a problem in any cell.

    Attributes:
        rows: data rows in order.
        totals: rows that hold a total of others.
        ignored: headings that mean nothing here.
    """

    file: str
    sheet: str
    rows: tuple[CheckedRow, ...]
    totals: tuple[CheckedRow, ...]
    ignored: tuple[str, ...]


def read_checked(path: Path, stem: str) -> CheckedTable:
    """Read a file of an accounts folder and check every cell.

    Raises:
        InvalidInput: with every problem found.
    """
    return read_checked_as(path, stem, COLUMNS_OF_FILE[stem])


def read_checked_as(path: Path, stem: str, columns: Sequence[Column]) -> CheckedTable:
    """Read a file that has the given columns and check every cell.

    Args:
        path: of the file.
        stem: under which data/accounts/headings.csv and labels.csv know other words for headings and choices.
        columns: canonical names, units and bounds.

    Raises:
        InvalidInput: with every problem found.
    """
    table = _table_of(path, stem, columns)
    found, problems = find_headings(table, stem, columns)
    if problems:
        raise refusal(problems)
    below = [row for row in table.rows if row.number > found.row.number and not is_note(row)]
    totals = [row for row in below if _is_total(row)]
    plain = [row for row in below if not _is_total(row)]
    if not plain:
        raise refusal([Problem(table.file, "no row below the headings", "at least one row", table.sheet)])
    rows, problems = _read_rows(table, stem, columns, found, plain)
    problems += _check(columns, rows, {heading.column for heading in found.headings})
    problems.sort(key=lambda problem: (problem.row or 0, problem.column))
    if problems:
        raise refusal(problems)
    total_rows, _ = _read_rows(table, stem, columns, found, totals)
    return CheckedTable(table.file, table.sheet, tuple(rows), tuple(total_rows), found.ignored)


def _table_of(path: Path, stem: str, columns: Sequence[Column]) -> TextTable:
    """The table; of a workbook the sheet named like the file, else the one sheet that has the headings."""
    sheets = sheets_to_choose_from(path)
    if len(sheets) < 2:
        return read_table(path, *sheets)
    found: dict[str, int] = {}
    for sheet in sheets:
        try:
            found[sheet] = headings_recognised(read_table(path, sheet), stem, columns)
        except InvalidInput:  # an empty sheet, which every new workbook has two of
            continue
    best = max(found.values(), default=0)
    likely = [sheet for sheet, recognised in found.items() if recognised == best]
    if best > 1 and len(likely) > 1:
        names = ", ".join(shown(sheet) for sheet in likely)
        expected = f"one sheet with the headings, or one named {stem}"
        raise refusal([Problem(path.name, f"sheets {names} with the same headings", expected)])
    return read_table(path, likely[0] if best > 0 else "")


def _is_total(row: TextRow) -> bool:
    """Whether one of the first cells says that the row is a total."""
    first = [cell for cell in row.cells if cell][:2]
    return any(cell.lower().replace(" ", "").endswith(TOTAL_WORDS) and len(cell) < 16 for cell in first)


def _read_rows(
    table: TextTable, stem: str, known: Sequence[Column], found: FoundHeadings, rows: Sequence[TextRow]
) -> tuple[list[CheckedRow], list[Problem]]:
    columns = {column.name: column for column in known}
    checked, problems = [], []
    is_sheet = bool(table.sheet)
    everywhere = {heading.column: _place(heading, is_sheet=is_sheet) for heading in found.headings}
    for row in rows:
        cells = [
            (
                heading,
                columns[heading.column],
                _cell_text(row, heading.index, columns[heading.column]),
            )
            for heading in found.headings
        ]
        printed = {heading.column: text for heading, _, text in cells if text}
        values: dict[str, Value] = {}
        for heading, column, text in cells:
            try:
                value = read_cell(text, column, stem, heading.unit, printed.get(column.unit_column, ""))
                _keep(values, column, value)
            except CellError as refused:
                problems.append(
                    Problem(
                        table.file,
                        refused.found,
                        refused.expected,
                        table.sheet,
                        row.number,
                        _place(heading, is_sheet=is_sheet),
                    )
                )
        places = everywhere | {
            heading.column: _place(heading, is_sheet=is_sheet) for heading, _, text in cells if text
        }
        stated = [heading.column for heading, _, text in cells if text]
        twice = frozenset(name for name in stated if stated.count(name) > 1)
        checked.append(CheckedRow(table.file, table.sheet, row.number, values, printed, twice, places))
    return checked, problems


def _cell_text(row: TextRow, index: int, column: Column) -> str:
    text = row.cells[index] if index < len(row.cells) else ""
    return text if column.content is Content.TEXT else in_one_width(text)


def _place(heading: Heading, *, is_sheet: bool) -> str:
    """How a message names a column: with its letter where a spreadsheet shows one."""
    named = heading.text if heading.text == heading.column else f"{heading.text} ({heading.column})"
    return f"{_letter(heading.index)} {named}" if is_sheet else named


def _letter(index: int) -> str:
    """A, ..., Z, AA, ... of a position from 0."""
    letters = ""
    index += 1
    while index > 0:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _keep(values: dict[str, Value], column: Column, value: Value) -> None:
    """Enter a value; a column stated twice (area in 亩 and in ha) must say the same."""
    before = values.get(column.name)
    if value is None or before is None:
        values[column.name] = before if value is None else value
        return
    same = before == value
    if isinstance(before, float) and isinstance(value, float):
        same = math.isclose(before, value, rel_tol=0.01)
    if not same:
        raise CellError(
            f"{value:g} {column.unit}" if isinstance(value, float) else shown(str(value)),
            f"{before:g} {column.unit} as the other column says"
            if isinstance(before, float)
            else shown(str(before)),
        )


def _check(known: Sequence[Column], rows: Sequence[CheckedRow], present: set[str]) -> list[Problem]:
    """Bounds, choices, uniqueness and required cells, by a pandera schema; lazily, so that all are reported."""
    import pandas as pd  # noqa: PLC0415  # pandas and pandera take a second to load
    from pandera.errors import SchemaErrors  # noqa: PLC0415

    columns = [column for column in known if column.name in present]
    frame = pd.DataFrame(
        {column.name: [row.cell(column.name) for row in rows] for column in columns},
        index=[row.number for row in rows],
        dtype=object,
    )
    for column in columns:
        if column.content is Content.NUMBER:
            frame[column.name] = frame[column.name].astype(float)
    try:
        _schema(columns).validate(frame, lazy=True)
    except SchemaErrors as errors:
        return _problems_of(errors.failure_cases, columns, rows)
    return []


def _schema(columns: Sequence[Column]) -> "pa.DataFrameSchema":
    import pandera.pandas as pa  # noqa: PLC0415

    return pa.DataFrameSchema(
        {
            column.name: pa.Column(
                float if column.content is Content.NUMBER else object,
                checks=_checks(column),
                nullable=column.need is not Need.CELL,
                unique=column.unique,
            )
            for column in columns
        }
    )


def _checks(column: Column) -> list["pa.Check"]:
    import pandera.pandas as pa  # noqa: PLC0415

    checks = []
    if column.minimum is not None:
        checks.append(pa.Check.ge(column.minimum))
    if column.above is not None:
        checks.append(pa.Check.gt(column.above))
    if column.maximum is not None:
        checks.append(pa.Check.le(column.maximum))
    if column.choices:
        checks.append(pa.Check.isin(column.choices))
    return checks


def _problems_of(
    failures: "pd.DataFrame", columns: Sequence[Column], rows: Sequence[CheckedRow]
) -> list[Problem]:
    by_name = {column.name: column for column in columns}
    by_number = {row.number: row for row in rows}
    problems = []
    for failure in failures.to_dict("records"):
        column, row = by_name[str(failure["column"])], by_number[int(failure["index"])]
        problem = _problem_of(failure, column, row)
        # An empty cell that could not be read has its own, better problem already.
        if problem is not None:
            problems.append(problem)
    return problems


def _problem_of(failure: Mapping[Any, Any], column: Column, row: CheckedRow) -> Problem | None:
    check = str(failure["check"])
    if check == "not_nullable":
        if row.printed.get(column.name):
            return None
        return row.problem(column.name, "an empty cell", column.expectation)
    text = shown(row.printed.get(column.name, ""))
    if check == "field_uniqueness":
        return row.problem(column.name, f"{text} a second time", "every value in one row only")
    return row.problem(column.name, text, column.expectation)
