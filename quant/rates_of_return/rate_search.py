"""Search for the rates at which dated flows have no present value: bracketed, vectorised.

Both directions of the problem become one. With x = 1 / (1 + r) a positive rate is a root of `sum c_k
x^(t_k)` in (0, 1); with x = 1 + r a negative rate is a root of the same sum written backwards, `sum c_k
x^(T - t_k)`, in (0, 1). So only "the largest root in (0, 1)" has to be found, powers never overflow, and
the coefficient at exponent 0 gives the sign at the far end, whence the bracket is complete without
widening.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quant.arguments import FloatArray

Mask = NDArray[np.bool_]
Index = NDArray[np.intp]

_MAX_STEPS = 200
_RELATIVE_STEP = 1e-12


def _grid(n_points: int) -> FloatArray:
    """Return x = exp(-v) descending from 1, with v = ln(1 + rate) spaced finely near 0 and up to 20."""
    return np.exp(-20.0 * np.linspace(0.0, 1.0, n_points) ** 3)


_COARSE = _grid(49)
_FINE = _grid(1601)


@dataclass(frozen=True, slots=True, eq=False)
class PowerSums:
    """Sums `f(x) = sum_k c_k x^(e_k)`, one for each of m rows.

    Attributes:
        coefficients: c, [n, m]; the first row is not zero anywhere.
        exponents: None for 0, 1, ..., n - 1, or an array [n, m], ascending from 0 along the first axis.
    """

    coefficients: FloatArray
    exponents: FloatArray | None

    def take(self, columns: Index | Mask) -> "PowerSums":
        """Return the chosen sums."""
        exponents = None if self.exponents is None else self.exponents[:, columns]
        return PowerSums(self.coefficients[:, columns], exponents)

    def value_and_slope(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return f and f' at x, [m] each; x > 0."""
        if self.exponents is not None:
            terms = self.coefficients * np.exp(np.log(x) * self.exponents)
            return terms.sum(axis=0), (terms * self.exponents).sum(axis=0) / x
        value = self.coefficients[-1].copy()
        slope = np.zeros_like(value)
        for coefficient in self.coefficients[-2::-1]:
            slope *= x
            slope += value
            value *= x
            value += coefficient
        return value, slope

    def on_grid(self, x: FloatArray) -> FloatArray:
        """Return f at every x [g] for every row, [g, m]."""
        if self.exponents is None:
            powers: FloatArray = x[:, np.newaxis] ** np.arange(self.coefficients.shape[0])
            return powers @ self.coefficients
        log_x = np.log(x)
        return np.stack([(self.coefficients * np.exp(step * self.exponents)).sum(axis=0) for step in log_x])

    def sign_changes(self) -> NDArray[np.intp]:
        """Return how often the sign changes along the coefficients, [m]: Descartes' bound on the roots."""
        signs = np.sign(self.coefficients)
        places = np.where(signs == 0.0, 0, np.arange(signs.shape[0])[:, np.newaxis])
        carried = np.take_along_axis(signs, np.maximum.accumulate(places, axis=0), axis=0)
        changes: NDArray[np.intp] = np.count_nonzero(carried[1:] != carried[:-1], axis=0)
        return changes


def largest_roots_below_one(sums: PowerSums, sign_at_one: FloatArray) -> FloatArray:
    """Return the largest root in (0, 1) of each sum, nan where none is found, [m].

    Roots are told apart on a grid of rates (49 points up to e^20, and 1601 points where several sign
    changes of the coefficients leave room for a pair that the first grid stepped over); a pair of roots
    inside one cell of the fine grid is not seen.

    Args:
        sums: The sums.
        sign_at_one: Sign of each at x = 1, +1 or -1, as the caller determined it.
    """
    low, high = _bracket(sums, sign_at_one, _COARSE)
    pair_possible = np.flatnonzero(np.isnan(low))
    pair_possible = pair_possible[sums.take(pair_possible).sign_changes() >= 2]
    if pair_possible.size > 0:
        low[pair_possible], high[pair_possible] = _bracket(
            sums.take(pair_possible), sign_at_one[pair_possible], _FINE
        )
    roots = np.full(sign_at_one.shape, np.nan)
    found = np.flatnonzero(~np.isnan(low))
    if found.size > 0:
        roots[found] = _refine(sums.take(found), sign_at_one[found], low[found], high[found])
    return roots


def _bracket(sums: PowerSums, sign_at_one: FloatArray, grid: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the grid cell [low, high], 0 included, in which the sign first turns, or nan."""
    turned = sums.on_grid(grid) * sign_at_one <= 0.0
    turned[0] = False  # the sign at x = 1 is given; rounding must not change it
    first = np.argmax(turned, axis=0)
    on_grid = turned.any(axis=0)
    beyond_grid = ~on_grid & (sums.coefficients[0] * sign_at_one < 0.0)
    low = np.where(on_grid, grid[first], np.where(beyond_grid, 0.0, np.nan))
    high = np.where(on_grid, grid[np.maximum(first - 1, 0)], np.where(beyond_grid, grid[-1], np.nan))
    return low, high


def _refine(sums: PowerSums, sign_at_high: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Newton's method held inside the bracket; a step that leaves it is replaced by a bisection."""
    roots = np.empty_like(low)
    waiting = np.arange(low.size)
    x = np.where(low > 0.0, np.sqrt(low * high), 0.5 * high)
    for _ in range(_MAX_STEPS):
        value, slope = sums.value_and_slope(x)
        on_high_side = value * sign_at_high > 0.0
        high = np.where(on_high_side, x, high)
        low = np.where(on_high_side, low, x)
        with np.errstate(divide="ignore", invalid="ignore"):  # a flat spot: the test below bisects
            newton = x - value / slope
        inside = (newton >= low) & (newton <= high)
        following = np.where(inside, newton, 0.5 * (low + high))
        moved = np.abs(following - x)
        x = following
        open_ = moved > _RELATIVE_STEP * x
        roots[waiting] = x
        if not open_.any():
            break
        if np.count_nonzero(open_) < 0.5 * open_.size:  # carry on with the stragglers alone
            waiting, x, low, high, sign_at_high = (a[open_] for a in (waiting, x, low, high, sign_at_high))
            sums = sums.take(open_)
    return roots
