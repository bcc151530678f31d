"""What funds pay of claims on paths: identities, and claims drawn of a book against their exact mean."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from quant.loan_losses.fund_payments import FundPayments
from quant.schedules import Array

CLAIMS = arrays(np.float64, (7, 2), elements=st.floats(0.0, 1e9))


@given(CLAIMS, st.floats(0.0, 1e9), st.floats(0.0, 1e9))
def test_a_fund_pays_no_more_than_its_cap_and_what_is_claimed(claims: Array, cap: float, more: float) -> None:
    caps, mean = np.array([cap, np.inf]), claims.mean(axis=0)
    found = FundPayments.of_paths(claims, caps)
    paid = found.paid_share(mean) * mean
    assert paid == pytest.approx(np.minimum(claims, caps).mean(axis=0), rel=1e-9, abs=1e-6)
    assert (found.paid_share(mean)[1], found.unpaid_cny[1]) == (1.0, 0.0)
    richer = FundPayments.of_paths(claims, caps + more)
    assert np.all(richer.paid_share(mean) >= found.paid_share(mean) - 1e-12)
    # Whatever is expected beside what the paths show, the fund never pays more than its cap or than is claimed.
    for expected in (mean * 0.5, mean * 2.0, mean + 1e6):
        share = found.paid_share(expected)
        assert np.all((share >= 0.0) & (share <= 1.0))
        assert np.all(share * expected <= caps * (1.0 + 1e-12))


def test_claims_at_their_mean_would_be_paid_more_often() -> None:
    # 0 or 100 with equal chances and a cap of 50: 25 of 50 is paid, not 50 of 50.
    found = FundPayments.of_paths(np.array([[0.0], [100.0]]), np.array([50.0]))
    assert found.paid_share(np.array([50.0])).tolist() == [0.5]


def test_what_is_known_of_the_claims_corrects_the_paths() -> None:
    """Exponential claims of mean 1 and a cap of 1.5: 1 - e^-1.5 is paid; the known mean takes noise away."""
    exact, cap = 1.0 - np.exp(-1.5), np.array([1.5])
    draws = np.random.default_rng(3).exponential(size=(200, 1_000, 1))
    plain = np.array([np.minimum(paths, cap).mean() for paths in draws])
    found = np.array([FundPayments.of_paths(paths, cap).paid_share(np.ones(1))[0] for paths in draws])
    assert found.mean() == pytest.approx(exact, abs=4.0 * found.std(ddof=1) / np.sqrt(200.0) + 1e-3)
    assert found.std(ddof=1) < 0.7 * plain.std(ddof=1)


def test_nothing_claimed_is_paid_in_full() -> None:
    caps = np.array([1.0, np.inf])
    assert FundPayments.none(caps).paid_share(np.zeros(2)).tolist() == [1.0, 1.0]
    assert FundPayments.of_paths(np.zeros((0, 2)), caps).paid_share(np.zeros(2)).tolist() == [1.0, 1.0]
