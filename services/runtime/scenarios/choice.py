"""Which scenarios a stress test runs: bundled ones by name, the caller's own, or every bundled one that fits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.runtime.errors import InvalidInput
from services.runtime.market import MarketSnapshot
from services.runtime.scenarios.changed_market import apply
from services.runtime.scenarios.file import read_standard_scenarios
from services.runtime.scenarios.scenario import Scenario
from services.runtime.violations import Violations


@dataclass(frozen=True, slots=True)
class UnfitScenario:
    """A bundled scenario that does not fit a snapshot, and what is missing."""

    name: str
    reason: str


def named_scenarios(
    names: Sequence[str], own: Sequence[Scenario], snapshot: MarketSnapshot
) -> tuple[Scenario, ...]:
    """Bundled scenarios by name, then those of the caller; every one fits the snapshot.

    Raises:
        InvalidInput: naming the scenario and what is wrong with it.
    """
    standard = read_standard_scenarios()
    violations = Violations()
    chosen = []
    for i, name in enumerate(names):
        if name in standard:
            chosen.append((f"scenario_names[{i}]", standard[name]))
        else:
            known = ", ".join(standard)
            violations.add(f"scenario_names[{i}]", f"found {name!r}, expected one of {known}")
    chosen += [(f"scenarios[{i}]", scenario) for i, scenario in enumerate(own)]
    seen: set[str] = set()
    for path, scenario in chosen:
        violations.collect(path, apply, snapshot, scenario)
        violations.require(
            scenario.name not in seen,
            path,
            f"found scenario {scenario.name!r} again, expected each name once",
        )
        seen.add(scenario.name)
    violations.raise_if_any()
    return tuple(scenario for _, scenario in chosen)


def fitting_scenarios(
    snapshot: MarketSnapshot, scenarios: Iterable[Scenario] | None = None
) -> tuple[tuple[Scenario, ...], tuple[UnfitScenario, ...]]:
    """The scenarios that fit a snapshot, the bundled ones when none are given, and those that do not."""
    fitting, unfit = [], []
    for scenario in read_standard_scenarios().values() if scenarios is None else scenarios:
        try:
            apply(snapshot, scenario)
        except InvalidInput as error:
            reason = "; ".join(str(violation) for violation in error.violations)
            unfit.append(UnfitScenario(scenario.name, reason))
        else:
            fitting.append(scenario)
    return tuple(fitting), tuple(unfit)
