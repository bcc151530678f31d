"""Calibration of the pacing model: parameters that made the flows come back, and what flows cannot tell is told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant.pacing import takahashi_alexander
from quant.pacing_fit import fit_pacing

RATES = [0.25, 1 / 3, 0.5]


@given(
    bow=st.floats(0.6, 5.0),
    growth=st.floats(-0.05, 0.3),
    life=st.integers(8, 15),
    yield_rate=st.sampled_from([0.0, 0.02]),
    with_nav=st.booleans(),
)
def test_parameters_that_made_the_flows_come_back(
    bow: float, growth: float, life: int, yield_rate: float, with_nav: bool
) -> None:
    calls, paid, nav = takahashi_alexander(1e9, RATES, life, bow, growth, yield_rate)
    fit = fit_pacing(1e9, calls, paid, life, nav=nav if with_nav else None, yield_rate=yield_rate)
    assert fit.contribution_rates == pytest.approx(RATES, abs=1e-9)
    assert fit.bow == pytest.approx(bow, rel=1e-4)
    assert fit.growth == pytest.approx(growth, abs=1e-5)
    assert fit.is_identified
    assert fit.rms_error < 1e-6


def test_the_first_half_of_a_life_is_enough_without_noise() -> None:
    calls, paid, _ = takahashi_alexander(100.0, RATES, 12, 2.5, 0.13, 0.0)
    fit = fit_pacing(100.0, calls[:6], paid[:6], 12)
    assert (fit.bow, fit.growth) == pytest.approx((2.5, 0.13), abs=1e-4)


def test_noisy_flows_lie_within_their_errors() -> None:
    calls, paid, nav = takahashi_alexander(100.0, RATES, 12, 2.5, 0.13, 0.0)
    rng = np.random.default_rng(20_261_121)
    z = []
    for _ in range(60):
        noisy = np.maximum(paid + rng.normal(0.0, 0.4, 12), 0.0)
        values = np.maximum(nav + rng.normal(0.0, 0.4, 12), 0.0)
        fit = fit_pacing(100.0, calls, noisy, 12, nav=values)
        z.append(((fit.bow - 2.5) / fit.bow_error, (fit.growth - 0.13) / fit.growth_error))
    # Student's t with 22 degrees of freedom: mean 0, standard deviation 1.05; four standard errors of 60 draws.
    assert np.abs(np.mean(z, axis=0)) == pytest.approx(0.0, abs=4 * 1.05 / np.sqrt(60))
    assert np.std(z, axis=0) == pytest.approx(1.05, abs=4 * 1.05 / np.sqrt(120))


def test_flows_that_cannot_tell_say_so() -> None:
    # One year of distributions: a steeper growth and a later bow give the same amount.
    one = fit_pacing(100.0, [50.0, 0.0], [0.0, 2.0], 10, n_rates=1)
    assert not one.is_identified
    # No distributions at all.
    none = fit_pacing(100.0, [25.0, 25.0, 20.0], [0.0, 0.0, 0.0], 40, yield_rate=0.0)
    assert np.isnan(none.bow_error) or none.bow_error > 1.0 or not none.is_identified
    # The yield decides in every year: the bow does nothing.
    calls, paid, nav = takahashi_alexander(100.0, RATES, 40, 5.0, 0.1, 0.5)
    yields = fit_pacing(100.0, calls[:8], paid[:8], 40, nav=nav[:8], yield_rate=0.5)
    assert yields.condition == float("inf")
    assert not yields.is_identified


def test_flows_of_another_shape_stop_at_the_end_of_a_range() -> None:
    # Nothing for nine years and everything in the tenth is later than any bow within its range.
    called, paid = np.zeros(10), np.zeros(10)
    called[0], paid[9] = 50.0, 80.0
    fit = fit_pacing(100.0, called, paid, 12, n_rates=1)
    assert fit.is_at_bound
    modelled = takahashi_alexander(100.0, [0.25, 1 / 3, 0.5], 12, 2.5, 0.13, 0.0)
    assert not fit_pacing(100.0, modelled.contributions, modelled.distributions, 12).is_at_bound


def test_the_last_rate_is_a_regression() -> None:
    # Years 2 and 3 share one rate: left 75 and 60, paid 15 and 6: (15 * 75 + 6 * 60) / (75^2 + 60^2) = 1485 / 9225.
    fit = fit_pacing(100.0, [25.0, 15.0, 6.0], [1.0, 2.0, 3.0], 10, n_rates=2)
    assert fit.contribution_rates == pytest.approx([0.25, 1485 / 9225])
    assert fit.last_rate_error > 0.0


def test_refusals() -> None:
    with pytest.raises(ValueError, match=r"contributions: found 1\.2 of the commitment"):
        fit_pacing(100.0, [60.0, 60.0], [0.0, 0.0], 10)
    with pytest.raises(ValueError, match=r"distributions: found shape \(3,\)"):
        fit_pacing(100.0, [60.0, 10.0], [0.0, 0.0, 1.0], 10)
    with pytest.raises(ValueError, match="expected 1 to 2"):
        fit_pacing(100.0, [60.0, 10.0], [0.0, 0.0], 10, n_rates=3)
    with pytest.raises(ValueError, match=r"expected \[n\] with 2 to 10 years"):
        fit_pacing(100.0, [60.0], [0.0], 10, n_rates=1)
