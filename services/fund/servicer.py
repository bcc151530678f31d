"""The rpcs of the fund: translate, call, translate."""

from collections.abc import Iterator

import grpc
import sqlalchemy as sa

from ecopledge.fund.v1 import (
    allocation_pb2,
    fund_pb2_grpc,
    pacing_pb2,
    performance_pb2,
    terms_pb2,
    waterfall_pb2,
)
from ecopledge.fund.v1 import fund_pb2 as pb
from services.fund.allocation import translate as translate_allocation
from services.fund.engine import FundEngine
from services.fund.fund_terms import translate as translate_terms
from services.fund.fund_terms.store import SqlTermsRepository
from services.fund.performance import translate as translate_performance
from services.fund.performance.measuring import measure_performance
from services.fund.performance.pacing import pace_commitment
from services.fund.pipeline import translate as translate_projects
from services.fund.pipeline.repository import SqlProjectRepository
from services.fund.simulation import translate as translate_simulation
from services.fund.simulation.translate_outcome import outcome_to_wire
from services.fund.waterfall import translate as translate_waterfall
from services.fund.waterfall.sharing import run_waterfall
from services.runtime.call import current_call
from services.runtime.errors import InvalidInput
from services.runtime.idempotency import IdempotentWrites
from services.runtime.violations import Violations
from services.runtime.wire.stream import streamed
from services.runtime.wire.values import date_from_wire
from services.runtime.workers.port import PathWorkers


class FundServicer(fund_pb2_grpc.FundServiceServicer):
    """Serves `ecopledge.fund.v1.FundService`.

    Args:
        engine: the use cases.
        writes: runs a writing call once.
    """

    def __init__(self, engine: FundEngine, writes: IdempotentWrites) -> None:
        self._engine = engine
        self._writes = writes

    @classmethod
    def on(cls, database: sa.Engine, workers: PathWorkers | None = None) -> "FundServicer":
        """The servicer on a database that has its tables; workers simulate, its own threads where there are none."""
        engine = FundEngine(SqlProjectRepository(database), SqlTermsRepository(database), workers)
        return cls(engine, IdempotentWrites(database))

    def PutProjects(  # noqa: N802  # protobuf's name
        self, request: pb.PutProjectsRequest, _context: grpc.ServicerContext
    ) -> pb.PutProjectsResponse:
        """Stores projects."""
        violations = Violations()
        as_of = violations.collect("as_of", date_from_wire, request.as_of)
        projects = translate_projects.projects_from_wire(request.projects, violations)
        violations.raise_if_any()
        assert as_of is not None  # noqa: S101  # None is noted above; tells mypy
        institution_id = current_call().institution_id
        return self._writes.run(
            request,
            pb.PutProjectsResponse,
            lambda connection: translate_projects.put_outcome_to_wire(
                self._engine.put_projects(connection, institution_id, as_of, projects)
            ),
        )

    def ListProjects(  # noqa: N802  # protobuf's name
        self, request: pb.ListProjectsRequest, _context: grpc.ServicerContext
    ) -> pb.ListProjectsResponse:
        """Lists a pipeline."""
        size, after = translate_projects.list_request_from_wire(request)
        found = self._engine.list_projects(current_call().institution_id, request.pipeline, size, after)
        return translate_projects.page_to_wire(*found)

    def PutTerms(  # noqa: N802  # protobuf's name
        self, request: terms_pb2.PutTermsRequest, _context: grpc.ServicerContext
    ) -> terms_pb2.PutTermsResponse:
        """Stores a version of a term sheet."""
        as_of, terms_id, terms = translate_terms.put_request_from_wire(request)
        institution_id = current_call().institution_id
        return self._writes.run(
            request,
            terms_pb2.PutTermsResponse,
            lambda connection: terms_pb2.PutTermsResponse(
                is_new_version=self._engine.put_terms(connection, institution_id, as_of, terms_id, terms)
            ),
        )

    def GetTerms(  # noqa: N802  # protobuf's name
        self, request: terms_pb2.GetTermsRequest, _context: grpc.ServicerContext
    ) -> terms_pb2.GetTermsResponse:
        """The version of a term sheet in force."""
        as_of = date_from_wire(request.as_of) if request.HasField("as_of") else None
        stored = self._engine.get_terms(current_call().institution_id, request.terms_id, as_of)
        return terms_pb2.GetTermsResponse(stored=translate_terms.stored_terms_to_wire(stored))

    def ListTerms(  # noqa: N802  # protobuf's name
        self, _request: terms_pb2.ListTermsRequest, _context: grpc.ServicerContext
    ) -> terms_pb2.ListTermsResponse:
        """The newest versions of all term sheets."""
        stored = self._engine.list_terms(current_call().institution_id)
        return terms_pb2.ListTermsResponse(stored=map(translate_terms.stored_terms_to_wire, stored))

    def RunWaterfall(  # noqa: N802  # protobuf's name
        self, request: waterfall_pb2.RunWaterfallRequest, _context: grpc.ServicerContext
    ) -> waterfall_pb2.RunWaterfallResponse:
        """Shares given cash by given or stored terms."""
        self._fill_in_stored_terms(request)
        violations = Violations()
        terms = translate_terms.terms_from_wire(request.terms, violations.at("terms"))
        flows = translate_waterfall.flows_from_wire(request.flows, violations)
        deals = translate_waterfall.deals_from_wire(request.deals, violations)
        violations.raise_if_any()
        assert terms is not None  # noqa: S101  # None is noted above; tells mypy
        return translate_waterfall.result_to_wire(run_waterfall(terms, flows, deals))

    def MeasurePerformance(  # noqa: N802  # protobuf's name
        self, request: performance_pb2.MeasurePerformanceRequest, _context: grpc.ServicerContext
    ) -> performance_pb2.MeasurePerformanceResponse:
        """Measures a ledger."""
        violations = Violations()
        entries = translate_performance.entries_from_wire(request.entries, violations)
        levels = translate_performance.levels_from_wire(request.index_levels, violations)
        as_of = (
            violations.collect("as_of", date_from_wire, request.as_of) if request.HasField("as_of") else None
        )
        violations.raise_if_any()
        return translate_performance.performance_to_wire(measure_performance(entries, levels, as_of))

    def PaceCommitment(  # noqa: N802  # protobuf's name
        self, request: pacing_pb2.PaceCommitmentRequest, _context: grpc.ServicerContext
    ) -> pacing_pb2.PaceCommitmentResponse:
        """Paces a commitment."""
        question = translate_performance.pacing_from_wire(request)
        return translate_performance.plan_to_wire(pace_commitment(question))

    def SimulateFund(  # noqa: N802  # protobuf's name
        self, request: pb.SimulateFundRequest, _context: grpc.ServicerContext
    ) -> Iterator[pb.SimulateFundResponse]:
        """Simulates the fund; ends when the caller goes away."""
        self._fill_in_stored_terms(request)
        simulation = translate_simulation.simulation_from_wire(request)
        events = self._engine.simulate_fund(current_call().institution_id, simulation)
        yield from streamed(pb.SimulateFundResponse, events, outcome_to_wire)

    def CompareScenarios(  # noqa: N802  # protobuf's name
        self, request: pb.CompareScenariosRequest, _context: grpc.ServicerContext
    ) -> Iterator[pb.CompareScenariosResponse]:
        """Compares changed worlds; ends when the caller goes away."""
        self._fill_in_stored_terms(request.simulation)
        simulation, scenarios = translate_simulation.comparison_from_wire(request)
        events = self._engine.compare_scenarios(current_call().institution_id, simulation, scenarios)
        yield from streamed(pb.CompareScenariosResponse, events, translate_simulation.compared_to_wire)

    def _fill_in_stored_terms(
        self, request: waterfall_pb2.RunWaterfallRequest | pb.SimulateFundRequest
    ) -> None:
        """Put the term sheet that a request names in the place of its terms.

        Raises:
            NotFound: it is not stored.
            InvalidInput: the request has terms of its own as well.
        """
        if not request.stored_terms_id:
            return
        if request.HasField("terms"):
            found = f"found {request.stored_terms_id!r} beside terms, expected one of them"
            raise InvalidInput.of("stored_terms_id", found)
        stored = self._engine.get_terms(current_call().institution_id, request.stored_terms_id)
        request.terms.CopyFrom(translate_terms.terms_to_wire(stored.terms))

    def AllocateProjects(  # noqa: N802  # protobuf's name
        self, request: allocation_pb2.AllocateProjectsRequest, _context: grpc.ServicerContext
    ) -> allocation_pb2.AllocateProjectsResponse:
        """Chooses projects under limits; no further search begins once the caller is gone or the time is over."""
        question = translate_allocation.request_from_wire(request)
        call = current_call()

        def time_left_s() -> float:
            call.check_alive()
            return call.remaining_s()

        answer = self._engine.allocate_projects(call.institution_id, question, time_left_s)
        return translate_allocation.answer_to_wire(answer)
