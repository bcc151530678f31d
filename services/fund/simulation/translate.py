"""Simulation and comparison requests, and their streams of events, between protobuf and Python."""

from ecopledge.fund.v1 import fund_pb2 as pb
from services.fund.fund_terms.translate import terms_from_wire, terms_to_wire
from services.fund.simulation.outcome import (
    DEFAULT_PATHS,
    DEFAULT_SEED,
    FEWEST_PATHS,
    LIQUIDITY_RATE_ANNUAL,
    MOST_PATHS,
    FundSimulation,
)
from services.fund.simulation.scenario import FundScenario, ScenarioComparison, ScenarioOutcome
from services.fund.simulation.translate_investment import (
    investment_to_wire,
    investments_from_wire,
    scenario_message,
    scenarios_from_wire,
    stored_scenario,
    switches_from_wire,
    switches_to_wire,
)
from services.fund.simulation.translate_outcome import outcome_from_wire, outcome_to_wire
from services.runtime.violations import Violations
from services.runtime.wire.market import snapshot_from_wire, snapshot_to_wire

LARGEST_SEED = 2**63 - 1
EARLIEST_YEAR, LATEST_YEAR = 1900, 2200


def simulation_from_wire(message: pb.SimulateFundRequest) -> FundSimulation:
    """What is to be simulated.

    Raises:
        InvalidInput: with every field that is wrong.
    """
    violations = Violations()
    simulation = _simulation(message, violations)
    violations.raise_if_any()
    assert simulation is not None  # noqa: S101  # None is noted above; tells mypy
    return simulation


def simulation_to_wire(request: FundSimulation) -> pb.SimulateFundRequest:
    """The request of SimulateFund."""
    return pb.SimulateFundRequest(
        snapshot=snapshot_to_wire(request.snapshot),
        terms=terms_to_wire(request.terms),
        investments=[investment_to_wire(investment) for investment in request.investments],
        first_year=request.first_year,
        n_paths=request.n_paths,
        seed=request.seed,
        report_years=request.report_years,
        liquidity_rate_annual=request.liquidity_rate_annual,
        switches=switches_to_wire(request.switches),
    )


def comparison_from_wire(
    message: pb.CompareScenariosRequest,
) -> tuple[FundSimulation, tuple[FundScenario, ...]]:
    """What is to be compared.

    Raises:
        InvalidInput: with every field that is wrong.
    """
    violations = Violations()
    simulation = _simulation(message.simulation, violations.at("simulation"))
    scenarios = scenarios_from_wire(message.scenarios, violations)
    violations.raise_if_any()
    assert simulation is not None  # noqa: S101  # None is noted above; tells mypy
    return simulation, scenarios


def comparison_to_wire(
    request: FundSimulation, scenarios: tuple[FundScenario, ...]
) -> pb.CompareScenariosRequest:
    """The request of CompareScenarios."""
    return pb.CompareScenariosRequest(
        simulation=simulation_to_wire(request), scenarios=[scenario_message(each) for each in scenarios]
    )


def compared_to_wire(comparison: ScenarioComparison) -> pb.ScenarioComparison:
    """The message of a comparison."""
    return pb.ScenarioComparison(
        base=outcome_to_wire(comparison.base),
        scenarios=[
            pb.ScenarioOutcome(
                scenario=scenario_message(each.scenario), outcome=outcome_to_wire(each.outcome)
            )
            for each in comparison.scenarios
        ],
    )


def compared_from_wire(message: pb.ScenarioComparison) -> ScenarioComparison:
    """What a comparison says."""
    return ScenarioComparison(
        outcome_from_wire(message.base),
        tuple(
            ScenarioOutcome(stored_scenario(each.scenario), outcome_from_wire(each.outcome))
            for each in message.scenarios
        ),
    )


def _simulation(message: pb.SimulateFundRequest, violations: Violations) -> FundSimulation | None:
    before = len(violations.found)
    n_paths = message.n_paths if message.HasField("n_paths") else DEFAULT_PATHS
    seed = message.seed if message.HasField("seed") else DEFAULT_SEED
    rate = (
        message.liquidity_rate_annual if message.HasField("liquidity_rate_annual") else LIQUIDITY_RATE_ANNUAL
    )
    snapshot = snapshot_from_wire(message.snapshot, violations.at("snapshot"))
    terms = terms_from_wire(message.terms, violations.at("terms"))
    investments = investments_from_wire(message.investments, "investments", violations)
    violations.require_range("first_year", message.first_year, EARLIEST_YEAR, LATEST_YEAR)
    violations.require_range("n_paths", n_paths, FEWEST_PATHS, MOST_PATHS)
    violations.require(seed <= LARGEST_SEED, "seed", f"found {seed}, expected at most {LARGEST_SEED}")
    violations.require_range("liquidity_rate_annual", rate, 0.0, 10.0)
    switches = switches_from_wire(message.switches, violations.at("switches"))
    if len(violations.found) > before or snapshot is None or terms is None:
        return None
    return FundSimulation(
        snapshot,
        terms,
        investments,
        message.first_year,
        n_paths,
        seed,
        tuple(message.report_years),
        rate,
        switches,
    )
