"""Reverse stress: the smallest standardised move of the factors that uses up what is left to a limit.

The headroom is a function of the shift of every ln F_i; the limit breaks where it reaches 0. The size of a shift d is
its Mahalanobis distance sqrt(d' C^-1 d), C the covariance of ln F over the horizon, so that likely joint moves count
as smaller than unlikely ones. Per unit of distance the headroom falls fastest along -C g, g its gradient in the log
shifts; where the headroom is linear in them that direction holds the nearest breaking point.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

Array = NDArray[np.float64]
Headroom = Callable[[Array], float]
"""Log shifts of the factors [n] -> what is left to the limit, <= 0 where it is broken."""

FARTHEST = 6.0
# Where the headroom is looked at on the way: each look is a valuation of the book.
_LOOKS = (0.5, 1.0, 2.0, 3.5)
# In standard deviations, of which two decimals are shown.
_TOLERANCE = 1e-4
_BUMP = 0.05


def smallest_move(headroom: Headroom, per_unit: Array, *, both_ways: bool = True) -> float | None:
    """Smallest multiple z of a direction at which the limit breaks.

    The side on which less is left at half a standard deviation is searched first, in steps that grow; the other one
    as far as a smaller move could be found there. A headroom that falls below 0 and rises again between two looks is
    not seen.

    Args:
        headroom: above 0 at no shift.
        per_unit: log shifts for z = 1, [n].
        both_ways: search negative z too.

    Returns:
        z, or None where the limit holds up to 6 on every side that was searched.
    """

    def left(z: float) -> float:
        return headroom(per_unit * z)

    if not both_ways:
        return _first_break(left, left(_LOOKS[0]), FARTHEST)
    below, above = left(-_LOOKS[0]), left(_LOOKS[0])
    if below == above and min(left(-FARTHEST), left(FARTHEST)) > 0.0:
        # What answers to neither side is a factor without effect: most books have some.
        return None
    first, second = (-1.0, 1.0) if below < above else (1.0, -1.0)
    at = {-1.0: below, 1.0: above}
    found = _first_break(lambda z: left(first * z), at[first], FARTHEST)
    nearer = _first_break(lambda z: left(second * z), at[second], FARTHEST if found is None else found)
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


def _first_break(left: Callable[[float], float], at_first: float, farthest: float) -> float | None:
    """Smallest z > 0 at which nothing is left, as far as the looks tell; None where all is well up to the farthest."""
    low = 0.0
    for look in (*(look for look in _LOOKS if look < farthest), farthest):
        if (at_first if look == _LOOKS[0] else left(look)) <= 0.0:
            return float(brentq(left, low, look, xtol=_TOLERANCE))
        low = look
    return None
