"""Rates of return: the edge cases by name, and every root of random polynomials by a second method."""

import numpy as np
import numpy.typing as npt
import numpy_financial as npf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant.cashflows import irr, net_present_value, xirr

MONEY = st.floats(0.01, 1e12)


def test_leading_and_trailing_zeros_do_not_matter() -> None:
    assert irr([0, 0, -100, 110, 0, 0]) == pytest.approx(0.10, abs=1e-14)


@pytest.mark.parametrize("flows", [[1, 2, 3], [-1, -2], [-100, 0, 0], [0, 0, 0], [5], [-100, 250, -157]])
def test_no_rate_gives_nan(flows: list[float]) -> None:
    # The last one has a negative discriminant: 250^2 < 4 x 100 x 157.
    assert np.isnan(irr(flows))


def test_amounts_of_a_trillion() -> None:
    assert irr([-1e12, 0.3e12, 0.9e12]) == pytest.approx(irr([-1.0, 0.3, 0.9]), rel=1e-13)


def test_returns_near_total_loss_and_enormous_ones() -> None:
    assert irr([-3000.0, 1e-9]) == pytest.approx(1e-9 / 3000.0 - 1.0, abs=1e-15)
    assert irr([-1e-6, 1e9]) == pytest.approx(1e15 - 1.0, rel=1e-12)


@pytest.mark.parametrize(
    ("flows", "rate"),
    [
        # support.microsoft.com/zh-cn/excel/irr-function, example: -2.1 %, 8.7 % and -44.4 % (the page has ten times the
        # amounts); the further digits are a second method's, numpy-financial.
        ([-70_000, 12_000, 15_000, 18_000, 21_000], -0.0212448),
        ([-70_000, 12_000, 15_000, 18_000, 21_000, 26_000], 0.0866309),
        ([-70_000, 12_000, 15_000], -0.4435069),
    ],
)
def test_results_equal_those_of_a_spreadsheet(flows: list[float], rate: float) -> None:
    assert irr(flows) == pytest.approx(rate, abs=5e-8)


def test_dated_flows_equal_those_of_a_spreadsheet() -> None:
    # support.microsoft.com/zh-cn/excel/functions/xirr-function, example: 0.373362535, days over 365. The same example
    # with dates of 1992 and 37.3363 % is in Microsoft's article Q116041.
    days = np.array([0, 60, 303, 411, 456])  # from 1 January 2008: 1 March, 30 October, 15 February, 1 April
    rate = xirr([-10_000, 2_750, 4_250, 3_250, 2_750], days / 365)
    assert rate == pytest.approx(0.373362535, abs=2e-8)  # the spreadsheet stops at 1e-8


@pytest.mark.parametrize(
    ("flows", "rate"),
    [
        # numpy.org/numpy-financial/latest/irr.html, examples, to five digits.
        ([-100, 39, 59, 55, 20], 0.28095),
        ([-100, 0, 0, 74], -0.0955),
        ([-100, 100, 0, -7], -0.0833),
        ([-100, 100, 0, 7], 0.06206),
    ],
)
def test_results_equal_the_documented_ones_of_numpy_financial(flows: list[float], rate: float) -> None:
    assert irr(flows) == pytest.approx(rate, abs=5e-6)


def test_the_documented_flows_that_turn_three_times_have_more_rates_than_the_documented_one() -> None:
    # The page's last example gives 8.86 %; 8.86 % is a root, and the choice that is documented here takes another one:
    # the flows lose money in total (-0.5), so that the rate is the negative root nearest 0.
    flows = np.array([-5.0, 10.5, 1.0, -8.0, 1.0])
    assert net_present_value(flows, 0.0886) == pytest.approx(0.0, abs=1e-3)
    assert irr(flows) == pytest.approx(_expected_rate(flows), abs=1e-10)
    assert irr(flows) < 0.0


def test_roots_below_total_loss_are_no_rates() -> None:
    assert np.isnan(irr([10.0, 5.0]))  # 10 + 5 / (1 + r) = 0 at -150 %
    # (1 + r)^2 + 1.5 (1 + r) - 1 = 0 at 1 + r = 0.5 and -2: -50 %, not -300 %.
    assert irr([-1.0, -1.5, 1.0]) == pytest.approx(-0.5, abs=1e-13)
    assert irr([-100.0, 1.0]) == pytest.approx(-0.99, abs=1e-13)


def test_a_huge_horizon() -> None:
    flows = np.zeros(2001)
    flows[0], flows[2000] = -1.0, 1.05**400  # 1.05^(400/2000) a step
    assert irr(flows) == pytest.approx(1.05**0.2 - 1.0, rel=1e-10)
    assert xirr([-1.0, 2.0], [0.0, 10_000.0]) == pytest.approx(2**1e-4 - 1.0, rel=1e-8)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_144_equal_instalments_have_their_one_rate_above_total_loss(sign: float) -> None:
    # The polynomial of even degree has a second real root below -100 %, which is no candidate.
    monthly = 0.004
    loan = 8000.0 * (1 - (1 + monthly) ** -144) / monthly  # annuity formula
    assert irr(sign * np.array([-loan, *[8000.0] * 144])) == pytest.approx(monthly, abs=1e-14)


def test_choice_among_several_rates() -> None:
    # -100 (1+r)^2 + 230 (1+r) - 132 has the rates 10 % and 20 %; the smaller is returned.
    assert irr([-100, 230, -132]) == pytest.approx(0.10, abs=1e-12)
    # Product of (x - 1/1.5), (x - 1/0.8): rates 50 % and -20 %. The sign of the total decides which.
    low, high = 1 / 1.5, 1 / 0.8
    quadratic = np.array([low * high, -(low + high), 1.0])
    assert quadratic.sum() * quadratic[0] < 0.0  # a gain
    assert irr(quadratic) == pytest.approx(0.5, abs=1e-12)
    # A close pair, 10.0 % and 10.5 %, inside one cell of the coarse grid.
    first, second = 1 / 1.10, 1 / 1.105
    assert irr([first * second, -(first + second), 1.0]) == pytest.approx(0.10, abs=1e-9)


def test_a_total_of_zero_is_a_rate_of_zero_in_spite_of_rounding() -> None:
    assert irr([-0.3, 0.1, 0.1, 0.1]) == 0.0


def _expected_rate(flows: npt.NDArray[np.float64]) -> float:
    """Return the documented choice from all roots of the polynomial (companion matrix)."""
    x = np.roots(flows[::-1])
    x = x[(np.abs(x.imag) < 1e-9) & (x.real > 0)].real
    rates = 1 / x - 1
    positive, negative = rates[rates > 0], rates[rates < 0]
    if flows.sum() * flows[0] < 0 or negative.size == 0:
        return float(positive.min()) if positive.size else np.nan
    return float(negative.max())


def test_random_signs_agree_with_all_roots_of_the_polynomial() -> None:
    flows = np.random.default_rng(20_260_601).normal(size=(500, 25))
    expected = np.array([_expected_rate(row) for row in flows])
    assert 20 < np.isnan(expected).sum() < 480  # both outcomes are tested
    np.testing.assert_allclose(irr(flows), expected, rtol=1e-6, atol=1e-8, equal_nan=True)


@given(st.lists(MONEY, min_size=1, max_size=40), MONEY)
def test_present_value_at_the_rate_is_zero(received: list[float], paid: float) -> None:
    flows = np.array([-paid, *received])
    rate = irr(flows)
    discounted = np.abs(flows) * (1 + rate) ** -np.arange(flows.size)
    assert rate > -1.0
    if rate > -0.999:  # 1 + rate keeps its digits
        assert abs(net_present_value(flows, rate)) <= 1e-9 * discounted.sum()


def test_flows_that_turn_once_agree_with_the_search_for_all_others() -> None:
    # A later flow far below a rounding error turns the series twice, so that the bracketed search takes it.
    rng = np.random.default_rng(20_261_122)
    flows = rng.lognormal(0.0, 1.5, size=(300, 24))
    flows[:, :6] *= -rng.uniform(0.2, 20.0, size=(300, 1))
    twice = np.concatenate([flows, np.full((300, 1), -1e-300)], axis=1)
    assert irr(flows) == pytest.approx(irr(twice), rel=1e-10, abs=1e-12)
    assert (irr(flows) < 0).sum() > 50
    assert (irr(flows) > 0).sum() > 50


def test_agrees_with_numpy_financial_on_a_batch_and_keeps_the_shape() -> None:
    rng = np.random.default_rng(7)
    flows = rng.lognormal(size=(3, 5, 11))
    flows[..., 0] *= -8.0
    rates = irr(flows)
    assert rates.shape == (3, 5)
    assert rates[2, 4] == pytest.approx(npf.irr(flows[2, 4]), abs=1e-9)
    assert isinstance(irr(flows[0, 0]), float)


def test_blocks_do_not_change_a_result() -> None:
    flows = np.random.default_rng(8).normal(0.2, 1.0, size=(5000, 9))
    flows[:, 0] = -2.0
    alone = np.array([irr(row) for row in flows[4090:4102]])
    np.testing.assert_allclose(irr(flows)[4090:4102], alone, rtol=1e-12, equal_nan=True)


def test_xirr_agrees_with_irr_at_equal_steps_and_scales_with_time() -> None:
    flows = np.random.default_rng(9).normal(0.3, 1.0, size=(200, 8))
    flows[:, 0] = -1.5
    np.testing.assert_allclose(xirr(flows, np.arange(8)), irr(flows), rtol=1e-9, atol=1e-11, equal_nan=True)
    assert xirr([-100, 110], [0.0, 0.5]) == pytest.approx(1.1**2 - 1, rel=1e-13)


def test_dated_flows_that_turn_once_agree_with_the_search_for_all_others() -> None:
    # A later flow far below a rounding error turns the series twice, so that the bracketed search takes it.
    rng = np.random.default_rng(20_261_123)
    flows = rng.lognormal(0.0, 1.5, size=(300, 24))
    flows[:, :6] *= -rng.uniform(0.2, 20.0, size=(300, 1))
    times = np.sort(rng.uniform(-3.0, 20.0, size=(300, 24)), axis=1)
    twice = np.concatenate([flows, np.full((300, 1), -1e-300)], axis=1)
    later = np.concatenate([times, times[:, -1:] + 1.0], axis=1)
    rates = xirr(flows, times)
    assert rates == pytest.approx(xirr(twice, later), rel=1e-9, abs=1e-11)
    assert (rates < 0).sum() > 50
    assert (rates > 0).sum() > 50
    # At times that are common to all, in any order.
    shuffled = rng.permutation(24)
    assert xirr(flows[:, shuffled], times[0, shuffled]) == pytest.approx(xirr(flows, times[0]), rel=1e-12)


@given(
    st.lists(st.tuples(st.floats(1.0, 1e6), st.floats(0.5, 5.0)), min_size=1, max_size=20),
    st.floats(1.0, 1e6),
)
def test_present_value_at_the_dated_rate_is_zero(received: list[tuple[float, float]], paid: float) -> None:
    flows = np.array([-paid, *(amount for amount, _ in received)])
    times = np.cumsum([0.0, *(step for _, step in received)])
    rate = xirr(flows, times)
    discounted = np.abs(flows) * (1 + rate) ** -times
    assert rate > -1.0
    if rate > -0.999:  # 1 + rate keeps its digits
        assert abs(discounted[1:].sum() - discounted[0]) <= 1e-8 * discounted.sum()


def test_xirr_takes_any_order_any_origin_and_equal_times() -> None:
    assert xirr([110, -100], [2021.0, 2020.0]) == pytest.approx(0.1, abs=1e-13)
    assert xirr([-100, 50, 60], [1.0, 1.0, 2.0]) == pytest.approx(0.2, abs=1e-13)
    assert np.isnan(xirr([-100, 100], [1.0, 1.0]))


def test_bad_flows_are_refused() -> None:
    with pytest.raises(ValueError, match=r"flows: found nan at index \[1\]"):
        irr([1.0, np.nan])
    with pytest.raises(ValueError, match="shape"):
        irr(5.0)
    with pytest.raises(ValueError, match="times_years: found shape"):
        xirr([-1.0, 2.0], [0.0, 1.0, 2.0])
