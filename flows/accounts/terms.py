"""Years between two days, and columns that become fields of an asset."""

import dataclasses
import datetime as dt
from typing import Any

from flows.accounts.checked import CheckedRow
from flows.accounts.problems import Problem


def years_between(start: dt.date, end: dt.date) -> float:
    """Whole years by anniversary, and the days that are left over the length of their year.

    >>> years_between(dt.date(2026, 8, 21), dt.date(2031, 8, 21))
    5.0
    """
    whole = end.year - start.year
    if _anniversary(start, whole) > end:
        whole -= 1
    last, following = _anniversary(start, whole), _anniversary(start, whole + 1)
    return whole + (end - last).days / (following - last).days


def _anniversary(day: dt.date, years: int) -> dt.date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February, in a year without one
        return dt.date(day.year + years, 3, 1)


def remaining_years(row: CheckedRow, column: str, as_of: dt.date, problems: list[Problem]) -> float | None:
    """Years from `as_of` to the date in a cell; None where it is empty. A past date is a problem."""
    expires_on = row.date(column)
    if expires_on is None:
        return None
    if expires_on <= as_of:
        problems.append(
            row.problem(
                column, f"{expires_on}, a date in the past", f"a date after {as_of}, the day of the valuation"
            )
        )
        return None
    return years_between(as_of, expires_on)


def stated_fields(row: CheckedRow, described: type) -> dict[str, Any]:
    """The cells that hold something and are named like a field of the dataclass `described`."""
    names = {field.name for field in dataclasses.fields(described)}
    return {name: value for name, value in row.values.items() if name in names and value is not None}


def require(row: CheckedRow, columns: tuple[str, ...], purpose: str, problems: list[Problem]) -> bool:
    """Whether every column holds something; what does not is a problem."""
    empty = [column for column in columns if row.values.get(column) is None]
    problems += [row.problem(column, "an empty cell", f"a value, for {purpose}") for column in empty]
    return not empty


def whole_number(row: CheckedRow, column: str, problems: list[Problem]) -> int | None:
    """A cell that counts; a fraction is a problem."""
    value = row.figure(column)
    if value is None:
        return None
    if not value.is_integer():
        problems.append(row.problem(column, f"{value:g}", "a whole number"))
        return None
    return int(value)
