"""Reads scenarios and inflow regimes from TOML; every mistake is named with its place.

[[scenarios]]
name = "dry-run"
label_zh = "连续枯水"
label_en = "a run of dry years"
sources = [{ parameter = "levels", evidence = "assumption", citation = "..." }]
regimes = ["seventies"]                                    # names of data/market/regimes.toml, or tables
paths = [{ factor = "water_price", multiplier = 0.8, from_years = 0, until_years = 3 }]
"""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import msgspec

from services.runtime.bundled import bundled
from services.runtime.errors import FieldViolation, InvalidInput
from services.runtime.evidence import Source
from services.runtime.scenarios.rules import check_scenario
from services.runtime.scenarios.scenario import SECTIONS, InflowRegime, Scenario
from services.runtime.toml_file import toml_content
from services.runtime.violations import Violations

STANDARD_SCENARIOS = "scenarios.toml"
STANDARD_REGIMES = "market/regimes.toml"
_TEXTS = ("name", "label_zh", "label_en", "curve_shift_bp")


@dataclass(frozen=True, slots=True)
class QuotedRegime:
    """A hydrological regime with its labels and sources."""

    name: str
    factor: str
    mean: float
    cv: float
    label_zh: str
    label_en: str
    sources: tuple[Source, ...]

    def regime(self) -> InflowRegime:
        """The regime as scenarios hold it."""
        return InflowRegime(self.name, self.factor, self.mean, self.cv)


def read_standard_regimes() -> dict[str, QuotedRegime]:
    """The bundled regimes by name.

    Raises:
        InvalidInput: the file is missing or wrong.
    """
    path = bundled(STANDARD_REGIMES)
    try:
        found = msgspec.convert(tables_of(path, "regimes"), list[QuotedRegime])
    except msgspec.ValidationError as error:
        raise InvalidInput.of(str(path), str(error)) from None
    return {regime.name: regime for regime in found}


def read_standard_scenarios() -> dict[str, Scenario]:
    """The bundled scenarios by name.

    Raises:
        InvalidInput: the file is missing or wrong.
    """
    return {scenario.name: scenario for scenario in read_scenarios(bundled(STANDARD_SCENARIOS))}


def read_scenarios(path: Path) -> tuple[Scenario, ...]:
    """The scenarios of a file.

    Raises:
        InvalidInput: naming file, place, what was found and what was expected; all mistakes at once.
    """
    violations = Violations()
    found = scenarios_from_tables(tables_of(path, "scenarios"), violations)
    if violations.found:
        raise InvalidInput.from_violations(
            FieldViolation(f"{path}: {item.field}", item.description) for item in violations.found
        )
    return found


def scenarios_from_tables(tables: list[Any], violations: Violations) -> tuple[Scenario, ...]:
    """The scenarios of TOML tables that are right; every mistake is noted below `scenarios[i]`."""
    regimes = read_standard_regimes()
    found = [_scenario(table, regimes, violations.at(f"scenarios[{i}]")) for i, table in enumerate(tables)]
    names: set[str] = set()
    for i, scenario in enumerate(found):
        if scenario is not None:
            violations.require(
                scenario.name not in names,
                f"scenarios[{i}].name",
                f"found {scenario.name!r} again, expected each name once",
            )
            names.add(scenario.name)
    return tuple(scenario for scenario in found if scenario is not None)


def tables_of(path: Path, key: str) -> list[Any]:
    """The tables [[key]] of a TOML file that holds nothing else.

    Raises:
        InvalidInput: the file cannot be read, is no TOML or holds something else.
    """
    content = toml_content(path)
    tables = content.get(key)
    unknown = sorted(content.keys() - {key})
    if not isinstance(tables, list) or not tables or unknown:
        found = ", ".join(content) or "nothing"
        raise InvalidInput.of(str(path), f"found {found}, expected [[{key}]], at least one, and nothing else")
    return tables


def _scenario(table: Any, regimes: dict[str, QuotedRegime], at: Violations) -> Scenario | None:
    if not isinstance(table, dict):
        at.add("", "expected a table")
        return None
    before = len(at.found)
    known = {field.name for field in fields(Scenario)}
    for key in table.keys() - known:
        at.add(key, f"is not known, expected one of {', '.join(sorted(known))}")
    given: dict[str, Any] = {key: table[key] for key in _TEXTS if key in table}
    for key in ("name", "label_zh", "label_en"):
        at.require(isinstance(given.get(key), str), key, "is missing or no text, expected a text")
    shift = given.get("curve_shift_bp", 0.0)
    if isinstance(shift, bool) or not isinstance(shift, int | float):
        at.add("curve_shift_bp", f"found {shift!r}, expected a number")
    else:
        given["curve_shift_bp"] = float(shift)
    given["sources"] = _items(table.get("sources", []), Source, "sources", at)
    for section, kind in SECTIONS.items():
        items = table.get(section, [])
        if section == "regimes" and isinstance(items, list):
            items = [_named_regime(item, regimes, at.at(f"regimes[{i}]")) for i, item in enumerate(items)]
        given[section] = _items(items, kind, section, at)
    if len(at.found) > before:
        return None
    scenario = Scenario(**given)
    check_scenario(scenario, at)
    return scenario


def _named_regime(item: Any, regimes: dict[str, QuotedRegime], at: Violations) -> Any:
    if not isinstance(item, str):
        return item
    if item not in regimes:
        at.add("", f"found regime {item!r}, expected one of {', '.join(regimes)}, or a table")
        return {"name": item, "factor": "", "mean": 1.0, "cv": 0.0}
    return msgspec.to_builtins(regimes[item].regime())


def _items(items: Any, kind: type, section: str, at: Violations) -> tuple[Any, ...]:
    if not isinstance(items, list):
        at.add(section, f"found {items!r}, expected a list")
        return ()
    known = [field.name for field in fields(kind)]
    read: list[Any] = []
    for i, item in enumerate(items):
        here = at.at(f"{section}[{i}]")
        unknown = item.keys() - known if isinstance(item, dict) else ()
        for key in sorted(unknown):
            here.add(key, f"is not known, expected one of {', '.join(known)}")
        try:
            read.append(msgspec.convert(item, kind))
        except msgspec.ValidationError as error:
            text, _, where = str(error).partition(" - at `$")
            here.add(where.strip("`."), text[0].lower() + text[1:])
    return tuple(read)
