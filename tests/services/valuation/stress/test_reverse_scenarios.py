"""The worlds that a reverse stress finds, written to a file and read back: there the asset stands at its limit."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from services.runtime.errors import Cancelled
from services.runtime.scenarios.file import read_scenarios, read_standard_scenarios
from services.runtime.scenarios.written import scenarios_toml
from services.valuation.asset import Asset
from services.valuation.catalogue.catalogue import read_catalogue
from services.valuation.engine import ValuationEngine
from services.valuation.prepared_market import PreparedMarket
from services.valuation.standard_market import read_standard_snapshot
from services.valuation.stress.engine import StressTest, stress
from services.valuation.stress.report import ReverseLimit, ReverseStress, StressedAsset
from services.valuation.valuation import Simulation
from tests.services.valuation.valuation_cases import DETAILS, plain

ENGINE = ValuationEngine(read_catalogue())
MARKET = PreparedMarket.of(read_standard_snapshot())
PLAIN = StressTest((), None, Simulation(n_paths=512), dt.date(2026, 9, 1))


def run(asset: Asset, test: StressTest) -> StressedAsset:
    [outcome] = stress(ENGINE, [asset], MARKET, test)
    assert isinstance(outcome, StressedAsset), outcome
    return outcome


def reverse_of(asset: Asset, limit: ReverseLimit) -> ReverseStress:
    found = run(asset, replace(PLAIN, limit=limit)).reverse
    assert found is not None
    return found


def read_back(asset: Asset, reverse: ReverseStress, folder: Path) -> StressedAsset:
    file = folder / "found.toml"
    file.write_text(scenarios_toml(reverse.scenarios, "a test"), "utf-8")
    found = run(asset, replace(PLAIN, scenarios=read_scenarios(file)))
    assert len(found.stressed) == len(reverse.single) + (reverse.joint_distance is not None)
    return found


@pytest.mark.parametrize("kind", DETAILS)
def test_the_limit_is_reached(kind: str, tmp_path: Path) -> None:
    asset = plain(kind)
    base = run(asset, PLAIN).base
    share = 0.5 * (1.0 + base.loss_share)
    reverse = reverse_of(asset, ReverseLimit(highest_loss_share=share))
    assert reverse.single
    # The search ends within 1e-10 standard deviations; less than the whole value moves with one of them.
    for item in read_back(asset, reverse, tmp_path).stressed:
        assert item.figures.loss_share == pytest.approx(share, rel=1e-8), item.scenario
    pledge_value = 0.6 * base.pledge_value_cny
    reverse = reverse_of(asset, ReverseLimit(lowest_pledge_value_cny=pledge_value))
    for item in read_back(asset, reverse, tmp_path).stressed:
        assert item.figures.pledge_value_cny == pytest.approx(pledge_value, rel=1e-8), item.scenario


def test_factors_that_do_not_break_it_alone_are_named() -> None:
    asset = plain("water_right")
    half = reverse_of(asset, ReverseLimit(highest_loss_share=0.5))
    most = reverse_of(asset, ReverseLimit(highest_loss_share=0.99))
    for reverse in (half, most):
        alone = {move.factor for move in reverse.single}
        assert alone | {*reverse.out_of_reach} == {"water_price", "inflow.yingluoxia"}
        assert alone.isdisjoint(reverse.out_of_reach)
    # However wet or dry the river, the scheme leaves the middle reach more than a hundredth of its right.
    assert "inflow.yingluoxia" in most.out_of_reach
    broken = reverse_of(asset, ReverseLimit(highest_loss_share=0.001))
    assert broken.broken_already
    assert (broken.scenarios, broken.out_of_reach) == ((), ())


def test_who_leaves_ends_the_test() -> None:
    asked = 0

    def leave_at_the_fifth() -> None:
        nonlocal asked
        asked += 1
        if asked == 5:
            raise Cancelled("the caller went away")

    for test in (
        replace(PLAIN, limit=ReverseLimit(highest_loss_share=0.5)),
        replace(PLAIN, scenarios=tuple(read_standard_scenarios().values())),
    ):
        asked = 0
        with pytest.raises(Cancelled):
            stress(ENGINE, [plain()], MARKET, test, leave_at_the_fifth)
