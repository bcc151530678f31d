"""How figures are written: the one place where the report rounds."""

import datetime as dt
from decimal import Decimal

from flows.reports.bilingual import Bilingual
from flows.reports.document import Cell, CellValue, Column, ColumnKind, Measure

CNY_PER_WAN = 10_000
CNY_PER_YI = 100_000_000
NO_FIGURE = "—"

_USUAL_DECIMALS = {
    ColumnKind.WAN: 2,
    ColumnKind.YI: 2,
    ColumnKind.PERCENT: 1,
    ColumnKind.NUMBER: 2,
    ColumnKind.INTEGER: 0,
}
_UNIT = {ColumnKind.WAN: "万元", ColumnKind.YI: "亿元", ColumnKind.PERCENT: "%"}


def decimals_of(column: Column) -> int:
    """Digits after the point in a column."""
    return _USUAL_DECIMALS.get(column.kind, 0) if column.decimals is None else column.decimals


def unit_of(column: Column) -> str:
    """The unit that stands in the heading, empty for none."""
    return _UNIT.get(column.kind, column.unit)


def in_column_unit(value: float | Decimal, kind: ColumnKind) -> float | Decimal:
    """A value in the unit of its column; percent are times 100. Decimals stay exact."""
    if kind is ColumnKind.WAN:
        return value / CNY_PER_WAN
    if kind is ColumnKind.YI:
        return value / CNY_PER_YI
    if kind is ColumnKind.PERCENT:
        return value * 100
    return value


def written(value: float | Decimal, kind: ColumnKind, decimals: int) -> str:
    """A number as people read it: thousands apart, a true minus sign, no minus before a zero."""
    text = f"{in_column_unit(value, kind):,.{decimals}f}"
    if text.startswith("-"):
        text = text[1:] if not text.strip("-0.,") else "−" + text[1:]
    return text


def wan(value_cny: float | Decimal, decimals: int = 2) -> str:
    """An amount with its unit: "1,200.00 万元"."""
    return f"{written(value_cny, ColumnKind.WAN, decimals)} 万元"


def yi(value_cny: float | Decimal, decimals: int = 2) -> str:
    """An amount with its unit: "12.30 亿元"."""
    return f"{written(value_cny, ColumnKind.YI, decimals)} 亿元"


def percent(ratio: float | Decimal, decimals: int = 1) -> str:
    """A ratio as percent: "16.7%"."""
    return f"{written(ratio, ColumnKind.PERCENT, decimals)}%"


def in_wan(value_cny: float | Decimal, decimals: int = 2) -> Measure:
    """An amount that `figure_text` writes as `wan` does."""
    return Measure(float(value_cny), ColumnKind.WAN, decimals)


def in_yi(value_cny: float | Decimal, decimals: int = 2) -> Measure:
    """An amount that `figure_text` writes as `yi` does."""
    return Measure(float(value_cny), ColumnKind.YI, decimals)


def in_percent(ratio: float | Decimal, decimals: int = 1) -> Measure:
    """A ratio that `figure_text` writes as `percent` does."""
    return Measure(float(ratio), ColumnKind.PERCENT, decimals)


def in_count(number: int, unit: str = "") -> Measure:
    """How many; `of_all` says of how many."""
    return Measure(float(number), ColumnKind.INTEGER, 0, unit=unit)


def of_all(number: int, whole: int) -> Measure:
    """How many of how many: "12 / 15", of which a workbook holds the 12."""
    return in_count(number, f"/ {whole:,}")


def in_unit(number: float, unit: str, decimals: int, *, is_change: bool = False) -> Measure:
    """A number with its unit: "3.5 倍"."""
    return Measure(float(number), ColumnKind.NUMBER, decimals, is_change, unit)


def figure_text(value: str | Measure) -> str:
    """What page and PDF show of a key figure: the number with its unit, or the words as they are."""
    if isinstance(value, str):
        return value
    unit = _UNIT.get(value.kind, value.unit)
    space = " " if unit and value.kind is not ColumnKind.PERCENT else ""
    plus = "+" if value.is_change and value.value > 0.0 else ""
    return f"{plus}{written(value.value, value.kind, value.decimals)}{space}{unit}"


def cell_text(column: Column, cell: Cell) -> str:
    """What a numeric or date cell shows; text cells show their two languages themselves."""
    return plain_text(cell.value) if column.kind is ColumnKind.TEXT else _figure_text(column, cell.value)


def _figure_text(column: Column, value: CellValue) -> str:
    if isinstance(value, int | float | Decimal):
        return written(value, column.kind, decimals_of(column))
    return plain_text(value)


def plain_text(value: CellValue) -> str:
    """Any value as text on one line."""
    if value is None:
        return NO_FIGURE
    if isinstance(value, Bilingual):
        return value.inline()
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value)
