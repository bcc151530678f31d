"""All rates of return: against the roots of polynomials, against roots put in, and at the edges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant.cashflows import MOST_SIGN_CHANGES, all_rates, irr, xirr


def flows_with_rates(rates: list[float]) -> np.ndarray:
    """Coefficients of the product of (1 - (1 + r) x), x = 1 / (1 + rate): its roots are the rates."""
    product = np.array([1.0])
    for rate in rates:
        product = np.convolve(product, [1.0, -(1.0 + rate)])
    return -product


@given(st.lists(st.integers(-95, 400), min_size=1, max_size=5, unique=True))
def test_rates_that_were_put_in_come_out(percents: list[int]) -> None:
    rates = sorted(percent / 100 for percent in percents)
    assert all_rates(flows_with_rates(rates)) == pytest.approx(rates, abs=1e-6)


def test_random_signs_agree_with_the_companion_matrix() -> None:
    rng = np.random.default_rng(20_261_121)
    several = 0
    for _ in range(150):
        flows = rng.normal(size=rng.integers(2, 16))
        roots = np.roots(flows[::-1])
        x = roots[(np.abs(roots.imag) < 1e-9) & (roots.real > 0)].real
        got = all_rates(flows)
        assert got == pytest.approx(np.sort(1 / x - 1), rel=1e-6, abs=1e-7)
        several += len(got) > 1
    assert several > 20  # the case that matters is there


def test_the_rate_of_irr_is_one_of_them_and_alone_when_flows_turn_once() -> None:
    assert all_rates([-100, 39, 59, 55, 20]) == pytest.approx([irr([-100, 39, 59, 55, 20])], abs=1e-12)
    times = [0.0, 0.3, 1.7, 2.9]
    assert all_rates([-100, 20, 60, 60], times) == pytest.approx([xirr([-100, 20, 60, 60], times)], abs=1e-12)


def test_a_rate_that_touches_is_found_once() -> None:
    # -100 (1 - 1.1 x)^2 does not change sign; three times the same rate does.
    assert all_rates([-100.0, 220.0, -121.0]) == pytest.approx([0.1], abs=1e-7)
    assert all_rates(flows_with_rates([0.1, 0.1, 0.1])) == pytest.approx([0.1], abs=1e-4)


def test_dates_in_any_order_and_equal_dates() -> None:
    assert all_rates([-132, 230, -60, -40], [2.0, 1.0, 0.0, 0.0]) == pytest.approx([0.1, 0.2], abs=1e-10)
    assert (
        all_rates([-100, 50, 50, 30, 0], [0, 0, 0, 1, 2]).size == 0
    )  # the first day cancels: one sign is left


def test_144_equal_instalments_have_one_rate() -> None:
    loan = 8000.0 * (1 - 1.004**-144) / 0.004  # annuity formula
    assert all_rates([-loan, *[8000.0] * 144]) == pytest.approx([0.004], abs=1e-12)


def test_a_mine_that_is_cleaned_up_at_a_huge_horizon() -> None:
    # One rate just above -100 % a year and one common one; exponents of 1,000 years do not overflow.
    rates = all_rates([-1.0, 2.0, -1e-9], [0.0, 1.0, 1000.0])
    assert rates[-1] == pytest.approx(1.0, abs=1e-9)  # the clean-up weighs nothing at 100 %
    assert len(rates) == 2
    assert -1.0 < rates[0] < 0.0
    v = np.log1p(rates[0])
    assert 2.0 * np.exp(-v) - 1.0 == pytest.approx(1e-9 * np.exp(-1000.0 * v), rel=1e-6)


@pytest.mark.parametrize("flows", [[0.0, 0.0], [5.0], [-1.0, -2.0], [0.0, 3.0, 0.0], [-100.0, 250.0, -157.0]])
def test_none(flows: list[float]) -> None:
    assert all_rates(flows).size == 0


def test_refusals_name_the_place() -> None:
    with pytest.raises(ValueError, match=r"flows: found nan at index \[1\]"):
        all_rates([1.0, np.nan])
    with pytest.raises(ValueError, match="add up to nothing"):
        all_rates([-1.0, 1.0], [0.0, 0.0])
    with pytest.raises(ValueError, match="times_years: found shape"):
        all_rates([-1.0, 1.0], [0.0])
    with pytest.raises(ValueError, match=f"expected at most {MOST_SIGN_CHANGES}"):
        all_rates(np.array([-1.0, 1.0] * 40))
