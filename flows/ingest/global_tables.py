"""Global GEP tables: a row for each country and year, a quantity and a value for each service."""

import functools
import re
from dataclasses import dataclass
from pathlib import Path

from flows.accounts.cells import read_cell
from flows.accounts.columns import Column, Content
from flows.accounts.gep_account import service_code
from flows.accounts.problems import CellError, Problem, refusal, shown
from flows.accounts.tables import TextRow, TextTable, read_table

_PLACE_HEADINGS = ("iso3", "iso3_r250_label", "ee_r264_label", "country", "country_name", "region")
_VALUE = re.compile(r"(?P<service>[a-z0-9_]+)_gep")


@dataclass(frozen=True, slots=True)
class ServiceValue:
    """The value of one service in a year.

    Attributes:
        category, service: as the account calls them.
        name: as the table calls it.
        value: in the currency of the table.
    """

    category: str
    service: str
    name: str
    value: float


def read_global_table(path: Path, place: str, year: int) -> tuple[ServiceValue, ...]:
    """Values of one place and year, in the order of the table's columns.

    Args:
        path: of a table with a column for the place, `year`, and `<service>_gep` columns.
        place: as the table names it, such as "CHN".
        year: of the flow.

    Raises:
        InvalidInput: a column, a service or the row is missing or wrong; an empty value is no zero.
    """
    table = read_table(path)
    headings = [heading.strip().lower() for heading in table.rows[0].cells]
    place_column = next((headings.index(name) for name in _PLACE_HEADINGS if name in headings), None)
    if place_column is None or "year" not in headings:
        expected = f"`year` and one of {', '.join(_PLACE_HEADINGS)}"
        raise refusal([_problem(table, table.rows[0], "", shown(", ".join(headings)), expected)])
    row = _row(table, headings, place_column, place, year)
    problems: list[Problem] = []
    values = [
        value
        for index, heading in enumerate(headings)
        if (match := _VALUE.fullmatch(heading)) is not None
        and (value := _value(table, row, index, match["service"], problems)) is not None
    ]
    if not values and not problems:
        problems.append(_problem(table, table.rows[0], "", "no column `<service>_gep`", "at least one"))
    if problems:
        raise refusal(problems)
    return tuple(values)


def _row(table: TextTable, headings: list[str], place_column: int, place: str, year: int) -> TextRow:
    year_column = headings.index("year")
    found = [
        row
        for row in table.rows[1:]
        if _cell(row, place_column).lower() == place.strip().lower()
        and _cell(row, year_column).removesuffix(".0") == str(year)
    ]
    if len(found) != 1:
        raise refusal([Problem(table.file, f"{len(found)} rows of {place!r} in {year}", "exactly one")])
    return found[0]


def _value(
    table: TextTable, row: TextRow, index: int, name: str, problems: list[Problem]
) -> ServiceValue | None:
    code = service_code(name.replace("_", " ")) or service_code(name)
    if code is None:
        expected = "a service of data/accounts/service_names.csv; add a line for it"
        problems.append(_problem(table, table.rows[0], f"{name}_gep", shown(name), expected))
        return None
    column = Column(f"{name}_gep", Content.NUMBER, minimum=0.0)
    try:
        value = read_cell(_cell(row, index), column, "")
    except CellError as refused:
        problems.append(_problem(table, row, column.name, refused.found, refused.expected))
        return None
    if not isinstance(value, float) or value < 0.0:
        found = "an empty cell" if value is None else shown(str(value))
        problems.append(_problem(table, row, column.name, found, "a number >= 0; an empty value is no zero"))
        return None
    return ServiceValue(_categories()[code], code, name, value)


def _cell(row: TextRow, index: int) -> str:
    return row.cells[index] if index < len(row.cells) else ""


def _problem(table: TextTable, row: TextRow, column: str, found: str, expected: str) -> Problem:
    return Problem(table.file, found, expected, table.sheet, row.number, column)


@functools.cache
def _categories() -> dict[str, str]:
    """The class of every service."""
    from services.valuation.catalogue.catalogue import read_catalogue  # noqa: PLC0415  # read once, when a table is read

    return {code: str(service.service_class) for code, service in read_catalogue().services.items()}
