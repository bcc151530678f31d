"""How wide and how high texts stand in a workbook."""

import unicodedata

TEXT_SHEET_WIDTH = 130
LINE_HEIGHT = 14
_EMPTY_COLUMN_WIDTH = 9


def display_width(text: str) -> int:
    """Width in letters; a Chinese character is two wide."""
    return max(
        (
            sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in line)
            for line in text.split("\n")
        ),
        default=0,
    )


def lines_of(text: str, width: int) -> int:
    """Lines that a wrapped text takes in a column of a width."""
    return sum(max(1, -(-display_width(line) // width)) for line in text.split("\n"))


def with_empty_columns(widths: list[int]) -> list[int]:
    """The widths of a table's columns and of as many empty ones behind them as a text takes to read well."""
    missing = max(0, (TEXT_SHEET_WIDTH - sum(widths)) // _EMPTY_COLUMN_WIDTH)
    return [*widths, *[_EMPTY_COLUMN_WIDTH] * missing]
