"""Paths of the factors for the body of the loss and for its tail: plain, or drawn more often where losses are high.

Where the tail is asked for, one direction of the factors is drawn unevenly. Let y be a standard normal linear
combination of the states, high where the book's expected loss is high. On a path with states x and direction y0,
`x + Cov(x, y) (y1 - y0)` has the law of x given y = y1. The upper tail probability t of y1 is drawn from a mixture of
uniforms on (0, T_j): a path gets the weight 1 / density(t), which never exceeds 1 / a_0 and so cannot degenerate. The
t of successive paths form a shifted Kronecker sequence (Niederreiter 1992, section 3.1): evenly spread, each uniform,
so that every weighted mean is unbiased.

Conditioning one direction is what Glasserman, Heidelberger and Shahabuddin 2000 (Management Science 46(10)) do by
stratification; the mixture that keeps weights bounded is defensive sampling (Hesterberg 1995, Technometrics 37(2)).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from quant.draws.random_numbers import Purpose, uniforms
from quant.factors import FactorModel
from quant.schedules import Array

_REACH = np.array([1e-3, 1e-2, 1e-1, 1.0])
_SHARE = np.array([0.25, 0.25, 0.2, 0.3])
_GOLDEN = 0.5 * (np.sqrt(5.0) - 1.0)
LARGEST_WEIGHT = 1.0 / _SHARE[-1]


@dataclass(frozen=True, slots=True, eq=False)
class TailDirection:
    """A standard normal combination y of the states.

    Attributes:
        means: E x, [n_primary, n_periods].
        reading: y = sum of reading * (x - E x), [n_primary, n_periods].
        response: Cov(x, y), [n_primary, n_periods].
    """

    means: Array
    reading: Array
    response: Array

    @classmethod
    def towards(cls, model: FactorModel, ends: Array, states: Array, figure: Array) -> "TailDirection | None":
        """The direction along which a figure grows; None where it answers to no factor.

        Args:
            model: the market.
            ends: ends of the periods, years.
            states: deviations on a sample of mirrored paths, [n_primary, n_periods, n_paths].
            figure: on each of them, such as the log of the expected loss, [n_paths].
        """
        centred = figure - figure.mean()
        found = np.mean((states - _state_means(model, ends)[:, :, None]) * centred, axis=2)
        covariance = state_covariance(model, ends)
        reading = np.linalg.lstsq(covariance, found.ravel(), rcond=1e-9)[0]
        if not float(reading @ covariance @ reading) > 1e-12 * float(centred @ centred) / len(centred):
            return None
        return cls._along(model, ends, reading.reshape(found.shape))

    @classmethod
    def _along(cls, model: FactorModel, ends: Array, reading: Array) -> "TailDirection":
        response = state_covariance(model, ends) @ reading.ravel()
        size = np.sqrt(float(reading.ravel() @ response))
        return cls(_state_means(model, ends), reading / size, (response / size).reshape(reading.shape))

    def in_market(self, model: FactorModel, ends: Array) -> "TailDirection":
        """The same combination of the states, standard normal in another market.

        Where the law of the states is the same, so are the paths that are drawn along it.
        """
        moved = self._along(model, ends, self.reading)
        same = np.allclose(moved.response, self.response, rtol=1e-12, atol=0.0) and np.array_equal(
            moved.means, self.means
        )
        return self if same else moved

    def moved(self, states: Array, target: Array) -> Array:
        """States given that y has a target value on each path; target [n_paths]."""
        along = np.zeros(states.shape[2])
        for i, k in np.argwhere(self.reading != 0.0):
            # Term by term: the rounding of a matrix product would depend on the number of paths.
            along += self.reading[i, k] * (states[i, k] - self.means[i, k])
        moved: Array = states + self.response[:, :, None] * (target - along)
        return moved


@dataclass(frozen=True, slots=True, eq=False)
class PathSampler:
    """Draws blocks of paths.

    Attributes:
        model: the market.
        ends: ends of the periods, years.
        seed: of the scenario universe.
        direction: of the tail; None for plain paths of weight 1.
    """

    model: FactorModel
    ends: Array
    seed: int
    direction: TailDirection | None = None

    def draw(self, first_path: int, n_paths: int) -> tuple[Array, Array]:
        """States [n_primary, n_periods, n_paths] and weights [n_paths] of consecutive paths."""
        states = self.model.simulate_states(self.ends, n_paths, self.seed, first_path=first_path)
        if self.direction is None:
            return states, np.ones(n_paths)
        tail, weights = self._tail_probabilities(first_path, n_paths)
        return self.direction.moved(states, -ndtri(tail)), weights

    def _tail_probabilities(self, first_path: int, n_paths: int) -> tuple[Array, Array]:
        shift = uniforms(self.seed, Purpose.TAIL, 1)[0]
        even = np.mod(shift + _GOLDEN * np.arange(first_path, first_path + n_paths), 1.0)
        even = np.clip(even, 2.0**-53, 1.0 - 2.0**-53)
        # The distribution function of the mixture is linear between the reaches.
        knots = np.concatenate([[0.0], _REACH])
        heights = np.minimum(knots[:, None] / _REACH, 1.0) @ _SHARE
        tail = np.interp(even, heights, knots)
        density = (np.where(tail[:, None] <= _REACH, 1.0 / _REACH, 0.0) * _SHARE).sum(axis=1)
        return tail, 1.0 / density


def _state_means(model: FactorModel, ends: Array) -> Array:
    speeds = np.array([factor.mean_reversion_annual for factor in model.primaries])
    means: Array = np.exp(-speeds[:, None] * ends) * model.initial_states()[:, None]
    return means


def state_covariance(model: FactorModel, ends: Array) -> Array:
    """Covariance of the states of all periods, [n_primary * n_periods, n_primary * n_periods]."""
    n, n_periods = model.n_primary, len(ends)
    speeds = np.array([factor.mean_reversion_annual for factor in model.primaries])
    out = np.empty((n, n_periods, n, n_periods))
    for k, end in enumerate(ends):
        now = model.step_covariance(float(end))
        for j in range(k, n_periods):
            later = now * np.exp(-speeds * (ends[j] - end))
            out[:, k, :, j] = later
            out[:, j, :, k] = later.T
    return out.reshape(n * n_periods, n * n_periods)


def mirrored_states(model: FactorModel, ends: Array, n_paths: int, seed: int) -> Array:
    """Deviations x on n / 2 paths and their mirror images, [n_primary, n_periods, n_paths]."""
    half = model.simulate_states(ends, n_paths // 2, seed)
    middle = _state_means(model, ends)
    # Pairs side by side, so that a block of an even number of paths holds whole pairs.
    out = np.empty((*half.shape[:2], n_paths))
    out[:, :, 0::2] = half
    out[:, :, 1::2] = 2.0 * middle[:, :, None] - half
    return out
