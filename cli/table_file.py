"""Reads tables from CSV files; every mistake is named with file, row and column, and all of them are told at once."""

import csv
import datetime as dt
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar

from flows.written_days import written_day
from services.runtime.errors import FieldViolation, InvalidInput

MAX_BYTES = 20 * 1024 * 1024
MOST_MISTAKES = 20
_AMOUNT = re.compile(r"[+-]?\d{1,3}(,?\d{3})*(\.\d+)?|[+-]?\d+(\.\d+)?", re.ASCII)
_YES, _NO = {"1", "yes", "true", "是"}, {"", "0", "no", "false", "否"}

V = TypeVar("V")


class Mistakes:
    """Collects what is wrong with a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._found: list[FieldViolation] = []

    def add(self, row: int, column: str, found: str, expected: str) -> None:
        """Note one; the heading is row 1."""
        place = f"{self.path}: row {row}, column {column}"
        self._found.append(FieldViolation(place, f"found {found or 'nothing'}, expected {expected}"))

    def raise_if_any(self) -> None:
        """End the reading.

        Raises:
            InvalidInput: with all mistakes, when there is one; of very many the first ones.
        """
        if self._found:
            more = len(self._found) - MOST_MISTAKES
            left = [FieldViolation(str(self.path), f"and {more} more such places")] if more > 0 else []
            raise InvalidInput.from_violations(self._found[:MOST_MISTAKES] + left)


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row with its number and the text of its columns; a column that the file does not have is ""."""

    number: int
    cells: Mapping[str, str]
    mistakes: Mistakes

    def text(self, column: str, *, required: bool = True) -> str:
        """The text, "" noted where it is required."""
        found = self.cells.get(column, "")
        if required and not found:
            self.mistakes.add(self.number, column, "", "a text")
        return found

    def amount(self, column: str, *, default: Decimal | None = None) -> Decimal:
        """An amount of 0 or more with at most two decimals; 0 after noting another."""
        text = self.cells.get(column, "")
        if not text and default is not None:
            return default
        return self._read(column, _amount, "an amount of 0 or more with at most two decimals", Decimal(0))

    def number_above_zero(self, column: str) -> float:
        """A number above 0; 1 after noting another."""
        return self._read(column, _positive, "a number above 0", 1.0)

    def date(self, column: str) -> dt.date:
        """A day; the first day there is after noting another."""
        return self._read(column, written_day, "a date such as 2026-08-21", dt.date.min)

    def year(self, column: str) -> int:
        """A year of a fund, 0 or more."""
        return self._read(column, _year, "a whole number of years from the first closing, 0 to 100", 0)

    def flag(self, column: str) -> bool:
        """Yes or no; no where nothing stands."""
        return self._read(column, _flag, "yes or no", False)

    def one_of(self, column: str, known: Mapping[str, V], default: V) -> V:
        """One of some words; the default after noting another."""
        return self._read(column, lambda text: known.get(text.lower()), " or ".join(known), default)

    def _read(self, column: str, read: Callable[[str], V | None], expected: str, default: V) -> V:
        text = self.cells.get(column, "")
        value = read(text)
        if value is None:
            self.mistakes.add(self.number, column, text, expected)
            return default
        return value


def read_table(path: Path, required: Sequence[str], optional: Collection[str] = ()) -> list[TableRow]:
    """The rows that hold something; columns in any order, each once, no others.

    Raises:
        InvalidInput: the file cannot be read, or its heading is wrong.
    """
    rows = _rows(path)
    heading = [cell.strip().lower() for cell in rows[0][1]] if rows else []
    missing = [name for name in required if heading.count(name) != 1]
    unknown = [name for name in heading if name and name not in {*required, *optional}]
    if missing or unknown or len(set(heading)) < len(heading):
        known = ", ".join(required) + (f" and, if wanted, {', '.join(sorted(optional))}" if optional else "")
        shown = ", ".join(heading) or "nothing"
        raise InvalidInput.of(f"{path}: row 1", f"found {shown}, expected the columns {known}, each once")
    mistakes = Mistakes(path)
    return [
        TableRow(number, {name: cell.strip() for name, cell in zip(heading, cells, strict=False)}, mistakes)
        for number, cells in rows[1:]
    ]


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            found = f"found {size / 1e6:.0f} MB, expected at most {MAX_BYTES / 1e6:.0f} MB"
            raise InvalidInput.of(str(path), found)
        reader = csv.reader(path.read_text(encoding="utf-8-sig").splitlines())
        return [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except OSError as error:
        raise InvalidInput.of(str(path), f"cannot be read: {error.strerror}, expected a CSV file") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput.of(str(path), f"is not a CSV file in UTF-8: {error}") from None


def _amount(text: str) -> Decimal | None:
    if _AMOUNT.fullmatch(text) is None:
        return None
    try:
        value = Decimal(text.replace(",", ""))
    except InvalidOperation:
        return None
    return value if value >= 0 and value == round(value, 2) else None


def _positive(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0.0 < value < float("inf") else None


def _year(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\d{1,3}", text, re.ASCII) and int(text) <= 100 else None


def _flag(text: str) -> bool | None:
    word = text.lower()
    return True if word in _YES else False if word in _NO else None
