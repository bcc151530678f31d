"""The account that an ingest writes: a tidy CSV that a refresh reads, with what it was made of beside it."""

import csv
import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path

from flows.reports.whole_files import replace_together

ACCOUNT_NAME, ORIGIN_NAME = "gep_account.csv", "gep_account.origin.json"
_COLUMNS = (
    "category",
    "service",
    "indicator_zh",
    "quantity",
    "quantity_unit",
    "unit_price",
    "price_unit",
    "value_1e8_cny",
)
_CNY_PER_1E8 = 1e8


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """One line; figures in the units that stand beside them, the value in CNY a year."""

    category: str
    service: str
    indicator: str
    quantity: float | None
    quantity_unit: str
    unit_price: float | None
    price_unit: str
    value_cny: float
    source: str


@dataclass(frozen=True, slots=True)
class WrittenAccount:
    """Where an account is and what it adds up to."""

    account: Path
    origin: Path
    total_cny: float


def write_account(
    entries: tuple[AccountEntry, ...], out_dir: Path, inputs: tuple[Path, ...]
) -> WrittenAccount:
    """Write the account and its origin, both or neither; the same entries and inputs give the same bytes.

    Raises:
        OSError: if the folder cannot be written or the disk is full.
    """
    origin = {
        "inputs": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in inputs},
        "sources": {entry.indicator: entry.source for entry in entries},
    }
    contents = {
        ACCOUNT_NAME: _as_csv(entries),
        ORIGIN_NAME: json.dumps(origin, ensure_ascii=False, indent=2, sort_keys=True).encode() + b"\n",
    }
    replace_together(out_dir, contents)
    total = sum(entry.value_cny for entry in entries)
    return WrittenAccount(out_dir / ACCOUNT_NAME, out_dir / ORIGIN_NAME, total)


def _as_csv(entries: tuple[AccountEntry, ...]) -> bytes:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(_COLUMNS)
    for entry in entries:
        lines.writerow(
            (
                entry.category,
                entry.service,
                entry.indicator,
                "" if entry.quantity is None else repr(entry.quantity),
                entry.quantity_unit,
                "" if entry.unit_price is None else repr(entry.unit_price),
                entry.price_unit,
                repr(entry.value_cny / _CNY_PER_1E8),
            )
        )
    return text.getvalue().encode("utf-8")
