"""Reads the credit rules from TOML, such as data/loans/credit_rules.toml; every mistake is named with its place."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from services.loans.quality.rules import BASE_SCENARIO, CreditRules, Parameter, RulePeriod, WeightedScenario
from services.runtime.bundled import bundled
from services.runtime.errors import FieldViolation, InvalidInput
from services.runtime.toml_file import toml_content

STANDARD_RULES = "loans/credit_rules.toml"
_WEIGHT_TOLERANCE = 1e-9
_DAYS, _SHARE, _SWITCH = (0.0, 36_525.0), (0.0, 1.0), (0.0, 1.0)

PARAMETERS: dict[str, dict[str, tuple[float, float]]] = {
    "classification": {
        "special_mention_above_days": _DAYS,
        "substandard_above_days": _DAYS,
        "doubtful_above_days": _DAYS,
        "loss_above_days": _DAYS,
        "contagion_share_in_bank": _SHARE,
        "contagion_share_across_banks": _SHARE,
        "overdue_days_across_banks": _DAYS,
        "impaired_is_substandard": _SWITCH,
        "restructured_observation_months": (0.0, 600.0),
        "restructured_is_special_mention": _SWITCH,
    },
    "credit_loss": {
        "stage_2_above_days": _DAYS,
        "stage_3_above_days": _DAYS,
        "non_performing_is_stage_3": _SWITCH,
        "bank_special_mention_is_stage_2": _SWITCH,
        "restructured_is_stage_2": _SWITCH,
        "increase_ratio": (1.0, 1_000.0),
        "increase_points": _SHARE,
        "months_of_stage_1": (12.0, 12.0),  # every figure of stage 1 is one of 12 months
    },
    "capital": {
        "weight_corporate": (0.0, 12.5),
        "weight_investment_grade": (0.0, 12.5),
        "weight_medium": (0.0, 12.5),
        "weight_small_micro": (0.0, 12.5),
        "weight_past_due": (0.0, 12.5),
        "past_due_above_days": _DAYS,
        "minimum_ratio": _SHARE,
        "lgd_unsecured": _SHARE,
        "lgd_receivables": _SHARE,
        "lgd_other_physical": _SHARE,
        "collateral_haircut": _SHARE,
        "pd_floor": (1e-5, 1.0),
        "output_floor": _SHARE,
        "maturity_years": (1.0, 5.0),
        "economic_confidence": (0.5, 0.9999),
    },
}
"""What each period must state, and nothing else, with the range of each figure."""


def read_standard_rules() -> CreditRules:
    """The bundled rules.

    Raises:
        InvalidInput: the file is missing or wrong.
    """
    return read_rules(bundled(STANDARD_RULES))


def read_rules(path: Path) -> CreditRules:
    """The rules of a TOML file.

    Raises:
        InvalidInput: naming file, place, what was found and what was expected; all mistakes at once.
    """
    content = toml_content(path)
    found = [
        FieldViolation(f"{path}: {key}", f"is not known, expected {', '.join(PARAMETERS)}")
        for key in sorted(content.keys() - PARAMETERS.keys())
    ]
    periods = {section: _periods(content.get(section), section, str(path), found) for section in PARAMETERS}
    if found:
        raise InvalidInput.from_violations(found)
    return CreditRules(**periods)


def _periods(tables: Any, section: str, path: str, found: list[FieldViolation]) -> tuple[RulePeriod, ...]:
    if not isinstance(tables, list) or not tables:
        found.append(FieldViolation(f"{path}: {section}", f"expected [[{section}]], at least one"))
        return ()
    read = [_period(table, section, f"{path}: {section}[{i}]", found) for i, table in enumerate(tables)]
    periods = tuple(period for period in read if period is not None)
    days = [period.in_force_from for period in periods]
    if days != sorted(set(days)):
        message = f"found periods from {', '.join(map(str, days))}, expected them in order and each day once"
        found.append(FieldViolation(f"{path}: {section}", message))
    return periods


def _period(table: Any, section: str, at: str, found: list[FieldViolation]) -> RulePeriod | None:
    more = ("scenarios",) if section == "credit_loss" else ()
    expected = {"in_force_from", "title_zh", "title_en", *PARAMETERS[section], *more}
    if not isinstance(table, dict) or table.keys() != expected:
        keys = set(table) if isinstance(table, dict) else set[str]()
        unknown, missing = sorted(keys - expected), sorted(expected - keys)
        found += [FieldViolation(f"{at}.{key}", "is not a parameter of this rule") for key in unknown]
        found += [FieldViolation(f"{at}.{key}", "is missing") for key in missing]
        return None
    try:
        day = msgspec.convert(table["in_force_from"], dt.date)
        given = {name: msgspec.convert(table[name], Parameter) for name in PARAMETERS[section]}
        scenarios = msgspec.convert(table.get("scenarios", []), tuple[WeightedScenario, ...])
    except msgspec.ValidationError as error:
        found.append(FieldViolation(at, str(error)))
        return None
    for name, (low, high) in PARAMETERS[section].items():
        if not low <= given[name].value <= high:
            message = f"found {given[name].value}, expected a number from {low:g} to {high:g}"
            found.append(FieldViolation(f"{at}.{name}", message))
    if section == "credit_loss":
        _check_weights(f"{at}.scenarios", scenarios, found)
    return RulePeriod(section, day, table["title_zh"], table["title_en"], given, scenarios)


def _check_weights(at: str, scenarios: Sequence[WeightedScenario], found: list[FieldViolation]) -> None:
    names = [item.name for item in scenarios]
    if BASE_SCENARIO not in names or len(set(names)) < len(names):
        found.append(FieldViolation(at, f"found {names}, expected {BASE_SCENARIO!r} and each name once"))
    total = sum(item.weight for item in scenarios)
    if abs(total - 1.0) > _WEIGHT_TOLERANCE or any(item.weight < 0.0 for item in scenarios):
        found.append(FieldViolation(at, f"found weights that add up to {total}, expected 1 and none below 0"))
