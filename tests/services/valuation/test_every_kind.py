"""Closed form against simulation, and what must hold, for every kind of the catalogue and both carbon instruments."""

import datetime as dt
import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from quant.market.piecewise import PiecewiseLinear
from quant.pledges.cell_bank import CellBank
from quant.pledges.distribution import HorizonScenarios, realised_present_values
from quant.pledges.pledge_values import value_assets
from quant.pledges.right_loss import share_left
from quant.pledges.sensitivities import behind_rows
from quant.schedules import ExposureSchedule, ScheduleBook
from services.runtime.market import MarketSnapshot
from services.valuation.engine import ValuationEngine
from services.valuation.prepared_market import PreparedMarket
from services.valuation.pricers import PRICERS, PricingContext, price_in
from services.valuation.standard_market import read_standard_snapshot
from services.valuation.valuation import Simulation, Valuation
from tests.services.valuation.every_kind import CATALOGUE, DETAILS, OF_ITS_OWN, asset_of


def market_with_a_floor() -> MarketSnapshot:
    """The standard market, in which no storage company guarantees a floor, with one of 0.18 CNY/m3."""
    snapshot = read_standard_snapshot()
    floor = PiecewiseLinear((0.0, 0.18), (0.18, 0.0))
    return replace(
        snapshot,
        derived_factors=tuple(
            replace(factor, payoff=floor) if factor.name == "buy_back.heihe" else factor
            for factor in snapshot.derived_factors
        ),
    )


MARKET = PreparedMarket.of(market_with_a_floor())
CONTEXT = PricingContext(CATALOGUE, MARKET.snapshot)
ENGINE = ValuationEngine(CATALOGUE)
SEED = 20260821
FAST, SLOW, BLOCK = 32_768, 1_000_000, 62_500
HORIZON = 2.0


def schedules(name: str) -> list[ExposureSchedule]:
    return [schedule for _, schedule in price_in(asset_of(name), CONTEXT).alternatives]


def closed_form(schedule: ExposureSchedule, at_years: float = 0.0) -> float:
    """Mean value at a time of the rows after it, losses of the right until then taken off, from the forwards alone."""
    model = MARKET.model
    book = ScheduleBook.stack([schedule], model)
    _, present = book.row_values(model, MARKET.curve.discount_factors)
    later = schedule.times_years > at_years if at_years > 0.0 else schedule.times_years >= 0.0
    carried = float(MARKET.curve.discount_factors(np.array([at_years]))[0])
    carried *= math.exp(-schedule.terms.risk_premium_annual * at_years)
    return float(present[later].sum()) / carried


def blocks(n_paths: int) -> Iterator[tuple[int, int]]:
    return ((first, min(BLOCK, n_paths - first)) for first in range(0, n_paths, BLOCK))


def realised(schedule: ExposureSchedule, n_paths: int) -> np.ndarray:
    """What is paid on each path, discounted: factors, valuation error and losses of the right all simulated."""
    model = behind_rows([schedule], MARKET.model)
    book = ScheduleBook.stack([schedule], model)
    discount = MARKET.curve.discount_factors
    return np.concatenate(
        [
            realised_present_values(book, model, discount, n, SEED, first_path=first)[0]
            for first, n in blocks(n_paths)
        ]
    )


def at_horizon(schedule: ExposureSchedule, n_paths: int) -> np.ndarray:
    """Value at the horizon on each path, with valuation error and losses of the right until then."""
    model = behind_rows([schedule], MARKET.model)
    book = ScheduleBook.stack([schedule], model)
    terms = schedule.terms
    log_sd = math.sqrt(math.log1p(terms.quantity_cv**2))
    found = []
    for first, n in blocks(n_paths):
        drawn = HorizonScenarios.draw(model, HORIZON, n, SEED, first_path=first)
        values = book.values_at(model, MARKET.curve.discount_factors, drawn.states, HORIZON)[0]
        left = share_left(drawn.event_uniforms, terms.event_intensity * HORIZON, terms.event_severity)
        found.append(values * np.exp(log_sd * drawn.quantity_normals - 0.5 * log_sd**2) * left)
    return np.concatenate(found)


def assert_within_three_standard_errors(simulated: np.ndarray, expected: float) -> None:
    error = simulated.std(ddof=1) / math.sqrt(len(simulated))
    # Cash that nothing moves has no error; rounding of sums is allowed for.
    assert abs(simulated.mean() - expected) <= 3.0 * error + 1e-9 * abs(expected)


def test_every_kind_and_every_pricer_has_a_case() -> None:
    named = {name.partition(":")[0] for name in DETAILS}
    assert named == set(CATALOGUE.kinds)
    details = [detail for variants in OF_ITS_OWN.values() for detail in variants.values()]
    priced = {
        (type(detail), type(getattr(detail, "method", None))) for detail in [*details, *DETAILS.values()]
    }
    assert priced == {(detail, method or type(None)) for detail, method in PRICERS}
    assert {price_in(asset_of(name), CONTEXT).kind for name in DETAILS} == set(CATALOGUE.kinds)


@pytest.mark.parametrize("name", DETAILS)
def test_closed_form_against_simulation_of_what_is_paid(name: str) -> None:
    for schedule in schedules(name):
        assert_within_three_standard_errors(realised(schedule, FAST), closed_form(schedule))


@pytest.mark.parametrize("name", DETAILS)
def test_closed_form_against_simulation_of_the_value_at_the_horizon(name: str) -> None:
    for schedule in schedules(name):
        assert_within_three_standard_errors(at_horizon(schedule, FAST), closed_form(schedule, HORIZON))


@pytest.mark.slow
@pytest.mark.parametrize("name", DETAILS)
def test_closed_form_against_a_million_paths(name: str) -> None:
    for schedule in schedules(name):
        assert_within_three_standard_errors(realised(schedule, SLOW), closed_form(schedule))
        assert_within_three_standard_errors(at_horizon(schedule, SLOW), closed_form(schedule, HORIZON))


@pytest.mark.parametrize("name", DETAILS)
def test_what_the_service_reports_adds_up(name: str) -> None:
    [found] = ENGINE.value([asset_of(name)], MARKET, Simulation(512), dt.date(2026, 8, 21), explain=True)
    assert isinstance(found, Valuation)
    lines = found.cash_flows
    assert math.fsum(line.present_value_cny for line in lines) == pytest.approx(found.value_cny, rel=1e-12)
    assert math.fsum(line.expected_amount_cny for line in lines) == pytest.approx(
        found.undiscounted_sum_cny, rel=1e-12
    )
    first_year = [line.expected_amount_cny for line in lines if line.time_years <= 1.0]
    assert math.fsum(first_year) == pytest.approx(found.annual_cash_cny, rel=1e-12, abs=1e-6)
    for line in lines:
        assert line.expected_amount_cny == pytest.approx(line.quantity * line.expected_factor, rel=1e-12)
    best = max(closed_form(schedule) for schedule in schedules(name))
    assert found.value_cny == pytest.approx(best, rel=1e-12)
    assert 0.0 <= found.pledge_value_cny <= max(0.0, found.value_at_horizon.quantiles[-1].value)


def test_the_kernel_of_the_service_has_the_mean_of_the_closed_form_for_every_kind() -> None:
    scenarios = HorizonScenarios.draw(MARKET.model, HORIZON, FAST, SEED)
    bank = CellBank(MARKET.model, MARKET.curve.discount_factors, scenarios)
    single = {name: found[0] for name in DETAILS if len(found := schedules(name)) == 1}
    values = value_assets([[schedule] for schedule in single.values()], bank, (0.05,))
    for i, schedule in enumerate(single.values()):
        allowed = 3.0 * values.at_horizon.mean_error[i] + 1e-9 * abs(values.value[i])
        assert abs(values.at_horizon.mean[i] - closed_form(schedule, HORIZON)) <= allowed
