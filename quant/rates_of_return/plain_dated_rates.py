"""Rates of return of dated flows that turn once, in one compiled loop.

As `quant.rates_of_return.plain_rates` for flows at any times: L(v) = ln P(v) - ln N(v) with P and N the sums of |c_k|
exp(v t_k) of what comes after and before the turn, v = -ln(1 + r). L rises, its slope is the difference of the two
mean times. Times count from the turn, so that the two sides are alike in size. Each row is searched by itself.
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
"""Of v: a rate of -1 + 1e-13 or of 1e13 a year."""
_LARGEST_EXPONENT = 600.0
_NOISE = float(np.finfo(np.float64).eps)


def plain_dated_rates(flows: FloatArray, times_years: FloatArray) -> FloatArray:
    """Return the rate of each row that turns once and whose search ends, nan elsewhere.

    Args:
        flows: [m, n], finite.
        times_years: [m, n], or [1, n] for all rows; a row that does not ascend strictly gives nan.
    """
    rates = np.empty(flows.shape[0])
    _search(np.ascontiguousarray(flows), np.ascontiguousarray(times_years), rates)
    return rates


@compiled
def _search(flows: FloatArray, times: FloatArray, rates: FloatArray) -> None:
    for row in range(flows.shape[0]):
        rates[row] = _rate(flows[row], times[min(row, times.shape[0] - 1)])


@compiled
def _turn(flows: NDArray[np.float64], times: NDArray[np.float64]) -> tuple[int, int]:
    """Place of the first flow after the only turn, and of the last flow; a turn of -1 where the row is not plain."""
    last, turn = -1, -1
    for k in range(flows.size):
        if k > 0 and times[k] <= times[k - 1]:
            return -1, -1
        if flows[k] == 0.0:
            continue
        if last >= 0 and flows[k] * flows[last] < 0.0:
            if turn >= 0:
                return -1, -1
            turn = k
        last = k
    return turn, last


@compiled
def _rate(flows: NDArray[np.float64], times: NDArray[np.float64]) -> float:
    turn, last = _turn(flows, times)
    if turn < 0:
        return math.nan
    early = late = early_time = late_time = 0.0
    for k in range(turn):
        early += abs(flows[k])
        early_time += times[k] * abs(flows[k])
    for k in range(turn, last + 1):
        late += abs(flows[k])
        late_time += times[k] * abs(flows[k])
    if abs(late - early) <= _NOISE * (late + early):
        return 0.0
    v = math.log(early / late) / (late_time / late - early_time / early)
    span = max(times[last] - times[turn], times[turn] - times[0])
    for _ in range(_MOST_STEPS):
        if not (abs(v) < _FURTHEST and abs(v) * span < _LARGEST_EXPONENT):
            return math.nan
        step = _step(flows, times, last, turn, v)
        v -= step
        if abs(step) <= _LAST_STEP:
            return math.expm1(-v)
    return math.nan


@compiled
def _step(flows: NDArray[np.float64], times: NDArray[np.float64], last: int, turn: int, v: float) -> float:
    """L over its slope at v: Newton's step."""
    early = late = early_slope = late_slope = 0.0
    for k in range(last + 1):
        if flows[k] == 0.0:
            continue
        since = times[k] - times[turn]
        value = abs(flows[k]) * math.exp(v * since)
        if k < turn:
            early += value
            early_slope += value * since
        else:
            late += value
            late_slope += value * since
    return (math.log(late) - math.log(early)) / (late_slope / late - early_slope / early)
