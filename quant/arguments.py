"""Arguments of numerical functions: made into float arrays, refused where they are outside their domain.

A message always names the argument, what was found (with its index inside an array) and what was expected.
"""

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval of finite real numbers that an argument must lie in.

    Attributes:
        low: Lower bound, `-inf` for none.
        high: Upper bound, `inf` for none.
        low_included: Whether `low` itself is allowed.
        high_included: Whether `high` itself is allowed; an infinite bound that is included allows infinity.
    """

    low: float
    high: float
    low_included: bool = True
    high_included: bool = True

    def __str__(self) -> str:
        left = "[" if self.low_included else "("
        right = "]" if self.high_included else ")"
        return f"{left}{self.low:g}, {self.high:g}{right}"

    def require(self, name: str, value: ArrayLike) -> FloatArray:
        """Return `value` as a float64 array of the same shape.

        Raises:
            ValueError: if an element is not a number or lies outside the interval.
        """
        array = as_floats(name, value)
        if self == FINITE and np.isfinite(array).all():
            return array  # the common case, in one pass over the array
        above = array >= self.low if self.low_included else array > self.low
        below = array <= self.high if self.high_included else array < self.high
        inside = above & below
        if not inside.all():
            raise ValueError(f"{name}: {describe_first(array, ~inside)}, expected a number in {self}")
        return array


PROBABILITY = Interval(0.0, 1.0)
OPEN_PROBABILITY = Interval(0.0, 1.0, low_included=False, high_included=False)
FACTOR_SHARE = Interval(0.0, 1.0, high_included=False)
CORRELATION = Interval(-1.0, 1.0, low_included=False, high_included=False)
FINITE = Interval(-math.inf, math.inf, low_included=False, high_included=False)
NON_NEGATIVE = Interval(0.0, math.inf, high_included=False)
POSITIVE = Interval(0.0, math.inf, low_included=False, high_included=False)
RATE_ABOVE_TOTAL_LOSS = Interval(-1.0, math.inf, low_included=False, high_included=False)


def as_floats(name: str, value: ArrayLike) -> FloatArray:
    """Return `value` as a float64 array.

    Raises:
        ValueError: if it cannot be read as numbers (text, ragged lists).
    """
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: found {value!r}, expected a number or an array of numbers") from error


def require_count(name: str, value: int, *, at_least: int) -> int:
    """Return `value` when it is a whole number not below `at_least`.

    Raises:
        ValueError: otherwise; True and 2.0 are not whole numbers here.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < at_least:
        raise ValueError(f"{name}: found {value!r}, expected a whole number of at least {at_least}")
    return int(value)


def describe_first(array: FloatArray, refused: NDArray[np.bool_]) -> str:
    """Say which element was refused first: `found 2.0`, with `at index [3]` when it is inside an array."""
    index = tuple(int(i) for i in np.argwhere(refused)[0])
    place = f" at index {list(index)}" if index else ""
    return f"found {float(array[index])!r}{place}"
