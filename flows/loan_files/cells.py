"""From the cells of a column to values: each different cell is read once, every cell that is wrong is told."""

import csv
import datetime as dt
import functools
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from flows.accounts.problems import CellError, shown
from flows.accounts.units import UnitError, factor_between
from flows.loan_files.columns import Content, FileColumn
from flows.loan_files.tables import is_inexact, text_of
from flows.written_days import written_day
from services.runtime.bundled import BUNDLED_DATA
from services.runtime.printed_text import unprinted_character

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

LOANS_DATA = BUNDLED_DATA / "loans"
_PERCENT = "%"
_PAIR = re.compile(r"\s*([^:：;；\s]+)\s*[:：]\s*([^:：;；]+)\s*")


@dataclass(frozen=True, slots=True, eq=False)
class ReadColumn:
    """A column that was read.

    Attributes:
        cells: one value a row, None where the cell is empty or wrong.
        wrong: rows from 0 of wrong cells, with what was found and expected.
    """

    cells: "np.ndarray[Any, np.dtype[np.object_]]"
    wrong: tuple[tuple[int, CellError], ...]


def read_column(cells: "pd.Series[Any]", column: FileColumn, unit: str) -> ReadColumn:
    """Read the cells of a column; `unit` is what the heading states, empty where it states none.

    Raises:
        CellError: the whole column is wrong: its unit, or lists where a cell should be.
    """
    import numpy as np  # noqa: PLC0415  # the command line must answer before numpy is loaded
    import pandas as pd  # noqa: PLC0415

    try:
        codes, different = pd.factorize(cells, use_na_sentinel=False)
    except TypeError:  # what can be changed has no hash: lists and structs of a Parquet file
        raise CellError("lists or structs", "one value in each cell") from None
    factor = _factor(unit, column)
    expected = column.expected_in(unit, float(factor))
    read = _reader(column, factor, expected)
    values = np.empty(len(different), dtype=object)
    errors: dict[int, CellError] = {}
    for k, cell in enumerate(different):
        text = ""
        try:
            text = _as_written(cell, column)
            values[k] = read(text) if text else None
        except CellError as error:
            errors[k] = error
            continue
        if not text and column.required:
            errors[k] = CellError("nothing", expected)
    wrong = [
        (int(row), errors[int(codes[row])]) for row in np.flatnonzero(np.isin(codes, list(errors)))
    ] if errors else []  # fmt: skip
    return ReadColumn(values[codes], tuple(wrong))


def _as_written(cell: Any, column: FileColumn) -> str:
    """The text of a cell.

    Raises:
        CellError: a number or bytes that are no longer what somebody wrote as a text.
    """
    if isinstance(cell, str):
        return cell.strip()
    if column.content is Content.TEXT:
        if isinstance(cell, bytes):
            raise CellError(shown(str(cell)), "text, not bytes")
        if is_inexact(cell):
            raise CellError(f"the number {cell:.15g}", "the number as text: only 15 of its digits are kept")
    if column.content is Content.MONEY and isinstance(cell, float) and math.isfinite(cell):
        return f"{cell:.15g}"  # 3300.2999999999997 is what a computer makes of 3300.30
    return text_of(cell)


def _reader(column: FileColumn, factor: Decimal, expected: str) -> Callable[[str], Any]:
    match column.content:
        case Content.TEXT:
            return _text
        case Content.DATE:
            return functools.partial(_date, column)
        case Content.CHOICE | Content.YES:
            return functools.partial(_choice, column)
        case Content.PAIRS:
            return functools.partial(_pairs, column)
        case Content.MONEY:
            return functools.partial(_money, column, factor, expected)
        case _:
            return functools.partial(_number, column, factor, expected)


def _factor(unit: str, column: FileColumn) -> Decimal:
    """How many of the column's unit one of the heading's is."""
    if column.unit == "1":
        return Decimal("0.01") if unit == _PERCENT else Decimal(1)
    if not unit or not column.unit:
        return Decimal(1)
    try:
        return Decimal(repr(factor_between(unit, column.unit)))
    except UnitError as error:
        raise CellError(f"unit {unit!r}", str(error).partition("expected ")[2]) from error


def _text(text: str) -> str:
    unprinted = unprinted_character(text)
    if unprinted:
        raise CellError(f"{shown(text)} with the character {unprinted}", "characters that can be printed")
    return text


def _date(column: FileColumn, text: str) -> dt.date:
    day = written_day(text)
    if day is None:
        raise CellError(shown(text), column.expectation)
    return day


def _decimal(column: FileColumn, text: str, factor: Decimal, expected: str) -> Decimal:
    try:
        value = Decimal(text.replace(",", "").replace("，", "")) * factor
    except InvalidOperation:
        raise CellError(shown(text), expected) from None
    low, high = (-math.inf, math.inf) if column.low is None else (column.low, column.high or math.inf)
    if not value.is_finite():
        raise CellError(shown(text), expected)
    if not low <= value <= high:
        per_cent = column.unit == "1" and factor == 1 and value > 1
        hint = "; a heading with (%) says that it is in per cent" if per_cent else ""
        raise CellError(shown(text), expected + hint)
    return value


def _money(column: FileColumn, factor: Decimal, expected: str, text: str) -> Decimal:
    value = _decimal(column, text, factor, expected)
    if value != round(value, 2):
        raise CellError(f"{shown(text)}, which is {value.normalize():f} CNY", expected)
    return round(value, 2)


def _number(column: FileColumn, factor: Decimal, expected: str, text: str) -> float | int:
    value = _decimal(column, text, factor, expected)
    if column.content is Content.WHOLE:
        if value != int(value):
            raise CellError(shown(text), expected)
        return int(value)
    return float(value)


def _choice(column: FileColumn, text: str) -> str | bool:
    labels = _labels(column.labels if column.content is Content.CHOICE else "yes")
    value = labels.get(text, text)
    if column.content is Content.YES:
        if value not in {"true", "false"}:
            raise CellError(shown(text), column.expectation)
        return value == "true"
    if value not in column.choices:
        raise CellError(shown(text), column.expectation)
    return value


def _pairs(column: FileColumn, text: str) -> tuple[tuple[str, float], ...]:
    """Pairs in order, the names as they are written."""
    pairs = []
    for part in re.split(r"[;；]", text.strip(";； ")):
        match = _PAIR.fullmatch(part)
        number = math.nan if match is None else _float(match[2])
        if match is None or not math.isfinite(number):
            raise CellError(shown(text), column.expectation)
        pairs.append((match[1], number))
    return tuple(pairs)


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


@functools.cache
def _labels(column: str) -> dict[str, str]:
    """Words of data/loans/labels.csv that stand for a choice."""
    with (LOANS_DATA / "labels.csv").open(encoding="utf-8", newline="") as file:
        return {row["label"]: row["value"] for row in csv.DictReader(file) if row["column"] == column}


def none_columns(names: Sequence[str], n_rows: int) -> dict[str, "np.ndarray[Any, np.dtype[np.object_]]"]:
    """Columns that a file does not have: None in every row."""
    import numpy as np  # noqa: PLC0415

    nothing = np.full(n_rows, None, dtype=object)
    return dict.fromkeys(names, nothing)
