"""Rows of an import on their way into the store: kept on disk in chunks, told apart by their keys.

Nothing of an import holds the database while rows still arrive: a slow or broken sender keeps nobody waiting. Memory
holds one chunk and eight bytes a row.
"""

import datetime as dt
import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Any, Self, TypeAlias

import msgspec
import numpy as np

from services.loans import stored
from services.loans.collateral import Collateral
from services.loans.loan import Loan
from services.loans.reported.position import LoanMovement, LoanPosition
from services.runtime.errors import FieldViolation, InvalidInput

MAX_IMPORT_ROWS = 10_000_000
# Their loans are looked at before and after all of them, and so they are held together.
MAX_IMPORT_PLEDGES = 100_000
MAX_REPORTED = 1_000
_LENGTH_BYTES = 8

Row: TypeAlias = Loan | LoanPosition | LoanMovement | Collateral


class ImportKind(StrEnum):
    """What an import brings."""

    LOANS = "loans"
    POSITIONS = "positions"
    MOVEMENTS = "movements"
    PLEDGES = "pledges"
    BOOK = "book"  # rows of all of them


ROW_KINDS = (ImportKind.LOANS, ImportKind.POSITIONS, ImportKind.MOVEMENTS, ImportKind.PLEDGES)
"""Kinds of rows, in the order in which they are written: what a row needs is there before it."""


@dataclass(frozen=True, slots=True)
class ImportHeader:
    """What an import is.

    Attributes:
        request_id: chosen by the caller.
        kind: what the rows are.
        as_of: business date of the states of loans, None for the other kinds; a book may do without where it has none.
    """

    request_id: str
    kind: ImportKind
    as_of: dt.date | None

    @property
    def row_kinds(self) -> tuple[ImportKind, ...]:
        """Kinds of rows that may come."""
        return ROW_KINDS if self.kind is ImportKind.BOOK else (self.kind,)

    def rows_of(self, kind: ImportKind) -> str:
        """Name of the rows of a kind in messages: `rows[3]`, in a book `positions[3]`."""
        return kind.value if self.kind is ImportKind.BOOK else "rows"


class Intake:
    """Rows that have arrived; a context manager that drops the file they are kept in.

    Args:
        header: of the import.
    """

    def __init__(self, header: ImportHeader) -> None:
        self.header = header
        self.request_id = header.request_id
        self.n_rows = dict.fromkeys(header.row_kinds, 0)
        self.has_reversals = False
        # Closed by the context manager that this object is.
        self._file = tempfile.TemporaryFile(prefix="ecopledge-import-")  # noqa: SIM115
        self._digests = {kind: hashlib.sha256(f"{kind}|{header.as_of}".encode()) for kind in header.row_kinds}
        self._key_hashes: dict[ImportKind, list[np.ndarray[Any, np.dtype[np.int64]]]] = {
            kind: [] for kind in header.row_kinds
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, kind: ImportKind, rows: Sequence[Row]) -> None:
        """Keep the rows of a chunk, all of one kind."""
        packed = [msgspec.msgpack.encode(_packed(row)) for row in rows]
        self._digests[kind].update(b"".join(packed))
        self._key_hashes[kind].append(np.array([hash(_key(row)) for row in rows], dtype=np.int64))
        chunk = msgspec.msgpack.encode(packed)
        self._file.write(bytes([ROW_KINDS.index(kind)]) + len(chunk).to_bytes(_LENGTH_BYTES, "little"))
        self._file.write(chunk)
        self.n_rows[kind] += len(rows)
        self.has_reversals |= any(map(is_reversal, rows))

    def SerializeToString(self, *, deterministic: bool = True) -> bytes:  # noqa: ARG002, N802  # as a message has it
        """What equal imports have in common, however their rows were cut into chunks."""
        # A book without pledges is what it was before books could have them.
        kinds = [kind for kind in self._digests if kind is not ImportKind.PLEDGES or self.n_rows[kind] > 0]
        return b"".join(self._digests[kind].digest() for kind in kinds)

    def check_once(self) -> None:
        """Refuse an import in which a key comes twice.

        Raises:
            InvalidInput: naming the rows.
        """
        found = [violation for kind in self.header.row_kinds for violation in self._repeated(kind)]
        if found:
            raise InvalidInput.from_violations(found[:MAX_REPORTED])

    def chunks(self, kind: ImportKind) -> Iterator[tuple[int, list[Row]]]:
        """The rows of a kind as they arrived, each chunk with the number of its first row."""
        for begin, packed in self._packed_chunks(kind):
            yield begin, [_unpacked(kind, row) for row in packed]

    def texts(self) -> Iterator[dict[str, str]]:
        """Loans as their stored texts by id, chunk by chunk."""
        for _, packed in self._packed_chunks(ImportKind.LOANS):
            yield dict(msgspec.msgpack.decode(row, type=tuple[str, str]) for row in packed)

    def _repeated(self, kind: ImportKind) -> list[FieldViolation]:
        hashes = np.concatenate([np.zeros(0, dtype=np.int64), *self._key_hashes[kind]])
        values, counts = np.unique(hashes, return_counts=True)
        suspected = set(values[counts > 1].tolist())
        if not suspected:
            return []
        rows_name = self.header.rows_of(kind)
        first: dict[tuple[str, ...], int] = {}
        found: list[FieldViolation] = []
        for begin, rows in self.chunks(kind):
            for i, row in enumerate(rows, start=begin):
                key = _key(row)
                if hash(key) in suspected and first.setdefault(key, i) != i and len(found) < MAX_REPORTED:
                    earlier = f"{rows_name}[{first[key]}]"
                    found.append(
                        FieldViolation(f"{rows_name}[{i}]", f"found {' '.join(key)} again after {earlier}")
                    )
        return found

    def _packed_chunks(self, kind: ImportKind) -> Iterator[tuple[int, list[bytes]]]:
        self._file.seek(0)
        begin = 0
        while header := self._file.read(1 + _LENGTH_BYTES):
            n_bytes = int.from_bytes(header[1:], "little")
            if ROW_KINDS[header[0]] is not kind:
                self._file.seek(n_bytes, os.SEEK_CUR)
                continue
            packed = msgspec.msgpack.decode(self._file.read(n_bytes), type=list[bytes])
            yield begin, packed
            begin += len(packed)


def is_reversal(row: Row) -> bool:
    """Whether a row is a movement that withdraws another."""
    return isinstance(row, LoanMovement) and bool(row.reverses)


def _key(row: Row) -> tuple[str, ...]:
    if isinstance(row, LoanMovement):
        return (row.movement_id,)
    if isinstance(row, LoanPosition):
        return (row.loan_id, row.as_of.isoformat())
    if isinstance(row, Collateral):
        return (row.collateral_id,)
    return (row.loan_id,)


def _packed(row: Row) -> Any:
    """What is kept of a row: a loan and a pledge as they will be stored, the others as they are."""
    if isinstance(row, Loan):
        return row.loan_id, stored.loan_to_text(row)
    return stored.collateral_to_text(row) if isinstance(row, Collateral) else row


def _unpacked(kind: ImportKind, packed: bytes) -> Row:
    match kind:
        case ImportKind.POSITIONS:
            return msgspec.msgpack.decode(packed, type=LoanPosition)
        case ImportKind.MOVEMENTS:
            return msgspec.msgpack.decode(packed, type=LoanMovement)
        case ImportKind.PLEDGES:
            return stored.collateral_from_text(msgspec.msgpack.decode(packed, type=str))
        case _:
            return stored.loan_from_text(msgspec.msgpack.decode(packed, type=tuple[str, str])[1])
