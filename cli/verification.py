"""Recomputes the published figures of data/reference."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.data_checks import DATA_FIGURES, recompute_from_data
from quant.published_figures.recompute import Check, recompute_table
from services.runtime.bundled import bundled
from services.runtime.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class TableCheck:
    """One published figure beside ours, and the table it is from."""

    table: str
    check: Check

    @property
    def passed(self) -> bool:
        """Whether both agree within the tolerance."""
        return self.check.passed


def verify(tables: Sequence[str] = ()) -> list[TableCheck]:
    """Recompute every figure of the tables, of all tables when none is named.

    Raises:
        InvalidInput: for a table that does not exist, naming those that do.
    """
    files = {path.stem: path for path in sorted(bundled("reference").glob("*.csv"))}
    unknown = [table for table in tables if table not in files]
    if unknown:
        raise InvalidInput.of("--table", f"found {', '.join(unknown)}, expected one of {', '.join(files)}")
    return [TableCheck(name, check) for name in tables or files for check in _checks(name, files[name])]


def _checks(table: str, path: Path) -> list[Check]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = _with_full_sources(list(csv.DictReader(file)))
    return recompute_from_data(table, rows) if table in DATA_FIGURES else recompute_table(table, rows)


def _with_full_sources(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The tables say "same" for the source of the row above; a reader of one line needs the source itself."""
    source = ""
    for row in rows:
        if row["source"].startswith("same"):
            row["source"] = source + row["source"].removeprefix("same")
        else:
            source = row["source"]
    return rows
