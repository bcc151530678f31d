"""The rpc of imports: translate, call, translate."""

# gRPC gives the methods their names and arguments.
# ruff: noqa: N802, ARG002

from collections.abc import Iterator, Sequence
from dataclasses import replace

import grpc
import sqlalchemy as sa

from ecopledge.loans.v1 import loans_pb2 as pb
from services.loans.collateral import Collateral
from services.loans.importing import translate
from services.loans.importing.intake import Intake
from services.loans.importing.writing import write_import
from services.loans.loan import PutCounts
from services.loans.pledges.event_store import SqlEventStore
from services.loans.pledges.levels import read_standard_levels
from services.loans.pledges.revaluing import put_collateral
from services.loans.repository import SqlLoanStore
from services.runtime.call import current_call
from services.runtime.errors import Cancelled
from services.runtime.idempotency import IdempotentWrites


class ImportRpcs:
    """What the loans service takes in streams."""

    _database: sa.Engine
    _writes: IdempotentWrites

    def ImportLoans(
        self, request_iterator: Iterator[pb.ImportLoansRequest], context: grpc.ServicerContext
    ) -> pb.ImportLoansResponse:
        """Takes loans, positions, movements, pledges or all of them in one stream."""
        call, parts = current_call(), _arriving(request_iterator)
        with Intake(translate.header_from_wire(parts)) as intake:
            translate.rows_into(intake, parts, call.check_alive)
            intake.check_once()

            def write(connection: sa.Connection) -> pb.ImportLoansResponse:
                store = SqlLoanStore(connection, call.institution_id)
                store.wait_for_writers()
                # One moment for all rows: no later question of what was known sees an import in part.
                recorded_at = store.now()
                store = replace(store, now=lambda: recorded_at)
                events = SqlEventStore(connection, call.institution_id, now=lambda: recorded_at)

                def put(pledges: Sequence[Collateral]) -> PutCounts:
                    return put_collateral(store, events, pledges, read_standard_levels())

                return translate.counts_to_wire(write_import(store, intake, put, call.check_alive))

            return self._writes.run(intake, pb.ImportLoansResponse, write)


def _arriving(parts: Iterator[pb.ImportLoansRequest]) -> Iterator[pb.ImportLoansRequest]:
    try:
        yield from parts
    except grpc.RpcError as error:
        raise Cancelled("the stream broke before its end; nothing was stored") from error
