"""The typed client of stress tests and wrong-way risk of a book: domain values in and out, domain errors."""

from collections.abc import Callable

import grpc

from ecopledge.loans.v1 import stress_pb2 as pb
from ecopledge.loans.v1.loans_pb2_grpc import LoansServiceStub
from services.loans.portfolio import PortfolioQuestion
from services.loans.simulation import translate
from services.loans.simulation.link import WrongWayRisk
from services.loans.simulation.stress import PortfolioStress, StressQuestion
from services.runtime.channel import calling
from services.runtime.results import Progress
from services.runtime.wire.stream import result_of


class BookStressClient:
    """Calls the loans service about its book in other worlds.

    Args:
        channel: from `services.runtime.channel.open_channel`; it says for which institution.

    Every method may raise the errors of `services.runtime.errors`.
    """

    def __init__(self, channel: grpc.Channel) -> None:
        self._stub = LoansServiceStub(channel)

    def stress(
        self,
        question: StressQuestion,
        *,
        on_progress: Callable[[Progress], None] | None = None,
        timeout_s: float | None = None,
    ) -> PortfolioStress:
        """The book in the base market, under every scenario, and up to a limit.

        Args:
            question: book, scenarios and limit.
            on_progress: told how far it is; what it raises cancels the call.
            timeout_s: deadline; that of the channel when absent.

        Raises:
            NotFound: no loans, or an unknown one.
            InvalidInput: a wrong field, an unknown scenario or one that does not fit the snapshot.
        """
        request = translate.stress_question_to_wire(question)
        responses = self._stub.StressPortfolio(request, timeout=timeout_s)
        return result_of(responses, translate.stress_from_wire, on_progress, "StressPortfolio")

    def wrong_way_risk(self, question: PortfolioQuestion, *, timeout_s: float | None = None) -> WrongWayRisk:
        """The book with its collateral on the borrowers' paths, and cut loose from them.

        Raises:
            NotFound: no loans, or an unknown one.
            InvalidInput: a wrong field, or a factor that the snapshot does not have.
        """
        request = pb.MeasureWrongWayRiskRequest(book=translate.book_to_wire(question))
        with calling():
            return translate.link_from_wire(self._stub.MeasureWrongWayRisk(request, timeout=timeout_s))
