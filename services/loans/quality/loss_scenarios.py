"""The weighted worlds of the expected credit loss: snapshots under the scenarios of the rules."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace

from services.loans.quality.rules import BASE_SCENARIO, RulePeriod
from services.runtime.bundled import bundled
from services.runtime.errors import InvalidInput
from services.runtime.market import MarketSnapshot
from services.runtime.results import Caution, Severity
from services.runtime.scenarios.changed_market import apply
from services.runtime.scenarios.file import read_scenarios
from services.runtime.scenarios.scenario import SECTIONS, Scenario

CREDIT_SCENARIOS = "loans/credit_scenarios.toml"


@dataclass(frozen=True, slots=True)
class WeightedWorld:
    """A market with its weight.

    Attributes:
        name: of the scenario.
        weight: 0 to 1; the weights of all worlds add up to 1.
        snapshot: the market.
        left_out: factors of shocks that the market does not have.
    """

    name: str
    weight: float
    snapshot: MarketSnapshot
    left_out: tuple[str, ...]


def read_credit_scenarios() -> dict[str, Scenario]:
    """The bundled scenarios of the expected credit loss by name.

    Raises:
        InvalidInput: the file is missing or wrong.
    """
    return {scenario.name: scenario for scenario in read_scenarios(bundled(CREDIT_SCENARIOS))}


def weighted_worlds(
    snapshot: MarketSnapshot, rules: RulePeriod, scenarios: Mapping[str, Scenario]
) -> tuple[WeightedWorld, ...]:
    """The worlds of the rules in their order.

    Raises:
        InvalidInput: the rules name a scenario that is not there, or its shocks make no market.
    """
    worlds = []
    for item in rules.scenarios:
        if item.name == BASE_SCENARIO:
            worlds.append(WeightedWorld(item.name, item.weight, snapshot, ()))
            continue
        if item.name not in scenarios:
            raise InvalidInput(
                f"credit_loss.scenarios: found {item.name!r}, expected {BASE_SCENARIO!r} or one of "
                f"{', '.join(scenarios)} of {CREDIT_SCENARIOS}"
            )
        fitting, left_out = fit_to(snapshot, scenarios[item.name])
        worlds.append(WeightedWorld(item.name, item.weight, apply(snapshot, fitting), left_out))
    return tuple(worlds)


def fit_to(snapshot: MarketSnapshot, scenario: Scenario) -> tuple[Scenario, tuple[str, ...]]:
    """A scenario without the shocks to factors that a market does not have, and the names of those factors."""
    known = {factor.name for factor in snapshot.primary_factors}
    known |= {factor.name for factor in snapshot.derived_factors}
    left_out: dict[str, None] = {}
    kept = {}
    for section, kind in SECTIONS.items():
        shocks = getattr(scenario, section)
        if "factor" in {field.name for field in fields(kind)}:
            left_out.update(dict.fromkeys(shock.factor for shock in shocks if shock.factor not in known))
            shocks = tuple(shock for shock in shocks if shock.factor in known)
        kept[section] = shocks
    return replace(scenario, **kept), tuple(left_out)


def cautions_about_worlds(worlds: tuple[WeightedWorld, ...]) -> Iterator[Caution]:
    """Worlds of which a part was left out."""
    for world in worlds:
        if world.left_out:
            names = ", ".join(world.left_out)
            yield Caution(
                "SCENARIO_PARTLY_APPLIED",
                Severity.NOTE,
                f"情景 {world.name} 涉及快照中没有的因子，未施加：{names}",
                f"scenario {world.name} shocks factors that the snapshot does not have, left out: {names}",
                "snapshot",
            )
