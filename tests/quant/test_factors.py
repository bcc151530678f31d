"""The factor model: closed forms against simulation, and reproducibility by address."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from quant.factors import DerivedFactor, FactorModel, PrimaryFactor, black_call
from quant.market.piecewise import PiecewiseLinear, constant, identity

TIMES = np.array([0.5, 1.0, 3.0, 10.0])
SCHEME_1997 = PiecewiseLinear((12.9, 14.2, 15.8, 17.1, 19.0), (6.3, 7.6, 9.5, 10.9, 13.2), 1.0, 1.2105)


def heihe_model(correlation: float = -0.5) -> FactorModel:
    """An inflow and a water price, with the 1997 scheme and a price floor as derived factors."""
    entitlement = SCHEME_1997.affine(-1.0).plus_identity()
    allocation = entitlement.affine(1.0 / 6.0, -0.5 / 6.0).clipped(0.0, 1.0)
    floor = PiecewiseLinear((0.12,), (0.12,), 0.0, 1.0)
    return FactorModel(
        (
            PrimaryFactor("inflow", np.log(15.8), 0.0, 0.8, 0.18),
            PrimaryFactor("price", np.log(0.15), 0.02, 0.1, 0.25, deviation=0.1),
        ),
        (
            DerivedFactor("entitlement", "inflow", entitlement),
            DerivedFactor("allocation", "inflow", allocation),
            DerivedFactor("revenue", "inflow", allocation, "price"),
            DerivedFactor("floored price", "price", floor),
            DerivedFactor("price squared", "price", identity(), "price"),
        ),
        np.array([[1.0, correlation], [correlation, 1.0]]),
    )


def test_1997_scheme_gives_the_middle_reach_what_the_source_says() -> None:
    # docs/models/factors.md: inflow less release at the five knots of the scheme, 1e8 m3.
    entitlement = SCHEME_1997.affine(-1.0).plus_identity()
    np.testing.assert_allclose(entitlement(SCHEME_1997.knots), [6.6, 6.6, 6.3, 6.2, 5.8], atol=1e-12)


def test_forwards_agree_with_simulation_within_four_standard_errors() -> None:
    model = heihe_model()
    n_paths = 200_000
    paths = model.simulate(TIMES, n_paths, seed=11)
    error = paths.std(axis=2, ddof=1) / np.sqrt(n_paths)
    z = (paths.mean(axis=2) - model.forward(TIMES)) / error
    assert np.abs(z).max() < 4.0, dict(zip(model.names, z, strict=True))


def test_conditional_forwards_average_to_todays_forwards() -> None:
    model = heihe_model()
    states = model.simulate_states([2.0], 100_000, seed=3)[:, 0, :]
    later = model.forward([2.0, 5.0, 12.0], states=states, at_years=2.0)
    error = later.std(axis=2, ddof=1) / np.sqrt(states.shape[1])
    z = (later.mean(axis=2) - model.forward([2.0, 5.0, 12.0])) / error
    assert np.abs(z).max() < 4.0


def test_a_price_times_itself_is_the_lognormal_second_moment() -> None:
    # E[P^2] = F^2 exp(v) for a lognormal P with log variance v.
    model = heihe_model()
    speed, volatility = 0.1, 0.25
    variance = volatility**2 * (1.0 - np.exp(-2.0 * speed * TIMES)) / (2.0 * speed)
    forward = model.forward(TIMES)
    np.testing.assert_allclose(
        forward[model.index("price squared")],
        forward[model.index("price")] ** 2 * np.exp(variance),
        rtol=1e-12,
    )


def test_derived_forward_agrees_with_quadrature() -> None:
    # Second method: integrate g over the lognormal density of the inflow, pieces between the kinks.
    model = heihe_model()
    time = 3.0
    allocation = model.derived[1].payoff
    sd = 0.18 * np.sqrt((1.0 - np.exp(-1.6 * time)) / 1.6)
    kinks = sorted((np.log(k) - np.log(15.8)) / sd for k in allocation.knots)
    expected = quad(
        lambda z: float(allocation(15.8 * np.exp(sd * z))) * norm.pdf(z), -9.0, 9.0, points=kinks, limit=400
    )[0]
    got = model.forward([time])[model.index("allocation"), 0]
    assert got == pytest.approx(expected, abs=1e-9)


def test_exact_steps_do_not_depend_on_the_grid() -> None:
    # A long exact step has the law of many short ones: compare covariances, which are closed form.
    model = heihe_model()
    speeds = np.array([0.8, 0.1])
    decay = np.exp(-speeds * 1.5)
    two_steps = decay[:, None] * model.step_covariance(2.0) * decay[None, :] + model.step_covariance(1.5)
    np.testing.assert_allclose(two_steps, model.step_covariance(3.5), rtol=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 500), st.integers(1, 200), st.integers(0, 2**63 - 1))
def test_a_path_is_the_same_in_whatever_block_it_is_drawn(first: int, n: int, seed: int) -> None:
    model = heihe_model()
    whole = model.simulate_states(TIMES, first + n, seed)
    block = model.simulate_states(TIMES, n, seed, first_path=first)
    assert np.array_equal(whole[:, :, first:], block)


def test_zero_volatility_is_the_deterministic_path() -> None:
    model = FactorModel((PrimaryFactor("index", 0.0, 0.03, 0.5, 0.0, deviation=0.2),), (), np.eye(1))
    expected = np.exp(0.03 * TIMES + 0.2 * np.exp(-0.5 * TIMES))
    np.testing.assert_allclose(
        model.simulate(TIMES, 3, seed=1)[0], np.repeat(expected[:, None], 3, 1), rtol=1e-14
    )
    np.testing.assert_allclose(model.forward(TIMES)[0], expected, rtol=1e-14)


def test_perfect_correlation_is_allowed() -> None:
    model = heihe_model(correlation=1.0)
    assert np.isfinite(model.simulate(TIMES, 10, seed=1)).all()


@given(st.floats(0.1, 10.0), st.floats(0.1, 10.0), st.floats(0.0, 2.0))
def test_black_lies_between_its_bounds(forward: float, strike: float, variance: float) -> None:
    value = float(black_call(forward, strike, variance))
    assert max(forward - strike, 0.0) - 1e-12 <= value <= forward + 1e-12


def test_refuses_what_is_no_model() -> None:
    factor = PrimaryFactor("a", 0.0)
    with pytest.raises(ValueError, match="more than once"):
        FactorModel((factor, factor), (), np.eye(2))
    three = tuple(PrimaryFactor(name, 0.0, 0.0, 0.0, 0.1) for name in "abc")
    with pytest.raises(ValueError, match="not positive semidefinite"):
        FactorModel(three, (), np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]))
    with pytest.raises(ValueError, match="not a primary factor"):
        FactorModel((factor,), (DerivedFactor("d", "b", constant(1.0)),), np.eye(1))
    with pytest.raises(ValueError, match="expected both >= 0"):
        PrimaryFactor("a", 0.0, 0.0, -1.0)
    with pytest.raises(ValueError, match="strictly increasing"):
        FactorModel((factor,), (), np.eye(1)).simulate([1.0, 1.0], 2, 1)
    with pytest.raises(KeyError, match="known: a"):
        FactorModel((factor,), (), np.eye(1)).index("b")
