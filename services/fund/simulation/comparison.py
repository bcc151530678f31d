"""The fund as it is and in changed worlds, side by side on common random numbers."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from services.fund.pipeline.project import Project
from services.fund.simulation.outcome import FundOutcome, FundSimulation
from services.fund.simulation.scenario import FundScenario, ScenarioComparison, ScenarioOutcome
from services.fund.simulation.simulating import simulate
from services.runtime.results import Progress
from services.runtime.scenarios.changed_market import apply
from services.runtime.violations import Violations
from services.runtime.workers.port import PathWorkers


def compare(
    request: FundSimulation,
    projects: Sequence[Project],
    scenarios: Sequence[FundScenario],
    workers: PathWorkers | None = None,
) -> Iterator[Progress | ScenarioComparison]:
    """Simulate the fund as it is, then in each world: equal seeds make a difference one of the worlds alone.

    Yields:
        progress over the paths of all worlds, then the comparison.

    Raises:
        InvalidInput: with the path of each field that is wrong, also of a world that does not fit the market.
    """
    violations = Violations()
    worlds = []
    for i, scenario in enumerate(scenarios):
        market = violations.collect(f"scenarios[{i}].market", apply, request.snapshot, scenario.market)
        if market is not None:
            worlds.append(replace(request, snapshot=market, switches=scenario.switches))
    violations.raise_if_any()
    total = request.n_paths * (1 + len(scenarios))
    outcomes: list[FundOutcome] = []
    for n_done, world in enumerate([request, *worlds]):
        for event in simulate(world, projects, workers=workers):
            if isinstance(event, FundOutcome):
                outcomes.append(event)
            else:
                yield Progress(n_done * request.n_paths + event.paths_done, total)
    base, *others = outcomes
    compared = zip(scenarios, others, strict=True)
    yield ScenarioComparison(
        base, tuple(ScenarioOutcome(scenario, outcome) for scenario, outcome in compared)
    )
