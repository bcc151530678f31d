"""Merged cells of a workbook's sheet: only the first of them holds a value, the others would be read as empty."""

import re
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

from flows.accounts.problems import Problem, refusal

if TYPE_CHECKING:
    from flows.loan_files.tables import CellTable

_MERGED = re.compile(rb"""<(?:\w+:)?mergeCell\s+ref=["']([A-Z]+\d+:[A-Z]+\d+)["']""")
_CHUNK_BYTES = 1 << 20
# A chunk may end within a match.
_OVERLAP_BYTES = 100


def merged_ranges(path: Path, sheet_member: str) -> tuple[str, ...]:
    """Ranges such as "A2:A3" that a sheet merges.

    Args:
        path: of the workbook.
        sheet_member: name of the sheet's part within it. A workbook that is read row by row does not tell the
            ranges, and one that is held in memory whole is no way to read a large book.
    """
    found: dict[str, None] = {}
    with ZipFile(path) as archive, archive.open(sheet_member.lstrip("/")) as part:
        rest = b""
        while chunk := part.read(_CHUNK_BYTES):
            text = rest + chunk
            found |= dict.fromkeys(match[1].decode("ascii") for match in _MERGED.finditer(text))
            rest = text[-_OVERLAP_BYTES:]
    return tuple(found)


def refuse_merged(table: "CellTable", positions: "set[int]") -> None:
    """Refuse merged cells in the rows below the headings, in columns that are read.

    What they mean is not told: a county merged over two rows is that of both, an amount is not.

    Args:
        table: with its merged ranges.
        positions: of the columns, from 0.

    Raises:
        InvalidInput: naming every range.
    """
    from openpyxl.utils.cell import range_boundaries  # noqa: PLC0415  # only workbooks need it

    numbers, problems = set(table.numbers), []
    for merged in table.merged:
        left, top, right, bottom = (value or 0 for value in range_boundaries(merged))
        rows = range(max(top, table.heading_row + 1), bottom + 1)
        if not positions.isdisjoint(range(left - 1, right)) and not numbers.isdisjoint(rows):
            expected = "a value of its own in each cell below the headings"
            problems.append(Problem(table.file, f"merged cells {merged}", expected, table.sheet, rows[0]))
    if problems:
        raise refusal(problems)
