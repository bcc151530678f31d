"""Rows of an import on their way into the store: kept on disk in chunks, told apart by their keys, written at the end.

Nothing of an import holds the database while rows still arrive: a slow or broken sender keeps nobody waiting. Memory
holds one chunk and eight bytes a row.
"""

import datetime as dt
import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Any, Self, TypeAlias

import msgspec
import numpy as np

from services.loans import stored
from services.loans.loan import Loan, PutCounts
from services.loans.position import LoanMovement, LoanPosition
from services.loans.repository import LoanStore
from services.loans.reversals import reversal_violations
from services.runtime.errors import FieldViolation, InvalidInput

MAX_IMPORT_ROWS = 10_000_000
MAX_REPORTED = 1_000
_LENGTH_BYTES = 8

Row: TypeAlias = Loan | LoanPosition | LoanMovement


class ImportKind(StrEnum):
    """What an import brings."""

    LOANS = "loans"
    POSITIONS = "positions"
    MOVEMENTS = "movements"


@dataclass(frozen=True, slots=True)
class ImportHeader:
    """What an import is.

    Attributes:
        request_id: chosen by the caller.
        kind: what the rows are.
        as_of: business date of the states of loans, None for the other kinds.
    """

    request_id: str
    kind: ImportKind
    as_of: dt.date | None


class Intake:
    """Rows that have arrived; a context manager that drops the file they are kept in.

    Args:
        header: of the import.
    """

    def __init__(self, header: ImportHeader) -> None:
        self.header = header
        self.request_id = header.request_id
        self.n_rows = 0
        self.has_reversals = False
        # Closed by the context manager that this object is.
        self._file = tempfile.TemporaryFile(prefix="ecopledge-import-")  # noqa: SIM115
        self._digest = hashlib.sha256(f"{header.kind}|{header.as_of}".encode())
        self._key_hashes: list[np.ndarray[Any, np.dtype[np.int64]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, rows: Sequence[Row]) -> None:
        """Keep the rows of a chunk."""
        packed = [msgspec.msgpack.encode(_packed(row)) for row in rows]
        self._digest.update(b"".join(packed))
        self._key_hashes.append(np.array([hash(_key(row)) for row in rows], dtype=np.int64))
        chunk = msgspec.msgpack.encode(packed)
        self._file.write(len(chunk).to_bytes(_LENGTH_BYTES, "little"))
        self._file.write(chunk)
        self.n_rows += len(rows)
        self.has_reversals |= any(map(_is_reversal, rows))

    def SerializeToString(self, *, deterministic: bool = True) -> bytes:  # noqa: ARG002, N802  # as a message has it
        """What equal imports have in common, however their rows were cut into chunks."""
        return self._digest.digest()

    def check_once(self) -> None:
        """Refuse an import in which a key comes twice.

        Raises:
            InvalidInput: naming the rows.
        """
        hashes = np.concatenate(self._key_hashes) if self._key_hashes else np.zeros(0, dtype=np.int64)
        values, counts = np.unique(hashes, return_counts=True)
        suspected = set(values[counts > 1].tolist())
        if not suspected:
            return
        first: dict[tuple[str, ...], int] = {}
        found: list[FieldViolation] = []
        for begin, rows in self.chunks():
            for i, row in enumerate(rows, start=begin):
                key = _key(row)
                if hash(key) in suspected and first.setdefault(key, i) != i and len(found) < MAX_REPORTED:
                    found.append(
                        FieldViolation(f"rows[{i}]", f"found {' '.join(key)} again after rows[{first[key]}]")
                    )
        if found:
            raise InvalidInput.from_violations(found)

    def chunks(self) -> Iterator[tuple[int, list[Row]]]:
        """The rows as they arrived, each chunk with the number of its first row."""
        for begin, packed in self._packed_chunks():
            yield begin, [_unpacked(self.header.kind, row) for row in packed]

    def texts(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Loans as their stored texts by id, each chunk with the number of its first row."""
        for begin, packed in self._packed_chunks():
            yield begin, dict(msgspec.msgpack.decode(row, type=tuple[str, str]) for row in packed)

    def _packed_chunks(self) -> Iterator[tuple[int, list[bytes]]]:
        self._file.seek(0)
        begin = 0
        while header := self._file.read(_LENGTH_BYTES):
            packed = msgspec.msgpack.decode(
                self._file.read(int.from_bytes(header, "little")), type=list[bytes]
            )
            yield begin, packed
            begin += len(packed)


def write_import(
    store: LoanStore, intake: Intake, check_alive: Callable[[], None] = lambda: None
) -> PutCounts:
    """Write the rows of an import in the transaction of the store.

    Args:
        store: to write to; what is raised must end its transaction.
        intake: all rows, each key once.
        check_alive: called between chunks; what it raises ends the import.

    Raises:
        InvalidInput: naming the rows whose loan does not exist.
    """
    total = PutCounts(0, 0, 0)
    if intake.header.kind is ImportKind.LOANS:
        as_of = intake.header.as_of
        assert as_of is not None  # noqa: S101  # a header of loans without it is refused; tells mypy
        for _, texts in intake.texts():
            check_alive()
            total = total.plus(store.put_loan_texts(as_of, texts))
        return total
    wrong: list[FieldViolation] = []
    # What is reversed may stand below its reversal in a file.
    for are_reversals in (False, True) if intake.has_reversals else (False,):
        for begin, rows in intake.chunks():
            check_alive()
            chosen = {i: row for i, row in enumerate(rows, start=begin) if _is_reversal(row) == are_reversals}
            wrong += _wrong(store, chosen)
            if not wrong:
                total = total.plus(_record(store, list(chosen.values())))
            elif len(wrong) > MAX_REPORTED:
                break
        if wrong:
            raise InvalidInput.from_violations(wrong[:MAX_REPORTED])
    return total


def _record(store: LoanStore, rows: Sequence[Row]) -> PutCounts:
    positions = [row for row in rows if isinstance(row, LoanPosition)]
    if positions:
        return store.record_positions(positions)
    return store.record_movements([row for row in rows if isinstance(row, LoanMovement)])


def _is_reversal(row: Row) -> bool:
    return isinstance(row, LoanMovement) and bool(row.reverses)


def _wrong(store: LoanStore, rows: Mapping[int, Row]) -> list[FieldViolation]:
    """What is wrong with rows, by number, beside what is stored: unknown loans, reversals that do not agree."""
    missing = set(store.unknown_loans(row.loan_id for row in rows.values()))
    found = [
        FieldViolation(f"rows[{i}].loan_id", f"found {row.loan_id!r}, expected a loan that exists")
        for i, row in rows.items()
        if row.loan_id in missing
    ]
    movements = {i: row for i, row in rows.items() if isinstance(row, LoanMovement)}
    numbers = list(movements)
    return found + reversal_violations(store, list(movements.values()), lambda i: f"rows[{numbers[i]}]")


def _key(row: Row) -> tuple[str, ...]:
    if isinstance(row, LoanMovement):
        return (row.movement_id,)
    if isinstance(row, LoanPosition):
        return (row.loan_id, row.as_of.isoformat())
    return (row.loan_id,)


def _packed(row: Row) -> Any:
    """What is kept of a row: a loan as it will be stored, the others as they are."""
    return (row.loan_id, stored.loan_to_text(row)) if isinstance(row, Loan) else row


def _unpacked(kind: ImportKind, packed: bytes) -> Row:
    match kind:
        case ImportKind.POSITIONS:
            return msgspec.msgpack.decode(packed, type=LoanPosition)
        case ImportKind.MOVEMENTS:
            return msgspec.msgpack.decode(packed, type=LoanMovement)
        case ImportKind.LOANS:
            return stored.loan_from_text(msgspec.msgpack.decode(packed, type=tuple[str, str])[1])
