"""Reads a series from a CSV file with the columns date and value; every mistake is named with row and column."""

import csv
import datetime as dt
import re
from pathlib import Path

from flows.written_days import written_day
from services.runtime.errors import FieldViolation, InvalidInput
from services.valuation.calibration.calibrated import Observation

MAX_BYTES = 20 * 1024 * 1024
MOST_MISTAKES = 20
COLUMNS = ("date", "value")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)


def read_series_file(path: Path) -> tuple[Observation, ...]:
    """The observations in order of time, whatever the order of the rows; empty rows are passed over.

    Raises:
        InvalidInput: naming file, row (the heading is row 1), column, what was found and what was expected.
    """
    rows = _rows(path)
    heading = [cell.strip().lower() for cell in rows[0][1]] if rows else []
    positions = [heading.index(name) if heading.count(name) == 1 else -1 for name in COLUMNS]
    if -1 in positions:
        shown = ", ".join(heading) or "nothing"
        raise InvalidInput.of(
            f"{path}: row 1", f"found {shown}, expected the columns date and value, each once"
        )
    mistakes: list[FieldViolation] = []
    row_of: dict[dt.date, int] = {}
    found: list[Observation] = []
    for number, cells in rows[1:]:
        texts = [cells[position].strip() if position < len(cells) else "" for position in positions]
        date, value = written_day(texts[0]), _value(texts[1])
        at = f"{path}: row {number}, column"
        if date is None:
            mistakes.append(_mistake(f"{at} date", texts[0], "a date such as 2026-08-21"))
        elif date in row_of:
            mistakes.append(_mistake(f"{at} date", f"{date}, as in row {row_of[date]}", "each date once"))
        else:
            row_of[date] = number
        if value is None:
            mistakes.append(_mistake(f"{at} value", texts[1], "a number above 0"))
        if date is not None and value is not None:
            found.append(Observation(date, value))
    if mistakes:
        raise InvalidInput.from_violations(mistakes[:MOST_MISTAKES] + _left_out(path, mistakes))
    return tuple(sorted(found, key=lambda observation: observation.date))


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """Rows that hold something, with the number of the line where each ends."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise InvalidInput.of(
                str(path), f"found {size / 1e6:.0f} MB, expected at most {MAX_BYTES / 1e6:.0f} MB"
            )
        text = path.read_text(encoding="utf-8-sig")
        reader = csv.reader(text.splitlines())
        return [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except OSError as error:
        raise InvalidInput.of(str(path), f"cannot be read: {error.strerror}, expected a CSV file") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput.of(str(path), f"is not a CSV file in UTF-8: {error}") from None


def _value(text: str) -> float | None:
    if _NUMBER.fullmatch(text) is None:
        return None
    value = float(text)
    return value if 0.0 < value < float("inf") else None


def _mistake(place: str, found: str, expected: str) -> FieldViolation:
    return FieldViolation(place, f"found {found or 'nothing'}, expected {expected}")


def _left_out(path: Path, mistakes: list[FieldViolation]) -> list[FieldViolation]:
    more = len(mistakes) - MOST_MISTAKES
    return [FieldViolation(str(path), f"and {more} more such places")] if more > 0 else []
