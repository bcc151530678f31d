import math

import numpy as np
import pytest
from scipy.stats import binom, norm

from quant.credit_risk.tail_risk import _binomial_quantile, tail_estimate


def test_order_statistics_of_a_hundred_losses() -> None:
    found = tail_estimate(np.arange(1.0, 101.0), 0.95)
    assert found.value_at_risk == 95.0
    assert found.expected_shortfall == pytest.approx((96 + 97 + 98 + 99 + 100) / 5, rel=1e-12)
    # Binomial(100, 0.95): P(<= 90) = 0.028, P(<= 89) = 0.011; P(<= 99) = 0.994, P(<= 98) = 0.963.
    assert (found.value_at_risk_low, found.value_at_risk_high) == (90.0, 100.0)
    assert found.is_resolved


def test_shortfall_takes_its_share_of_the_atom_at_the_quantile() -> None:
    # 4 % lose 10, the others 1: the worst 5 % are the 10s and one 1 in five.
    losses = np.sort(np.where(np.arange(100) < 4, 10.0, 1.0))
    assert tail_estimate(losses, 0.95).expected_shortfall == pytest.approx((4 * 10 + 1) / 5, rel=1e-12)


def test_the_quantile_between_two_ranks_is_the_upper_one() -> None:
    # Nine of ten losses are at most 9: that is 90 %, too little; the smallest loss not exceeded on 95 % is 10.
    found = tail_estimate(np.arange(1.0, 11.0), 0.95)
    assert found.value_at_risk == 10.0
    assert found.expected_shortfall == 10.0


def test_normal_losses_have_the_textbook_tail() -> None:
    n, alpha = 200_000, 0.99
    losses = np.sort(np.random.default_rng(1).standard_normal(n))
    found = tail_estimate(losses, alpha)
    quantile = norm.ppf(alpha)
    assert found.value_at_risk_low < quantile < found.value_at_risk_high
    shortfall = norm.pdf(quantile) / (
        1 - alpha
    )  # McNeil, Frey, Embrechts, Quantitative Risk Management, ex. 2.14
    assert abs(found.expected_shortfall - shortfall) < 4 * found.expected_shortfall_error
    second_moment = (1 + quantile**2) * (1 - alpha) - quantile * norm.pdf(quantile)
    excess_mean = norm.pdf(quantile) - quantile * (1 - alpha)
    error = math.sqrt(second_moment - excess_mean**2) / (1 - alpha) / math.sqrt(n)
    assert found.expected_shortfall_error == pytest.approx(error, rel=0.1)


def test_the_interval_covers_the_quantile_as_often_as_it_says() -> None:
    generator = np.random.default_rng(2)
    covered = 0
    for _ in range(1_000):
        found = tail_estimate(np.sort(generator.uniform(size=500)), 0.95)
        covered += found.value_at_risk_low <= 0.95 <= found.value_at_risk_high
    assert covered / 1_000 > 0.95 - 4 * math.sqrt(0.95 * 0.05 / 1_000)


def test_too_few_paths_for_the_confidence_are_said() -> None:
    found = tail_estimate(np.arange(256.0), 0.999)
    assert not found.is_resolved
    assert found.value_at_risk_high == 255.0


@pytest.mark.parametrize("n", [1, 10, 999, 100_000])
@pytest.mark.parametrize("success", [0.5, 0.95, 0.999])
@pytest.mark.parametrize("probability", [0.025, 0.975])
def test_binomial_quantile_is_that_of_scipy_stats(n: int, success: float, probability: float) -> None:
    assert _binomial_quantile(probability, n, success) == int(binom.ppf(probability, n, success))


@pytest.mark.parametrize("confidence", [0.0, 1.0, math.nan])
def test_a_confidence_outside_its_domain_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        tail_estimate(np.ones(3), confidence)


def test_no_losses_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        tail_estimate(np.empty(0), 0.95)
