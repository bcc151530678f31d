"""Rates of return of flows that turn once, the usual kind, in one compiled loop.

Where the sign changes once there is one rate above -100 %. With v = -ln(1 + r) it solves `L(v) = ln P(v) - ln N(v) = 0`
with P and N the present values of what is received and paid. L rises with the difference of their mean times as its
slope and is nearly straight, so Newton's method started at ln(paid / received) over that difference needs few steps.
Each row is searched by itself: its last bits do not depend on the rows beside it.
"""

import math

import numpy as np
from numpy.typing import NDArray

from quant.arguments import FloatArray
from quant.compiled import compiled

_MOST_STEPS = 30
_LAST_STEP = 1e-9
"""A step this small leaves an error of its square."""
_FURTHEST = 30.0
_NOISE = float(np.finfo(np.float64).eps)


def plain_rates(flows: FloatArray) -> FloatArray:
    """Return the rate of each row that turns once and whose search ends, nan elsewhere.

    Args:
        flows: [m, n], finite, at equal steps.
    """
    rates = np.empty(flows.shape[0])
    _search(np.ascontiguousarray(flows), rates)
    return rates


@compiled
def _search(flows: FloatArray, rates: FloatArray) -> None:
    for row in range(flows.shape[0]):
        rates[row] = _rate(flows[row])


@compiled
def _rate(flows: NDArray[np.float64]) -> float:
    first, last, turn, turns = -1, -1, -1, 0
    early = late = early_time = late_time = 0.0
    for k in range(flows.size):
        flow = flows[k]
        if flow == 0.0:
            continue
        if first < 0:
            first = k
        elif flow * flows[last] < 0.0:
            turns += 1
            turn = k
            if turns > 1:
                return math.nan
        last = k
        amount = abs(flow)
        if turns == 0:
            early += amount
            early_time += k * amount
        else:
            late += amount
            late_time += k * amount
    if turns != 1:
        return math.nan
    if abs(late - early) <= _NOISE * (late + early):
        return 0.0
    v = math.log(early / late) / (late_time / late - early_time / early)
    return _from(flows, first, last, turn, v)


@compiled
def _from(flows: NDArray[np.float64], first: int, last: int, turn: int, v: float) -> float:
    """Newton's method from v on; nan where it leaves what floating point can hold."""
    for _ in range(_MOST_STEPS):
        step = _step(flows, first, last, turn, v)
        v -= step
        if not abs(v) < _FURTHEST:
            return math.nan
        if abs(step) <= _LAST_STEP:
            return math.expm1(-v)
    return math.nan


@compiled
def _step(flows: NDArray[np.float64], first: int, last: int, turn: int, v: float) -> float:
    """L over its slope at v: Newton's step; powers count from the turn, so that the two sides are alike in size."""
    x = math.exp(v)
    late = late_slope = 0.0
    for k in range(last, turn - 1, -1):
        late_slope = late_slope * x + late
        late = late * x + flows[k]
    # What comes before the turn, in powers of 1 / x.
    y = 1.0 / x
    early = early_slope = 0.0
    for k in range(first, turn):
        early_slope = early_slope * y + early
        early = early * y + flows[k]
    slope = late_slope * x / late + 1.0 + early_slope * y / early
    return (math.log(abs(late)) + v - math.log(abs(early))) / slope
