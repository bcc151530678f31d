"""The rpcs of the simulated book: translate, call, translate."""

# gRPC gives the methods their names and arguments.
# ruff: noqa: N802, ARG002

import contextlib
from collections.abc import Iterator

import grpc
import sqlalchemy as sa

from ecopledge.loans.v1 import loans_pb2 as pb
from services.loans import translate_loss
from services.loans.repository import LoanStore, SqlLoanStore
from services.loans.simulation import simulating
from services.runtime.call import current_call
from services.runtime.database import reading


class SimulationRpcs:
    """What the loans service answers about its book on simulated paths."""

    _database: sa.Engine

    def SimulatePortfolio(
        self, request: pb.SimulatePortfolioRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.SimulatePortfolioResponse]:
        """Simulates the book; progress, then the result."""
        question = translate_loss.question_from_wire(request)
        events = simulating.simulate_portfolio(self._open_book, question, current_call().check_alive)
        yield from map(translate_loss.event_to_wire, events)

    @contextlib.contextmanager
    def _open_book(self) -> Iterator[LoanStore]:
        with reading(self._database) as connection:
            yield SqlLoanStore(connection, current_call().institution_id)
