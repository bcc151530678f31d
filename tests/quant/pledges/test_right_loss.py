"""Loss of a right: the Poisson law of the events, and the mean of what is left."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from quant.draws.random_numbers import Purpose, uniforms
from quant.pledges.right_loss import events_of, expected_share, share_left


@given(st.floats(1e-9, 1.0 - 1e-9), st.floats(1e-6, 20.0))
def test_events_are_the_upper_quantile_of_the_poisson_law(u: float, mean: float) -> None:
    # Second method: scipy's survival function; P(N >= k) > u means sf(k - 1) > u.
    k = events_of(u, mean)
    slack = 1e-12
    assert k == 0 or poisson.sf(k - 1, mean) > u - slack
    assert poisson.sf(k, mean) <= u + slack


@pytest.mark.parametrize(("mean", "severity"), [(0.02, 1.0), (0.3, 0.7), (2.0, 0.4), (5.0, 0.05)])
def test_the_mean_of_what_is_left_is_the_closed_form(mean: float, severity: float) -> None:
    draws = uniforms(4, Purpose.LOSS_OF_RIGHT, 400_000)
    left = share_left(draws, mean, severity)
    error = left.std() / np.sqrt(len(left))
    assert abs(left.mean() - expected_share(mean, severity, 1.0)) < 4.0 * error


def test_a_total_loss_leaves_nothing_and_no_event_everything() -> None:
    draws = np.array([0.01, 0.5])
    assert share_left(draws, 0.1, 1.0).tolist() == [0.0, 1.0]


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(0.0, 30.0), st.floats(0.0, 30.0))
def test_spans_compose(intensity: float, severity: float, first: float, second: float) -> None:
    together = expected_share(intensity, severity, first + second)
    apart = expected_share(intensity, severity, first) * expected_share(intensity, severity, second)
    assert together == pytest.approx(apart, rel=1e-12)
