"""Scenarios that are written are read back as they were."""

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.evidence import Evidence, Source
from services.runtime.scenarios.file import read_scenarios, read_standard_scenarios
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
from services.runtime.scenarios.written import scenarios_toml

TEXTS = st.text(min_size=1, max_size=20).filter(lambda text: text.strip() != "")
MULTIPLIERS = st.floats(1e-3, 1e3)
FULL = Scenario(
    'a "quoted" name',
    "反向：单独",
    "",
    (
        Source("levels", Evidence.PUBLISHED, "a page\nand a line", dt.date(2026, 8, 21)),
        Source("all", Evidence.ASSUMPTION, "C:\\path"),
    ),
    regimes=(InflowRegime("seventies", "inflow.yingluoxia", 14.5, 0.15),),
    schemes=(SchemeShock("heihe", 0.0, "fixed", -0.5), SchemeShock("heihe", scarcity_beta=-1.0)),
    floors=(FloorShock("buy_back.heihe", 0.12), FloorShock("buy_back.heihe")),
    levels=(LevelShock("ccer_price", 0.1 + 0.2),),
    paths=(PathShock("tourism_demand", 0.2, 1.0, 3.0), PathShock("farm_price", 0.9)),
    volatilities=(VolatilityShock("cea_price", 2.0),),
    curve_shift_bp=-50.0,
    events=(EventShock(3.0, ("ccer_price", "cea_price")), EventShock(1e-5)),
)


def read_back(folder: Path, *scenarios: Scenario) -> tuple[Scenario, ...]:
    path = folder / "written.toml"
    path.write_text(scenarios_toml(scenarios, "一行\nand another"), "utf-8")
    return read_scenarios(path)


def test_every_part_of_a_scenario_is_written(tmp_path: Path) -> None:
    standard = tuple(read_standard_scenarios().values())
    assert read_back(tmp_path, *standard, FULL) == (*standard, FULL)


@given(name=TEXTS, citation=TEXTS, multiplier=MULTIPLIERS, shift=st.floats(-2000.0, 5000.0))
def test_any_text_and_any_number_comes_back_to_the_bit(
    tmp_path_factory: pytest.TempPathFactory, name: str, citation: str, multiplier: float, shift: float
) -> None:
    scenario = Scenario(
        name,
        citation,
        name,
        (Source("levels", Evidence.DERIVED, citation),),
        levels=(LevelShock(name, multiplier),),
        curve_shift_bp=shift,
    )
    assert read_back(tmp_path_factory.mktemp("written"), scenario) == (scenario,)
