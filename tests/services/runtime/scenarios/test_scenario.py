"""Scenarios: identities of `apply`, closed forms of each shock, files, messages, and every wrong field named."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.errors import InvalidInput
from services.runtime.evidence import Evidence, Source
from services.runtime.market import MarketSnapshot, read_snapshot
from services.runtime.scenarios.changed_market import apply
from services.runtime.scenarios.file import read_scenarios, read_standard_regimes, read_standard_scenarios
from services.runtime.scenarios.scenario import (
    SECTIONS,
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
from services.runtime.wire.market import snapshot_from_wire, snapshot_to_wire
from services.runtime.wire.scenario import scenario_from_wire, scenario_to_wire

STANDARD = read_snapshot(Path(__file__).resolve().parents[4] / "data" / "market" / "standard.toml")
SOURCES = (Source("all", Evidence.ASSUMPTION, "a test"),)
INFLOW, PRICE = "inflow.yingluoxia", "water_price"
TIMES = np.array([0.5, 1.0, 2.0, 3.0, 7.0])


def scenario(**shocks: Any) -> Scenario:
    return Scenario("test", "测试", "test", SOURCES, **shocks)


def forwards(snapshot: MarketSnapshot, name: str) -> Any:
    model = snapshot.factor_model()
    return model.forward(TIMES)[model.index(name)]


FULL = scenario(
    regimes=(InflowRegime("seventies", INFLOW, 14.5, 0.15),),
    schemes=(SchemeShock("heihe", 0.8, "fixed", -0.5),),
    floors=(FloorShock("buy_back.heihe", 0.12),),
    levels=(LevelShock("ccer_price", 0.5),),
    paths=(PathShock("tourism_demand", 0.2, 1.0, 3.0), PathShock("farm_price", 0.9)),
    volatilities=(VolatilityShock("cea_price", 2.0),),
    curve_shift_bp=50.0,
    events=(EventShock(3.0, ("ccer_price",)),),
)


def test_the_empty_scenario_changes_nothing_to_the_bit() -> None:
    same = apply(STANDARD, scenario())
    assert same == STANDARD
    assert same.content_hash() == STANDARD.content_hash()
    # The loss of rights alone leaves the market as it is: schedules carry it.
    assert apply(STANDARD, scenario(events=(EventShock(3.0),))) == STANDARD


@given(st.floats(0.01, 100.0), st.floats(0.01, 100.0))
def test_two_level_shocks_compose(first: float, second: float) -> None:
    both = apply(STANDARD, scenario(levels=(LevelShock(PRICE, first), LevelShock(PRICE, second))))
    one = apply(apply(STANDARD, scenario(levels=(LevelShock(PRICE, first),))), scenario(
        levels=(LevelShock(PRICE, second),)))  # fmt: skip
    for name in (PRICE, "water_revenue.heihe.irrigation"):
        np.testing.assert_allclose(forwards(both, name), forwards(one, name), rtol=1e-12)
        np.testing.assert_allclose(
            forwards(both, name), forwards(STANDARD, name) * (first * second), rtol=1e-12
        )


@given(st.floats(0.01, 100.0), st.sampled_from([INFLOW, PRICE]))
def test_a_path_shock_over_all_years_is_a_level_shock(multiplier: float, factor: str) -> None:
    path = apply(STANDARD, scenario(paths=(PathShock(factor, multiplier),)))
    level = apply(STANDARD, scenario(levels=(LevelShock(factor, multiplier),)))
    for name in (factor, "water_revenue.heihe.irrigation"):
        np.testing.assert_allclose(forwards(path, name), forwards(level, name), rtol=1e-9, atol=1e-12)


def test_a_path_shock_meets_its_years_alone_and_adds_to_another() -> None:
    shocked = apply(STANDARD, scenario(paths=(PathShock(PRICE, 0.5, 1.0, 3.0), PathShock(PRICE, 0.8, 2.0))))
    ratio = forwards(shocked, PRICE) / forwards(STANDARD, PRICE)
    assert ratio == pytest.approx([1.0, 1.0, 0.5, 0.4, 0.8], rel=1e-12)


def test_a_shocked_derived_factor_is_its_function_times_the_multiplier() -> None:
    name = "allocation.heihe.irrigation"
    shocked = apply(STANDARD, scenario(levels=(LevelShock(name, 0.7),)))
    assert forwards(shocked, name) == pytest.approx(0.7 * forwards(STANDARD, name), rel=1e-12)


@pytest.mark.parametrize("name", ["baseline", "wet", "seventies", "paleo"])
def test_a_regime_has_its_mean_and_cv_in_the_long_run(name: str) -> None:
    quoted = read_standard_regimes()[name]
    model = apply(STANDARD, scenario(regimes=(quoted.regime(),))).factor_model()
    i = model.index(INFLOW)
    mean = model.forward([20.0])[i, 0]
    variance = model.step_covariance(20.0)[i, i]
    assert mean == pytest.approx(quoted.mean, rel=1e-9)
    assert math.sqrt(math.expm1(variance)) == pytest.approx(quoted.cv, rel=1e-9)


def test_the_regimes_are_those_of_the_domain() -> None:
    # Collected figures on the Heihe: baseline 15.8 / Cv 0.15, wet 18.85, seventies 14.5, paleo 12.4.
    means = {name: regime.mean for name, regime in read_standard_regimes().items()}
    assert means == {"baseline": 15.8, "wet": 18.85, "seventies": 14.5, "paleo": 12.4}


def test_the_baseline_regime_is_the_standard_inflow() -> None:
    baseline = apply(STANDARD, scenario(regimes=(read_standard_regimes()["baseline"].regime(),)))
    assert forwards(baseline, INFLOW) == pytest.approx(forwards(STANDARD, INFLOW), rel=1e-6)


def test_volatility_curve_and_floor() -> None:
    shocked = apply(STANDARD, scenario(volatilities=(VolatilityShock(PRICE, 2.0),), curve_shift_bp=150.0))
    was, now = (next(f for f in s.primary_factors if f.name == PRICE) for s in (STANDARD, shocked))
    assert now.volatility_annual == 2.0 * was.volatility_annual
    assert [p.rate_annual for p in shocked.discount_curve] == pytest.approx([0.045, 0.05])
    assert now.sources[-1].evidence is Evidence.ASSUMPTION
    assert now.sources[-1].citation == "scenario test: a test"
    # E[max(K - P, 0)] of a certain price is K - P.
    certain = scenario(
        volatilities=(VolatilityShock(PRICE, 0.0),), floors=(FloorShock("buy_back.heihe", 0.3),)
    )
    floored = apply(STANDARD, certain)
    assert forwards(floored, "buy_back.heihe") == pytest.approx(0.3 - forwards(floored, PRICE), rel=1e-12)
    assert forwards(
        apply(floored, scenario(floors=(FloorShock("buy_back.heihe"),))), "buy_back.heihe"
    ) == pytest.approx(0.0, abs=1e-15)


@pytest.mark.parametrize("enforcement", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("variant", ["scheme_1997", "fixed", "wet_split_40_60", "dry_split_60_40"])
def test_a_scheme_shock_rebuilds_the_allocation(enforcement: float, variant: str) -> None:
    # By hand: M = e M_variant + (1 - e) min(7.52, Q), R = clip((M - 1) / 6.52, 0, 1).
    inflow = np.array([3.0, 10.0, 12.9, 15.8, 18.0, 22.0])
    knots = [12.9, 14.2, 15.8, 17.1, 19.0]
    of_1997 = np.minimum(
        np.where(inflow < 12.9, 6.6, np.interp(inflow, knots, [6.6, 6.6, 6.3, 6.2, 5.8])), inflow
    )
    above = np.maximum(inflow - 19.0, 0.0)
    ruled = {
        "scheme_1997": of_1997 - above * (2.3 / 1.9 - 1.0),
        "fixed": np.minimum(6.3, inflow),
        "wet_split_40_60": of_1997 + 0.4 * above,
        "dry_split_60_40": np.where(inflow < 12.9, 6.6 - 0.6 * (12.9 - inflow), of_1997 - above * (2.3 / 1.9 - 1.0)),
    }[variant]  # fmt: skip
    water = enforcement * ruled + (1.0 - enforcement) * np.minimum(7.52, inflow)
    shocked = apply(STANDARD, scenario(schemes=(SchemeShock("heihe", enforcement, variant),)))
    payoff = next(f.payoff for f in shocked.derived_factors if f.name == "allocation.heihe.irrigation")
    assert payoff(inflow) == pytest.approx(np.clip((water - 1.0) / 6.52, 0.0, 1.0), abs=1e-9)


def test_scarcity_raises_the_price_where_water_is_short() -> None:
    linked = apply(STANDARD, scenario(schemes=(SchemeShock("heihe", scarcity_beta=-1.0),)))
    [scheme] = linked.sharing_schemes
    by_name = {f.name: f.payoff for f in linked.derived_factors}
    inflow = np.linspace(1.0, 30.0, 4001)
    share = by_name["allocation.heihe.irrigation"](inflow)
    water = scheme.water()
    exact = share * np.minimum((np.maximum(water(inflow), 1e-9) / float(water(15.8))) ** -1.0, 2.0)
    found = by_name["water_revenue.heihe.irrigation"](inflow)
    # Stated error of the interpolation: below 1e-3 of the value.
    assert np.abs(found - exact).max() < 1e-3
    assert found[inflow < 6.0].sum() > share[inflow < 6.0].sum()


def test_every_standard_scenario_applies_and_survives_the_wire() -> None:
    for name, named in read_standard_scenarios().items():
        violations = Violations()
        assert scenario_from_wire(scenario_to_wire(named), violations) == named, violations.found
        changed = apply(STANDARD, named)
        assert changed.content_hash() != STANDARD.content_hash(), name
        assert snapshot_from_wire(snapshot_to_wire(changed), violations) == changed, violations.found


def test_a_full_scenario_survives_the_wire() -> None:
    violations = Violations()
    assert scenario_from_wire(scenario_to_wire(FULL), violations) == FULL, violations.found


def broken(section: str, **wrong: Any) -> Scenario:
    changed: dict[str, Any] = {section: (replace(getattr(FULL, section)[0], **wrong),)}
    return replace(FULL, **changed)


WRONG = [
    (replace(FULL, name=""), "name"),
    (replace(FULL, name="x" * 65), "name"),
    (replace(FULL, sources=()), "sources"),
    (replace(FULL, sources=(Source("", Evidence.ASSUMPTION, " "),)), "sources[0].citation"),
    (replace(FULL, curve_shift_bp=math.nan), "curve_shift_bp"),
    (replace(FULL, curve_shift_bp=9000.0), "curve_shift_bp"),
    (broken("regimes", name=""), "regimes[0].name"),
    (broken("regimes", mean=0.0), "regimes[0].mean"),
    (broken("regimes", cv=-0.1), "regimes[0].cv"),
    (broken("schemes", enforcement=1.5), "schemes[0].enforcement"),
    (broken("schemes", scarcity_beta=-2.0), "schemes[0].scarcity_beta"),
    (broken("schemes", enforcement=None, variant="", scarcity_beta=None), "schemes[0].enforcement"),
    (broken("floors", strike=0.0), "floors[0].strike"),
    (broken("levels", multiplier=0.0), "levels[0].multiplier"),
    (broken("levels", multiplier=math.inf), "levels[0].multiplier"),
    (broken("paths", multiplier=-1.0), "paths[0].multiplier"),
    (broken("paths", from_years=-1.0), "paths[0].from_years"),
    (broken("paths", until_years=1.0), "paths[0].until_years"),
    (broken("volatilities", multiplier=math.nan), "volatilities[0].multiplier"),
    (broken("events", multiplier=-1.0), "events[0].multiplier"),
]
UNKNOWN = [
    (broken("regimes", factor="rain"), "regimes[0].factor"),
    (broken("regimes", factor="cny"), "regimes[0].factor"),
    (broken("schemes", scheme="yellow river"), "schemes[0].scheme"),
    (broken("schemes", variant="none"), "schemes[0].variant"),
    (broken("floors", factor="ceiling"), "floors[0].factor"),
    (broken("floors", factor="allocation.heihe.senior"), "floors[0].factor"),
    (broken("levels", factor="gold"), "levels[0].factor"),
    (broken("paths", factor="allocation.heihe.senior"), "paths[0].factor"),
    (broken("volatilities", factor="gold"), "volatilities[0].factor"),
    (broken("events", factors=("ccer_price", "gold")), "events[0].factors[1]"),
]


@pytest.mark.parametrize(("wrong", "path"), [*WRONG, *UNKNOWN])
def test_apply_names_what_is_wrong(wrong: Scenario, path: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        apply(STANDARD, wrong)
    assert path in [violation.field for violation in refusal.value.violations]


@pytest.mark.parametrize(("wrong", "path"), WRONG)
def test_the_wire_names_what_is_wrong(wrong: Scenario, path: str) -> None:
    violations = Violations("scenarios[0]")
    assert scenario_from_wire(scenario_to_wire(wrong), violations) is None
    assert f"scenarios[0].{path}" in [violation.field for violation in violations.found]


@pytest.mark.parametrize("multiplier", [1e3, 1e-3])
def test_shocks_that_together_leave_the_numbers_are_refused(multiplier: float) -> None:
    many = scenario(levels=(LevelShock(PRICE, multiplier),) * 200)
    with pytest.raises(InvalidInput, match="together make no market"):
        apply(STANDARD, many)


def test_a_scheme_without_the_link_needs_no_normal_inflow() -> None:
    # At an inflow of 1 the dry split leaves nothing: no price to compare with, and none needed.
    [scheme] = STANDARD.sharing_schemes
    strict = replace(scheme, enforcement=1.0, variant="dry_split_60_40", normal_inflow=1.0)
    assert dict(strict.payoffs())["allocation.heihe.senior"](15.8) == pytest.approx(1.0)
    with pytest.raises(ValueError, match="normal_water"):
        replace(strict, scarcity_beta=-0.5)


def test_every_section_is_broken_in_turn() -> None:
    broken_sections = {path.partition("[")[0] for _, path in WRONG}
    assert SECTIONS.keys() <= broken_sections


GOOD = """
[[scenarios]]
name = "a"
label_zh = "甲"
label_en = "a"
sources = [{ parameter = "levels", evidence = "assumption", citation = "a test" }]
"""


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[[scenarios]]\nname = 3", "scenarios[0].name"),
        (GOOD + 'shock = "x"', "scenarios[0].shock"),
        (GOOD + 'regimes = ["ice age"]', "scenarios[0].regimes[0]"),
        (GOOD + "levels = 3", "scenarios[0].levels"),
        (GOOD + 'levels = [{ factor = "water_price", factr = 1, multiplier = 1 }]', "scenarios[0].levels[0].factr"),
        (GOOD + 'levels = [{ factor = "water_price", multiplier = "half" }]', "scenarios[0].levels[0].multiplier"),
        (GOOD + 'levels = [{ factor = "water_price", multiplier = -1 }]', "scenarios[0].levels[0].multiplier"),
        (GOOD + 'curve_shift_bp = "much"', "scenarios[0].curve_shift_bp"),
        (GOOD + GOOD, "scenarios[1].name"),
        (GOOD.replace('evidence = "assumption"', 'evidence = "rumour"'), "scenarios[0].sources[0].evidence"),
        ("scenarios = []", ""),
        ("not toml", ""),
    ],
)  # fmt: skip
def test_files_name_what_is_wrong(tmp_path: Path, text: str, place: str) -> None:
    path = tmp_path / "scenarios.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(InvalidInput) as refusal:
        read_scenarios(path)
    found = [violation.field for violation in refusal.value.violations]
    assert f"{path}: {place}" in found if place else str(path) in found


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_scenarios(tmp_path / "none.toml")
