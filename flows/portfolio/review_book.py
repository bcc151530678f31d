"""Review a stored book: ask the loans service every question of the report, one after the other."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from flows.portfolio.book_review import BookFigures, BookReview, ReverseReview
from flows.portfolio.request import ReviewRequest
from services.loans.client import LoansClient
from services.loans.pledges.client import PledgeClient
from services.loans.pledges.monitored import PledgeReport
from services.loans.portfolio import PortfolioLoss, PortfolioQuestion, Sampling
from services.loans.quality.capital import CapitalReport
from services.loans.quality.classification_report import BookQuality
from services.loans.quality.client import QualityClient
from services.loans.quality.credit_loss import CreditLossReport
from services.loans.simulation.client import BookStressClient
from services.loans.simulation.link import WrongWayRisk
from services.loans.simulation.stress import LossLimit, PortfolioStress, StressQuestion
from services.runtime.errors import NotFound
from services.runtime.market import MarketSnapshot

if TYPE_CHECKING:
    import grpc

T = TypeVar("T")
# A large book takes longer than an ordinary call may.
_TIMEOUT_S = 3_600.0
_LIMIT_OVER_EXPECTED_LOSS = 2.0


class RunStep(Protocol):
    """Runs a named step, perhaps again where the service was not there."""

    def __call__(self, name: str, step: Callable[[], T], /) -> T:
        """What the step gives."""
        ...


def run_once(_name: str, step: Callable[[], T], /) -> T:
    """Run a step as it is."""
    return step()


@dataclass(frozen=True, slots=True)
class BookClients:
    """Clients of the loans service."""

    loans: LoansClient
    stress: BookStressClient
    quality: QualityClient
    pledges: PledgeClient

    @classmethod
    def on(cls, channel: "grpc.Channel") -> "BookClients":
        """All of them on one channel."""
        return cls(
            LoansClient(channel), BookStressClient(channel), QualityClient(channel), PledgeClient(channel)
        )


def review_book(
    clients: BookClients, request: ReviewRequest, snapshot: MarketSnapshot, run: RunStep = run_once
) -> BookReview:
    """Review the book. The same book on the same market gives the same figures and the same id.

    Args:
        clients: of the loans service.
        request: which book, how it is simulated.
        snapshot: the market, taken as that of the day of the book.
        run: runs each step; its name is for whoever watches.

    Raises:
        InvalidInput: a factor that the snapshot does not have, a day before the first rule.
        Unavailable: the service is not there.
    """
    loans = run("list loans", lambda: tuple(clients.loans.list_loans()))
    if not loans:
        return BookReview(request, snapshot, (), None, ())
    asked = _Questions(clients, request, snapshot, run)
    figures = asked.figures()
    events = run("list pledge events", lambda: tuple(clients.pledges.events()))
    return BookReview(request, snapshot, loans, figures, events)


@dataclass(frozen=True, slots=True)
class _Questions:
    """What is asked of a book that has loans."""

    clients: BookClients
    request: ReviewRequest
    snapshot: MarketSnapshot
    run: RunStep

    def figures(self) -> BookFigures:
        run = self.run
        loss = run("simulate losses", self._loss)
        wrong_way = run("measure wrong-way risk", self._wrong_way)
        stress = run("stress", lambda: self._stressed(None))
        return BookFigures(
            loss,
            wrong_way,
            stress,
            self._reverse(stress.worlds[0].expected_loss_cny),
            run("measure credit loss", self._credit_loss),
            run("measure capital", self._capital),
            run("classify", self._classified),
            run("monitor pledges", self._monitored),
        )

    def _loss(self) -> PortfolioLoss:
        return self.clients.loans.simulate_portfolio(
            self.snapshot,
            as_of=self.request.as_of,
            n_paths=self.request.n_paths,
            seed=self.request.seed,
            n_quarters=self.request.n_quarters,
            sampling=Sampling.TOWARDS_TAIL,
            **self.request.terms.arguments(),
            timeout_s=_TIMEOUT_S,
        )

    def _wrong_way(self) -> WrongWayRisk:
        return self.clients.stress.wrong_way_risk(self._book(self.request.n_paths), timeout_s=_TIMEOUT_S)

    def _credit_loss(self) -> CreditLossReport:
        return self.clients.quality.measure_credit_loss(
            self.snapshot,
            as_of=self.request.as_of,
            n_paths=self.request.credit_loss_paths,
            seed=self.request.seed,
            **self.request.terms.arguments(),
            timeout_s=_TIMEOUT_S,
        )

    def _capital(self) -> CapitalReport:
        return self.clients.quality.measure_capital(
            self.snapshot,
            as_of=self.request.as_of,
            n_paths=self.request.n_paths,
            seed=self.request.seed,
            **self.request.terms.arguments(),
            timeout_s=_TIMEOUT_S,
        )

    def _monitored(self) -> PledgeReport:
        return self.clients.pledges.monitor(
            self.snapshot,
            as_of=self.request.as_of,
            n_paths=self.request.monitoring_paths,
            seed=self.request.seed,
            timeout_s=_TIMEOUT_S,
        )

    def _book(self, n_paths: int) -> PortfolioQuestion:
        request = self.request
        return PortfolioQuestion(
            self.snapshot,
            request.as_of,
            n_paths=n_paths,
            seed=request.seed,
            n_quarters=request.n_quarters,
            **request.terms.arguments(),
        )

    def _stressed(self, limit: LossLimit | None) -> PortfolioStress:
        """The book in every bundled scenario, or up to a limit."""
        question = StressQuestion(self._book(self.request.stress_paths), limit=limit)
        return self.clients.stress.stress(question, timeout_s=_TIMEOUT_S)

    def _reverse(self, expected_loss_cny: float) -> ReverseReview | None:
        given = self.request.highest_expected_loss_cny
        highest_cny = _LIMIT_OVER_EXPECTED_LOSS * expected_loss_cny if given is None else given
        if highest_cny <= 0.0:
            return None
        found = self.run("reverse stress", lambda: self._stressed(LossLimit(highest_cny))).reverse
        return None if found is None else ReverseReview(highest_cny, given is None, found)

    def _classified(self) -> BookQuality | None:
        try:
            return self.clients.quality.classify_loans(self.request.as_of)
        except NotFound:
            return None
