"""The tables beside the workbook, for programs and spreadsheets: every line, every break, every difference, in 元."""

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from flows.reports.statistics_workbook.figures import cny
from flows.reports.statistics_workbook.names import Names
from services.loans.statistics.differences import VersionDifferences
from services.loans.statistics.result import CLASSES, QuarterStatistics

# A cell that begins so is a formula to a spreadsheet; an apostrophe keeps it a text.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_AMOUNTS = ("opening", "drawn", "repaid", "prepaid", "written_off", "closing")
_HISTORY = ("year_begin", "year_before")
_COUNTS = ("n_loans", "n_borrowers", "n_loans_drawn")
LINE_COLUMNS = (
    "period", "grouping", "key_1", "key_2", "name_zh",
    *(f"{name}_cny" for name in _AMOUNTS),
    *(f"{quality or 'unclassified'}_cny" for quality in CLASSES),
    *(f"{name}_cny" for name in _HISTORY),
    *_COUNTS,
    "rate_annual",
)  # fmt: skip
BREAK_COLUMNS = ("check", "loan_id", "about", "amount_cny", *(f"{name}_cny" for name in _AMOUNTS))
DIFFERENCE_COLUMNS = ("grouping", "key_1", "key_2", "figure", "unit", "before", "after", "difference")


def lines_csv(statistics: QuarterStatistics, names: Names) -> bytes:
    """Every line of every grouping."""
    return _csv(LINE_COLUMNS, _line_rows(statistics, names))


def breaks_csv(statistics: QuarterStatistics) -> bytes:
    """Every loan behind a break."""
    return _csv(
        BREAK_COLUMNS,
        (
            (
                found.kind.value,
                found.loan_id,
                found.about,
                cny(found.amount_cents),
                *(cny(getattr(found, f"{name}_cents")) for name in _AMOUNTS),
            )
            for found in statistics.breaks
        ),
    )


def differences_csv(found: VersionDifferences) -> bytes:
    """Every figure that changed."""
    rows = []
    for item in found.figures:
        is_amount = "cents" in item.figure
        values: list[Decimal | float | None] = [item.before, item.after, item.difference]
        if is_amount:
            values = [
                None if value is None else cny(round(value))
                for value in (item.before, item.after, item.difference)
            ]
        rows.append(
            (
                item.grouping.value,
                *_two(item.keys),
                item.figure.replace("_cents", ""),
                "CNY" if is_amount else "",
                *values,
            )
        )
    return _csv(DIFFERENCE_COLUMNS, rows)


def _line_rows(statistics: QuarterStatistics, names: Names) -> Iterable[Sequence[Any]]:
    for table in statistics.tables:
        for line in table.lines:
            history = (getattr(line, f"{name}_cents") for name in _HISTORY)
            yield (
                str(statistics.quarter),
                table.grouping.value,
                *_two(line.keys),
                " · ".join(name.zh for name in names.of_keys(table.grouping, line.keys)),
                *(cny(getattr(line, f"{name}_cents")) for name in _AMOUNTS),
                *(cny(cents) for cents in line.class_cents),
                *(None if cents is None else cny(cents) for cents in history),
                *(getattr(line, name) for name in _COUNTS),
                line.rate_annual,
            )


def _two(keys: tuple[str, ...]) -> tuple[str, str]:
    first, second, *_ = (*keys, "", "")
    return first, second


def _csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A table as CSV; the mark at its start tells a spreadsheet that it is UTF-8, without which Chinese is garbled."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value
