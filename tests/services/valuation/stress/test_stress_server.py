"""StressAssets end to end: client, server and back; what is refused, with its path."""

from dataclasses import replace
from typing import Any

import grpc
import pytest

from ecopledge.valuation.v1 import stress_pb2, valuation_pb2_grpc
from services.runtime.channel import calling
from services.runtime.errors import InvalidInput, NotFound
from services.runtime.evidence import Evidence, Source
from services.runtime.scenarios.changed_market import apply
from services.runtime.scenarios.file import read_standard_scenarios
from services.runtime.scenarios.scenario import LevelShock, PathShock, Scenario
from services.runtime.wire.scenario import scenario_to_wire
from services.valuation.asset import Asset, WaterRight
from services.valuation.client import ValuationClient
from services.valuation.standard_market import read_standard_snapshot
from services.valuation.stress.report import ReverseLimit, StressedAsset
from services.valuation.translate.asset import asset_to_wire
from services.valuation.valuation import Failure, Simulation, Valuation
from tests.services.valuation.valuation_cases import mixed, plain

SIMULATION = Simulation(n_paths=512)
SOURCES = (Source("levels", Evidence.ASSUMPTION, "a test"),)
OWN = Scenario("own", "自定", "own", SOURCES, levels=(LevelShock("water_price", 0.5),))


def test_every_kind_in_every_bundled_world(client: ValuationClient) -> None:
    assets = mixed(18)
    report = client.stress_assets(assets, simulation=SIMULATION)
    assert [scenario.name for scenario in report.scenarios] == list(read_standard_scenarios())
    assert report.skipped == ()
    base = client.value_assets(assets, simulation=SIMULATION)
    for outcome, valuation in zip(report.outcomes, base, strict=True):
        assert isinstance(outcome, StressedAsset)
        assert isinstance(valuation, Valuation)
        # The base is the valuation, to the last bit.
        assert outcome.base.value_cny == valuation.value_cny
        assert outcome.base.pledge_value_cny == valuation.pledge_value_cny
        assert outcome.base.haircut == valuation.haircut
        assert [item.scenario for item in outcome.stressed] == list(read_standard_scenarios())
        for item in outcome.stressed:
            assert item.value_change_cny == item.figures.value_cny - outcome.base.value_cny


def test_named_and_own_scenarios_with_a_reverse_limit(client: ValuationClient) -> None:
    right = Asset("w", "", "", WaterRight(1e6, 5.0))
    report = client.stress_assets(
        [right], names=["water-price-fall"], scenarios=[OWN], limit=ReverseLimit(highest_loss_share=0.6),
        simulation=SIMULATION,
    )  # fmt: skip
    assert report.scenarios == (read_standard_scenarios()["water-price-fall"], OWN)
    [outcome] = report.outcomes
    assert isinstance(outcome, StressedAsset)
    # Every row is a multiple of the water price, so V(0) is too.
    values = [item.figures.value_cny for item in outcome.stressed]
    assert values == pytest.approx([0.6 * outcome.base.value_cny, 0.5 * outcome.base.value_cny], rel=1e-12)
    assert outcome.reverse is not None
    [single], [joint] = outcome.reverse.single, outcome.reverse.joint
    assert single.factor == joint.factor == "water_price"
    # The low quantile is (1 - loss share) of V(0) and proportional to the price.
    assert single.multiplier == pytest.approx(0.4 / (1.0 - outcome.base.loss_share), rel=1e-6)
    assert outcome.reverse.joint_distance == pytest.approx(-single.standard_deviations, rel=1e-6)


def test_the_answer_of_a_reverse_stress_can_be_asked_as_it_is(client: ValuationClient) -> None:
    right, limit = plain("water_right"), ReverseLimit(highest_loss_share=0.6)
    [outcome] = client.stress_assets([right], limit=limit, simulation=SIMULATION).outcomes
    assert isinstance(outcome, StressedAsset)
    reverse = outcome.reverse
    assert reverse is not None
    assert len(reverse.scenarios) == len(reverse.single) + 1
    assert len(reverse.single) + len(reverse.out_of_reach) == 2
    [again] = client.stress_assets([right], scenarios=reverse.scenarios, simulation=SIMULATION).outcomes
    assert isinstance(again, StressedAsset)
    # The search ends within 1e-10 standard deviations.
    shares = [item.figures.loss_share for item in again.stressed]
    assert shares == pytest.approx([0.6] * len(shares), rel=1e-8)


def test_a_scenario_is_a_changed_snapshot(client: ValuationClient) -> None:
    # Valuing in the stored snapshot of the changed world gives the stressed figures, to the last bit.
    harsh = read_standard_scenarios()["dry-run-shared"]
    changed = apply(read_standard_snapshot(), harsh)
    client.put_market_snapshot(changed, request_id="s1")
    assert client.get_market_snapshot(changed.snapshot_id) == changed
    right = Asset("w", "", "", WaterRight(1e6, 5.0, allocation_factor="allocation.heihe.irrigation"))
    [valuation] = client.value_assets(
        [right], snapshot_id=changed.snapshot_id, simulation=SIMULATION, request_id="v1"
    )
    [outcome] = client.stress_assets([right], names=[harsh.name], simulation=SIMULATION).outcomes
    assert isinstance(valuation, Valuation)
    assert isinstance(outcome, StressedAsset)
    figures = outcome.stressed[0].figures
    assert (figures.value_cny, figures.pledge_value_cny) == (valuation.value_cny, valuation.pledge_value_cny)
    assert client.replay_valuation(valuation.valuation_id).identical


def test_one_bad_asset_never_sinks_the_run(client: ValuationClient) -> None:
    bad = replace(plain(asset_id="bad"), detail=WaterRight(1e6, 5.0, allocation_factor="allocation.nowhere"))
    first, second = client.stress_assets([bad, plain()], scenarios=[OWN], simulation=SIMULATION).outcomes
    assert isinstance(first, Failure)
    assert [violation.field for violation in first.violations] == ["assets[0].water_right.allocation_factor"]
    assert isinstance(second, StressedAsset)


def test_bundled_scenarios_that_do_not_fit_are_said(client: ValuationClient) -> None:
    own = replace(read_standard_snapshot(), snapshot_id="no-river", sharing_schemes=())
    client.put_market_snapshot(own, request_id="s1")
    report = client.stress_assets([plain("catalogued_right")], snapshot_id="no-river", simulation=SIMULATION)
    assert {item.name for item in report.skipped} == {
        "scheme-enforced",
        "scheme-enforced-wet",
        "dry-run-shared",
    }
    assert "schemes[0].scheme" in report.skipped[0].reason
    with pytest.raises(InvalidInput) as refusal:
        client.stress_assets([plain()], names=["scheme-enforced"], snapshot_id="no-river")
    assert [v.field for v in refusal.value.violations] == ["scenario_names[0].schemes[0].scheme"]


def request(**changes: Any) -> stress_pb2.StressAssetsRequest:
    return stress_pb2.StressAssetsRequest(assets=[asset_to_wire(plain())], **changes)


def wrong_scenario(**changes: Any) -> Any:
    return scenario_to_wire(replace(OWN, **changes))


@pytest.mark.parametrize(
    ("message", "path"),
    [
        (stress_pb2.StressAssetsRequest(), "assets"),
        (request(scenario_names=["flood"]), "scenario_names[0]"),
        (request(scenario_names=["rates-up", "rates-up"]), "scenario_names[1]"),
        (request(scenario_names=["rates-up"], scenarios=[wrong_scenario(name="rates-up")]), "scenarios[0]"),
        (request(scenarios=[wrong_scenario(sources=())]), "scenarios[0].sources"),
        (request(scenarios=[wrong_scenario(levels=(LevelShock("gold", 1.0),))]), "scenarios[0].levels[0].factor"),
        (
            request(scenarios=[wrong_scenario(paths=(PathShock("farm_price", 1.0, 2.0, 1.0),))]),
            "scenarios[0].paths[0].until_years",
        ),
        (request(scenarios=[wrong_scenario(name=f"s{i}") for i in range(101)]), "scenarios"),
        (request(reverse=stress_pb2.ReverseLimit()), "reverse.limit"),
        (request(reverse=stress_pb2.ReverseLimit(highest_loss_share=1.0)), "reverse.highest_loss_share"),
        (request(reverse=stress_pb2.ReverseLimit(lowest_pledge_value_cny=-1.0)), "reverse.lowest_pledge_value_cny"),
        (request(simulation=stress_pb2.StressSimulation(n_paths=10)), "simulation.n_paths"),
        (request(simulation=stress_pb2.StressSimulation(n_paths=100_000)), "simulation.n_paths"),
        (request(simulation=stress_pb2.StressSimulation(confidence=2.0)), "simulation.confidence"),
        (request(valuation_date={"year": 2020, "month": 1, "day": 1}), "valuation_date"),
        (request(valuation_date={"year": 2027, "month": 13, "day": 1}), "valuation_date"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(channel: grpc.Channel, message: Any, path: str) -> None:
    stub = valuation_pb2_grpc.ValuationServiceStub(channel)
    with pytest.raises(InvalidInput) as refusal, calling():
        stub.StressAssets(message)
    assert any(v.field.startswith(path) for v in refusal.value.violations), refusal.value.violations


def test_too_many_assets_for_a_reverse_stress(client: ValuationClient) -> None:
    many = [plain(asset_id=f"a{i}") for i in range(51)]
    with pytest.raises(InvalidInput, match="expected at most 50"):
        client.stress_assets(many, limit=ReverseLimit(highest_loss_share=0.5))


def test_an_unknown_snapshot(client: ValuationClient) -> None:
    with pytest.raises(NotFound):
        client.stress_assets([plain()], snapshot_id="nowhere")
