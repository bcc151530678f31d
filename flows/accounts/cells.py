"""From text to numbers, dates and choices in canonical units: one cell at a time, no NaN, no guess."""

import datetime as dt
import functools
import math
import re
from csv import DictReader

from flows.accounts.columns import Column, Content
from flows.accounts.problems import CellError, shown
from flows.accounts.units import DATA_FOLDER, UnitError, factor_between
from flows.written_days import written_day

Value = str | float | dt.date | None

_NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)?(\.\d+)?([eE][+-]?\d{1,3})?")
# Printed at the end of a name, they point to a note below the table: 水源涵养①, 水源涵养*, 水源涵养[1].
_FOOTNOTE_MARK = re.compile(r"(\s*(?:[*＊†‡①-⑳]|\[\d{1,2}\]))+$")


def without_footnote_mark(text: str) -> str:
    """A name without the marks that point to notes below the table."""
    return _FOOTNOTE_MARK.sub("", text)


def read_cell(text: str, column: Column, stem: str, heading_unit: str = "", row_unit: str = "") -> Value:
    """The value of a cell in the column's unit; None where it is empty.

    Args:
        text: what the cell holds.
        column: what it should hold.
        stem: table, for the words that stand for a choice.
        heading_unit: unit that the heading states, empty where it states none.
        row_unit: unit that the row states, empty where it states none.

    Raises:
        CellError: if it is something else.
    """
    if not text:
        return None
    if column.content is Content.TEXT:
        return _label(text, column, stem)
    if column.content is Content.DATE:
        return _date(text, column)
    return _number(text, column) * _unit_factor(text, column, heading_unit, row_unit)


def _label(text: str, column: Column, stem: str) -> str:
    """The choice that a word stands for, or the text itself."""
    labels = _labels(stem, column.name)
    if not column.choices or text in labels or text in column.choices:
        return labels.get(text, text)
    name = without_footnote_mark(text)
    return labels.get(name, name) if name in labels or name in column.choices else text


def _number(text: str, column: Column) -> float:
    if column.is_share and text.endswith("%"):
        return _number(text.removesuffix("%").strip(), column) / 100.0
    if not any(character.isdigit() for character in text) or _NUMBER.fullmatch(text) is None:
        raise CellError(shown(text), column.expectation)
    value = float(text.replace(",", ""))
    if not math.isfinite(value):
        raise CellError(shown(text), column.expectation)
    return value


def _date(text: str, column: Column) -> dt.date:
    day = written_day(text)
    if day is None:
        raise CellError(shown(text), column.expectation)
    return day


def _unit_factor(text: str, column: Column, heading_unit: str, row_unit: str) -> float:
    if not column.unit:
        return 1.0
    try:
        if heading_unit and row_unit:
            ratio = factor_between(row_unit, heading_unit)
            if not math.isclose(ratio, 1.0, rel_tol=1e-12):
                converted = f"{text} {row_unit} are {_number(text, column) * ratio:g} {heading_unit}"
                raise CellError(f"{text} {row_unit}", f"{heading_unit} as the heading says ({converted})")
        stated = heading_unit or row_unit
        if not stated:
            raise CellError(f"{text} without a unit", f"a heading or a unit column that states {column.unit}")
        return factor_between(stated, column.unit)
    except UnitError as error:
        raise CellError(f"unit {row_unit or heading_unit!r}", str(error).partition("expected ")[2]) from None


@functools.cache
def _labels(stem: str, column: str) -> dict[str, str]:
    """Words of data/accounts/labels.csv that stand for a choice."""
    with (DATA_FOLDER / "labels.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["label"]: row["value"]
            for row in DictReader(file)
            if row["file"] == stem and row["column"] == column
        }
