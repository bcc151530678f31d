"""The rpcs of pledges: translate, call, translate."""

# gRPC gives the methods their names and arguments.
# ruff: noqa: N802, ARG002

import contextlib
import datetime as dt
from collections.abc import Iterator

import grpc
import sqlalchemy as sa

from ecopledge.loans.v1 import loans_pb2
from ecopledge.loans.v1 import monitoring_pb2 as pb
from services.loans.pledges import monitoring, revaluing, translate
from services.loans.pledges.event_store import SqlEventStore
from services.loans.pledges.levels import read_standard_levels
from services.loans.repository import LoanStore, SqlLoanStore
from services.loans.translate import loan as translate_loans
from services.runtime.call import current_call
from services.runtime.database import reading
from services.runtime.idempotency import IdempotentWrites


class PledgeRpcs:
    """What the loans service answers about pledges.

    The levels are read for every call, so that an edit counts at once.
    """

    _database: sa.Engine
    _writes: IdempotentWrites

    def PutCollateral(
        self, request: loans_pb2.PutCollateralRequest, context: grpc.ServicerContext
    ) -> loans_pb2.PutCollateralResponse:
        """Stores collateral, and the events that it brings about."""
        collateral, rules = translate_loans.collateral_from_wire(request), read_standard_levels()

        def put(connection: sa.Connection) -> loans_pb2.PutCollateralResponse:
            store, events = _loans(connection), _events(connection)
            counts = revaluing.put_collateral(store, events, collateral, rules)
            return translate_loans.counts_to_collateral_response(counts)

        return self._writes.run(request, loans_pb2.PutCollateralResponse, put)

    def MonitorPledges(
        self, request: pb.MonitorPledgesRequest, context: grpc.ServicerContext
    ) -> pb.MonitorPledgesResponse:
        """Monitors the pledges of a book."""
        question = translate.monitoring_question_from_wire(request)
        check_alive = current_call().check_alive
        report = monitoring.monitor_pledges(self._open_loans, question, read_standard_levels(), check_alive)
        return translate.report_to_wire(report)

    def ListPledgeEvents(
        self, request: pb.ListPledgeEventsRequest, context: grpc.ServicerContext
    ) -> pb.ListPledgeEventsResponse:
        """Lists pledge events."""
        asked = translate.event_page_from_wire(request, dt.datetime.now(dt.UTC))
        with reading(self._database) as connection:
            page = revaluing.list_events(
                _events(connection),
                asked.known_at,
                asked.after,
                asked.page_size,
                asked.loan_ids,
                as_of=asked.as_of,
            )
        return translate.event_page_to_wire(page, asked)

    @contextlib.contextmanager
    def _open_loans(self) -> Iterator[LoanStore]:
        with reading(self._database) as connection:
            yield _loans(connection)


def _loans(connection: sa.Connection) -> LoanStore:
    return SqlLoanStore(connection, current_call().institution_id)


def _events(connection: sa.Connection) -> SqlEventStore:
    return SqlEventStore(connection, current_call().institution_id)
