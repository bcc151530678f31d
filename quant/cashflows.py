"""Rates of return and present values of dated flows, vectorised over vectors of flows.

Sign convention: received flows are positive, paid flows negative. The rate is an annual effective rate when
the step is a year.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quant.arguments import FINITE, RATE_ABOVE_TOTAL_LOSS, FloatArray
from quant.rates_of_return.all_rates import ExponentialSum
from quant.rates_of_return.plain_dated_rates import plain_dated_rates
from quant.rates_of_return.plain_rates import plain_rates
from quant.rates_of_return.rate_search import PowerSums, largest_roots_below_one

_BLOCK = 4096
MOST_SIGN_CHANGES = 60
"""More changes of sign than this are refused by `all_rates`."""


def irr(flows: ArrayLike) -> FloatArray:
    """Return the internal rate of return of flows at equal steps, per step, in (-1, inf).

    The rate r solves `sum_k flows[k] / (1 + r)^k = 0`. Leading and trailing zeros do not matter. Where
    several rates solve it, the sign of the total decides: a total of zero gives 0; a gain (total and first
    non-zero flow have opposite signs) gives the smallest positive rate; a loss gives the negative rate
    closest to zero or, if there is none, the smallest positive rate. A series that pays first and receives
    afterwards, whatever its length, has exactly one rate above -100 %; the roots of its polynomial below
    -100 % are never candidates. Pairs of rates closer together than the fine grid of
    `quant.rates_of_return.rate_search` (0.001 % at zero, 2 % at 20 %) may be missed.

    Args:
        flows: [..., n], n >= 1.

    Returns:
        Rates, [...] (a numpy float for one vector); nan where there is none: all flows zero or of one sign
        (so also a total loss), or no sign change of the present value.

    Raises:
        ValueError: if a flow is not a finite number or there is no flow axis.

    Example:
        >>> round(float(irr([-100.0, 39.0, 59.0, 55.0, 20.0])), 5)
        0.28095
    """
    matrix = FINITE.require("flows", flows)
    if matrix.ndim == 0 or matrix.shape[-1] == 0:
        raise ValueError(f"flows: found shape {matrix.shape}, expected [..., n] with n at least 1")
    rows = matrix.reshape(-1, matrix.shape[-1])
    rates = plain_rates(rows)
    left = np.flatnonzero(np.isnan(rates))
    rates[left] = _rates_in_blocks(rows[left], None)
    return np.asarray(rates.reshape(matrix.shape[:-1]))[()]


def xirr(flows: ArrayLike, times_years: ArrayLike) -> FloatArray:
    """Return the annual effective internal rate of return of flows at any times, in (-1, inf).

    The choice among several rates and the meaning of nan are those of `irr`.

    Args:
        flows: [..., n], n >= 1.
        times_years: Times in years from any origin, [n] or broadcastable to `flows`; any order, equal times
            allowed.

    Returns:
        Rates, [...] (a numpy float for one vector).

    Raises:
        ValueError: if an element is not finite or the shapes do not match.
    """
    matrix = FINITE.require("flows", flows)
    times = FINITE.require("times_years", times_years)
    if matrix.ndim == 0 or times.ndim == 0 or times.shape[-1] != matrix.shape[-1] or matrix.shape[-1] == 0:
        raise ValueError(
            f"times_years: found shape {times.shape}, expected to match the last axis of flows {matrix.shape}"
        )
    if times.ndim == 1:
        # Common to all rows: they are put in order once.
        order = np.argsort(times, kind="stable")
        matrix, times = matrix[..., order], times[order]
    plain_times = times.reshape(1, -1) if times.ndim == 1 else None
    matrix, times = np.broadcast_arrays(matrix, times)
    n = matrix.shape[-1]
    rows, at = matrix.reshape(-1, n), times.reshape(-1, n)
    rates = plain_dated_rates(rows, at if plain_times is None else plain_times)
    left = np.flatnonzero(np.isnan(rates))
    rates[left] = _rates_in_blocks(rows[left], at[left])
    return np.asarray(rates.reshape(matrix.shape[:-1]))[()]


def all_rates(flows: ArrayLike, times_years: ArrayLike | None = None) -> FloatArray:
    """Return every rate above -100 % at which the flows of one series have no present value, ascending.

    `irr` and `xirr` choose one of them; this tells whether there was a choice. See
    `quant.rates_of_return.all_rates` for the method. A rate at which the present value touches 0 without a change of
    sign is returned once; two rates closer than about 1e-8 may be told as one.

    Args:
        flows: [n], n >= 1.
        times_years: [n] in any order, equal ones allowed; None for 0, 1, 2, ...

    Returns:
        [m], empty where there is none: all flows zero or of one sign, or no change of sign of the present value.

    Raises:
        ValueError: if an element is not finite, the shapes do not match, the flows of each time add up to nothing, so
            that every rate would do, or they change sign more than `MOST_SIGN_CHANGES` times.

    Example:
        >>> all_rates([-100.0, 230.0, -132.0]).round(6).tolist()
        [0.1, 0.2]
    """
    amounts = FINITE.require("flows", flows)
    if amounts.ndim != 1 or amounts.size == 0:
        raise ValueError(f"flows: found shape {amounts.shape}, expected [n] with n at least 1")
    times = np.arange(amounts.size) if times_years is None else FINITE.require("times_years", times_years)
    if times.shape != amounts.shape:
        raise ValueError(f"times_years: found shape {times.shape}, expected that of flows {amounts.shape}")
    if not amounts.any():
        return np.empty(0)
    moments, place = np.unique(times, return_inverse=True)
    merged = np.bincount(place, amounts, moments.size)
    kept = np.abs(merged) > np.finfo(np.float64).eps * np.bincount(place, np.abs(amounts), moments.size)
    if not kept.any():
        raise ValueError(
            "flows: those of each time add up to nothing, expected a time at which something is paid"
        )
    scaled = merged[kept] / np.abs(merged[kept]).max()
    total = ExponentialSum(scaled, moments[kept].astype(np.float64))
    changes = total.sign_changes()
    if changes > MOST_SIGN_CHANGES:
        raise ValueError(f"flows: found {changes} changes of sign, expected at most {MOST_SIGN_CHANGES}")
    return np.asarray(np.expm1(np.array(total.zeros())))


def _rates_in_blocks(flows: FloatArray, times: FloatArray | None) -> FloatArray:
    """Return the rate of each row, a block at a time so that the work stays in the processor's cache."""
    rates = np.empty(flows.shape[0])
    for start in range(0, flows.shape[0], _BLOCK):
        rows = slice(start, start + _BLOCK)
        rates[rows] = _rates(flows[rows], None if times is None else times[rows])
    return rates


def _rates(flows: FloatArray, times: FloatArray | None) -> FloatArray:
    """Return the rate of each row of flows [m, n]; `times` [m, n], or None for equal steps of one."""
    rates = np.full(flows.shape[0], np.nan)
    candidates = np.flatnonzero((flows.min(axis=1) < 0.0) & (flows.max(axis=1) > 0.0))
    scaled = flows[candidates]
    scaled /= np.abs(scaled).max(axis=1, keepdims=True)
    at = None if times is None else times[candidates]
    if at is not None:
        scaled, at = _merged_in_time_order(scaled, at)
    total = _total(scaled)
    first = np.take_along_axis(scaled, np.argmax(scaled != 0.0, axis=1)[:, np.newaxis], axis=1)[:, 0]
    rates[candidates[(total == 0.0) & (first != 0.0)]] = 0.0  # flows at one time may cancel to nothing
    gain = total * first < 0.0
    loss = total * first > 0.0
    positive = np.flatnonzero(gain)
    rates[candidates[positive]] = _positive_rates(scaled, at, total, positive)
    negative = np.flatnonzero(loss)
    rates[candidates[negative]] = _negative_rates(scaled, at, total, negative)
    left = negative[np.isnan(rates[candidates[negative]])]
    rates[candidates[left]] = _positive_rates(scaled, at, total, left)
    return rates


def _total(scaled: FloatArray) -> FloatArray:
    """Return the sum of each row, 0 where it is within the rounding error of the summation."""
    total = scaled.sum(axis=1)
    noise = np.finfo(np.float64).eps * np.abs(scaled).sum(axis=1)
    return np.where(np.abs(total) <= noise, 0.0, total)


def _merged_in_time_order(flows: FloatArray, times: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Sort each row by time and add flows at equal times into the last of them."""
    order = np.argsort(times, axis=1, kind="stable")
    flows = np.take_along_axis(flows, order, axis=1)
    times = np.take_along_axis(times, order, axis=1)
    for k in range(1, flows.shape[1]):
        same = times[:, k] == times[:, k - 1]
        flows[same, k] += flows[same, k - 1]
        flows[same, k - 1] = 0.0
    return flows, times


def _positive_rates(
    flows: FloatArray, times: FloatArray | None, total: FloatArray, rows: NDArray[np.intp]
) -> FloatArray:
    """Return the smallest positive rate of the chosen rows, nan where there is none."""
    sums = _power_sums(flows[rows], None if times is None else times[rows])
    return 1.0 / largest_roots_below_one(sums, np.sign(total[rows])) - 1.0


def _negative_rates(
    flows: FloatArray, times: FloatArray | None, total: FloatArray, rows: NDArray[np.intp]
) -> FloatArray:
    """Return the negative rate closest to zero of the chosen rows, nan where there is none."""
    reversed_times = None if times is None else -times[rows, ::-1]
    sums = _power_sums(flows[rows, ::-1], reversed_times)
    return largest_roots_below_one(sums, np.sign(total[rows])) - 1.0


def _power_sums(flows: FloatArray, times: FloatArray | None) -> PowerSums:
    """Move each row's first non-zero flow to the front, at exponent 0; zeros fill up the end."""
    n_rows, n = flows.shape
    lead = np.argmax(flows != 0.0, axis=1) if n_rows > 0 else np.zeros(0, dtype=np.intp)
    if lead.any():
        places = np.arange(n) + lead[:, np.newaxis]
        beyond = places >= n
        places = np.where(beyond, n - 1, places)
        flows = np.where(beyond, 0.0, np.take_along_axis(flows, places, axis=1))
        times = None if times is None else np.take_along_axis(times, places, axis=1)
    exponents = None if times is None else np.ascontiguousarray((times - times[:, :1]).T)
    return PowerSums(np.ascontiguousarray(flows.T), exponents)


def net_present_value(flows: ArrayLike, rate: ArrayLike) -> FloatArray:
    """Return `sum_k flows[k] / (1 + rate)^k` with the first flow undiscounted.

    Args:
        flows: [..., n] at equal steps.
        rate: Rate per step above -1, broadcastable to [...].

    Raises:
        ValueError: if a flow is not finite or a rate is not above -1.
    """
    matrix = FINITE.require("flows", flows)
    growth = 1.0 + RATE_ABOVE_TOTAL_LOSS.require("rate", rate)
    steps = np.arange(matrix.shape[-1])
    return np.asarray((matrix * growth[..., np.newaxis] ** -steps).sum(axis=-1))[()]
