"""The rpcs of the fund: translate, call, translate."""

from collections.abc import Iterator

import grpc
import sqlalchemy as sa

from ecopledge.fund.v1 import fund_pb2 as pb
from ecopledge.fund.v1 import fund_pb2_grpc
from services.fund import translate_projects, translate_simulation, translate_terms
from services.fund.engine import FundEngine, run_waterfall
from services.fund.repository import SqlProjectRepository
from services.runtime.call import current_call
from services.runtime.idempotency import IdempotentWrites
from services.runtime.violations import Violations
from services.runtime.wire import date_from_wire


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
    def on(cls, database: sa.Engine) -> "FundServicer":
        """The servicer on a database that has its tables."""
        return cls(FundEngine(SqlProjectRepository(database)), IdempotentWrites(database))

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

    def RunWaterfall(  # noqa: N802  # protobuf's name
        self, request: pb.RunWaterfallRequest, _context: grpc.ServicerContext
    ) -> pb.RunWaterfallResponse:
        """Shares given cash by given terms."""
        violations = Violations()
        terms = translate_terms.terms_from_wire(request.terms, violations.at("terms"))
        flows = translate_terms.flows_from_wire(request.flows, violations)
        violations.raise_if_any()
        assert terms is not None  # noqa: S101  # None is noted above; tells mypy
        return translate_terms.result_to_wire(run_waterfall(terms, flows))

    def SimulateFund(  # noqa: N802  # protobuf's name
        self, request: pb.SimulateFundRequest, _context: grpc.ServicerContext
    ) -> Iterator[pb.SimulateFundResponse]:
        """Simulates the fund; ends when the caller goes away."""
        simulation = translate_simulation.simulation_from_wire(request)
        events = self._engine.simulate_fund(current_call().institution_id, simulation)
        yield from map(translate_simulation.event_to_wire, events)

    def CompareScenarios(  # noqa: N802  # protobuf's name
        self, request: pb.CompareScenariosRequest, _context: grpc.ServicerContext
    ) -> Iterator[pb.CompareScenariosResponse]:
        """Compares changed worlds; ends when the caller goes away."""
        simulation, scenarios = translate_simulation.comparison_from_wire(request)
        events = self._engine.compare_scenarios(current_call().institution_id, simulation, scenarios)
        yield from map(translate_simulation.compared_to_wire, events)
