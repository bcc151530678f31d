"""What was refused, kept for the one who must mend it: every problem with its place, and the rows as they were."""

import csv
import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from flows.accounts.attribute_tables import VECTOR_SUFFIXES
from flows.accounts.problems import CellViolation
from flows.accounts.tables import SUFFIXES, read_table
from flows.reports.whole_files import replace_together
from services.runtime.errors import FieldViolation, InvalidInput

PROBLEMS_NAME, ROWS_NAME, WORDS_NAME = "problems.csv", "rows.csv", "README.txt"


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Where the refusal is kept.

    Attributes:
        folder: of this refusal; the same refusal of the same files has the same folder.
        n_problems, n_rows: what it holds.
    """

    folder: Path
    n_problems: int
    n_rows: int


def quarantine(error: InvalidInput, inputs: Path, out_dir: Path) -> Quarantined:
    """Keep a refusal.

    Args:
        error: of the ingest, nothing of which was stored.
        inputs: folder or file that was refused; it is left as it is.
        out_dir: under which quarantine/<hash>/ is made.

    Raises:
        OSError: if the folder cannot be written or the disk is full.
    """
    rows = list(_rows(error.violations, inputs))
    contents = {
        PROBLEMS_NAME: _as_csv(
            ("file", "sheet", "row", "column", "found", "expected"), map(_cells, error.violations)
        ),
        ROWS_NAME: _as_csv(("file", "row", "cells"), rows),
        WORDS_NAME: _words(error, inputs).encode(),
    }
    digest = hashlib.sha256(b"\0".join(contents[name] for name in sorted(contents))).hexdigest()
    folder = out_dir / "quarantine" / digest[:16]
    replace_together(folder, contents)
    return Quarantined(folder, len(error.violations), len(rows))


def _cells(found: FieldViolation) -> tuple[str, ...]:
    if isinstance(found, CellViolation):
        row = "" if found.row is None else str(found.row)
        return (found.file, found.sheet, row, found.column, found.found, found.expected)
    return (found.field, "", "", "", found.description, "")


def _rows(violations: Iterable[FieldViolation], inputs: Path) -> Iterable[tuple[str, ...]]:
    """The refused rows, once each, in order of file and row; the first row of a file beside them for its headings."""
    wanted: dict[tuple[str, str], set[int]] = {}
    for found in violations:
        if isinstance(found, CellViolation) and found.row is not None:
            wanted.setdefault((found.file, found.sheet), set()).add(found.row)
    for name, sheet in sorted(wanted):
        path = inputs / name if inputs.is_dir() else inputs
        if not path.is_file() or path.suffix not in (*SUFFIXES, *VECTOR_SUFFIXES):
            continue
        try:
            table = read_table(path, sheet)
        except InvalidInput:
            continue
        for position, row in enumerate(table.rows):
            if position == 0 or row.number in wanted[name, sheet]:
                yield (name, str(row.number), *row.cells)


def _words(error: InvalidInput, inputs: Path) -> str:
    lines = [
        f"{inputs.name}: 未采用，未存任何数据 · refused as a whole, nothing was stored",
        f"{PROBLEMS_NAME}: 每个问题的位置、实际内容、应有内容 · every problem: place, found, expected",
        f"{ROWS_NAME}: 有问题的行原样（及表头） · the rows with problems as they were, and the headings",
        "",
        *(str(found) for found in error.violations),
    ]
    return "\n".join(lines) + "\n"


def _as_csv(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> bytes:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(headings)
    lines.writerows(rows)
    # With a byte-order mark, so that a spreadsheet shows Chinese.
    return text.getvalue().encode("utf-8-sig")
