"""The rpcs of the curves and funds of a book: translate, call, translate."""

# gRPC gives the methods their names and arguments.
# ruff: noqa: N802, ARG002

import grpc
import sqlalchemy as sa

from ecopledge.loans.v1 import book_terms_pb2 as pb
from services.loans import engine
from services.loans.book_terms import translate
from services.loans.book_terms.store import SqlTermsStore
from services.runtime.call import current_call
from services.runtime.database import reading
from services.runtime.idempotency import IdempotentWrites


class BookTermsRpcs:
    """What the loans service keeps of curves and funds."""

    _database: sa.Engine
    _writes: IdempotentWrites

    def PutBookTerms(
        self, request: pb.PutBookTermsRequest, context: grpc.ServicerContext
    ) -> pb.PutBookTermsResponse:
        """Stores curves and funds."""
        as_of, tables = translate.tables_from_wire(request)
        return self._writes.run(
            request,
            pb.PutBookTermsResponse,
            lambda connection: translate.counts_to_wire(engine.put_terms(_store(connection), as_of, tables)),
        )

    def ListBookTerms(
        self, request: pb.ListBookTermsRequest, context: grpc.ServicerContext
    ) -> pb.ListBookTermsResponse:
        """Lists every version."""
        known_at = translate.known_at_from_wire(request)
        with reading(self._database) as connection:
            return translate.versions_to_wire(_store(connection).terms_versions(known_at))


def _store(connection: sa.Connection) -> SqlTermsStore:
    return SqlTermsStore(connection, current_call().institution_id)
