"""What a reverse stress finds, as scenarios: the same move, names that differ, texts that say where it comes from."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.evidence import Evidence
from services.runtime.market import read_snapshot
from services.runtime.scenarios.changed_market import apply
from services.runtime.scenarios.lasting_move import BrokenLimit, FactorMove, worlds_at_limit
from services.runtime.scenarios.rules import check_scenario
from services.runtime.scenarios.scenario import LevelShock
from services.runtime.violations import Violations

STANDARD = read_snapshot(Path(__file__).resolve().parents[4] / "data" / "market" / "standard.toml")
LIMIT = BrokenLimit("W1", "the pledge value of W1 falls to 100 CNY", "snapshot S, seed 1")
PRICE, INFLOW = FactorMove("water_price", -2.0, 0.5), FactorMove("inflow.yingluoxia", 3.0, 1.4)


def test_the_joint_move_comes_first_then_each_factor_alone() -> None:
    joint, *alone = worlds_at_limit(LIMIT, STANDARD, (PRICE, INFLOW), (INFLOW, PRICE), 1.75)
    assert joint.levels == (LevelShock("inflow.yingluoxia", 1.4), LevelShock("water_price", 0.5))
    assert [world.levels for world in alone] == [
        (LevelShock("water_price", 0.5),),
        (LevelShock("inflow.yingluoxia", 1.4),),
    ]
    assert [world.name for world in (joint, *alone)] == [
        "reverse-joint",
        "reverse-1-water_price",
        "reverse-2-inflow.yingluoxia",
    ]
    assert joint.label_zh == "反向压力 W1：联合变动"
    assert (alone[0].label_zh, alone[0].label_en) == (
        "反向压力 W1：水价单独变动",
        "reverse stress W1: water price alone",
    )
    [source] = alone[0].sources
    assert source.evidence is Evidence.DERIVED
    assert source.citation == (
        "smallest lasting move at which the pledge value of W1 falls to 100 CNY: water_price alone, "
        "-2.00 standard deviations; snapshot S, seed 1"
    )


def test_nothing_found_is_no_world() -> None:
    assert worlds_at_limit(LIMIT, STANDARD, (), (), None) == ()


def test_long_names_of_factors_stay_apart() -> None:
    long = [FactorMove("f" * 63 + last, -1.0, 0.5) for last in "ab"]
    names = [world.name for world in worlds_at_limit(LIMIT, STANDARD, long, (), None)]
    assert len({*names}) == 2
    assert all(len(name) <= 64 for name in names)


@given(st.floats(-30.0, 30.0))
def test_a_move_beyond_what_one_shock_may_say_is_several(log_shift: float) -> None:
    [world] = worlds_at_limit(
        LIMIT, STANDARD, (FactorMove("water_price", -5.0, math.exp(log_shift)),), (), None
    )
    violations = Violations()
    check_scenario(world, violations)
    assert not violations.found
    model, moved = (snapshot.factor_model() for snapshot in (STANDARD, apply(STANDARD, world)))
    i = model.index("water_price")
    shift = moved.primaries[i].log_level - model.primaries[i].log_level
    # Logs of numbers up to e^40 and a product of at most five factors: some 20 roundings of 40 x 1.1e-16.
    assert shift == pytest.approx(log_shift, abs=1e-13)
