"""Value of a credit after a year of rating migration: the discrete distribution over end ratings."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from quant.arguments import FINITE, PROBABILITY, FloatArray

_TOTAL_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class ValueDistribution:
    """A discrete distribution of value.

    Attributes:
        values: Distinct outcomes, ascending, [n].
        probabilities: Their probabilities, [n].
    """

    values: FloatArray
    probabilities: FloatArray

    @property
    def mean(self) -> float:
        """Expected value."""
        return float(self.probabilities @ self.values)

    @property
    def sd(self) -> float:
        """Standard deviation."""
        return float(np.sqrt(self.probabilities @ (self.values - self.mean) ** 2))

    def quantile(self, level: float) -> float:
        """Return the smallest outcome whose cumulative probability reaches `level`, in [0, 1]."""
        wanted = float(PROBABILITY.require("level", level))
        reached = np.cumsum(self.probabilities) >= wanted - _TOTAL_TOLERANCE
        return float(self.values[np.argmax(reached)])


def value_distribution(migration_probabilities: ArrayLike, values: ArrayLike) -> ValueDistribution:
    """Return the distribution of value over end ratings (CreditMetrics technical document 1997, chapter 1).

    Args:
        migration_probabilities: Probability of each end rating, default included, [n], adding up to 1.
        values: Value at each end rating, [n], in any unit.

    Raises:
        ValueError: if shapes differ or probabilities do not add up to 1.
    """
    probabilities = PROBABILITY.require("migration_probabilities", migration_probabilities)
    outcomes = FINITE.require("values", values)
    if probabilities.ndim != 1 or outcomes.shape != probabilities.shape:
        raise ValueError(
            f"values: found shape {outcomes.shape}, expected that of the probabilities {probabilities.shape}"
        )
    total = float(probabilities.sum())
    if abs(total - 1.0) > _TOTAL_TOLERANCE:
        raise ValueError(f"migration_probabilities: found a total of {total!r}, expected 1")
    distinct, place = np.unique(outcomes, return_inverse=True)
    merged = np.bincount(place, weights=probabilities).astype(np.float64)
    return ValueDistribution(distinct, merged)
