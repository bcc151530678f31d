"""Recovery from the pledges of a defaulted loan: exact cases, Black's formula, and the loss of the right."""

import numpy as np
import pytest
from scipy.special import ndtr

from quant.credit_risk.impaired_recovery import Claimants, ImpairedRecovery, PledgeSales
from quant.factors import FactorModel, PrimaryFactor
from quant.schedules import Array, CollateralTerms, ExposureSchedule

RATE = 0.05
ONE_LOAN = np.zeros(1, dtype=np.intp)


def flat(times: Array) -> Array:
    return np.ones(len(times))


def recovery(
    claim: float, volatility: float, quantity: float = 100.0, n_paths: int = 40_000, **terms: float
) -> ImpairedRecovery:
    model = FactorModel((PrimaryFactor("price", 0.0, volatility_annual=volatility),), (), np.eye(1))
    schedule = ExposureSchedule(
        "a", np.array([3.0]), ("price",), np.array([quantity]), ("",), CollateralTerms(**terms)
    )
    sales = PledgeSales(model, flat, n_paths, 11)
    return sales.recovery(np.array([claim]), np.array([RATE]), [schedule], ONE_LOAN, np.ones(1))


def test_without_pledge_everything_is_missing() -> None:
    model = FactorModel((PrimaryFactor("price", 0.0, volatility_annual=0.3),), (), np.eye(1))
    found = PledgeSales(model, flat, 100, 1).recovery(
        np.array([80.0]), np.array([RATE]), [], np.zeros(0, dtype=np.intp), np.zeros(0)
    )
    assert (found.shortfall_cny[0], found.recovered_cny[0], found.latest_lag_years[0]) == (80.0, 0.0, 0.0)


def test_a_sure_pledge_is_discounted_over_the_disposal_time() -> None:
    """100 sold in 2 years at 10 % liquidity discount and 5 % cost: 100 x 0.9 x 0.95 / 1.05^2 = 77.551020..."""
    found = recovery(90.0, 0.0, disposal_lag_years=2.0, liquidity_discount=0.1, disposal_cost=0.05)
    worth = 100.0 * 0.9 * 0.95 / 1.05**2
    assert found.recovered_cny[0] == pytest.approx(worth, rel=1e-12)
    assert found.shortfall_cny[0] == pytest.approx(90.0 - worth, rel=1e-12)
    assert found.latest_lag_years[0] == 2.0
    assert (
        recovery(
            worth * 0.999, 0.0, disposal_lag_years=2.0, liquidity_discount=0.1, disposal_cost=0.05
        ).shortfall_cny[0]
        == 0.0
    )


@pytest.mark.parametrize("claim", [60.0, 90.0, 130.0])
def test_a_lognormal_sale_is_a_put(claim: float) -> None:
    """E[max(K - F D e^..., 0)] with forward F = 100 e^{3 s^2/2} and variance s^2 lag: Black (1976) for a put."""
    volatility, lag = 0.3, 1.5
    found = recovery(claim, volatility, disposal_lag_years=lag)
    forward = 100.0 * np.exp(0.5 * volatility**2 * 3.0) * (1.0 + RATE) ** -lag
    sd = volatility * np.sqrt(lag)
    d1 = np.log(forward / claim) / sd + 0.5 * sd
    put = claim * ndtr(sd - d1) - forward * ndtr(-d1)
    assert found.shortfall_cny[0] == pytest.approx(put, abs=4.0 * found.shortfall_error_cny[0])
    assert found.recovered_cny[0] + found.shortfall_cny[0] == pytest.approx(claim, rel=1e-12)


def test_loss_of_the_right_before_the_sale() -> None:
    """Severity 1: what is left at the sale is the pledge or nothing, with probability exp(-h lag)."""
    found = recovery(50.0, 0.0, disposal_lag_years=2.0, event_intensity=0.2, event_severity=1.0)
    expected = 50.0 * (1.0 - np.exp(-0.4))
    assert found.shortfall_cny[0] == pytest.approx(expected, abs=4.0 * found.shortfall_error_cny[0])


def test_claims_of_a_group_are_the_shortfalls_path_by_path() -> None:
    """Two loans share a pledge by halves: what is claimed of group 1 moves with the price, and adds up in the mean."""
    model = FactorModel((PrimaryFactor("price", 0.0, volatility_annual=0.4),), (), np.eye(1))
    schedules = [
        ExposureSchedule(
            name,
            np.array([3.0]),
            ("price",),
            np.array([80.0]),
            ("",),
            CollateralTerms(disposal_lag_years=1.0),
        )
        for name in ("a", "b")
    ]
    claimants = Claimants(np.array([0.5, 0.25, 1.0]), np.array([1, 1, -1]), 2)
    found = PledgeSales(model, flat, 5_000, 7).recovery(
        np.array([100.0, 60.0, 50.0]),
        np.full(3, RATE),
        schedules,
        np.array([0, 1]),
        np.ones(2),
        claimants=claimants,
    )
    assert found.claims_cny.shape == (2, 5_000)
    assert np.all(found.claims_cny[0] == 0.0)
    expected = 0.5 * found.shortfall_cny[0] + 0.25 * found.shortfall_cny[1]
    assert found.claims_cny[1].mean() == pytest.approx(expected, rel=1e-12)
    # Both sell at the same price: claims of both are high on the same paths.
    assert found.claims_cny[1].std() > 0.5 * 0.9 * 0.25 * 60.0


def test_what_is_sold_last_ends_the_sale_whatever_the_order_of_the_pledges() -> None:
    """30 sold in 1.5 years and 30 in half a year: 30 / 1.05^1.5 + 30 / 1.05^0.5, and 1.5 years until all is sold."""
    model = FactorModel((PrimaryFactor("price", 0.0),), (), np.eye(1))
    schedules = [
        ExposureSchedule(
            f"lag {lag}",
            np.array([3.0]),
            ("price",),
            np.array([30.0]),
            ("",),
            CollateralTerms(disposal_lag_years=lag),
        )
        for lag in (1.5, 0.5)
    ]
    found = PledgeSales(model, flat, 10, 1).recovery(
        np.array([100.0]), np.array([RATE]), schedules, np.zeros(2, dtype=np.intp), np.ones(2)
    )
    assert found.latest_lag_years[0] == 1.5
    assert found.recovered_cny[0] == pytest.approx(30.0 / 1.05**1.5 + 30.0 / 1.05**0.5, rel=1e-12)


def test_two_pledges_add_up_and_wrong_arguments_are_refused() -> None:
    model = FactorModel((PrimaryFactor("price", 0.0),), (), np.eye(1))
    schedules = [
        ExposureSchedule(name, np.array([3.0]), ("price",), np.array([30.0]), ("",), CollateralTerms())
        for name in ("a", "b")
    ]
    sales = PledgeSales(model, flat, 10, 1)
    owners = np.zeros(2, dtype=np.intp)
    found = sales.recovery(np.array([100.0]), np.array([RATE]), schedules, owners, np.array([1.0, 0.5]))
    assert found.recovered_cny[0] == pytest.approx(45.0, rel=1e-12)
    with pytest.raises(ValueError, match="same length"):
        sales.recovery(np.array([100.0]), np.array([RATE]), schedules, owners, np.ones(1))
    with pytest.raises(ValueError, match="claims of 0 or more"):
        sales.recovery(np.array([-1.0]), np.array([RATE]), schedules, owners, np.ones(2))
