"""Loan to value: closed forms of quantiles and of first passage, identities, independence of blocks."""

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from quant.factors import FactorModel, PrimaryFactor
from quant.pledges.pledge_fan import LARGEST_LTV, PledgedLoans, PledgeFan, PledgeSimulation, loan_to_value
from quant.schedules import Array, CollateralTerms, ExposureSchedule

VOLATILITY = 0.35
PROBABILITIES = (0.05, 0.25, 0.5, 0.75, 0.95)
MONTHS = np.arange(13) / 12.0
# Broadie, Glasserman and Kou 1997: a barrier watched at steps of dt is like one further away by exp(0.5826 s sqrt dt).
BARRIER_SHIFT = 0.5826


def flat(times: Array) -> Array:
    return np.ones(len(times))


def model() -> FactorModel:
    return FactorModel((PrimaryFactor("price", 0.0, volatility_annual=VOLATILITY),), (), np.eye(1))


def far_payment(name: str = "a", quantity: float = 100.0, **terms: float) -> ExposureSchedule:
    """One payment in ten years: without interest its value is a martingale, lognormal, with drift -s^2/2 of the log."""
    return ExposureSchedule(
        name, np.array([10.0]), ("price",), np.array([quantity]), ("",), CollateralTerms(**terms)
    )


def simulate(loans: PledgedLoans, n_paths: int = 20_000, dates: Array = MONTHS, **more: int) -> PledgeFan:
    simulation = PledgeSimulation(
        loans, model(), flat, dates_years=dates, probabilities=PROBABILITIES, n_paths=n_paths, seed=7, **more
    )
    done = list(simulation.run())
    assert done[-1] == len(loans)
    return simulation.fan()


def one_loan(ltv: float, level: float, n_dates: int = 13) -> PledgedLoans:
    start = float(np.exp(0.5 * VOLATILITY**2 * 10.0)) * 100.0
    return PledgedLoans(
        np.full((1, n_dates), ltv * start),
        np.array([[level]]),
        (far_payment(),),
        np.zeros(1, dtype=np.intp),
        np.ones(1),
    )


def passage(log_distance: float, years: float) -> float:
    """Reflection principle: the log falls by a distance b before T, drift m = -s^2/2: N((-b - mT)/s sqrt T) + ..."""
    drift, sd = -0.5 * VOLATILITY**2, VOLATILITY * np.sqrt(years)
    first = ndtr((-log_distance - drift * years) / sd)
    return float(
        first
        + np.exp(-2.0 * drift * log_distance / VOLATILITY**2) * ndtr((-log_distance + drift * years) / sd)
    )


@pytest.mark.parametrize(("ltv", "level"), [(0.55, 0.70), (0.60, 0.90), (0.50, 0.60)])
def test_first_passage_of_a_geometric_brownian_pledge(ltv: float, level: float) -> None:
    fan = simulate(one_loan(ltv, level))
    distance = float(np.log(level / ltv))
    found, error = fan.reached[0, 0, -1], fan.reached_error[0, 0, -1]
    continuous = passage(distance, 1.0)
    watched_monthly = passage(distance + BARRIER_SHIFT * VOLATILITY * np.sqrt(1.0 / 12.0), 1.0)
    # The correction is of order o(sqrt dt); 0.004 covers what it leaves at twelve dates.
    assert found == pytest.approx(watched_monthly, abs=4.0 * error + 0.004)
    assert found < continuous - 4.0 * error


def test_a_single_date_is_exact() -> None:
    fan = simulate(one_loan(0.55, 0.70, 2), dates=np.array([0.0, 1.0]))
    expected = ndtr((-np.log(0.70 / 0.55) + 0.5 * VOLATILITY**2) / VOLATILITY)
    assert fan.reached[0, 0, 1] == pytest.approx(expected, abs=4.0 * fan.reached_error[0, 0, 1])


def test_a_finer_grid_comes_nearer_to_continuous_observation() -> None:
    fine = simulate(one_loan(0.55, 0.70, 101), 5_000, np.arange(101) / 100.0)
    months = simulate(one_loan(0.55, 0.70), 5_000)
    assert months.reached[0, 0, -1] < fine.reached[0, 0, -1] < passage(float(np.log(0.70 / 0.55)), 1.0) + 0.01


def test_quantiles_of_value_and_of_loan_to_value() -> None:
    fan = simulate(one_loan(0.55, 0.70))
    start = fan.value_today[0]
    normal = ndtri(np.array(PROBABILITIES))
    expected = start * np.exp(VOLATILITY * normal - 0.5 * VOLATILITY**2)
    density = np.exp(-0.5 * normal**2) / np.sqrt(2.0 * np.pi)
    p = np.array(PROBABILITIES)
    error = expected * VOLATILITY * np.sqrt(p * (1.0 - p) / 20_000) / density
    assert np.all(np.abs(fan.value_quantiles[0, -1] - expected) < 4.0 * error)
    balance = 0.55 * start
    assert fan.ltv_quantiles[0, -1] == pytest.approx(balance / fan.value_quantiles[0, -1][::-1], rel=1e-12)
    assert fan.ltv_today[0] == pytest.approx(0.55, rel=1e-12)
    assert fan.value_quantiles[0, 0] == pytest.approx(np.full(5, start), rel=1e-12)


def test_the_first_loss_of_a_right_comes_at_an_exponential_time() -> None:
    intensity = 0.4
    quiet = FactorModel((PrimaryFactor("price", 0.0),), (), np.eye(1))
    schedule = ExposureSchedule(
        "a", np.array([10.0]), ("price",), np.array([100.0]), ("",),
        CollateralTerms(event_intensity=intensity, event_severity=1.0),
    )  # fmt: skip
    loans = PledgedLoans(
        np.full((1, 13), 1e-3), np.array([[1.0]]), (schedule,), np.zeros(1, dtype=np.intp), np.ones(1)
    )
    simulation = PledgeSimulation(
        loans, quiet, flat, dates_years=MONTHS, probabilities=PROBABILITIES, n_paths=20_000, seed=3
    )
    list(simulation.run())
    fan = simulation.fan()
    assert np.all(
        np.abs(fan.reached[0, 0] - (1.0 - np.exp(-intensity * MONTHS)))
        <= 4.0 * fan.reached_error[0, 0] + 1e-12
    )


def book(n: int = 7) -> PledgedLoans:
    """Loans with none, one and two pledges; some amortise, one owes nothing."""
    generator = np.random.default_rng(5)
    owner = np.array([0, 1, 1, 3, 4, 4, 6], dtype=np.intp)
    schedules = tuple(
        ExposureSchedule(
            f"asset-{i}", np.arange(1.0, 6.0), ("price",) * 5, generator.uniform(5.0, 20.0, 5), ("",) * 5,
            CollateralTerms(risk_premium_annual=0.02, event_intensity=0.05),
        )
        for i in range(len(owner))
    )  # fmt: skip
    balance = np.linspace(1.0, 0.5, 13)[None, :] * generator.uniform(20.0, 60.0, (n, 1))
    balance[5] = 0.0
    return PledgedLoans(
        balance, np.tile([0.6, 0.75, 0.9], (n, 1)), schedules, owner, np.full(len(owner), 0.8)
    )


def test_blocks_do_not_change_a_bit() -> None:
    whole = simulate(book(), 300)
    for block_values in (1, 5_000, 50_000):
        blocks = simulate(book(), 300, block_values=block_values)
        for name in ("asset_values", "value_today", "value_quantiles", "ltv_quantiles", "reached"):
            assert np.array_equal(getattr(whole, name), getattr(blocks, name)), name


def test_order_of_levels_and_dates() -> None:
    fan = simulate(book(), 2_000)
    assert np.all(np.diff(fan.reached, axis=1) <= 0.0)  # a higher level is reached less often
    assert np.all(np.diff(fan.reached, axis=2) >= 0.0)  # what was reached stays reached
    assert np.all(np.diff(fan.ltv_quantiles, axis=2) >= 0.0)
    assert np.all(fan.reached[2] == 1.0)  # a loan that owes without a pledge
    assert np.all(fan.ltv_quantiles[2] == LARGEST_LTV)
    assert np.all(fan.reached[5] == 0.0)  # a loan that owes nothing
    assert np.all(fan.ltv_quantiles[5] == 0.0)


def test_today_counts_as_the_first_date() -> None:
    fan = simulate(one_loan(0.80, 0.70), 100)
    assert np.all(fan.reached == 1.0)


@pytest.mark.parametrize(
    ("balance", "value", "expected"),
    [(50.0, 100.0, 0.5), (0.0, 0.0, 0.0), (0.0, 5.0, 0.0), (5.0, 0.0, LARGEST_LTV), (50.0, 1.0, LARGEST_LTV)],
)
def test_loan_to_value(balance: float, value: float, expected: float) -> None:
    assert loan_to_value(np.array(balance), np.array(value)) == expected


def test_wrong_arguments() -> None:
    loans = one_loan(0.5, 0.7)
    with pytest.raises(ValueError, match="dates_years"):
        simulate(loans, dates=np.array([1.0, 2.0]))
    with pytest.raises(ValueError, match="balance_cny: found 13"):
        simulate(loans, dates=np.array([0.0, 1.0]))
    with pytest.raises(ValueError, match="n_paths"):
        simulate(loans, 1)
    with pytest.raises(ValueError, match="in order of their loan"):
        PledgedLoans(
            np.ones((2, 2)), np.ones((2, 1)), (far_payment(), far_payment()), np.array([1, 0]), np.ones(2)
        )
