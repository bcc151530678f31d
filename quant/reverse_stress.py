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
_STEP = 0.5
_BUMP = 0.05


def smallest_move(headroom: Headroom, per_unit: Array, *, both_ways: bool = True) -> float | None:
    """Smallest multiple z of a direction at which the limit breaks.

    Both ways are searched in steps of half a standard deviation, so that a headroom that falls and rises again within
    one step is not seen.

    Args:
        headroom: above 0 at no shift.
        per_unit: log shifts for z = 1, [n].
        both_ways: search negative z too.

    Returns:
        z, or None where the limit holds up to 6 on every side that was searched.
    """
    signs = (-1.0, 1.0) if both_ways else (1.0,)
    reached = 0.0
    while reached < FARTHEST:
        ahead = min(reached + _STEP, FARTHEST)
        found = [sign * _crossing(headroom, per_unit * sign, reached, ahead) for sign in signs
                 if headroom(per_unit * (sign * ahead)) <= 0.0]  # fmt: skip
        if found:
            return min(found, key=abs)
        reached = ahead
    return None


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


def _crossing(headroom: Headroom, per_unit: Array, low: float, high: float) -> float:
    return float(brentq(lambda z: headroom(per_unit * z), low, high, xtol=1e-10))
