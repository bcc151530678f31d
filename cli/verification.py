"""Recomputes the published figures of data/reference."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from quant.reference import Check, recompute_table
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
        rows = list(csv.DictReader(file))
    return _gep_identity(rows) if table == "gep_identity" else recompute_table(table, rows)


def _gep_identity(rows: list[dict[str, str]]) -> list[Check]:
    """The class totals of the Garze account, summed from its lines."""
    from flows.accounts.reconciliation import class_totals_1e8_cny

    totals = class_totals_1e8_cny(bundled("gep_account_garze_2010.csv"))
    return [
        Check(
            row["case"],
            float(row["expected_1e8_cny"]),
            totals[row["case"].removeprefix("garze_2010_")],
            float(row["tolerance"]),
            row["source"],
        )
        for row in rows
    ]
