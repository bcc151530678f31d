"""The typed client of the curves and funds that a book keeps: domain values in and out, domain errors."""

import datetime as dt
import uuid
from collections.abc import Sequence

import grpc

from ecopledge.loans.v1 import book_terms_pb2 as pb
from ecopledge.loans.v1.loans_pb2_grpc import LoansServiceStub
from services.loans.book_terms import translate
from services.loans.book_terms.terms import TermsCounts, TermsTable, TermsVersion
from services.runtime.channel import calling
from services.runtime.moments import text_of_moment


class BookTermsClient:
    """Calls the loans service about the curves and funds of its book.

    Args:
        channel: from `services.runtime.channel.open_channel`; it says for which institution.

    Every method may raise the errors of `services.runtime.errors`.
    """

    def __init__(self, channel: grpc.Channel) -> None:
        self._stub = LoansServiceStub(channel)

    def put(
        self, as_of: dt.date, tables: Sequence[TermsTable], *, request_id: str | None = None
    ) -> TermsCounts:
        """Stores curves, funds or both, from a day on; an empty table withdraws those before.

        Args:
            as_of: first day on which they are in force.
            tables: one of a kind.
            request_id: a repeat with the same id returns the first answer; a new one when absent.

        Raises:
            InvalidInput: with every wrong field.
            Conflict: the request_id was used for other content.
        """
        named = uuid.uuid4().hex if request_id is None else request_id
        with calling():
            return translate.counts_from_wire(
                self._stub.PutBookTerms(translate.put_to_wire(named, as_of, tuple(tables)))
            )

    def versions(self, *, known_at: dt.datetime | None = None) -> tuple[TermsVersion, ...]:
        """Every version, by kind, then day, then order of recording, as known at a moment (now when absent).

        Raises:
            InvalidInput: a moment without time zone.
        """
        request = pb.ListBookTermsRequest(known_at="" if known_at is None else text_of_moment(known_at))
        with calling():
            return translate.versions_from_wire(self._stub.ListBookTerms(request))
