"""The use case of a stress test: which scenarios, in which market, for which assets."""

from collections.abc import Callable, Sequence

from services.runtime.market import MarketSnapshot
from services.runtime.scenarios.choice import fitting_scenarios, named_scenarios
from services.runtime.scenarios.scenario import Scenario
from services.valuation.asset import Asset
from services.valuation.desk import Entry, ValuationDesk, dated
from services.valuation.stress.engine import StressTest, stress
from services.valuation.stress.report import SkippedScenario, StressReport, StressRequest
from services.valuation.valuation import Failure


def stress_assets(
    desk: ValuationDesk,
    institution_id: str,
    entries: Sequence[Entry],
    request: StressRequest,
    check_alive: Callable[[], None] = lambda: None,
) -> StressReport:
    """Every asset in every world; what `check_alive` raises between steps ends the test.

    Raises:
        NotFound: no such snapshot.
        InvalidInput: an unknown name, a scenario that does not fit the snapshot, or a date before the snapshot's.
    """
    market = desk.repository.market(institution_id, request.snapshot_id)
    date = dated(request.valuation_date, market)
    scenarios, skipped = chosen_scenarios(request, market.snapshot)
    assets = [entry for entry in entries if isinstance(entry, Asset)]
    test = StressTest(scenarios, request.limit, request.simulation, date)
    stressed = iter(stress(desk.engine, assets, market, test, check_alive))
    outcomes = tuple(entry if isinstance(entry, Failure) else next(stressed) for entry in entries)
    return StressReport(outcomes, scenarios, skipped)


def chosen_scenarios(
    request: StressRequest, snapshot: MarketSnapshot
) -> tuple[tuple[Scenario, ...], tuple[SkippedScenario, ...]]:
    """The scenarios of a request, and, where it names none, the bundled ones that do not fit the snapshot.

    Raises:
        InvalidInput: naming the scenario and what is wrong with it.
    """
    if not request.names and not request.scenarios and request.limit is None:
        fitting, unfit = fitting_scenarios(snapshot)
        return fitting, tuple(SkippedScenario(each.name, each.reason) for each in unfit)
    return named_scenarios(request.names, request.scenarios, snapshot), ()
