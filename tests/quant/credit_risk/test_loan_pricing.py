"""What a loan must earn, against figures by hand and other closed forms."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from quant.credit import expected_loss_lognormal_collateral
from quant.credit_risk.loan_pricing import (
    average_rate,
    borrower_rate,
    capital_charge_rate,
    loss_given_default,
    matched_funding_rate,
    survival,
)


def test_a_bullet_is_funded_at_the_par_rate() -> None:
    """Zero rates 3 % and 4 %: D = 0.970874, 0.924556; par = (1 - 0.924556) / 1.895430 = 0.0398030 by hand."""
    discount = [1.03**-1, 1.04**-2]
    by_hand = (1.0 - 0.9245562130) / (0.9708737864 + 0.9245562130)
    assert matched_funding_rate([100.0, 100.0, 0.0], discount) == pytest.approx(by_hand, rel=1e-9)
    assert by_hand == pytest.approx(0.0398030, abs=5e-8)


def test_an_amortising_loan_is_funded_nearer_to_the_short_rate() -> None:
    """100, 50, 0 on the same curve.

    By hand: (100 - 50 x 0.970874 - 50 x 0.924556) / (100 x 0.970874 + 50 x 0.924556) = 5.228500 / 143.315189.
    """
    got = matched_funding_rate([100.0, 50.0, 0.0], [1.03**-1, 1.04**-2])
    assert got == pytest.approx(5.228500 / 143.315189, rel=1e-6)


@given(st.lists(st.floats(0.01, 1e9), min_size=1, max_size=40), st.floats(0.0, 0.3))
def test_on_a_flat_curve_every_loan_is_funded_at_its_rate(falls: list[float], rate: float) -> None:
    balances = np.append(np.cumsum(falls[::-1])[::-1], 0.0)
    discount = (1.0 + rate) ** -np.arange(1.0, len(balances))
    assert matched_funding_rate(balances, discount) == pytest.approx(rate, abs=1e-9)


def test_an_average_rate_by_hand() -> None:
    """Rates 1 % and 3 % on 100 and 50, no discount, PD 10 %: weights 100 and 45, (1 + 1.35) / 145 = 1.620690 %."""
    assert average_rate([100.0, 50.0, 0.0], [1.0, 1.0], 0.1, [0.01, 0.03]) == pytest.approx(
        2.35 / 145.0, rel=1e-12
    )
    assert survival(0.1, 3).tolist() == pytest.approx([1.0, 0.9, 0.81])


def test_a_level_rate_brings_in_the_expected_losses() -> None:
    """Identity: expected loss income equals expected losses in present value."""
    balances, discount = np.array([100.0, 70.0, 30.0, 0.0]), np.array([0.97, 0.93, 0.89])
    pd, lgd = 0.04, np.array([0.5, 0.35, 0.1])
    rate = average_rate(balances, discount, pd, pd * lgd)
    alive = discount * survival(pd, 3) * balances[:-1]
    assert rate * alive.sum() == pytest.approx((alive * pd * lgd).sum(), rel=1e-12)


def test_without_correlation_the_lgd_is_the_mean_shortfall() -> None:
    """Recoveries 0, 50, 100, 150 on 100: shortfalls 1, 0.5, 0, 0 are 0.375 on average."""
    assert loss_given_default(100.0, [150.0, 0.0, 100.0, 50.0], 0.02, 0.0) == pytest.approx(0.375, rel=1e-12)
    assert loss_given_default(100.0, [0.0], 0.02, 0.3) == 1.0


def test_two_ranks_by_hand() -> None:
    """PD 50 %, rho 0.6: ranks 1/4 and 3/4 are -+0.674490; weights N(+-0.674490 x 0.6 / 0.8) = N(+-0.505867).

    N(0.505867) = 0.693526; recoveries 0 and 100 on 100 lose 1 and 0, so LGD = 0.693526.
    """
    assert loss_given_default(100.0, [0.0, 100.0], 0.5, 0.6) == pytest.approx(0.693526, abs=2e-6)


@pytest.mark.parametrize("correlation", [-0.4, 0.0, 0.3, 0.7])
@pytest.mark.parametrize("pd", [0.005, 0.05, 0.4])
@pytest.mark.parametrize("median", [0.6, 1.2])
def test_lognormal_collateral_agrees_with_the_closed_form(
    correlation: float, pd: float, median: float
) -> None:
    """Second method: quant.credit's bivariate normal closed form.

    4,096 mid-ranks leave an error of up to 7e-4 here, which falls as 1 over their number.
    """
    ranks = (np.arange(4096) + 0.5) / 4096
    recoveries = median * np.exp(0.35 * ndtri(ranks))
    expected = expected_loss_lognormal_collateral(pd, median, 0.35, correlation) / pd
    assert loss_given_default(1.0, recoveries, pd, correlation) == pytest.approx(float(expected), abs=1e-3)


@given(
    st.lists(st.floats(0.0, 1e9), min_size=1, max_size=64),
    st.floats(1.0, 1e9),
    st.floats(0.0, 1.0),
    st.floats(-0.99, 0.99),
)
def test_an_lgd_is_a_fraction_and_rises_with_correlation(
    recoveries: list[float], exposure: float, pd: float, rho: float
) -> None:
    low = loss_given_default(exposure, recoveries, pd, -abs(rho))
    high = loss_given_default(exposure, recoveries, pd, abs(rho))
    assert 0.0 <= low <= high + 1e-12
    assert high <= 1.0 + 1e-12


def test_a_probability_of_almost_nothing_keeps_a_number() -> None:
    got = loss_given_default(1.0, [0.2, 0.9, 1.5], 1e-300, 0.5)
    assert 0.0 < got <= 0.8


def test_capital_charge_by_hand() -> None:
    """75 % x 10.5 % x 11 % = 0.86625 %."""
    assert float(capital_charge_rate(0.75, 0.105, 0.11)) == pytest.approx(0.0086625, rel=1e-12)


def test_a_fee_in_advance_costs_more_than_its_rate() -> None:
    """100 for a year at 5 % with 1 % in advance: 105 / 99 - 1."""
    assert borrower_rate([100.0, 0.0], [5.0], fee_in_advance=[1.0]) == pytest.approx(
        105.0 / 99.0 - 1.0, rel=1e-10
    )


def test_a_subsidy_of_all_interest_leaves_nothing_to_pay() -> None:
    assert borrower_rate([100.0, 60.0, 0.0], [5.0, 3.0], subsidy=[5.0, 3.0]) == 0.0


@given(st.lists(st.floats(1.0, 1e6), min_size=1, max_size=20), st.floats(0.001, 0.5))
def test_interest_on_the_balance_is_the_effective_rate(falls: list[float], rate: float) -> None:
    balances = np.append(np.cumsum(falls[::-1])[::-1], 0.0)
    assert borrower_rate(balances, rate * balances[:-1]) == pytest.approx(rate, rel=1e-6)


def test_fees_that_take_everything_have_no_rate() -> None:
    assert math.isnan(borrower_rate([100.0, 0.0], [5.0], fee_in_advance=[100.0]))


@pytest.mark.parametrize(
    ("outstanding", "discount", "named"),
    [
        ([100.0], [], "outstanding"),
        ([0.0, 0.0], [1.0], "outstanding"),
        ([100.0, 1.0], [1.0], "outstanding"),
        ([100.0, math.nan, 0.0], [1.0, 1.0], "outstanding"),
        ([100.0, 0.0], [1.0, 1.0], "discount_factors"),
        ([100.0, 0.0], [0.0], "discount_factors"),
    ],
)
def test_what_is_no_loan_is_refused(outstanding: list[float], discount: list[float], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        matched_funding_rate(outstanding, discount)


def test_wrong_recoveries_are_refused() -> None:
    for recoveries in ([], [math.nan], [-1.0], [[1.0]]):
        with pytest.raises(ValueError, match="recoveries"):
            loss_given_default(1.0, recoveries, 0.1, 0.1)
