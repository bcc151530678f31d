"""The fund service as typed Python: domain values in and out, domain errors raised."""

import datetime as dt
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

import grpc

from ecopledge.fund.v1 import fund_pb2 as pb
from ecopledge.fund.v1 import fund_pb2_grpc, performance_pb2, terms_pb2, waterfall_pb2
from quant.fund_paths.projects import FundSwitches
from services.fund.allocation.question import AllocationAnswer, AllocationRequest
from services.fund.allocation.translate import answer_from_wire, request_to_wire
from services.fund.fund_terms.terms import FundTerms, StoredTerms
from services.fund.fund_terms.translate import stored_terms_from_wire, terms_to_wire
from services.fund.performance.ledger import IndexLevel, LedgerEntry, LedgerPerformance
from services.fund.performance.pacing import PacedPlan, PacingQuestion
from services.fund.performance.translate import (
    entry_to_wire,
    level_to_wire,
    pacing_to_wire,
    performance_from_wire,
    plan_from_wire,
)
from services.fund.pipeline.project import Project, ProjectFlag, ProjectList, PutOutcome
from services.fund.pipeline.translate import (
    LARGEST_PAGE,
    flag_from_wire,
    project_to_wire,
    put_outcome_from_wire,
    stored_project_from_wire,
)
from services.fund.simulation.outcome import (
    DEFAULT_PATHS,
    DEFAULT_SEED,
    LIQUIDITY_RATE_ANNUAL,
    NO_SWITCHES,
    FundOutcome,
    FundSimulation,
    Investment,
)
from services.fund.simulation.scenario import FundScenario, ScenarioComparison
from services.fund.simulation.translate import (
    compared_from_wire,
    comparison_to_wire,
    simulation_to_wire,
)
from services.fund.simulation.translate_outcome import outcome_from_wire
from services.fund.waterfall.result import Deal, FundCashFlow, WaterfallResult
from services.fund.waterfall.translate import deal_to_wire, flow_to_wire, result_from_wire
from services.runtime.channel import calling
from services.runtime.market import MarketSnapshot
from services.runtime.results import Progress
from services.runtime.wire.stream import result_of
from services.runtime.wire.values import date_to_wire, decimal_from_money


class FundClient:
    """Calls the fund service over a channel of `services.runtime.channel`, which it closes as a context manager.

    Every method raises the domain error that the server raised (`services.runtime.errors`).
    """

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel
        self._stub = fund_pb2_grpc.FundServiceStub(channel)

    def put_projects(self, request_id: str, as_of: dt.date, projects: Sequence[Project]) -> PutOutcome:
        """Store states of projects, all or nothing; a repeat with the same request id gets the first answer.

        Raises:
            InvalidInput: wrong fields, all of them named.
            Conflict: the request id was used for other content.
        """
        request = pb.PutProjectsRequest(
            request_id=request_id,
            as_of=date_to_wire(as_of),
            projects=[project_to_wire(project) for project in projects],
        )
        with calling():
            return put_outcome_from_wire(self._stub.PutProjects(request))

    def list_projects(self, pipeline: str = "", *, page_size: int = LARGEST_PAGE) -> ProjectList:
        """All projects of a pipeline ("" for all pipelines), with totals and flags."""
        projects: list[Project] = []
        flags: list[ProjectFlag] = []
        token = ""
        while True:
            request = pb.ListProjectsRequest(pipeline=pipeline, page_size=page_size, page_token=token)
            with calling():
                page = self._stub.ListProjects(request)
            projects += map(stored_project_from_wire, page.projects)
            flags += map(flag_from_wire, page.flags)
            token = page.next_page_token
            if not token:
                total = decimal_from_money(page.total_investment)
                return ProjectList(tuple(projects), page.total_count, total, tuple(flags))

    def put_terms(self, request_id: str, as_of: dt.date, terms_id: str, terms: FundTerms) -> bool:
        """Store a version of a term sheet; False where the same terms were in force on that day already.

        Raises:
            InvalidInput: terms that cannot be run, all that is wrong named.
            Conflict: the request id was used for other content.
        """
        request = terms_pb2.PutTermsRequest(
            request_id=request_id, as_of=date_to_wire(as_of), terms_id=terms_id, terms=terms_to_wire(terms)
        )
        with calling():
            return bool(self._stub.PutTerms(request).is_new_version)

    def get_terms(self, terms_id: str, as_of: dt.date | None = None) -> StoredTerms:
        """The version of a term sheet in force on a day, None for the latest.

        Raises:
            NotFound: there is none.
        """
        day = None if as_of is None else date_to_wire(as_of)
        with calling():
            answer = self._stub.GetTerms(terms_pb2.GetTermsRequest(terms_id=terms_id, as_of=day))
        return stored_terms_from_wire(answer.stored)

    def list_terms(self) -> tuple[StoredTerms, ...]:
        """The newest version of every stored term sheet, in order of the id."""
        with calling():
            answer = self._stub.ListTerms(terms_pb2.ListTermsRequest())
        return tuple(stored_terms_from_wire(stored) for stored in answer.stored)

    def run_waterfall(
        self, terms: FundTerms | str, flows: Sequence[FundCashFlow], deals: Sequence[Deal] = ()
    ) -> WaterfallResult:
        """Share given cash by given terms, or by stored ones that are named, exact to the cent.

        Raises:
            InvalidInput: terms or flows that cannot be run, all of them named.
            NotFound: the terms are not stored.
        """
        request = waterfall_pb2.RunWaterfallRequest(
            terms=None if isinstance(terms, str) else terms_to_wire(terms),
            flows=[flow_to_wire(flow) for flow in flows],
            deals=[deal_to_wire(deal) for deal in deals],
            stored_terms_id=terms if isinstance(terms, str) else "",
        )
        with calling():
            return result_from_wire(self._stub.RunWaterfall(request))

    def measure_performance(
        self,
        entries: Sequence[LedgerEntry],
        index_levels: Sequence[IndexLevel] = (),
        *,
        as_of: dt.date | None = None,
    ) -> LedgerPerformance:
        """Measure a ledger as a whole and by account, beside an index where one is given.

        Raises:
            InvalidInput: wrong fields, all of them named.
        """
        request = performance_pb2.MeasurePerformanceRequest(
            entries=[entry_to_wire(entry) for entry in entries],
            index_levels=[level_to_wire(level) for level in index_levels],
            as_of=None if as_of is None else date_to_wire(as_of),
        )
        with calling():
            return performance_from_wire(self._stub.MeasurePerformance(request))

    def pace_commitment(self, question: PacingQuestion) -> PacedPlan:
        """Pace a commitment by given parameters or by those fitted to observed flows.

        Raises:
            InvalidInput: wrong fields, all of them named.
        """
        with calling():
            return plan_from_wire(self._stub.PaceCommitment(pacing_to_wire(question)))

    def simulate_fund(
        self,
        snapshot: MarketSnapshot,
        terms: FundTerms | str,
        investments: Sequence[Investment],
        first_year: int,
        *,
        n_paths: int = DEFAULT_PATHS,
        seed: int = DEFAULT_SEED,
        report_years: Sequence[int] = (),
        liquidity_rate_annual: float = LIQUIDITY_RATE_ANNUAL,
        switches: FundSwitches = NO_SWITCHES,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> FundOutcome:
        """Simulate the fund on stored projects.

        Args:
            snapshot: factors; its date counts as the first closing.
            terms: of the fund, or the id of stored ones, of which the latest version is taken.
            investments: in stored projects.
            first_year: calendar year of year 0.
            n_paths: 256 to 1,000,000.
            seed: of the scenario universe.
            report_years: years of the fund at whose end paid-out and residual value are told apart.
            liquidity_rate_annual: what the line costs that bridges what calls cannot cover.
            switches: a change of what is assumed of the projects.
            on_progress: told after each block of paths; raising in it cancels the simulation.

        Raises:
            NotFound: a project, or terms that are named, are not stored.
            InvalidInput: wrong fields, all of them named.
        """
        sheet = self.get_terms(terms).terms if isinstance(terms, str) else terms
        simulation = FundSimulation(
            snapshot, sheet, tuple(investments), first_year, n_paths, seed, tuple(report_years),
            liquidity_rate_annual, switches,
        )  # fmt: skip
        return self.simulate(simulation, on_progress=on_progress)

    def simulate(
        self, simulation: FundSimulation, *, on_progress: Callable[[Progress], None] | None = None
    ) -> FundOutcome:
        """As `simulate_fund`, of a simulation that has been put together."""
        responses = self._stub.SimulateFund(simulation_to_wire(simulation))
        return result_of(responses, outcome_from_wire, on_progress, "SimulateFund")

    def compare_scenarios(
        self,
        simulation: FundSimulation,
        scenarios: Sequence[FundScenario],
        *,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> ScenarioComparison:
        """Simulate the fund as it is and in changed worlds, on common random numbers.

        Args:
            simulation: the fund as it is.
            scenarios: changed worlds, 1 to 20, each name once.
            on_progress: told after each block of paths; raising in it cancels the comparison.

        Raises:
            NotFound: a project is not stored.
            InvalidInput: wrong fields, all of them named.
        """
        responses = self._stub.CompareScenarios(comparison_to_wire(simulation, tuple(scenarios)))
        return result_of(responses, compared_from_wire, on_progress, "CompareScenarios")

    def allocate_projects(self, request: AllocationRequest) -> AllocationAnswer:
        """Choose among stored projects under limits: an efficient frontier, or why no choice keeps them all.

        Raises:
            NotFound: a project is not stored.
            InvalidInput: wrong fields, all of them named.
            DeadlineExceeded: a search found nothing within its time.
        """
        with calling():
            return answer_from_wire(self._stub.AllocateProjects(request_to_wire(request)))

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
