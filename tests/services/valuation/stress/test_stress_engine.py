"""Stress: closed forms per shock, the paradox of the Heihe, reverse stress of a single Brownian factor."""

import datetime as dt
import math
from typing import Any

import numpy as np
import pytest

from quant.schedules import CollateralTerms, ExposureSchedule, ScheduleBook
from services.runtime.errors import InvalidInput
from services.runtime.evidence import Evidence, Source
from services.runtime.market import CurvePoint, MarketSnapshot, QuotedFactor
from services.runtime.scenarios.changed_market import apply
from services.runtime.scenarios.file import read_standard_regimes, read_standard_scenarios
from services.runtime.scenarios.scenario import (
    EventShock,
    InflowRegime,
    LevelShock,
    PathShock,
    Scenario,
    SchemeShock,
    apply_to_schedule,
)
from services.valuation.asset import Asset, CataloguedRight, WaterRight
from services.valuation.catalogue.catalogue import read_catalogue
from services.valuation.engine import ValuationEngine
from services.valuation.prepared_market import PreparedMarket
from services.valuation.pricers import PricedAsset, PricingContext
from services.valuation.pricers.pricing import LendingTerms
from services.valuation.standard_market import read_standard_snapshot
from services.valuation.stress.engine import StressTest, stress
from services.valuation.stress.report import ReverseLimit, StressedAsset
from services.valuation.valuation import Failure, Simulation
from tests.services.valuation.valuation_cases import mixed

CATALOGUE = read_catalogue()
MARKET = PreparedMarket.of(read_standard_snapshot())
DATE = dt.date(2026, 9, 1)
SIMULATION = Simulation(n_paths=1024)
SOURCES = (Source("all", Evidence.ASSUMPTION, "a test"),)
VOLATILITY = 0.3


def scenario(name: str = "test", **shocks: Any) -> Scenario:
    return Scenario(name, "测试", "test", SOURCES, **shocks)


def gbm_market() -> PreparedMarket:
    """One Brownian factor of level 2 and a flat curve at 3 %."""
    factor = QuotedFactor("price", 2.0, "CNY/t", "", "", SOURCES, -0.5 * VOLATILITY**2, 0.0, VOLATILITY)
    curve = (CurvePoint(1.0, 0.03, SOURCES[0]),)
    return PreparedMarket.of(MarketSnapshot("gbm", DATE, (factor,), (), (), curve))


def fixed_price(schedule: ExposureSchedule) -> ValuationEngine:
    """An engine whose every asset is this schedule."""

    def price(asset: Asset, context: PricingContext) -> PricedAsset:
        lending = LendingTerms(0.5, None, 1.2)
        return PricedAsset(asset.asset_id, "test", (("", schedule),), (), None, (), None, "", lending)

    return ValuationEngine(CATALOGUE, price)


def three_years(terms: CollateralTerms) -> ExposureSchedule:
    times = np.array([2.0, 3.0, 4.0])
    return ExposureSchedule("a", times, ("price",) * 3, np.full(3, 1e6), ("",) * 3, terms)


ANY = Asset("a", "", "", CataloguedRight("carbon_allowance", 1.0, 1.0))


def stressed(outcome: StressedAsset | Failure) -> StressedAsset:
    assert isinstance(outcome, StressedAsset), outcome
    return outcome


def run(
    engine: ValuationEngine, asset: Asset, market: PreparedMarket, *scenarios: Scenario,
    limit: ReverseLimit | None = None,
) -> StressedAsset:  # fmt: skip
    [outcome] = stress(engine, [asset], market, StressTest(scenarios, limit, SIMULATION, DATE))
    return stressed(outcome)


def test_an_empty_scenario_changes_no_bit_of_any_asset() -> None:
    test = StressTest((scenario(),), None, SIMULATION, DATE)
    for outcome in stress(ValuationEngine(CATALOGUE), mixed(18), MARKET, test):
        [same] = stressed(outcome).stressed
        assert same.figures == stressed(outcome).base
        assert same.value_change_cny == 0.0


def test_closed_forms_on_one_brownian_factor() -> None:
    # Without drift of the mean E[F(t)] = 2; V(0) = sum 1e6 x 2 x 1.03^-t x survival.
    terms = CollateralTerms(event_intensity=0.02)
    years = np.array([2.0, 3.0, 4.0])

    def value(intensity: float, multipliers: Any = 1.0) -> float:
        return float(np.sum(2e6 * np.exp(-intensity * years) * multipliers / 1.03**years))

    report = run(
        fixed_price(three_years(terms)), ANY, gbm_market(),
        scenario("half", levels=(LevelShock("price", 0.5),)),
        scenario("years 3 to 4", paths=(PathShock("price", 0.6, 2.0, 4.0),)),
        scenario("stop", events=(EventShock(5.0, ("price",)),)),
        scenario("other", events=(EventShock(5.0, ("price",)), EventShock(0.2))),
    )  # fmt: skip
    assert report.base.value_cny == pytest.approx(value(0.02), rel=1e-12)
    found = [item.figures.value_cny for item in report.stressed]
    expected = [0.5 * value(0.02), value(0.02, np.array([1.0, 0.6, 0.6])), value(0.1), value(0.02)]
    assert found == pytest.approx(expected, rel=1e-12)
    half = report.stressed[0]
    # A scaled value has the same haircut of its own, and loses half of the base's low quantile.
    assert half.figures.haircut == pytest.approx(report.base.haircut, rel=1e-9)
    assert 1.0 - half.figures.loss_share == pytest.approx(0.5 * (1.0 - report.base.loss_share), rel=1e-9)
    assert half.pledge_value_change_cny == pytest.approx(-0.5 * report.base.pledge_value_cny, rel=1e-9)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_reverse_stress_of_one_brownian_factor_is_a_logarithm(share: float) -> None:
    # The low quantile is proportional to the level: it reaches a share of itself at z = ln(share) / (s sqrt(h)).
    engine, market = (
        fixed_price(three_years(CollateralTerms(quantity_cv=0.1, disposal_cost=0.1))),
        gbm_market(),
    )
    base = run(engine, ANY, market).base
    exact = math.log(share) / VOLATILITY
    for limit in (
        ReverseLimit(lowest_pledge_value_cny=share * base.pledge_value_cny),
        ReverseLimit(highest_loss_share=1.0 - share * (1.0 - base.loss_share)),
    ):
        reverse = run(engine, ANY, market, limit=limit).reverse
        assert reverse is not None
        assert not reverse.broken_already
        if abs(exact) > 6.0:
            assert reverse.single == ()
            continue
        [single], [joint] = reverse.single, reverse.joint
        assert single.standard_deviations == pytest.approx(exact, abs=1e-6)
        assert single.multiplier == pytest.approx(share, rel=1e-6)
        assert reverse.joint_distance == pytest.approx(-exact, abs=1e-6)
        assert joint.multiplier == pytest.approx(share, rel=1e-6)


def test_a_limit_that_is_broken_already_and_one_out_of_reach() -> None:
    engine, market = fixed_price(three_years(CollateralTerms())), gbm_market()
    base = run(engine, ANY, market).base
    broken = run(
        engine, ANY, market, limit=ReverseLimit(lowest_pledge_value_cny=2.0 * base.value_cny)
    ).reverse
    assert broken is not None
    assert broken.broken_already
    assert broken.single == ()
    far = run(engine, ANY, market, limit=ReverseLimit(lowest_pledge_value_cny=1e-3)).reverse
    assert far is not None
    assert (far.single, far.joint_distance, far.joint) == ((), None, ())
    assert (far.scenarios, far.out_of_reach) == ((), ("price",))


WATER = Asset("w", "", "", WaterRight(1e6, 5.0, allocation_factor="allocation.heihe.irrigation"))


def entitlement(regime: str, enforcement: float, variant: str = "scheme_1997") -> float:
    changed = apply(
        MARKET.snapshot,
        scenario(
            regimes=(read_standard_regimes()[regime].regime(),),
            schemes=(SchemeShock("heihe", enforcement, variant),),
        ),
    )
    [scheme] = changed.sharing_schemes
    paths = changed.factor_model().simulate([10.0], 40_000, 7)[1, 0]
    return float(np.mean(scheme.water()(paths)))


def test_wetter_is_worse_under_the_strict_scheme() -> None:
    # The paradox: above 12.9 each further unit of inflow adds less than nothing to the middle reach.
    assert entitlement("wet", 1.0) < entitlement("baseline", 1.0) < entitlement("seventies", 1.0)
    # Not under practice, nor where the middle reach keeps 40 % of what exceeds 19.
    assert entitlement("wet", 0.0) == pytest.approx(entitlement("baseline", 0.0), rel=1e-3)
    assert entitlement("wet", 1.0, "wet_split_40_60") > entitlement("wet", 1.0)
    assert entitlement("paleo", 1.0, "dry_split_60_40") < entitlement("paleo", 1.0)
    named = read_standard_scenarios()
    report = run(
        ValuationEngine(CATALOGUE), WATER, MARKET, named["scheme-enforced"], named["scheme-enforced-wet"]
    )
    strict, strict_and_wet = (item.figures.value_cny for item in report.stressed)
    assert strict_and_wet < strict < report.base.value_cny


def test_every_named_scenario_reaches_an_asset() -> None:
    named = tuple(s for name, s in read_standard_scenarios().items() if name != "floor-removed")
    test = StressTest(named, None, SIMULATION, DATE)
    outcomes = [stressed(o) for o in stress(ValuationEngine(CATALOGUE), mixed(18), MARKET, test)]
    # A dry river is no loss to the middle reach under the scheme of 1997: that is the paradox.
    harmless = {"dry-run", "dry-phase", "paleo-drought"}
    for i, one in enumerate(named):
        changes = [outcome.stressed[i].value_change_cny for outcome in outcomes]
        assert (max(changes) > 0.0) if one.name in harmless else (min(changes) < 0.0), one.name


def test_a_local_price_moves_with_its_factor() -> None:
    # Rows are made in the base market: an own price is a fixed multiple of the factor, not immune to it.
    own = Asset("w", "", "", WaterRight(1e6, 5.0, price_cny_per_m3=0.4))
    report = run(ValuationEngine(CATALOGUE), own, MARKET, scenario(levels=(LevelShock("water_price", 0.6),)))
    [crash] = report.stressed
    assert crash.figures.value_cny == pytest.approx(0.6 * report.base.value_cny, rel=1e-12)


def test_nothing_after_expiry_in_any_world() -> None:
    # A permit of two years without renewal: rows at 1 and 2 alone, so year 3 and later can be shocked at will.
    permit = Asset("w", "", "", WaterRight(1e6, 2.0))
    later = scenario(paths=(PathShock("water_price", 1000.0, 2.0),))
    report = run(ValuationEngine(CATALOGUE), permit, MARKET, later)
    assert report.stressed[0].value_change_cny == 0.0


def test_losses_beyond_any_number_are_the_failure_of_that_asset() -> None:
    hit = fixed_price(three_years(CollateralTerms(event_intensity=1.0)))
    worlds = (scenario(events=(EventShock(1000.0),) * 200),)
    [outcome] = stress(hit, [ANY], gbm_market(), StressTest(worlds, None, SIMULATION, DATE))
    assert isinstance(outcome, Failure)
    assert outcome.message.startswith("under scenario test: event_intensity")


def test_the_same_schedule_gives_loans_and_fund_the_same_answer() -> None:
    # Loans and the fund hold a schedule and a snapshot and nothing else.
    crash = read_standard_scenarios()["methodology-change"]
    engine = ValuationEngine(CATALOGUE)
    [asset] = [item for item in mixed(2) if item.asset_id == "asset-1"]
    report = run(engine, asset, MARKET, crash)
    [base] = engine.exposures([asset], MARKET)
    assert isinstance(base, ExposureSchedule)
    world = PreparedMarket.of(apply(MARKET.snapshot, crash))
    schedule = apply_to_schedule(base, crash)
    book = ScheduleBook.stack([schedule], world.model)
    value = book.present_values(world.model, world.curve.discount_factors)[0]
    assert report.stressed[0].figures.value_cny == pytest.approx(value, rel=1e-12)


def test_a_scenario_that_does_not_fit_is_refused() -> None:
    wrong = scenario(regimes=(InflowRegime("x", "rain", 1.0, 0.1),))
    with pytest.raises(InvalidInput, match="rain"):
        run(ValuationEngine(CATALOGUE), WATER, MARKET, wrong)
