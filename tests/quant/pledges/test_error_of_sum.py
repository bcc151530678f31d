"""Error of a sum with common causes: identities, hand computation, and simulation of the parts themselves."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from quant.draws.random_numbers import Purpose, standard_normals
from quant.pledges.error_of_sum import error_of_sum, log_covariance, log_variance

AMOUNTS = np.array([40.0, 25.0, 20.0, 15.0])
CVS = np.array([0.30, 0.43, 0.25, 0.125])
SHARES = np.array([[0.5, 0.0], [0.25, 0.5], [0.0, 0.4], [-0.3, 0.0]])


def test_two_parts_by_hand() -> None:
    # v = ln(1.09); both share half of it with one cause: c_12 = 0.5 v; amounts 60 and 40.
    v = math.log(1.09)
    covariance = log_covariance([v, v], [[0.5], [0.5]])
    variance = (60**2 + 40**2) * 0.09 + 2 * 60 * 40 * (math.sqrt(1.09) - 1.0)
    found = error_of_sum([60.0, 40.0], covariance)
    assert found.cv == pytest.approx(math.sqrt(variance) / 100.0, rel=1e-12)
    assert found.cv_if_independent == pytest.approx(0.3 * math.sqrt(60**2 + 40**2) / 100.0, rel=1e-12)
    assert found.cv_if_one == pytest.approx(0.3, rel=1e-12)


def test_a_fixed_cost_raises_the_relative_error() -> None:
    covariance = log_covariance(log_variance([0.2]), [[0.0]])
    assert error_of_sum([100.0], covariance, -50.0).cv == pytest.approx(0.4, rel=1e-12)


@given(
    arrays(np.float64, 4, elements=st.floats(0.0, 1e9)).filter(lambda a: a.sum() > 1.0),
    arrays(np.float64, 4, elements=st.floats(0.0, 1.5)),
    arrays(np.float64, (4, 3), elements=st.floats(0.0, 1.0 / 3.0)),
    st.floats(1e-4, 1e8),
)
def test_common_causes_lie_between_independence_and_one(
    amounts: np.ndarray, cvs: np.ndarray, shares: np.ndarray, unit: float
) -> None:
    covariance = log_covariance(log_variance(cvs), shares)
    found = error_of_sum(amounts, covariance)
    # Doubles of the relative size of 1e-16 are summed; the bounds may meet.
    slack = 1e-7 * (1.0 + found.cv_if_one)
    assert found.cv_if_independent <= found.cv + slack
    assert found.cv <= found.cv_if_one + slack
    assert error_of_sum(amounts * unit, covariance).cv == pytest.approx(found.cv, rel=1e-9, abs=1e-12)
    assert np.linalg.eigvalsh(covariance).min() >= -1e-12


def test_the_closed_form_agrees_with_simulation_of_the_parts() -> None:
    n = 400_000
    variances = log_variance(CVS)
    covariance = log_covariance(variances, SHARES)
    draws = np.array([standard_normals(7, Purpose.QUANTITY_ERROR, n, lane=lane) for lane in range(6)])
    # From the causes and the own errors, not from the covariance: a second method.
    logs = np.sign(SHARES) * np.sqrt(np.abs(SHARES) * variances[:, None]) @ draws[:2]
    logs += np.sqrt((1.0 - np.abs(SHARES).sum(axis=1)) * variances)[:, None] * draws[2:]
    total = AMOUNTS @ np.exp(logs - 0.5 * variances[:, None])
    found = error_of_sum(AMOUNTS, covariance)
    squares = (total - AMOUNTS.sum()) ** 2
    error = squares.std(ddof=1) / math.sqrt(n)
    assert abs(total.mean() - 100.0) <= 3.0 * total.std(ddof=1) / math.sqrt(n)
    assert abs(squares.mean() - (found.cv * 100.0) ** 2) <= 3.0 * error


def test_the_lognormal_of_the_same_mean_and_variance_has_nearly_the_quantiles_of_the_sum() -> None:
    n = 400_000
    variances = log_variance(CVS)
    covariance = log_covariance(variances, SHARES)
    draws = np.array([standard_normals(8, Purpose.QUANTITY_ERROR, n, lane=lane) for lane in range(4)])
    logs = np.linalg.cholesky(covariance) @ draws
    total = AMOUNTS @ np.exp(logs - 0.5 * variances[:, None]) / 100.0
    log_sd = math.sqrt(log_variance(error_of_sum(AMOUNTS, covariance).cv))
    for level, normal in ((0.05, -1.6448536), (0.5, 0.0), (0.95, 1.6448536)):
        # Two per cent of the mean: what the page docs/models/gep-revenue.md promises of the approximation.
        assert np.quantile(total, level) == pytest.approx(
            math.exp(log_sd * normal - 0.5 * log_sd**2), abs=0.02
        )


@pytest.mark.parametrize(
    ("variances", "shares", "message"),
    [
        ([-0.1], [[0.0]], "log variances"),
        ([float("nan")], [[0.0]], "log variances"),
        ([0.1], [[0.7, -0.4]], "cause shares: found 1.1"),
    ],
)
def test_what_makes_no_sense_is_refused(
    variances: list[float], shares: list[list[float]], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        log_covariance(variances, shares)


def test_a_sum_of_nothing_has_no_relative_error() -> None:
    with pytest.raises(ValueError, match="a sum of 0"):
        error_of_sum([1.0, -1.0], np.zeros((2, 2)))
