"""Least-squares Monte Carlo: the paper's worked example, the paper's table, a binomial tree, and its bounds."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from quant.draws.random_numbers import Purpose, standard_normals
from quant.pledges.optimal_stopping import StoppingPaths, fit_stopping_rule, perfect_foresight, realised

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Put:
    """The right to sell a lognormal price at the strike, at evenly spaced dates."""

    spot: float
    sd: float
    years: float
    dates: int
    strike: float = 40.0
    rate: float = 0.06

    def paths(self, n: int, first: int = 0) -> StoppingPaths:
        """Paths under the pricing measure and the present value of exercising at each date."""
        step = self.years / self.dates
        draws = np.stack(
            [standard_normals(7, Purpose.FACTOR, n, first_path=first, step=i) for i in range(self.dates)]
        )
        drift = (self.rate - self.sd**2 / 2) * step
        logs = math.log(self.spot) + np.cumsum(drift + self.sd * math.sqrt(step) * draws, axis=0)
        discount = np.exp(-self.rate * step * np.arange(1, self.dates + 1))[:, None]
        stop = discount * np.maximum(self.strike - np.exp(logs), 0.0)
        return StoppingPaths(logs[None], stop, np.zeros_like(stop))

    def out_of_sample(self, n: int) -> tuple[float, float]:
        """Value and standard error on other paths than those the rule was fitted to."""
        rule = fit_stopping_rule(self.paths(n, first=1 << 40))
        paths = self.paths(n)
        value = realised(paths, rule.dates(paths))
        return float(value.mean()), float(value.std(ddof=1)) / math.sqrt(n)

    def binomial(self, steps_a_date: int) -> float:
        """Cox, Ross and Rubinstein (1979), exercised at the dates only."""
        n = self.dates * steps_a_date
        up = math.exp(self.sd * math.sqrt(self.years / n))
        grow = math.exp(self.rate * self.years / n)
        p = (grow - 1 / up) / (up - 1 / up)

        def pays(level: int) -> Array:
            prices = self.spot * up ** (2.0 * np.arange(level + 1) - level)
            worth: Array = np.maximum(self.strike - prices, 0.0)
            return worth

        value = pays(n)
        for level in range(n - 1, -1, -1):
            value = (p * value[1:] + (1 - p) * value[:-1]) / grow
            if level % steps_a_date == 0 and level > 0:
                value = np.maximum(value, pays(level))
        return float(value[0])


def test_the_worked_example_of_longstaff_and_schwartz() -> None:
    """Review of Financial Studies 14 (2001), section 1: eight paths, strike 1.10, 6 %: 0.1144; European 0.0564."""
    prices = np.array(
        [
            [1.09, 1.08, 1.34], [1.16, 1.26, 1.54], [1.22, 1.07, 1.03], [0.93, 0.97, 0.92],
            [1.11, 1.56, 1.52], [0.76, 0.77, 0.90], [0.92, 0.84, 1.01], [0.88, 1.22, 1.34],
        ]
    ).T  # fmt: skip
    stop = np.exp(-0.06 * np.arange(1, 4))[:, None] * np.maximum(1.10 - prices, 0.0)
    paths = StoppingPaths(prices[None], stop, np.zeros_like(stop))
    rule = fit_stopping_rule(paths, degree=2)
    dates = rule.dates(paths)
    assert dates.tolist() == [3, 3, 2, 0, 3, 0, 0, 0]  # the paper's table of stopping times; 3 is never
    assert realised(paths, dates).mean() == pytest.approx(0.1144, abs=5e-5)
    assert paths.stop[2].mean() == pytest.approx(0.0564, abs=5e-5)


@pytest.mark.parametrize(
    ("spot", "sd", "years", "finite_difference"),
    [(36.0, 0.2, 1.0, 4.478), (36.0, 0.4, 1.0, 7.101), (40.0, 0.2, 1.0, 2.314)],
)
def test_the_table_of_longstaff_and_schwartz(
    spot: float, sd: float, years: float, finite_difference: float
) -> None:
    """Table 1: American put, strike 40, 6 %, 50 dates a year; the paper's own estimates differ by up to 0.011."""
    value, error = Put(spot, sd, years, 50).out_of_sample(20_000)
    # Low-biased: not above by more than three standard errors, and not below by more than that and half a percent.
    assert -3 * error - 0.005 * finite_difference <= value - finite_difference <= 3 * error


def test_a_few_dates_against_a_fine_binomial_tree() -> None:
    put = Put(38.0, 0.3, 2.0, 8)
    value, error = put.out_of_sample(60_000)
    assert abs(value - put.binomial(250)) <= 3 * error


SHAPES = st.tuples(st.integers(1, 2), st.integers(1, 5), st.integers(1, 40))


@given(shape=SHAPES, seed=st.integers(0, 10_000), sd=st.sampled_from([0.0, 1.0]))
def test_between_every_fixed_date_and_perfect_foresight(
    shape: tuple[int, int, int], seed: int, sd: float
) -> None:
    """On the paths it was fitted to a rule is worth at least every fixed date, and never more than foresight."""
    draws = np.random.default_rng(seed)
    states = sd * draws.normal(size=shape)
    stop = 1.0 + states.sum(axis=0)
    held = np.broadcast_to(draws.normal(size=(shape[1], 1)), stop.shape).copy()
    paths = StoppingPaths(states, stop, held)
    value = realised(paths, fit_stopping_rule(paths).dates(paths))
    assert np.all(value <= perfect_foresight(paths))
    assert value.mean() >= paths.totals().mean(axis=1).max() - 1e-9


@given(amounts=st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5)), min_size=1, max_size=12))
def test_without_uncertainty_the_best_date_is_found(amounts: list[tuple[float, float]]) -> None:
    stop, held = (np.repeat(np.array(column)[:, None], 8, axis=1) for column in zip(*amounts, strict=True))
    paths = StoppingPaths(np.zeros((2, *stop.shape)), stop, held)
    by_enumeration = [sum(h for _, h in amounts[: i + 1]) + amounts[i][0] for i in range(len(amounts))]
    by_enumeration.append(sum(h for _, h in amounts))
    value = realised(paths, fit_stopping_rule(paths).dates(paths))
    assert value == pytest.approx(max(by_enumeration), abs=1e-9)


def test_a_rule_does_not_look_at_the_paths_beside() -> None:
    put = Put(38.0, 0.3, 2.0, 8)
    rule = fit_stopping_rule(put.paths(4_096, first=1 << 40))
    parts = [rule.dates(put.paths(n, first=first)) for first, n in ((0, 400), (400, 601))]
    assert rule.fixed is None
    assert np.array_equal(rule.dates(put.paths(1_001)), np.concatenate(parts))


def test_refusals() -> None:
    good = Put(38.0, 0.3, 1.0, 3).paths(8)
    with pytest.raises(ValueError, match="states, stop, held: found shapes"):
        StoppingPaths(good.states[:, :2], good.stop, good.held)
    with pytest.raises(ValueError, match="expected at least one date and one path"):
        StoppingPaths(good.states[:, :0], good.stop[:0], good.held[:0])
    with pytest.raises(ValueError, match="degree: found 0"):
        fit_stopping_rule(good, degree=0)
    other = Put(38.0, 0.3, 1.0, 4).paths(8)
    with pytest.raises(ValueError, match="paths: found 4 dates, expected the 3 of the rule"):
        fit_stopping_rule(good).dates(other)
