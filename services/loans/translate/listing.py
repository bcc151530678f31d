"""Pages of loans between protobuf and the domain.

A page token carries the moment of the first page, so that all pages show the book as it was known then.
"""

import base64
import binascii
import datetime as dt
from dataclasses import dataclass

import msgspec

from ecopledge.loans.v1 import loans_pb2 as pb
from ecopledge.loans.v1 import monitoring_pb2
from services.loans.loan import LoanPage, LoanRecord
from services.loans.translate.loan import loan_from_wire, loan_to_wire
from services.runtime.errors import InvalidInput
from services.runtime.moments import moment_of, text_of_moment
from services.runtime.violations import Violations
from services.runtime.wire.values import date_from_wire, date_to_wire

DEFAULT_PAGE_SIZE = 1_000
MAX_PAGE_SIZE = 10_000


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page: known at a moment, after an id ("" for the first), of a size."""

    known_at: dt.datetime
    after: str
    page_size: int


def page_from_wire(
    request: pb.ListLoansRequest | monitoring_pb2.ListPledgeEventsRequest, now: dt.datetime
) -> PageRequest:
    """The page that a listing request asks for.

    Raises:
        InvalidInput: a wrong moment, size or token.
    """
    violations = Violations()
    size = request.page_size if request.HasField("page_size") else DEFAULT_PAGE_SIZE
    violations.require_range("page_size", size, 1, MAX_PAGE_SIZE)
    known_at = now
    if request.known_at:
        known_at = violations.collect("known_at", moment_of, request.known_at) or now
    after = ""
    if request.page_token:
        place = violations.collect("page_token", _read_token, request.page_token)
        if place is not None:
            if request.known_at:
                violations.require(
                    place[0] == known_at, "page_token", "belongs to a list with another known_at"
                )
            known_at, after = place
    violations.raise_if_any()
    return PageRequest(known_at, after, size)


def page_to_wire(page: LoanPage, asked: PageRequest) -> pb.ListLoansResponse:
    """The answer of ListLoans."""
    token = "" if page.next_after is None else token_of(asked.known_at, page.next_after)
    return pb.ListLoansResponse(
        loans=[_record_to_wire(record) for record in page.records], next_page_token=token
    )


def records_from_wire(response: pb.ListLoansResponse) -> list[LoanRecord]:
    """The records of a page."""
    return [
        LoanRecord(
            loan_from_wire(row.loan),
            date_from_wire(row.as_of),
            dt.datetime.fromisoformat(row.recorded_at),
            tuple(row.collateral_ids),
        )
        for row in response.loans
    ]


def _record_to_wire(record: LoanRecord) -> pb.LoanRecord:
    return pb.LoanRecord(
        loan=loan_to_wire(record.loan),
        as_of=date_to_wire(record.as_of),
        recorded_at=text_of_moment(record.recorded_at),
        collateral_ids=record.collateral_ids,
    )


def token_of(known_at: dt.datetime, after: str) -> str:
    """The token of the page that follows, as known at a moment, after an id."""
    return base64.urlsafe_b64encode(msgspec.json.encode((text_of_moment(known_at), after))).decode()


def _read_token(token: str) -> tuple[dt.datetime, str]:
    try:
        text = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
        moment, after = msgspec.json.decode(text, type=tuple[str, str])
        return moment_of(moment), after
    except (binascii.Error, UnicodeError, msgspec.MsgspecError, InvalidInput):
        raise InvalidInput.of(
            "", "is not a token of this service, expected next_page_token of a page"
        ) from None
