"""Reverse stress: the smallest standardised move of the factors that uses up what is left to a limit.

The headroom is a function of the shift of every ln F_i; the limit breaks where it reaches 0. The size of a shift d is
its Mahalanobis distance sqrt(d' C^-1 d), C the covariance of ln F over the horizon, so that likely joint moves count
as smaller than unlikely ones. Per unit of distance the headroom falls fastest along -C g, g its gradient in the log
shifts; where the headroom is linear in them that direction holds the nearest breaking point.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

Array = NDArray[np.float64]
Headroom = Callable[[Array], float]
"""Log shifts of the factors [n] -> what is left to the limit, <= 0 where it is broken."""

FARTHEST = 6.0
LOOKS = tuple(0.5 * k for k in range(1, 12))
"""Where the headroom is looked at on the way to the farthest, standard deviations."""
_BUMP = 0.05


def smallest_move(
    headroom: Headroom,
    per_unit: Array,
    *,
    both_ways: bool = True,
    looks: Sequence[float] = LOOKS,
    tolerance: float = 1e-10,
) -> float | None:
    """Smallest multiple z of a direction at which the limit breaks.

    The side on which less is left at the first look is searched first, the other one as far as a smaller move could be
    found there. A headroom that falls below 0 and rises again between two looks is not seen.

    Args:
        headroom: above 0 at no shift.
        per_unit: log shifts for z = 1, [n].
        both_ways: search negative z too.
        looks: where the headroom is looked at before the farthest, ascending; few where each one is dear.
        tolerance: of z.

    Returns:
        z, or None where the limit holds up to 6 on every side that was searched.

    Raises:
        ValueError: if the headroom is no number at some move.
    """

    def left(z: float) -> float:
        value = headroom(per_unit * z)
        if math.isnan(value):
            raise ValueError(f"headroom: found nan at {z} standard deviations, expected a number")
        return value

    def first_break(sign: float, at_first: float, farthest: float) -> float | None:
        return _first_break(lambda z: left(sign * z), at_first, (*looks, FARTHEST), farthest, tolerance)

    if not both_ways:
        return first_break(1.0, left(looks[0]), FARTHEST)
    below, above = left(-looks[0]), left(looks[0])
    if below == above == left(-FARTHEST) == left(FARTHEST):
        # A factor without effect: most books have some.
        return None
    first, second = (-1.0, 1.0) if below < above else (1.0, -1.0)
    at = {-1.0: below, 1.0: above}
    found = first_break(first, at[first], FARTHEST)
    nearer = first_break(second, at[second], FARTHEST if found is None else found)
    if nearer is not None:
        return second * nearer
    return None if found is None else first * found


def steepest_descent(headroom: Headroom, covariance: Array) -> Array | None:
    """Log shifts at distance 1 along which the headroom falls fastest, [n]; None where it answers to nothing.

    Args:
        headroom: of the log shifts.
        covariance: of ln F over the horizon, [n, n].
    """
    n = len(covariance)
    deviations = np.sqrt(np.diag(covariance))
    gradient = np.zeros(n)
    for i in np.flatnonzero(deviations > 0.0):
        bump = np.zeros(n)
        bump[i] = _BUMP * deviations[i]
        gradient[i] = (headroom(bump) - headroom(-bump)) / (2.0 * bump[i])
    pull: Array = covariance @ gradient
    steepness = float(gradient @ pull)
    return -pull / np.sqrt(steepness) if steepness > 0.0 else None


def _first_break(
    left: Callable[[float], float], at_first: float, looks: Sequence[float], farthest: float, tolerance: float
) -> float | None:
    """Smallest z > 0 at which nothing is left, as far as the looks tell; None where all is well up to the farthest."""
    low = 0.0
    for look in (*(look for look in looks if look < farthest), farthest):
        if (at_first if look == looks[0] else left(look)) <= 0.0:
            return float(brentq(left, low, look, xtol=tolerance))
        low = look
    return None
