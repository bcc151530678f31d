"""The rpcs of the simulated book: translate, call, translate."""

# gRPC gives the methods their names and arguments.
# ruff: noqa: N802, ARG002

import contextlib
from collections.abc import Iterator

import grpc
import sqlalchemy as sa

from ecopledge.loans.v1 import loans_pb2 as pb
from ecopledge.loans.v1 import stress_pb2
from services.loans.quality.rules_file import read_standard_rules
from services.loans.repository import LoanStore, SqlLoanStore
from services.loans.simulation import linking, simulating, stressing, translate
from services.loans.translate import loss as translate_loss
from services.runtime.call import current_call
from services.runtime.database import reading
from services.runtime.wire.stream import streamed
from services.runtime.workers.port import PathWorkers


class SimulationRpcs:
    """What the loans service answers about its book on simulated paths."""

    _database: sa.Engine
    _workers: PathWorkers | None

    def SimulatePortfolio(
        self, request: pb.SimulatePortfolioRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.SimulatePortfolioResponse]:
        """Simulates the book; progress, then the result."""
        question = translate_loss.question_from_wire(request)
        events = simulating.simulate_portfolio(
            self._open_book, question, read_standard_rules(), current_call().check_alive, self._workers
        )
        yield from streamed(pb.SimulatePortfolioResponse, events, translate_loss.loss_to_wire)

    def StressPortfolio(
        self, request: stress_pb2.StressPortfolioRequest, context: grpc.ServicerContext
    ) -> Iterator[stress_pb2.StressPortfolioResponse]:
        """Simulates the book in every world; progress, then the result."""
        question = translate.stress_question_from_wire(request)
        events = stressing.stress_portfolio(
            self._open_book, question, read_standard_rules(), current_call().check_alive, self._workers
        )
        yield from streamed(stress_pb2.StressPortfolioResponse, events, translate.stress_to_wire)

    def MeasureWrongWayRisk(
        self, request: stress_pb2.MeasureWrongWayRiskRequest, context: grpc.ServicerContext
    ) -> stress_pb2.MeasureWrongWayRiskResponse:
        """Simulates the book with and without the link of its collateral to its borrowers."""
        question = translate.link_question_from_wire(request)
        risk = linking.measure_wrong_way_risk(
            self._open_book, question, read_standard_rules(), current_call().check_alive
        )
        return translate.link_to_wire(risk)

    @contextlib.contextmanager
    def _open_book(self) -> Iterator[LoanStore]:
        with reading(self._database) as connection:
            yield SqlLoanStore(connection, current_call().institution_id)
