"""The typed client of imports."""

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator, Mapping

import grpc

from ecopledge.loans.v1 import loans_pb2 as pb
from ecopledge.loans.v1.loans_pb2_grpc import LoansServiceStub
from services.loans.collateral import Collateral
from services.loans.importing import translate
from services.loans.importing.intake import ImportHeader, ImportKind, Row
from services.loans.loan import Loan, PutCounts
from services.loans.reported.position import LoanMovement, LoanPosition
from services.runtime.channel import calling

IMPORT_TIMEOUT_S = 3_600.0


class ImportClient:
    """Sends rows of any number to the loans service, each call all or nothing.

    Args:
        channel: from `services.runtime.channel.open_channel`; it says for which institution.

    Every method takes rows as they come, may raise the errors of `services.runtime.errors`, and returns what was
    created, updated and unchanged. Wrong rows are named by their number from 0: ``rows[17].terms.periods``.
    """

    def __init__(self, channel: grpc.Channel) -> None:
        self._stub = LoansServiceStub(channel)

    def import_loans(
        self,
        as_of: dt.date,
        loans: Iterable[Loan],
        *,
        request_id: str | None = None,
        timeout_s: float = IMPORT_TIMEOUT_S,
    ) -> PutCounts:
        """Loans, as their states of a business date."""
        return self._send_one(ImportHeader(_id(request_id), ImportKind.LOANS, as_of), loans, timeout_s)

    def import_positions(
        self,
        positions: Iterable[LoanPosition],
        *,
        request_id: str | None = None,
        timeout_s: float = IMPORT_TIMEOUT_S,
    ) -> PutCounts:
        """Positions of loans that exist."""
        return self._send_one(ImportHeader(_id(request_id), ImportKind.POSITIONS, None), positions, timeout_s)

    def import_movements(
        self,
        movements: Iterable[LoanMovement],
        *,
        request_id: str | None = None,
        timeout_s: float = IMPORT_TIMEOUT_S,
    ) -> PutCounts:
        """Movements of loans that exist."""
        return self._send_one(ImportHeader(_id(request_id), ImportKind.MOVEMENTS, None), movements, timeout_s)

    def import_pledges(
        self,
        pledges: Iterable[Collateral],
        *,
        request_id: str | None = None,
        timeout_s: float = IMPORT_TIMEOUT_S,
    ) -> PutCounts:
        """Pledges of loans that exist, at most 100,000, with the events that follow."""
        return self._send_one(ImportHeader(_id(request_id), ImportKind.PLEDGES, None), pledges, timeout_s)

    def import_book(
        self,
        as_of: dt.date | None,
        loans: Iterable[Loan],
        positions: Iterable[LoanPosition],
        movements: Iterable[LoanMovement],
        pledges: Iterable[Collateral] = (),
        *,
        request_id: str | None = None,
        timeout_s: float = IMPORT_TIMEOUT_S,
    ) -> dict[ImportKind, PutCounts]:
        """Loans with their positions, movements and pledges, all of them or none.

        Wrong rows are named by their kind and number: ``positions[17].balance``.

        Args:
            as_of: business date of the loans; None where there are none.
            loans: their states of that day; may be empty.
            positions: of these loans and of others that exist; may be empty.
            movements: likewise.
            pledges: likewise, at most 100,000; not all four are empty.
            request_id: a repeat with the same id returns the first answer; a new one when absent.
            timeout_s: deadline.

        Returns:
            What was done, by kind of row; of pledges only where there are some.
        """
        header = ImportHeader(_id(request_id), ImportKind.BOOK, as_of)
        rows: dict[ImportKind, Iterable[Row]] = {
            ImportKind.LOANS: loans,
            ImportKind.POSITIONS: positions,
            ImportKind.MOVEMENTS: movements,
            ImportKind.PLEDGES: pledges,
        }
        return self._send(header, rows, timeout_s)

    def _send_one(self, header: ImportHeader, rows: Iterable[Row], timeout_s: float) -> PutCounts:
        return self._send(header, {header.kind: rows}, timeout_s)[header.kind]

    def _send(
        self, header: ImportHeader, rows: Mapping[ImportKind, Iterable[Row]], timeout_s: float
    ) -> dict[ImportKind, PutCounts]:
        failures: list[Exception] = []

        def parts() -> Iterator[pb.ImportLoansRequest]:
            try:
                yield translate.header_to_wire(header)
                yield from translate.book_to_wire(rows)
            except Exception as error:
                # gRPC would only say that the stream broke.
                failures.append(error)
                raise

        try:
            with calling():
                return translate.counts_from_wire(self._stub.ImportLoans(parts(), timeout=timeout_s))
        except Exception as error:
            if failures:
                raise failures[0] from error
            raise


def _id(request_id: str | None) -> str:
    return uuid.uuid4().hex if request_id is None else request_id
