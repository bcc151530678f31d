"""The fund in changed worlds: neutral worlds change nothing, shocks change what they should, files and wire agree."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from quant.fund_paths.projects import ConstructionRisk, FundSwitches, ProjectExit
from services.fund.__main__ import registration
from services.fund.allocation.choosing import allocate
from services.fund.allocation.question import (
    AllocationLimits,
    AllocationRequest,
    GroupKind,
    GroupLimit,
    YearBudget,
)
from services.fund.client import FundClient
from services.fund.simulation.comparison import compare
from services.fund.simulation.market import with_fund_factors
from services.fund.simulation.outcome import FundOutcome, FundSimulation
from services.fund.simulation.scenario import FundScenario, ScenarioComparison, read_fund_scenarios
from services.runtime.channel import open_channel
from services.runtime.errors import InvalidInput, NotFound
from services.runtime.evidence import Evidence, Source
from services.runtime.market import read_snapshot
from services.runtime.results import Progress
from services.runtime.scenarios.changed_market import apply
from services.runtime.scenarios.scenario import EventShock, LevelShock, PathShock, Scenario, VolatilityShock
from services.runtime.server import build_server
from services.runtime.settings import Settings
from tests.services.fund.fund_cases import investment, market, project, terms

DATA = Path(__file__).parents[3] / "data"
SOURCES = (Source("levels", Evidence.ASSUMPTION, "made up for a test"),)
PROJECTS = [project("A"), project("B", start=2027, end=2027)]
RISKY = tuple(
    replace(
        investment(name),
        risk=ConstructionRisk((0.2,), 0.1, 0.2, 0.4, 0.02, 3),
        exit=ProjectExit(3.0, hold_years=1),
    )
    for name in "AB"
)
ASKED = FundSimulation(market(0.3), terms(life=8), RISKY, 2026, 1024, 5)


def world(name: str, switches: FundSwitches | None = None, **shocks: Any) -> FundScenario:
    return FundScenario(Scenario(name, name, name, SOURCES, **shocks), switches or FundSwitches())


def compared(*worlds: FundScenario, request: FundSimulation = ASKED) -> ScenarioComparison:
    *_, result = compare(request, PROJECTS, worlds)
    assert isinstance(result, ScenarioComparison)
    return result


def test_a_world_that_changes_nothing_gives_the_same_figures() -> None:
    same = world("same", levels=(LevelShock("ticket", 1.0),), volatilities=(VolatilityShock("ticket", 1.0),))
    result = compared(same, world("switches", FundSwitches(1.0, 0, (1.0, 1.0), 1.0, 1.0)))
    for each in result.scenarios:
        assert each.outcome.partners == result.base.partners
        assert each.outcome.liquidity == result.base.liquidity


def test_a_world_without_volatility_is_the_certain_market() -> None:
    still = world("still", volatilities=(VolatilityShock("ticket", 0.0),))
    in_it = compared(still).scenarios[0].outcome
    assert in_it.partners == compared(still, request=replace(ASKED, snapshot=market(0.0))).base.partners


def test_every_world_of_a_certain_fund_is_the_simulation_of_its_market() -> None:
    # Without chance: a ticket at half its price is a project with half its cash.
    certain = replace(ASKED, snapshot=market(), investments=(investment("A"), investment("B")), n_paths=256)
    half = compared(world("half", levels=(LevelShock("ticket", 0.5),)), request=certain).scenarios[0].outcome
    units = [20.0, 25.0, 30.0]
    lean = replace(certain, investments=(investment("A", units=units), investment("B", units=units)))
    assert half.partners == compared(world("x", FundSwitches(1.1)), request=lean).base.partners


def test_shocks_and_switches_have_the_direction_that_they_must_have() -> None:
    worlds = (
        world("crash", paths=(PathShock("ticket", 0.5, 1.0, 4.0),)),
        world("dear", FundSwitches(cost_multiplier=1.2)),
        world("late", FundSwitches(delay_years_added=2)),
        world("slow", FundSwitches(ramp_up_multipliers=(0.5, 0.7))),
        world("given-up", FundSwitches(abandonment_multiplier=10.0)),
        world("weak-exit", FundSwitches(exit_multiplier=0.5)),
    )
    result = compared(*worlds)
    base = result.base.partner("investor")
    by_name = {each.scenario.market.name: each.outcome for each in result.scenarios}
    assert base.tvpi is not None
    for name in ("crash", "dear", "slow", "weak-exit"):
        # Every path is worse off, so every quantile is: on common draws there is nothing to allow for chance.
        multiple = by_name[name].partner("investor").tvpi
        assert multiple is not None
        for before, after in zip(base.tvpi.quantiles, multiple.quantiles, strict=True):
            assert after.value <= before.value + 1e-9, name
        assert multiple.mean < base.tvpi.mean - 0.001, name
    # A project that is given up pays nothing, one that is late pays later: less is received, or its rate is lower.
    assert by_name["given-up"].partner("investor").received_cny.mean < base.received_cny.mean
    assert (
        by_name["given-up"].projects[0].probability_abandoned > result.base.projects[0].probability_abandoned
    )
    late_rate = by_name["late"].partner("investor").irr_annual
    assert base.irr_annual is not None
    assert late_rate is not None
    assert late_rate.quantile(0.5) < base.irr_annual.quantile(0.5)
    dear = result.scenarios[1].outcome.projects[0]
    assert dear.mean_cost_multiple == pytest.approx(1.2 * result.base.projects[0].mean_cost_multiple)
    late = result.scenarios[2].outcome.projects[0]
    assert late.mean_delay_years == pytest.approx(2.0 + result.base.projects[0].mean_delay_years)


def test_progress_runs_over_all_worlds() -> None:
    events = [
        event
        for event in compare(ASKED, PROJECTS, [world("dear", FundSwitches(1.2))])
        if isinstance(event, Progress)
    ]
    assert [event.paths_done for event in events] == [1024, 2048]
    assert {event.paths_total for event in events} == {2048}


def test_a_world_that_does_not_fit_the_market_is_refused_with_its_place() -> None:
    with pytest.raises(InvalidInput) as caught:
        compared(world("fine", FundSwitches(1.2)), world("gold", levels=(LevelShock("gold", 0.5),)))
    assert [violation.field for violation in caught.value.violations] == [
        "scenarios[1].market.levels[0].factor"
    ]


def test_the_bundled_worlds_fit_the_market_of_the_fund() -> None:
    snapshot = with_fund_factors(read_snapshot(DATA / "market" / "standard.toml"))
    worlds = read_fund_scenarios(DATA / "fund" / "scenarios.toml")
    assert [each.market.name for each in worlds] == [
        "slow-ramp-up", "tourism-shock", "carbon-crash", "cost-overrun", "delay", "weak-exit", "all-at-once",
    ]  # fmt: skip
    for each in worlds:
        apply(snapshot, each.market)
        assert all(source.evidence is Evidence.ASSUMPTION for source in each.market.sources)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("cost_multiplier = 1.2 }", "cost_multiplier = -1.2 }", "scenarios[3].switches.cost_multiplier"),
        ("cost_multiplier = 1.2 }", "cost = 1.2 }", "scenarios[3].switches.cost"),
        ("cost_multiplier = 1.2 }", 'cost_multiplier = "much" }', "scenarios[3].switches.cost_multiplier"),
        ("switches = { exit_multiplier = 0.6 }", "", "scenarios[5].switches"),
        (
            "multiplier = 0.3, from_years = 4",
            "multiplier = 0.0, from_years = 4",
            "scenarios[1].paths[0].multiplier",
        ),
        ('name = "delay"', 'name = "tourism-shock"', "scenarios[4].name"),
    ],
)
def test_a_wrong_file_of_worlds_is_refused_with_the_place(
    tmp_path: Path, old: str, new: str, place: str
) -> None:
    text = (DATA / "fund" / "scenarios.toml").read_text(encoding="utf-8")
    assert old in text
    broken = tmp_path / "scenarios.toml"
    broken.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        read_fund_scenarios(broken)
    assert [violation.field for violation in caught.value.violations] == [f"{broken}: {place}"]


# -- over the wire


@pytest.fixture
def client(engine: sa.Engine) -> Iterator[FundClient]:
    settings = Settings(listen_address="127.0.0.1:0", log_level="error")
    with (
        build_server(settings, [registration(engine)]) as server,
        FundClient(open_channel(server.address, institution_id="bank")) as connected,
    ):
        connected.put_projects("put-1", dt.date(2026, 8, 21), PROJECTS)
        yield connected


def test_a_comparison_over_the_wire_equals_the_one_in_the_process(client: FundClient) -> None:
    worlds = (
        world("crash", paths=(PathShock("ticket", 0.5, 1.0, 4.0),)),
        world("dear", FundSwitches(1.2, 1, (0.5,), 2.0, 0.9)),
    )
    told: list[Progress] = []
    got = client.compare_scenarios(ASKED, worlds, on_progress=told.append)
    assert got == compared(*worlds)
    assert told[-1] == Progress(3072, 3072)


def test_a_simulation_with_everything_stated_survives_the_wire(client: FundClient) -> None:
    stated = (
        replace(RISKY[0], jobs=12.0, gep_cny_per_year=3e6),
        replace(RISKY[1], exit=ProjectExit(None, 2, 0.9)),
    )
    request = replace(
        ASKED, investments=stated, report_years=(2, 8), liquidity_rate_annual=0.07, switches=FundSwitches(1.1)
    )
    got = client.simulate_fund(
        request.snapshot, request.terms, request.investments, 2026, n_paths=1024, seed=5,
        report_years=(2, 8), liquidity_rate_annual=0.07, switches=FundSwitches(1.1),
    )  # fmt: skip
    from services.fund.simulation.simulating import simulate

    *_, expected = simulate(request, PROJECTS)
    assert isinstance(expected, FundOutcome)
    assert got == expected
    assert got.jobs is not None


def test_wrong_worlds_are_refused_with_their_paths(client: FundClient) -> None:
    events = world("rights", levels=(LevelShock("ticket", 0.5),), events=(EventShock(2.0),)).market
    with pytest.raises(InvalidInput) as caught:
        client.compare_scenarios(
            ASKED,
            [
                FundScenario(events),
                world("nothing"),
                world("dear", FundSwitches(cost_multiplier=0.0)),
                world("dear", FundSwitches(delay_years_added=21)),
            ],
        )
    assert [violation.field for violation in caught.value.violations] == [
        "scenarios[0].market.events",
        "scenarios[1].switches",
        "scenarios[2].switches.cost_multiplier",
        "scenarios[3].switches.delay_years_added",
        "scenarios[3].market.name",
    ]
    with pytest.raises(InvalidInput, match="scenarios: is empty"):
        client.compare_scenarios(ASKED, [])


def test_a_choice_over_the_wire_equals_the_one_in_the_process(client: FundClient) -> None:
    limits = AllocationLimits(
        budgets=(YearBudget(2026, Decimal(250)), YearBudget(2027, Decimal("300.50"))),
        carry_forward=True,
        max_total_cny=Decimal(450),
        min_total_cny=Decimal(10),
        groups=(
            GroupLimit(GroupKind.COUNTY, "甘州区", min_share=0.1),
            GroupLimit(GroupKind.SECTOR, "旅游", None, 1.0),
        ),
        min_leverage=1.0,
        exclusive=(("p/A", "p/B"),),
        min_projects=1,
        max_projects=2,
    )
    request = AllocationRequest(
        market(0.3), RISKY, 2026, 8, limits, (0.0, 1.0), 0.8, 50, 256, 7, 2, 0.0, 30.0, price_limits=True
    )
    got = client.allocate_projects(request)
    assert got == allocate(request, PROJECTS)
    assert len(got.frontier) == 2
    impossible = replace(request, limits=replace(limits, required=("p/A",), max_total_cny=Decimal(50)))
    answer = client.allocate_projects(impossible)
    assert answer == allocate(impossible, PROJECTS)
    assert answer.infeasibility is not None


def test_wrong_choices_are_refused_with_their_paths(client: FundClient) -> None:
    wrong = AllocationRequest(
        market(), RISKY, 2026, 0, AllocationLimits(max_total_cny=Decimal(-1)), (-1.0, -1.0), 0.2, 5, 5, 2**63, 11,
        0.9, 0.1,
    )  # fmt: skip
    with pytest.raises(InvalidInput) as caught:
        client.allocate_projects(wrong)
    assert [violation.field for violation in caught.value.violations] == [
        "life_years", "limits.max_total", "aversions[0]", "aversions[1]", "aversions[1]", "confidence",
        "n_scenarios", "n_check_paths", "seed", "share_steps", "gap", "time_limit_s",
    ]  # fmt: skip
    stranger = replace(RISKY[0], project_id="Z")
    with pytest.raises(NotFound):
        client.allocate_projects(AllocationRequest(market(), (stranger,), 2026, 8))
