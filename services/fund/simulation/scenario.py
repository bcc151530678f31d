"""Changed worlds of the fund: the shared scenario language for the market, switches for the projects; from TOML too.

[[scenarios]]
name = "tourism-shock"
label_zh = "旅游冲击"
label_en = "tourism shock"
sources = [{ parameter = "paths", evidence = "assumption", citation = "..." }]
paths = [{ factor = "tourism_demand", multiplier = 0.4, from_years = 1, until_years = 3 }]
switches = { exit_multiplier = 0.8 }
"""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import msgspec

from quant.fund_paths.projects import FundSwitches
from services.fund.simulation.investment_rules import check_switches
from services.fund.simulation.outcome import NO_SWITCHES, FundOutcome
from services.runtime.errors import FieldViolation, InvalidInput
from services.runtime.scenarios.file import scenarios_from_tables, tables_of
from services.runtime.scenarios.scenario import Scenario
from services.runtime.violations import Violations


@dataclass(frozen=True, slots=True)
class FundScenario:
    """A changed world.

    Attributes:
        market: name, labels, sources, and what changes in the market, which may be nothing.
        switches: what changes in the projects.
    """

    market: Scenario
    switches: FundSwitches = NO_SWITCHES


@dataclass(frozen=True, slots=True)
class ScenarioOutcome:
    """The fund in one changed world."""

    scenario: FundScenario
    outcome: FundOutcome


@dataclass(frozen=True, slots=True)
class ScenarioComparison:
    """The fund as it is and in changed worlds, on the same draws."""

    base: FundOutcome
    scenarios: tuple[ScenarioOutcome, ...]


def check_fund_scenario(scenario: FundScenario, at: Violations) -> None:
    """Note what the fund cannot be asked."""
    at.require(
        len(scenario.market.events) == 0,
        "market.events",
        "found a change of the loss of rights, which the fund does not simulate",
    )
    at.require(
        scenario.market.changes_the_market() or scenario.switches != NO_SWITCHES,
        "switches",
        "are absent and the market does not change, expected a change",
    )


def read_fund_scenarios(path: Path) -> tuple[FundScenario, ...]:
    """The worlds of a TOML file, in order.

    Raises:
        InvalidInput: naming file, place, what was found and what was expected; all mistakes at once.
    """
    violations = Violations()
    tables = tables_of(path, "scenarios")
    switches = [_switches(table, violations.at(f"scenarios[{i}].switches")) for i, table in enumerate(tables)]
    markets = scenarios_from_tables(
        [
            {key: value for key, value in table.items() if key != "switches"}
            if isinstance(table, dict)
            else table
            for table in tables
        ],
        violations,
    )
    if not violations.found:
        worlds = [FundScenario(m, s) for m, s in zip(markets, switches, strict=True)]
        for i, world in enumerate(worlds):
            check_fund_scenario(world, violations.at(f"scenarios[{i}]"))
    if violations.found:
        raise InvalidInput.from_violations(
            FieldViolation(f"{path}: {item.field}", item.description) for item in violations.found
        )
    return tuple(worlds)


def _switches(table: Any, at: Violations) -> FundSwitches:
    given = table.get("switches", {}) if isinstance(table, dict) else {}
    known = [field.name for field in fields(FundSwitches)]
    for key in sorted(given.keys() - known) if isinstance(given, dict) else ():
        at.add(key, f"is not known, expected one of {', '.join(known)}")
    try:
        switches = msgspec.convert(given, FundSwitches)
    except msgspec.ValidationError as error:
        text, _, where = str(error).partition(" - at `$")
        at.add(where.strip("`."), text[0].lower() + text[1:])
        return NO_SWITCHES
    check_switches(switches, at)
    return switches
