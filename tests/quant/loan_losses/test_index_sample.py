"""The sample on which thresholds are solved has the law of the indices, and keeps simulated defaults on the curve."""

import numpy as np
import pytest

from quant.factors import FactorModel, PrimaryFactor
from quant.loan_losses.default_index import DefaultIndices
from quant.loan_losses.index_sample import index_sample
from quant.loan_losses.path_sampling import mirrored_states
from quant.loan_losses.prepared_book import PreparedBook
from quant.market.curves import DiscountCurve
from tests.quant.loan_losses.bare_book import bare_book

QUARTERS = np.arange(1, 21) / 4.0
FLAT = DiscountCurve.flat(0.03).discount_factors
CYCLE = PrimaryFactor("cycle", 0.0, mean_reversion_annual=0.5, volatility_annual=1.0, deviation=0.4)
PRICE = PrimaryFactor("price", 3.9, volatility_annual=0.4)
MARKET = FactorModel((CYCLE, PRICE), (), np.array([[1.0, 0.6], [0.6, 1.0]]))
WEIGHTS = np.array([[1.0, 0.0], [0.3, 0.7]])


def test_it_has_the_moments_of_the_indices() -> None:
    """Means are zero by mirrors; covariances are those of two Ornstein-Uhlenbeck deviations, worked out here."""
    indices = DefaultIndices.of(MARKET, QUARTERS, WEIGHTS)
    sample = index_sample(MARKET, indices, QUARTERS)
    np.testing.assert_allclose(sample.mean(axis=2), 0.0, atol=1e-12)
    speeds, volatilities = np.array([0.5, 0.0]), np.array([1.0, 0.4])
    for row in range(2):
        for k, s in enumerate(QUARTERS):
            for j, t in enumerate(QUARTERS[k:], k):
                total = speeds[:, None] + speeds
                shared = np.divide(-np.expm1(-total * s), total, out=np.full((2, 2), s), where=total > 0.0)
                earlier = MARKET.correlation * np.outer(volatilities, volatilities) * shared
                covariance = earlier * np.exp(-speeds * (t - s))
                expected = indices.loadings[row, :, k] @ covariance @ indices.loadings[row, :, j]
                assert np.mean(sample[row, k] * sample[row, j]) == pytest.approx(expected, abs=1e-9)


def test_it_is_the_same_whatever_else_is_in_the_book() -> None:
    both = index_sample(MARKET, DefaultIndices.of(MARKET, QUARTERS, WEIGHTS), QUARTERS)
    alone = index_sample(MARKET, DefaultIndices.of(MARKET, QUARTERS, WEIGHTS[1:]), QUARTERS)
    np.testing.assert_array_equal(both[1], alone[0])


@pytest.mark.parametrize(("rho", "off"), [(0.12, 0.002), (0.2, 0.004), (0.3, 0.006)])
def test_defaults_of_five_years_stay_on_the_term_structure(rho: float, off: float) -> None:
    """On paths of their own; `off` is the bias that is stated as a limit, the rest four of their standard errors."""
    pds = np.array([0.01, 0.02, 0.05, 0.1])
    prepared = PreparedBook.of(bare_book(4, ends=QUARTERS, pd=pds, rho=rho), MARKET, FLAT)
    states = mirrored_states(MARKET, QUARTERS, 40_000, 991)
    gone = prepared.block(np.arange(40_000), 1, states).cumulated
    gone = gone[np.argsort(prepared.credit.hazard_annual)]
    expected = 1.0 - (1.0 - pds[:, None]) ** QUARTERS
    pairs = 0.5 * (gone[:, 0::2] + gone[:, 1::2])
    error = pairs.std(axis=1) / np.sqrt(20_000)
    assert np.all(np.abs(pairs.mean(axis=1) - expected) < off * expected + 4.0 * error)
