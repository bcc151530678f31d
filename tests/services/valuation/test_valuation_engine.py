import dataclasses
import datetime as dt
import math

import numpy as np
import pytest

from quant.schedules import CollateralTerms, ExposureSchedule
from services.runtime.errors import InvalidInput
from services.runtime.results import Severity
from services.valuation.appraisal import haircut
from services.valuation.asset import Asset, TermsOverride, WaterRight
from services.valuation.catalogue.catalogue import read_catalogue
from services.valuation.engine import ValuationEngine
from services.valuation.lending.operating_cash import low_cash_by_year
from services.valuation.prepared_market import PreparedMarket
from services.valuation.pricers import PricedAsset, PricingContext
from services.valuation.pricers.pricing import LendingTerms
from services.valuation.standard_market import read_standard_snapshot
from services.valuation.valuation import Failure, Simulation, Valuation
from tests.services.valuation.valuation_cases import mixed, plain

MARKET = PreparedMarket.of(read_standard_snapshot())
CATALOGUE = read_catalogue()
DATE = dt.date(2026, 9, 1)
SIMULATION = Simulation(n_paths=1024)


def engine() -> ValuationEngine:
    return ValuationEngine(CATALOGUE)


def valued(outcome: Valuation | Failure) -> Valuation:
    assert isinstance(outcome, Valuation), outcome
    return outcome


def value_one(asset: Asset, day: dt.date = DATE) -> Valuation:
    return valued(engine().value([asset], MARKET, SIMULATION, day)[0])


def priced(schedule: ExposureSchedule) -> PricedAsset:
    return PricedAsset(
        schedule.asset_id,
        "water_right",
        (("", schedule),),
        (),
        None,
        (),
        None,
        "",
        LendingTerms(0.5, None, 1.2),
    )


def rows(factor: str, times: list[float], terms: CollateralTerms) -> ExposureSchedule:
    n = len(times)
    return ExposureSchedule("a", np.array(times), (factor,) * n, np.full(n, 1e6), ("",) * n, terms)


def test_every_kind_is_valued_and_its_table_adds_up() -> None:
    for outcome in engine().value(mixed(18), MARKET, SIMULATION, DATE, explain=True):
        valuation = valued(outcome)
        lines = valuation.cash_flows
        assert sum(line.present_value_cny for line in lines) == pytest.approx(valuation.value_cny, rel=1e-12)
        assert sum(line.expected_amount_cny for line in lines) == pytest.approx(
            valuation.undiscounted_sum_cny, rel=1e-12
        )
        for line in lines:
            assert line.expected_amount_cny == pytest.approx(line.quantity * line.expected_factor, rel=1e-14)
        assert 0.0 <= valuation.haircut <= 1.0
        assert valuation.pledge_value_cny >= 0.0


def test_figures_are_the_same_alone_and_in_a_batch() -> None:
    many = mixed(45)
    batch = engine().value(many, MARKET, SIMULATION, DATE, explain=True)
    one_by_one = engine()
    for asset, in_batch in zip(many, batch, strict=True):
        # repr is exact for floats, so that equal text means equal bits.
        assert repr(one_by_one.value([asset], MARKET, SIMULATION, DATE, explain=True)[0]) == repr(in_batch)


def test_the_mean_at_the_horizon_agrees_with_the_closed_form() -> None:
    """E V(s) = sum q F(0, t) D(s, t) A(t), survival to s included; within 3 standard errors."""
    simulation = Simulation(n_paths=16_384, horizon_years=2.0)
    terms = CollateralTerms(0.03, 0.02, 1.0, 0.2)
    schedule = rows("ccer_price", [1.0, 3.0, 4.5, 9.0], terms)
    made = ValuationEngine(CATALOGUE, lambda asset, context: priced(schedule))
    [outcome] = made.value([plain()], MARKET, simulation, DATE)
    found = valued(outcome).value_at_horizon
    times = np.array([3.0, 4.5, 9.0])
    forward = MARKET.model.forward(times)[MARKET.model.index("ccer_price")]
    discount = MARKET.curve.discount_factors(times) / MARKET.curve.discount_factors(2.0)
    expected = 1e6 * np.sum(forward * discount * np.exp(-0.03 * (times - 2.0)) * np.exp(-0.02 * times))
    assert abs(found.mean - expected) <= 3.0 * found.mean_standard_error


def test_quantiles_of_one_lognormal_row_agree_with_the_closed_form() -> None:
    """One row of a lognormal factor is lognormal at the horizon: quantile = exp(m + z sd), within 3 standard errors."""
    simulation = Simulation(n_paths=16_384)
    schedule = rows("cea_price", [5.0], CollateralTerms())
    made = ValuationEngine(CATALOGUE, lambda asset, context: priced(schedule))
    found = valued(made.value([plain()], MARKET, simulation, DATE)[0]).value_at_horizon
    factor = MARKET.model.primaries[MARKET.model.index("cea_price")]
    k, s = factor.mean_reversion_annual, factor.volatility_annual
    sd_now = s * math.sqrt((1 - math.exp(-2 * k)) / (2 * k)) if k > 0 else s
    sd = math.exp(-4.0 * k) * sd_now
    # The mean is E F(5) D(1, 5); a lognormal with that mean and sd has log mean ln(mean) - sd^2 / 2.
    forward = float(MARKET.model.forward(np.array([5.0]))[MARKET.model.index("cea_price"), 0])
    paid = MARKET.curve.discount_factors([1.0, 5.0])
    mean = 1e6 * forward * float(paid[1] / paid[0])
    for probability, z in ((0.05, -1.6448536269514722), (0.5, 0.0), (0.95, 1.6448536269514722)):
        point = next(q for q in found.quantiles if q.probability == probability)
        assert abs(point.value - mean * math.exp(z * sd - sd**2 / 2)) <= 3.0 * point.standard_error


def test_haircut_and_pledge_value_follow_from_the_low_quantile() -> None:
    terms = CollateralTerms(0.03, 0.01, 0.9, 0.1, 0.05, 1.5, 0.2)
    made = ValuationEngine(CATALOGUE, lambda asset, context: priced(rows("cea_price", [2.0, 5.0], terms)))
    valuation = valued(made.value([plain()], MARKET, Simulation(confidence=0.98), DATE)[0])
    low = valuation.value_at_horizon.quantile(0.02)
    assert valuation.haircut == haircut(valuation.value_cny, low) == 1.0 - low / valuation.value_cny
    paid = MARKET.curve.discount_factors([1.0, 2.5])
    waiting = float(paid[1] / paid[0]) * math.exp(-0.03 * 1.5)
    assert valuation.pledge_value_cny == pytest.approx(low * 0.8 * 0.95 * waiting, rel=1e-13)


@pytest.mark.parametrize(
    ("value", "low", "expected"),
    [(100.0, 80.0, 0.2), (100.0, 120.0, 0.0), (100.0, -5.0, 1.0), (0.0, 0.0, 1.0), (-3.0, -5.0, 1.0)],
)
def test_haircut_stays_between_0_and_1(value: float, low: float, expected: float) -> None:
    assert haircut(value, low) == pytest.approx(expected, abs=1e-15)


def test_one_bad_asset_never_sinks_the_batch() -> None:
    def price(asset: Asset, context: PricingContext) -> PricedAsset:
        if asset.asset_id == "asset-1":
            raise InvalidInput.of("water_right.price", "found nonsense, expected sense")
        if asset.asset_id == "asset-2":
            return priced(rows("gold", [1.0], CollateralTerms()))
        if asset.asset_id == "asset-3":
            raise ZeroDivisionError("division by zero")
        return priced(rows("cea_price", [1e4 if asset.asset_id == "asset-4" else 2.0], CollateralTerms()))

    outcomes = ValuationEngine(CATALOGUE, price).value(mixed(6), MARKET, SIMULATION, DATE)
    assert [isinstance(outcome, Failure) for outcome in outcomes] == [False, True, True, True, False, False]
    first, second, third = outcomes[1:4]
    assert isinstance(first, Failure)
    assert [violation.field for violation in first.violations] == ["water_right.price"]
    assert isinstance(second, Failure)
    assert "gold" in second.message
    assert isinstance(third, Failure)


def test_figures_that_overflow_are_a_failure() -> None:
    huge = dataclasses.replace(rows("cea_price", [2.0], CollateralTerms()), quantities=np.array([1e308]))
    [outcome] = ValuationEngine(CATALOGUE, lambda asset, context: priced(huge)).value(
        [plain()], MARKET, SIMULATION, DATE
    )
    assert isinstance(outcome, Failure)
    assert "overflows" in outcome.message


def test_the_input_hash_tells_any_two_inputs_apart() -> None:
    made = engine()
    right = Asset("w", "", "", WaterRight(1e6, 8.0))
    other = dataclasses.replace(right, terms=TermsOverride(ltv_cap=0.4))
    hashes = {
        valued(made.value([asset], MARKET, simulation, date)[0]).manifest.input_hash
        for asset in (right, other)
        for simulation in (
            SIMULATION,
            Simulation(n_paths=1024, seed=2),
            Simulation(n_paths=1024, confidence=0.9),
        )
        for date in (DATE, DATE + dt.timedelta(days=1))
    }
    assert len(hashes) == 12


def test_cash_after_the_loan_has_ended_repays_nothing() -> None:
    """Of payments at 0.5, 1, 2 and 3 years a loan of 0.4 years sees none and one of 2.7 years the first three."""
    paying = rows("cny", [0.5 + 1e-12, 1.0, 2.0 + 1e-12, 3.0], CollateralTerms())
    found = [
        low_cash_by_year(paying, MARKET, SIMULATION, n_years, until_years=tenor).tolist()
        for n_years, tenor in ((1, 0.4), (1, 0.5), (1, 1.0), (2, 2.7))
    ]
    assert found == [[0.0], [1e6], [2e6], [2e6, 1e6]]


def test_low_cash_of_a_lognormal_row_agrees_with_the_closed_form() -> None:
    """P10 of one undisturbed payment is the factor's lognormal quantile; tolerance 3 standard errors of a quantile."""
    simulation = Simulation(n_paths=16_384)
    low = low_cash_by_year(rows("cea_price", [2.0], CollateralTerms()), MARKET, simulation, 3)
    factor = MARKET.model.primaries[MARKET.model.index("cea_price")]
    k, s = factor.mean_reversion_annual, factor.volatility_annual
    sd = s * math.sqrt((1 - math.exp(-4 * k)) / (2 * k)) if k > 0 else s * math.sqrt(2.0)
    forward = float(MARKET.model.forward(np.array([2.0]))[MARKET.model.index("cea_price"), 0])
    expected = 1e6 * forward * math.exp(-1.2815515655446004 * sd - sd**2 / 2)
    density = 0.17549833193248685 / (expected * sd)  # of the lognormal at its P10: phi(z) / (x sd)
    error = math.sqrt(0.1 * 0.9 / 16_384) / density
    assert low[0] == low[2] == 0.0
    assert abs(low[1] - expected) <= 3.0 * error


def test_a_right_that_costs_more_than_it_brings_says_so() -> None:
    costly = value_one(Asset("W", "", "", WaterRight(1e6, 5.0, cost_cny_per_m3=10.0)))
    assert costly.value_cny < 0.0
    assert costly.pledge_value_cny == 0.0
    assert "VALUE_BELOW_ZERO" in {caution.code for caution in costly.cautions}
    paying = value_one(Asset("W", "", "", WaterRight(1e6, 5.0)))
    assert "VALUE_BELOW_ZERO" not in {caution.code for caution in paying.cautions}


def test_a_pledge_that_ends_before_it_could_be_sold_says_so() -> None:
    short = Asset("S", "", "", WaterRight(1e5, 0.8))
    valuation = value_one(short)
    assert valuation.pledge_value_cny == 0.0
    assert "NOTHING_AFTER_HORIZON" in {caution.code for caution in valuation.cautions}
    longer = value_one(dataclasses.replace(short, detail=WaterRight(1e5, 5.0)))
    assert "NOTHING_AFTER_HORIZON" not in {caution.code for caution in longer.cautions}


@pytest.mark.parametrize(("days", "severity"), [(0, None), (10, Severity.NOTE), (92, Severity.WARNING)])
def test_a_valuation_later_than_its_market_says_so(days: int, severity: Severity | None) -> None:
    day = MARKET.snapshot.as_of + dt.timedelta(days=days)
    valuation = value_one(Asset("W", "", "", WaterRight(1e5, 5.0)), day)
    found = [caution.severity for caution in valuation.cautions if caution.code == "VALUATION_AFTER_MARKET"]
    assert found == ([] if severity is None else [severity])


def test_cash_on_more_paths_than_fit_at_once_is_the_same() -> None:
    """Path p is the same in any block: blocks of 100 paths give the bits of one block of all."""
    paying = rows("cea_price", [0.5, 1.0, 2.0], CollateralTerms(quantity_cv=0.2))
    at_once = low_cash_by_year(paying, MARKET, SIMULATION, 2)
    in_blocks = low_cash_by_year(paying, MARKET, SIMULATION, 2, paths_at_once=100)
    assert in_blocks.tolist() == at_once.tolist()


def test_an_asset_that_would_not_fit_into_memory_is_told_how_many_paths_would() -> None:
    """2^27 values are 128 times 2^20: 600 monthly payments fit on 2^27 // 600 = 223,696 paths."""
    right = WaterRight(1e6, 50.0, monthly_payments=True)
    many = Simulation(n_paths=1_048_576)
    [failure] = engine().value([Asset("w", "w", "", right)], MARKET, many, DATE)
    assert isinstance(failure, Failure)
    assert "found 600 payments on 1048576 paths, expected at most 223696 paths" in failure.message
