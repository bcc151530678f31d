"""The stream of an import between protobuf and the domain; wrong rows are named by their number in the stream."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from google.protobuf.message import Message

from ecopledge.loans.v1 import loans_pb2 as pb
from services.loans.importing.intake import (
    MAX_IMPORT_PLEDGES,
    MAX_IMPORT_ROWS,
    MAX_REPORTED,
    ImportHeader,
    ImportKind,
    Intake,
    Row,
)
from services.loans.loan import Loan, PutCounts
from services.loans.products import product_violations
from services.loans.repayment.schedule import prepayment_violations
from services.loans.translate.loan import (
    collateral_from_message,
    collateral_to_wire,
    loan_to_wire,
    new_loan_from_message,
)
from services.loans.translate.position import (
    movement_from_wire,
    movement_to_wire,
    position_from_wire,
    position_to_wire,
)
from services.runtime.errors import InvalidInput
from services.runtime.idempotency import check_request_id
from services.runtime.violations import Violations
from services.runtime.wire.values import date_from_wire, date_to_wire

ROWS_PER_CHUNK = 5_000
# A loan with a plan of 600 parts takes 10 kB: a thousand of them are more than a server takes at once.
BYTES_PER_CHUNK = 2_000_000
MAX_ROWS_PER_MESSAGE = 100_000
_KINDS = {
    pb.IMPORT_KIND_LOANS: ImportKind.LOANS,
    pb.IMPORT_KIND_POSITIONS: ImportKind.POSITIONS,
    pb.IMPORT_KIND_MOVEMENTS: ImportKind.MOVEMENTS,
    pb.IMPORT_KIND_PLEDGES: ImportKind.PLEDGES,
    pb.IMPORT_KIND_BOOK: ImportKind.BOOK,
}
_KIND_TO_WIRE = {kind: number for number, kind in _KINDS.items()}
_READ: dict[ImportKind, Callable[[Any, Violations], Row | None]] = {
    ImportKind.LOANS: new_loan_from_message,
    ImportKind.POSITIONS: position_from_wire,
    ImportKind.MOVEMENTS: movement_from_wire,
    ImportKind.PLEDGES: collateral_from_message,
}


def header_from_wire(parts: Iterator[pb.ImportLoansRequest]) -> ImportHeader:
    """The header, which is the first part of a stream.

    Raises:
        InvalidInput: another part, or wrong fields.
    """
    first = next(parts, None)
    if first is None or first.WhichOneof("part") != "header":
        raise InvalidInput.of("header", "is missing, expected it as the first message")
    message, violations = first.header, Violations().at("header")
    violations.collect("", check_request_id, message.request_id)
    violations.require_known_enum("kind", message.kind, _KINDS, "ImportKind")
    as_of = None
    if message.kind == pb.IMPORT_KIND_LOANS or (
        message.kind == pb.IMPORT_KIND_BOOK and message.HasField("as_of")
    ):
        as_of = violations.collect("as_of", date_from_wire, message.as_of)
    elif message.HasField("as_of"):
        violations.add("as_of", "found a date, expected none: each row has its own")
    violations.raise_if_any()
    return ImportHeader(message.request_id, _KINDS[message.kind], as_of)


def rows_into(
    intake: Intake, parts: Iterable[pb.ImportLoansRequest], check_alive: Callable[[], None]
) -> None:
    """Check the rows of a stream and keep them.

    Raises:
        InvalidInput: wrong rows, up to `MAX_REPORTED` violations; a part out of order; a stream without its end or with
            another number of rows than its end says.
    """
    header, violations, said = intake.header, Violations(), None
    arrived = dict.fromkeys(header.row_kinds, 0)
    for part in parts:
        check_alive()
        name = part.WhichOneof("part")
        if said is not None:
            raise InvalidInput.of("end", f"found {name} after it, expected nothing")
        if name == "end":
            said = part.end.n_rows
            continue
        if name not in arrived:
            raise InvalidInput.of("part", f"found {name}, expected {' or '.join([*arrived, 'end'])}")
        kind, messages = ImportKind(name), getattr(part, name).rows
        _check_size(kind, len(messages), arrived, header)
        rows = _rows(kind, messages, arrived[kind], header.rows_of(kind), violations)
        arrived[kind] += len(messages)
        if len(violations.found) >= MAX_REPORTED:
            break
        if not violations.found:
            intake.add(kind, rows)
    if violations.found:
        raise InvalidInput.from_violations(violations.found[:MAX_REPORTED])
    total = sum(arrived.values())
    if said is None or said != total or total == 0:
        ended = "no end" if said is None else f"an end after {said} rows"
        raise InvalidInput.of(
            "end", f"found {ended} and {total} rows, expected an end that counts at least one"
        )


def _check_size(
    kind: ImportKind, n_rows: int, arrived_of: Mapping[ImportKind, int], header: ImportHeader
) -> None:
    arrived = sum(arrived_of.values())
    if kind is ImportKind.LOANS and header.as_of is None:
        raise InvalidInput.of("header.as_of", "is missing, expected the business date of the loans")
    if not 1 <= n_rows <= MAX_ROWS_PER_MESSAGE or arrived + n_rows > MAX_IMPORT_ROWS:
        raise InvalidInput.of(
            header.rows_of(kind),
            f"found {n_rows} after {arrived}, expected 1 to {MAX_ROWS_PER_MESSAGE:,} a message and "
            f"{MAX_IMPORT_ROWS:,} in all",
        )
    if kind is ImportKind.PLEDGES and arrived_of[kind] + n_rows > MAX_IMPORT_PLEDGES:
        raise InvalidInput.of(
            header.rows_of(kind),
            f"found {n_rows} after {arrived_of[kind]} pledges, expected {MAX_IMPORT_PLEDGES:,} in all",
        )


def _rows(
    kind: ImportKind, messages: Sequence[Any], begin: int, rows_name: str, violations: Violations
) -> list[Row]:
    read = _READ[kind]
    rows = [
        read(message, violations.at(f"{rows_name}[{i}]")) for i, message in enumerate(messages, start=begin)
    ]
    if kind is ImportKind.LOANS:
        for wrong in product_violations(rows_name, (message.product for message in messages), begin):
            violations.add(wrong.field, wrong.description)
        read_loans = ((i, row) for i, row in enumerate(rows, start=begin) if isinstance(row, Loan))
        for wrong in prepayment_violations(rows_name, read_loans):
            violations.add(wrong.field, wrong.description)
    return [row for row in rows if row is not None]


def header_to_wire(header: ImportHeader) -> pb.ImportLoansRequest:
    """The first message of a stream."""
    return pb.ImportLoansRequest(
        header=pb.ImportHeader(
            request_id=header.request_id,
            kind=_KIND_TO_WIRE[header.kind],
            as_of=None if header.as_of is None else date_to_wire(header.as_of),
        )
    )


def book_to_wire(rows_of: Mapping[ImportKind, Iterable[Row]]) -> Iterator[pb.ImportLoansRequest]:
    """Messages of rows, kind by kind, and the end."""
    n = 0
    for kind, rows in rows_of.items():
        for messages in _chunks(map(_TO_WIRE[kind], rows)):
            n += len(messages)
            yield _CHUNK_TO_WIRE[kind](messages)
    yield pb.ImportLoansRequest(end=pb.ImportEnd(n_rows=n))


def _chunks(messages: Iterable[Message]) -> Iterator[list[Message]]:
    """The messages some at a time: a chunk ends with its last row or where it has grown long."""
    chunk: list[Message] = []
    n_bytes = 0
    for message in messages:
        chunk.append(message)
        n_bytes += message.ByteSize()
        if len(chunk) == ROWS_PER_CHUNK or n_bytes >= BYTES_PER_CHUNK:
            yield chunk
            chunk, n_bytes = [], 0
    if chunk:
        yield chunk


_TO_WIRE: dict[ImportKind, Callable[[Any], Message]] = {
    ImportKind.LOANS: loan_to_wire,
    ImportKind.POSITIONS: position_to_wire,
    ImportKind.MOVEMENTS: movement_to_wire,
    ImportKind.PLEDGES: collateral_to_wire,
}
_CHUNK_TO_WIRE: dict[ImportKind, Callable[[Any], pb.ImportLoansRequest]] = {
    ImportKind.LOANS: lambda rows: pb.ImportLoansRequest(loans=pb.LoanRows(rows=rows)),
    ImportKind.POSITIONS: lambda rows: pb.ImportLoansRequest(positions=pb.PositionRows(rows=rows)),
    ImportKind.MOVEMENTS: lambda rows: pb.ImportLoansRequest(movements=pb.MovementRows(rows=rows)),
    ImportKind.PLEDGES: lambda rows: pb.ImportLoansRequest(pledges=pb.PledgeRows(rows=rows)),
}


def counts_to_wire(done: Mapping[ImportKind, PutCounts]) -> pb.ImportLoansResponse:
    """The answer of ImportLoans."""
    total = PutCounts(0, 0, 0)
    for counts in done.values():
        total = total.plus(counts)
    return pb.ImportLoansResponse(
        created=total.created,
        updated=total.updated,
        unchanged=total.unchanged,
        by_kind=[
            pb.ImportedRows(
                kind=_KIND_TO_WIRE[kind],
                created=counts.created,
                updated=counts.updated,
                unchanged=counts.unchanged,
            )
            for kind, counts in done.items()
        ],
    )


def counts_from_wire(message: pb.ImportLoansResponse) -> dict[ImportKind, PutCounts]:
    """What an import did with the rows of each kind."""
    return {
        _KINDS[rows.kind]: PutCounts(rows.created, rows.updated, rows.unchanged) for rows in message.by_kind
    }
