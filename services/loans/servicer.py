"""The rpcs: translate, call, translate."""

# gRPC gives the methods their names and arguments.
# ruff: noqa: N802, ARG002

import contextlib
import datetime as dt
from collections.abc import Iterator

import grpc
import sqlalchemy as sa

from ecopledge.loans.v1 import loans_pb2 as pb
from ecopledge.loans.v1 import position_pb2
from ecopledge.loans.v1.loans_pb2_grpc import LoansServiceServicer
from services.loans import engine
from services.loans.book_terms.servicer import BookTermsRpcs
from services.loans.importing.servicer import ImportRpcs
from services.loans.pledges.servicer import PledgeRpcs
from services.loans.quality.servicer import QualityRpcs
from services.loans.repayment.schedule import RepaymentSchedule, repayment_schedule
from services.loans.repository import LoanStore, SqlLoanStore
from services.loans.simulation.servicer import SimulationRpcs
from services.loans.statistics.servicer import StatisticsRpcs
from services.loans.translate import listing as translate_listing
from services.loans.translate import loan as translate
from services.loans.translate import position as translate_position
from services.loans.translate import repayment as translate_repayment
from services.runtime.call import current_call
from services.runtime.database import reading
from services.runtime.errors import InvalidInput
from services.runtime.idempotency import IdempotentWrites
from services.runtime.violations import Violations
from services.runtime.workers.port import PathWorkers


class LoansServicer(
    BookTermsRpcs,
    PledgeRpcs,
    ImportRpcs,
    QualityRpcs,
    SimulationRpcs,
    StatisticsRpcs,
    LoansServiceServicer,
):
    """The loans service on one database; workers simulate its book, its own threads where there are none."""

    def __init__(self, database: sa.Engine, workers: PathWorkers | None = None) -> None:
        self._database = database
        self._workers = workers
        self._writes = IdempotentWrites(database)

    def PutLoans(self, request: pb.PutLoansRequest, context: grpc.ServicerContext) -> pb.PutLoansResponse:
        """Stores loans."""
        as_of, loans = translate.loans_from_wire(request)
        return self._writes.run(
            request,
            pb.PutLoansResponse,
            lambda connection: translate.counts_to_loans_response(
                engine.put_loans(_store(connection), as_of, loans)
            ),
        )

    def ListLoans(self, request: pb.ListLoansRequest, context: grpc.ServicerContext) -> pb.ListLoansResponse:
        """Lists the current state of loans."""
        asked = translate_listing.page_from_wire(request, dt.datetime.now(dt.UTC))
        with self._reading() as store:
            page = engine.list_loans(store, asked.known_at, asked.after, asked.page_size)
        return translate_listing.page_to_wire(page, asked)

    def RecordPositions(
        self, request: position_pb2.RecordPositionsRequest, context: grpc.ServicerContext
    ) -> position_pb2.RecordPositionsResponse:
        """Stores positions."""
        positions = translate_position.positions_from_wire(request)
        return self._writes.run(
            request,
            position_pb2.RecordPositionsResponse,
            lambda connection: translate_position.counts_to_positions_response(
                engine.record_positions(_store(connection), positions)
            ),
        )

    def RecordMovements(
        self, request: position_pb2.RecordMovementsRequest, context: grpc.ServicerContext
    ) -> position_pb2.RecordMovementsResponse:
        """Stores movements."""
        movements = translate_position.movements_from_wire(request)
        return self._writes.run(
            request,
            position_pb2.RecordMovementsResponse,
            lambda connection: translate_position.counts_to_movements_response(
                engine.record_movements(_store(connection), movements)
            ),
        )

    def GetSchedule(
        self, request: pb.GetScheduleRequest, context: grpc.ServicerContext
    ) -> pb.GetScheduleResponse:
        """Returns a repayment schedule."""
        return translate.schedule_to_response(self._schedule(request))

    def _schedule(self, request: pb.GetScheduleRequest) -> RepaymentSchedule:
        match request.WhichOneof("of"):
            case "loan_id":
                with self._reading() as store:
                    return engine.schedule_of_loan(store, request.loan_id)
            case "terms":
                violations = Violations()
                terms = translate_repayment.terms_from_wire(request.terms, violations.at("terms"))
                violations.raise_if_any()
                assert terms is not None  # noqa: S101  # every reason for None is a violation; tells mypy
                return repayment_schedule(terms)
            case _:
                raise InvalidInput.of("of", "is missing, expected loan_id or terms")

    @contextlib.contextmanager
    def _reading(self) -> Iterator[LoanStore]:
        with reading(self._database) as connection:
            yield _store(connection)


def _store(connection: sa.Connection) -> LoanStore:
    return SqlLoanStore(connection, current_call().institution_id)
