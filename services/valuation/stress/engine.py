"""The stress test: assets, scenarios and a limit in; figures in every world out. No I/O.

Assets are priced once, in the base market: their rows are what was agreed, and a scenario changes what the rows are
worth. A local price of an asset moves with the factor, since it is a fixed multiple of it.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from services.runtime.scenarios.changed_market import apply
from services.runtime.scenarios.scenario import Scenario, apply_to_schedule
from services.valuation.appraisal import Appraisal, Task
from services.valuation.asset import Asset
from services.valuation.engine import ValuationEngine
from services.valuation.prepared_market import PreparedMarket
from services.valuation.pricers import PricedAsset
from services.valuation.stress.report import (
    ReverseLimit,
    ReverseStress,
    StressedAsset,
    StressedFigures,
    StressFigures,
)
from services.valuation.stress.reverse_stress import ReverseStressTest
from services.valuation.valuation import Failure, Simulation


@dataclass(frozen=True, slots=True)
class StressTest:
    """What is asked of every asset.

    Attributes:
        scenarios: worlds; every one fits the market.
        limit: of the reverse stress; None for none.
        simulation: paths, seed, horizon and confidence; base and stressed share the paths.
        valuation_date: date for which the values are meant.
    """

    scenarios: tuple[Scenario, ...]
    limit: ReverseLimit | None
    simulation: Simulation
    valuation_date: dt.date


def stress(
    engine: ValuationEngine,
    assets: Sequence[Asset],
    market: PreparedMarket,
    test: StressTest,
    check_alive: Callable[[], None] = lambda: None,
) -> list[StressedAsset | Failure]:
    """Every asset in every world, or why not, in order.

    Args:
        engine: prices and values.
        assets: to be valued.
        market: the base.
        test: worlds, limit, simulation and date.
        check_alive: called before each world and each look of the reverse stress; what it raises ends the test.

    Raises:
        InvalidInput: a scenario does not fit the market; the path is below the scenario.
    """
    priced = engine.priced(assets, market, test.valuation_date)
    base = engine.appraise_priced(assets, priced, market, test.simulation, test.valuation_date)
    worlds = []
    for scenario in test.scenarios:
        check_alive()
        worlds.append(
            engine.appraise_priced(
                assets,
                [_under(scenario, item) for item in priced],
                PreparedMarket.of(apply(market.snapshot, scenario)),
                test.simulation,
                test.valuation_date,
            )
        )
    reverse = _reverse(engine, base, market, test, check_alive)
    return [
        _stressed(base[i], [world[i] for world in worlds], reverse[i], test.scenarios)
        for i in range(len(assets))
    ]


def _under(scenario: Scenario, priced: PricedAsset | Failure) -> PricedAsset | Failure:
    if isinstance(priced, Failure):
        return priced
    try:
        alternatives = tuple(
            (name, apply_to_schedule(schedule, scenario)) for name, schedule in priced.alternatives
        )
    except ValueError as error:
        return Failure(priced.asset_id, "INVALID_ARGUMENT", str(error))
    return replace(priced, alternatives=alternatives)


def _reverse(
    engine: ValuationEngine,
    base: Sequence[Appraisal | Failure],
    market: PreparedMarket,
    test: StressTest,
    check_alive: Callable[[], None],
) -> list[ReverseStress | None]:
    if test.limit is None:
        return [None] * len(base)
    task = Task.of(market, test.simulation, test.valuation_date, engine.catalogue.content_hash, explain=False)
    reverse = ReverseStressTest(market, test.simulation, check_alive)
    return [
        None
        if isinstance(item, Failure)
        else reverse.of(item, task.disposal_share(item.schedule), test.limit)
        for item in base
    ]


def _stressed(
    base: Appraisal | Failure,
    worlds: Sequence[Appraisal | Failure],
    reverse: ReverseStress | None,
    scenarios: Sequence[Scenario],
) -> StressedAsset | Failure:
    if isinstance(base, Failure):
        return base
    base_value = base.valuation.value_cny
    figures = _figures(base, base_value)
    stressed = []
    for scenario, world in zip(scenarios, worlds, strict=True):
        if isinstance(world, Failure):
            return replace(world, message=f"under scenario {scenario.name}: {world.message}")
        changed = _figures(world, base_value)
        stressed.append(
            StressedFigures(
                scenario.name,
                changed,
                changed.value_cny - figures.value_cny,
                changed.pledge_value_cny - figures.pledge_value_cny,
            )
        )
    return StressedAsset(base.valuation.asset_id, base.valuation.kind, figures, tuple(stressed), reverse)


def _figures(appraisal: Appraisal, base_value: float) -> StressFigures:
    valuation = appraisal.valuation
    loss = 1.0
    if base_value > 0.0:
        loss = min(1.0, 1.0 - low_quantile(appraisal) / base_value)
    return StressFigures(valuation.value_cny, valuation.pledge_value_cny, valuation.haircut, loss)


def low_quantile(appraisal: Appraisal) -> float:
    """The quantile of the value at the horizon that haircut and pledge value rest on."""
    wanted = 1.0 - appraisal.valuation.confidence
    quantiles = appraisal.valuation.value_at_horizon.quantiles
    return min(quantiles, key=lambda quantile: abs(quantile.probability - wanted)).value
