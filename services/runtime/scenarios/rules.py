"""What a scenario may say: every number in its range, every name in the snapshot; violations carry their path."""

from collections.abc import Callable, Mapping
from typing import Any

from services.runtime.market import MarketSnapshot, QuotedDerivedFactor, QuotedFactor
from services.runtime.scenarios.scenario import (
    EventShock,
    FloorShock,
    InflowRegime,
    LevelShock,
    PathShock,
    Scenario,
    SchemeShock,
    VolatilityShock,
)
from services.runtime.violations import Violations

LONGEST_NAME = 64
LOWEST_MULTIPLIER, HIGHEST_MULTIPLIER = 1e-3, 1e3
MOST_SHOCKS = 256


def check_scenario(scenario: Scenario, at: Violations) -> None:
    """Note every number that is out of range and every text that is missing."""
    at.require_non_empty("name", scenario.name)
    at.require_max_length("name", scenario.name, LONGEST_NAME)
    at.require_non_empty("sources", scenario.sources)
    for i, source in enumerate(scenario.sources):
        at.require_non_empty(f"sources[{i}].citation", source.citation)
    at.require_range("curve_shift_bp", scenario.curve_shift_bp, -2000.0, 5000.0)
    for section, check in _NUMBERS.items():
        shocks = getattr(scenario, section)
        at.require_max_length(section, shocks, MOST_SHOCKS)
        for i, shock in enumerate(shocks):
            check(shock, at.at(f"{section}[{i}]"))


def check_names(scenario: Scenario, snapshot: MarketSnapshot, at: Violations) -> None:
    """Note every factor, scheme and variant that the snapshot does not have, and what cannot be done to it."""
    primaries = {factor.name: factor for factor in snapshot.primary_factors}
    derived = {factor.name: factor for factor in snapshot.derived_factors}
    for i, regime in enumerate(scenario.regimes):
        _check_regime(regime, primaries, at.at(f"regimes[{i}]"))
    for i, scheme in enumerate(scenario.schemes):
        _check_scheme(scheme, snapshot, at.at(f"schemes[{i}]"))
    for i, floor in enumerate(scenario.floors):
        _check_floor(floor, derived, primaries, at.at(f"floors[{i}]"))
    for i, level in enumerate(scenario.levels):
        _known(level.factor, {**primaries, **derived}, at.at(f"levels[{i}]"))
    for section in ("paths", "volatilities"):
        for i, shock in enumerate(getattr(scenario, section)):
            _known(shock.factor, primaries, at.at(f"{section}[{i}]"))
    for i, event in enumerate(scenario.events):
        for j, factor in enumerate(event.factors):
            _known(factor, {**primaries, **derived}, at.at(f"events[{i}]"), f"factors[{j}]")
    for i, point in enumerate(snapshot.discount_curve):
        at.require(
            -0.5 < point.rate_annual + scenario.curve_shift_bp / 1e4 <= 1.0,
            "curve_shift_bp",
            f"found {scenario.curve_shift_bp}, expected a shift that leaves discount_curve[{i}] above -0.5 "
            "and at most 1",
        )


def _check_regime(regime: InflowRegime, primaries: Mapping[str, QuotedFactor], at: Violations) -> None:
    if _known(regime.factor, primaries, at):
        at.require(
            primaries[regime.factor].mean_reversion_annual > 0.0,
            "factor",
            f"found {regime.factor!r} without mean reversion, expected a factor that has a long-run mean",
        )


def _check_floor(
    floor: FloorShock,
    derived: Mapping[str, QuotedDerivedFactor],
    primaries: Mapping[str, QuotedFactor],
    at: Violations,
) -> None:
    if _known(floor.factor, derived, at):
        found = derived[floor.factor]
        at.require(
            found.price is None and found.unit == primaries[found.driver].unit,
            "factor",
            f"found {floor.factor!r} in {found.unit} of {found.driver}, expected a floor of a price in its unit",
        )


def _check_scheme(shock: SchemeShock, snapshot: MarketSnapshot, at: Violations) -> None:
    schemes = {scheme.name: scheme for scheme in snapshot.sharing_schemes}
    if not _known(shock.scheme, schemes, at, "scheme", "sharing scheme"):
        return
    variants = {variant.name: variant for variant in schemes[shock.scheme].variants}
    if shock.variant != "":
        _known(shock.variant, variants, at, "variant", "variant")


def _known(
    name: str, names: Mapping[str, Any], at: Violations, field: str = "factor", what: str = "factor"
) -> bool:
    known = ", ".join(names) if names else "none in this snapshot"
    return at.require(name in names, field, f"found {what} {name!r}, expected one of: {known}")


def _level(shock: LevelShock, at: Violations) -> None:
    at.require_range("multiplier", shock.multiplier, LOWEST_MULTIPLIER, HIGHEST_MULTIPLIER)


def _path(shock: PathShock, at: Violations) -> None:
    at.require_range("multiplier", shock.multiplier, LOWEST_MULTIPLIER, HIGHEST_MULTIPLIER)
    at.require_range("from_years", shock.from_years, 0.0, 200.0)
    if shock.until_years is not None:
        at.require(
            shock.from_years < shock.until_years < float("inf"),
            "until_years",
            f"found {shock.until_years}, expected a finite number above from_years ({shock.from_years})",
        )


def _volatility(shock: VolatilityShock, at: Violations) -> None:
    at.require_range("multiplier", shock.multiplier, 0.0, 10.0)


def _regime(regime: InflowRegime, at: Violations) -> None:
    at.require_non_empty("name", regime.name)
    at.require_max_length("name", regime.name, LONGEST_NAME)
    at.require_positive("mean", regime.mean)
    at.require_range("cv", regime.cv, 0.0, 3.0)


def _scheme(shock: SchemeShock, at: Violations) -> None:
    if shock.enforcement is not None:
        at.require_fraction("enforcement", shock.enforcement)
    if shock.scarcity_beta is not None:
        at.require_range("scarcity_beta", shock.scarcity_beta, -1.0, 0.0)
    at.require(
        shock.enforcement is not None or shock.variant != "" or shock.scarcity_beta is not None,
        "enforcement",
        "is absent as are variant and scarcity_beta, expected at least one of them",
    )


def _event(shock: EventShock, at: Violations) -> None:
    at.require_range("multiplier", shock.multiplier, 0.0, 1000.0)


def _floor(shock: FloorShock, at: Violations) -> None:
    if shock.strike is not None:
        at.require_positive("strike", shock.strike)


_NUMBERS: Mapping[str, Callable[[Any, Violations], None]] = {
    "regimes": _regime,
    "schemes": _scheme,
    "floors": _floor,
    "levels": _level,
    "paths": _path,
    "volatilities": _volatility,
    "events": _event,
}
