"""The typed client of pledges: domain values in and out, domain errors."""

import datetime as dt
from collections.abc import Iterator, Sequence

import grpc

from ecopledge.loans.v1 import monitoring_pb2 as pb
from ecopledge.loans.v1.loans_pb2_grpc import LoansServiceStub
from services.loans.pledges import translate
from services.loans.pledges.event import PledgeEvent
from services.loans.pledges.monitored import DEFAULT_PATHS, DEFAULT_SEED, MonitoringQuestion, PledgeReport
from services.runtime.channel import calling
from services.runtime.errors import InvalidInput
from services.runtime.market import MarketSnapshot
from services.runtime.moments import text_of_moment
from services.runtime.wire.values import date_to_wire


class PledgeClient:
    """Calls the loans service about pledges.

    Args:
        channel: from `services.runtime.channel.open_channel`; it says for which institution.

    Every method may raise the errors of `services.runtime.errors`.
    """

    def __init__(self, channel: grpc.Channel) -> None:
        self._stub = LoansServiceStub(channel)

    def monitor(
        self,
        snapshot: MarketSnapshot,
        *,
        as_of: dt.date | None = None,
        loan_ids: Sequence[str] = (),
        n_paths: int = DEFAULT_PATHS,
        seed: int = DEFAULT_SEED,
        timeout_s: float | None = None,
    ) -> PledgeReport:
        """Loan to value now and over the next 12 months, levels, margin calls, pledges to value again.

        Args:
            snapshot: market on which the pledges are valued.
            as_of: day; the snapshot's when absent.
            loan_ids: only these; all of the institution when empty.
            n_paths: 256 to 65,536.
            seed: of the scenario universe.
            timeout_s: deadline; that of the channel when absent.

        Raises:
            NotFound: no loans, or an unknown one.
            InvalidInput: a wrong field, or a factor that the snapshot does not have.
        """
        try:
            question = MonitoringQuestion(snapshot, as_of, tuple(loan_ids), n_paths, seed)
        except ValueError as error:
            raise InvalidInput(str(error)) from error
        request = translate.monitoring_question_to_wire(question)
        with calling():
            return translate.report_from_wire(self._stub.MonitorPledges(request, timeout=timeout_s))

    def events(
        self,
        *,
        loan_ids: Sequence[str] = (),
        as_of: dt.date | None = None,
        known_at: dt.datetime | None = None,
        page_size: int = 1_000,
    ) -> Iterator[PledgeEvent]:
        """Re-valuations that moved a loan through a level, in the order in which they were recorded.

        Args:
            loan_ids: only of these; of all when empty.
            as_of: only those of valuations of this day; of any when absent.
            known_at: as they were known at a moment; now when absent.
            page_size: events a call.

        Raises:
            InvalidInput: a page size out of range, a moment without time zone.
        """
        request = pb.ListPledgeEventsRequest(
            known_at="" if known_at is None else text_of_moment(known_at),
            loan_ids=loan_ids,
            page_size=page_size,
            as_of=None if as_of is None else date_to_wire(as_of),
        )
        while True:
            with calling():
                response = self._stub.ListPledgeEvents(request)
            yield from translate.events_from_wire(response)
            if not response.next_page_token:
                return
            request.page_token = response.next_page_token
