"""Continuous piecewise-linear functions: the shape of every sharing scheme, floor, cap and collar."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class PiecewiseLinear:
    """A continuous function that is straight between its knots and outside them.

    Attributes:
        knots: strictly increasing arguments, at least one.
        values: value at each knot.
        left_slope: slope below the first knot.
        right_slope: slope above the last knot.

    Raises:
        ValueError: if knots are not increasing or the lengths differ or anything is not finite.
    """

    knots: tuple[float, ...]
    values: tuple[float, ...]
    left_slope: float = 0.0
    right_slope: float = 0.0

    def __post_init__(self) -> None:
        if len(self.knots) == 0 or len(self.knots) != len(self.values):
            raise ValueError(
                f"knots and values: found {len(self.knots)} and {len(self.values)}, "
                "expected the same number, at least one"
            )
        if not np.all(np.isfinite([*self.knots, *self.values, self.left_slope, self.right_slope])):
            raise ValueError(f"piecewise linear function: every number must be finite, found {self}")
        if any(b <= a for a, b in zip(self.knots, self.knots[1:], strict=False)):
            raise ValueError(f"knots: found {self.knots}, expected strictly increasing")

    def __call__(self, argument: ArrayLike) -> NDArray[np.float64]:
        """Value at each argument; the shape is the argument's."""
        q = np.asarray(argument, dtype=np.float64)
        inside = np.interp(q, self.knots, self.values)
        below = np.minimum(q - self.knots[0], 0.0) * self.left_slope
        above = np.maximum(q - self.knots[-1], 0.0) * self.right_slope
        return inside + below + above

    def slopes(self) -> tuple[float, ...]:
        """Slope of each straight piece from left to right, one more than knots."""
        rises = np.diff(self.values) / np.diff(self.knots)
        return (self.left_slope, *(float(rise) for rise in rises), self.right_slope)

    def hinges(self) -> tuple[float, float, tuple[tuple[float, float], ...]]:
        """Decompose for arguments > 0 as g(q) = b + m q + sum_k d_k max(q - K_k, 0).

        Returns:
            (b, m, ((K_k, d_k), ...)) with every K_k > 0.
        """
        slopes = self.slopes()
        intercept = self.values[0] - slopes[0] * self.knots[0]
        slope = slopes[0]
        kinks: list[tuple[float, float]] = []
        for knot, before, after in zip(self.knots, slopes, slopes[1:], strict=False):
            change = after - before
            if knot <= 0.0:
                intercept -= change * knot
                slope += change
            elif change != 0.0:
                kinks.append((knot, change))
        return intercept, slope, tuple(kinks)

    def affine(self, scale: float, shift: float = 0.0) -> "PiecewiseLinear":
        """The function scale * g(q) + shift."""
        return PiecewiseLinear(
            self.knots,
            tuple(scale * value + shift for value in self.values),
            scale * self.left_slope,
            scale * self.right_slope,
        )

    def plus_identity(self) -> "PiecewiseLinear":
        """The function g(q) + q; with a scaled release scheme this gives what is left upstream."""
        return PiecewiseLinear(
            self.knots,
            tuple(value + knot for knot, value in zip(self.knots, self.values, strict=True)),
            self.left_slope + 1.0,
            self.right_slope + 1.0,
        )

    def clipped(self, low: float, high: float) -> "PiecewiseLinear":
        """The function min(max(g(q), low), high), with a knot wherever g crosses a bound."""
        if not low < high:
            raise ValueError(f"bounds: found low {low} and high {high}, expected low < high")
        knots = sorted({*self.knots, *self._crossings(low), *self._crossings(high)})
        values = np.clip(self(np.array(knots)), low, high)
        left_mid = float(self(knots[0] - 1.0))
        right_mid = float(self(knots[-1] + 1.0))
        return PiecewiseLinear(
            tuple(knots),
            tuple(float(value) for value in values),
            self.left_slope if low <= left_mid <= high else 0.0,
            self.right_slope if low <= right_mid <= high else 0.0,
        )

    def _crossings(self, level: float) -> list[float]:
        """Arguments at which the function passes through a level with a non-zero slope."""
        edges = [-np.inf, *self.knots, np.inf]
        anchors = [(self.knots[0], self.values[0]), *zip(self.knots, self.values, strict=True)]
        found = []
        for (knot, value), slope, start, stop in zip(anchors, self.slopes(), edges, edges[1:], strict=False):
            if slope != 0.0:
                crossing = knot + (level - value) / slope
                if start < crossing < stop:
                    found.append(float(crossing))
        return found


def constant(value: float) -> PiecewiseLinear:
    """The function that is the same everywhere."""
    return PiecewiseLinear((0.0,), (value,))


def identity() -> PiecewiseLinear:
    """The function g(q) = q."""
    return PiecewiseLinear((0.0,), (0.0,), 1.0, 1.0)
