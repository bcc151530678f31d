"""The use case of a stress test: which scenarios, in which market, for which assets."""

from collections.abc import Iterable, Sequence

from services.runtime.changed_market import apply
from services.runtime.errors import InvalidInput
from services.runtime.market import MarketSnapshot
from services.runtime.scenario import Scenario
from services.runtime.scenario_file import read_standard_scenarios
from services.runtime.violations import Violations
from services.valuation.asset import Asset
from services.valuation.desk import Entry, ValuationDesk, dated
from services.valuation.stress import SkippedScenario, StressReport, StressRequest
from services.valuation.stress_engine import StressTest, stress
from services.valuation.valuation import Failure


def stress_assets(
    desk: ValuationDesk, institution_id: str, entries: Sequence[Entry], request: StressRequest
) -> StressReport:
    """Every asset in every world.

    Raises:
        NotFound: no such snapshot.
        InvalidInput: an unknown name, a scenario that does not fit the snapshot, or a date before the snapshot's.
    """
    market = desk.repository.market(institution_id, request.snapshot_id)
    date = dated(request.valuation_date, market)
    scenarios, skipped = chosen_scenarios(request, market.snapshot)
    assets = [entry for entry in entries if isinstance(entry, Asset)]
    test = StressTest(scenarios, request.limit, request.simulation, date)
    stressed = iter(stress(desk.engine, assets, market, test))
    outcomes = tuple(entry if isinstance(entry, Failure) else next(stressed) for entry in entries)
    return StressReport(outcomes, scenarios, skipped)


def chosen_scenarios(
    request: StressRequest, snapshot: MarketSnapshot
) -> tuple[tuple[Scenario, ...], tuple[SkippedScenario, ...]]:
    """The scenarios of a request, and, where it names none, the bundled ones that do not fit the snapshot.

    Raises:
        InvalidInput: naming the scenario and what is wrong with it.
    """
    standard = read_standard_scenarios()
    if not request.names and not request.scenarios and request.limit is None:
        return _all_that_fit(standard.values(), snapshot)
    violations = Violations()
    named = []
    for i, name in enumerate(request.names):
        if name in standard:
            named.append((f"scenario_names[{i}]", standard[name]))
        else:
            known = ", ".join(standard)
            violations.add(f"scenario_names[{i}]", f"found {name!r}, expected one of {known}")
    own = [(f"scenarios[{i}]", scenario) for i, scenario in enumerate(request.scenarios)]
    seen: set[str] = set()
    for path, scenario in (*named, *own):
        violations.collect(path, apply, snapshot, scenario)
        violations.require(
            scenario.name not in seen,
            path,
            f"found scenario {scenario.name!r} again, expected each name once",
        )
        seen.add(scenario.name)
    violations.raise_if_any()
    return tuple(scenario for _, scenario in (*named, *own)), ()


def _all_that_fit(
    scenarios: Iterable[Scenario], snapshot: MarketSnapshot
) -> tuple[tuple[Scenario, ...], tuple[SkippedScenario, ...]]:
    fitting, skipped = [], []
    for scenario in scenarios:
        try:
            apply(snapshot, scenario)
        except InvalidInput as error:
            reason = "; ".join(str(violation) for violation in error.violations)
            skipped.append(SkippedScenario(scenario.name, reason))
        else:
            fitting.append(scenario)
    return tuple(fitting), tuple(skipped)
