"""The typed client of the loans service: domain values in and out, domain errors."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Sequence

import grpc

from ecopledge.loans.v1 import loans_pb2 as pb
from ecopledge.loans.v1 import position_pb2
from ecopledge.loans.v1.loans_pb2_grpc import LoansServiceStub
from services.loans.collateral import Collateral
from services.loans.loan import Loan, LoanRecord, PutCounts, RepaymentTerms
from services.loans.portfolio import (
    DEFAULT_HORIZON_YEARS,
    DEFAULT_PATHS,
    DEFAULT_SEED,
    PortfolioLoss,
    PortfolioQuestion,
    Sampling,
)
from services.loans.repayment.schedule import RepaymentSchedule
from services.loans.reported.position import LoanMovement, LoanPosition
from services.loans.segments.compensation_fund import CompensationFundTerms
from services.loans.segments.default_curve import DefaultCurve
from services.loans.translate import listing as translate_listing
from services.loans.translate import loan as translate
from services.loans.translate import loss as translate_loss
from services.loans.translate import position as translate_position
from services.loans.translate import repayment as translate_repayment
from services.runtime.channel import calling
from services.runtime.errors import InvalidInput
from services.runtime.market import MarketSnapshot
from services.runtime.moments import text_of_moment
from services.runtime.results import Progress
from services.runtime.wire.stream import result_of
from services.runtime.wire.values import date_to_wire


class LoansClient:
    """Calls the loans service.

    Args:
        channel: from `services.runtime.channel.open_channel`; it says for which institution.

    Every method may raise the errors of `services.runtime.errors`.
    """

    def __init__(self, channel: grpc.Channel) -> None:
        self._stub = LoansServiceStub(channel)

    def put_loans(self, as_of: dt.date, loans: Sequence[Loan], *, request_id: str | None = None) -> PutCounts:
        """Stores loans, all or nothing, as their states of a business date.

        Args:
            as_of: business date.
            loans: 1 to 100,000 with distinct ids.
            request_id: a repeat with the same id returns the first answer; a new one when absent.

        Raises:
            InvalidInput: with every wrong field.
            Conflict: the request_id was used for other content.
        """
        request = pb.PutLoansRequest(
            request_id=_id(request_id),
            as_of=date_to_wire(as_of),
            loans=[translate.loan_to_wire(loan) for loan in loans],
        )
        with calling():
            return translate.counts_from_wire(self._stub.PutLoans(request))

    def list_loans(
        self, *, known_at: dt.datetime | None = None, page_size: int = 1_000
    ) -> Iterator[LoanRecord]:
        """All loans in order of id, as they were known at a moment (now when absent).

        Raises:
            InvalidInput: a page size out of range, a moment without time zone.
        """
        request = pb.ListLoansRequest(
            known_at="" if known_at is None else text_of_moment(known_at), page_size=page_size
        )
        while True:
            with calling():
                response = self._stub.ListLoans(request)
            yield from translate_listing.records_from_wire(response)
            if not response.next_page_token:
                return
            request.page_token = response.next_page_token

    def put_collateral(self, collateral: Sequence[Collateral], *, request_id: str | None = None) -> PutCounts:
        """Stores collateral, all or nothing; see `put_loans`.

        Raises:
            InvalidInput: with every wrong field.
            NotFound: naming loans that do not exist.
            Conflict: the request_id was used for other content.
        """
        request = pb.PutCollateralRequest(
            request_id=_id(request_id), collateral=[translate.collateral_to_wire(item) for item in collateral]
        )
        with calling():
            return translate.counts_from_wire(self._stub.PutCollateral(request))

    def record_positions(
        self, positions: Sequence[LoanPosition], *, request_id: str | None = None
    ) -> PutCounts:
        """Stores positions, all or nothing; one that differs from the record of its loan and day corrects it.

        Args:
            positions: 1 to 100,000, one for a loan and day.
            request_id: see `put_loans`.

        Raises:
            InvalidInput: with every wrong field.
            NotFound: naming loans that do not exist.
            Conflict: the request_id was used for other content.
        """
        request = position_pb2.RecordPositionsRequest(
            request_id=_id(request_id), positions=map(translate_position.position_to_wire, positions)
        )
        with calling():
            return translate_position.counts_from_wire(self._stub.RecordPositions(request))

    def record_movements(
        self, movements: Sequence[LoanMovement], *, request_id: str | None = None
    ) -> PutCounts:
        """Stores movements, all or nothing; one that differs from the record of its id corrects it.

        Args:
            movements: 1 to 100,000 with distinct ids.
            request_id: see `put_loans`.

        Raises:
            InvalidInput: with every wrong field.
            NotFound: naming loans that do not exist.
            Conflict: the request_id was used for other content.
        """
        request = position_pb2.RecordMovementsRequest(
            request_id=_id(request_id), movements=map(translate_position.movement_to_wire, movements)
        )
        with calling():
            return translate_position.counts_from_wire(self._stub.RecordMovements(request))

    def get_schedule(
        self, loan_id: str | None = None, *, terms: RepaymentTerms | None = None
    ) -> RepaymentSchedule:
        """The repayment schedule of a stored loan or of given terms.

        Raises:
            InvalidInput: not exactly one of both.
            NotFound: no such loan.
        """
        if (loan_id is None) == (terms is None):
            raise InvalidInput.of("of", "expected exactly one of loan_id and terms")
        request = pb.GetScheduleRequest()
        if terms is not None:
            request.terms.CopyFrom(translate_repayment.terms_to_wire(terms))
        else:
            request.loan_id = loan_id or ""
        with calling():
            return translate.schedule_from_response(self._stub.GetSchedule(request))

    def simulate_portfolio(
        self,
        snapshot: MarketSnapshot,
        *,
        as_of: dt.date | None = None,
        loan_ids: Sequence[str] = (),
        horizon_years: float = DEFAULT_HORIZON_YEARS,
        n_paths: int = DEFAULT_PATHS,
        seed: int = DEFAULT_SEED,
        n_quarters: int | None = None,
        sampling: Sampling = Sampling.PLAIN,
        fund_cap_cny: float | None = None,
        contribution_confidence: float = 0.99,
        default_curves: Sequence[DefaultCurve] = (),
        compensation_funds: Sequence[CompensationFundTerms] = (),
        without_book_terms: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
        timeout_s: float | None = None,
    ) -> PortfolioLoss:
        """Simulates the loss of the book over one horizon or quarter by quarter.

        Args:
            snapshot: the market, taken as that of the day of the book.
            as_of: day of the book; the snapshot's when absent.
            loan_ids: only these; all of the institution when empty.
            horizon_years: a day (1 / 365) to 10.
            n_paths: 256 to 10,000,000.
            seed: of the scenario universe.
            n_quarters: that many quarters, 1 to 40, which take the place of the horizon.
            sampling: plain paths, or paths of high losses more often.
            fund_cap_cny: most that the risk-compensation fund pays; None for no cap.
            contribution_confidence: of the expected shortfall that loans contribute to: 0.95, 0.99 or 0.999.
            default_curves: term structures of default; the first that has a loan is taken; of the book when empty.
            compensation_funds: named funds; the first that has a loan is taken; those of the book when empty.
            without_book_terms: leave out the curves and funds that the book keeps.
            on_progress: told how far it is; what it raises cancels the call.
            timeout_s: deadline; that of the channel when absent.

        Raises:
            NotFound: no loans, or an unknown one.
            InvalidInput: a wrong field, or a factor that the snapshot does not have.
        """
        try:
            question = PortfolioQuestion(
                snapshot, as_of, tuple(loan_ids), horizon_years, n_paths, seed, n_quarters, sampling, fund_cap_cny,
                contribution_confidence, tuple(default_curves), tuple(compensation_funds), without_book_terms,
            )  # fmt: skip
        except ValueError as error:
            raise InvalidInput(str(error)) from error
        responses = self._stub.SimulatePortfolio(translate_loss.question_to_wire(question), timeout=timeout_s)
        return result_of(responses, translate_loss.loss_from_wire, on_progress, "SimulatePortfolio")


def _id(request_id: str | None) -> str:
    return uuid.uuid4().hex if request_id is None else request_id
