"""The five methods of LY/T 2407-2015: hand computation, series without end, and what must rise with what."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant.forestry import (
    Thinning,
    capitalised_annuity_value,
    harvest_present_value,
    land_expectation_value,
    market_price_back_value,
    replacement_cost_value,
)

RATES = st.floats(0.02, 0.15)
INCOMES = st.floats(0.0, 1e6)


def test_market_price_back_is_a_difference() -> None:
    # 150 m3/ha at 800 CNY/m3; felling and transport 260, profit of the feller 40 a m3
    got = market_price_back_value(150 * 800, operating_cost_cny=150 * 260, operating_profit_cny=150 * 40)
    assert got == 150 * 500


def test_market_price_back_may_be_negative() -> None:
    assert market_price_back_value(100.0, operating_cost_cny=120.0, operating_profit_cny=5.0) == -25.0


@given(income=INCOMES, rate=RATES)
def test_capitalised_annuity_is_the_perpetuity(income: float, rate: float) -> None:
    years = np.arange(1.0, 3_000.0)  # at 2 % the rest is below 1e-25 of the sum
    series = income * float(((1.0 + rate) ** -years).sum())
    assert capitalised_annuity_value(income, rate_annual=rate) == pytest.approx(series, rel=1e-9, abs=1e-9)


def test_replacement_cost_by_hand() -> None:
    # Planted three years ago for 9,000, tended for 1,500 and 1,200; n - i + 1 = 3, 2, 1.
    by_hand = 0.9 * (9_000 * 1.08**3 + 1_500 * 1.08**2 + 1_200 * 1.08)
    got = replacement_cost_value([9_000, 1_500, 1_200], rate_annual=0.08, stand_quality=0.9)
    assert got == pytest.approx(by_hand, rel=1e-14)


@given(costs=st.lists(INCOMES, min_size=1, max_size=40), rate=RATES, year=st.integers(0, 39))
def test_replacement_cost_grows_by_the_rate_and_the_year_that_is_added(
    costs: list[float], rate: float, year: int
) -> None:
    """Roll-forward: one year later the value has earned p, and this year's cost with it."""
    added = float(year)
    before = replacement_cost_value(costs, rate_annual=rate)
    after = replacement_cost_value([*costs, added], rate_annual=rate)
    assert after == pytest.approx((before + added) * (1.0 + rate), rel=1e-12, abs=1e-9)


@given(
    income=INCOMES, thinning=st.floats(0, 1e5), planting=st.floats(0, 1e5), annual=st.floats(0, 1e4),
    rotation=st.integers(2, 120), rate=RATES,
)  # fmt: skip
def test_land_expectation_is_one_rotation_and_then_the_same_land(
    *, income: float, thinning: float, planting: float, annual: float, rotation: int, rate: float
) -> None:
    """Faustmann's fixed point: L = -C + PV(thinning, annual cost, final income, and L again)."""
    land = land_expectation_value(
        income,
        rotation_years=rotation,
        rate_annual=rate,
        thinnings=[Thinning(rotation // 2, thinning)],
        planting_cost_cny=planting,
        annual_cost_cny=annual,
    )
    discount = (1.0 + rate) ** -np.arange(rotation + 1.0)
    once = -planting + thinning * discount[rotation // 2] - annual * discount[1:].sum()
    once += (income + land) * discount[rotation]
    scale = income + thinning + planting + annual / rate
    assert land == pytest.approx(once, rel=1e-9, abs=1e-9 * scale)


@given(income=INCOMES, more=st.floats(1.0, 1e5), age=st.integers(0, 29), rate=RATES, extra=st.floats(0, 0.05))
def test_harvest_value_rises_with_income_and_falls_with_rate_and_time(
    *, income: float, more: float, age: int, rate: float, extra: float
) -> None:
    def value(final: float, now: int, p: float) -> float:
        return harvest_present_value(final, stand_age_years=now, rotation_years=30, rate_annual=p)

    assert value(income + more, age, rate) > value(income, age, rate)
    assert value(income, age + 1, rate) >= value(income, age, rate)
    assert value(income, age, rate + extra) <= value(income, age, rate)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: market_price_back_value(-1.0, operating_cost_cny=0, operating_profit_cny=0), "sales_income_cny"),
        (lambda: market_price_back_value(1.0, operating_cost_cny=-1, operating_profit_cny=0), "operating_cost_cny"),
        (lambda: market_price_back_value(1.0, operating_cost_cny=0, operating_profit_cny=-1), "operating_profit"),
        (lambda: capitalised_annuity_value(float("nan"), rate_annual=0.05), "annual_income_cny"),
        (lambda: capitalised_annuity_value(1.0, rate_annual=0.0), "rate_annual"),
        (lambda: replacement_cost_value([], rate_annual=0.05), "yearly_costs_cny"),
        (lambda: replacement_cost_value([1.0, -2.0], rate_annual=0.05), r"at index \[1\]"),
        (lambda: replacement_cost_value([1.0], rate_annual=0.05, stand_quality=0.0), "stand_quality"),
    ],
)  # fmt: skip
def test_refusals(call: Callable[[], float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
