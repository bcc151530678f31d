"""Thresholds of default in every period, and what is left to default on a path.

Given its index Y_k in period k a borrower of a cell that is alive defaults in it with probability
`p_k = N((a_k - sqrt(R2) Y_k) / sqrt(1 - R2))`. Y is persistent: who survived saw a good index, so thresholds
`N^-1(hazard)` would let the mean survival drift above the term structure F. The thresholds solve, period after period,

    N(a_k) - E[D_{k-1} p_k(Y_k; a_k)] = F_k - F_{k-1},   D_k = 1 - prod_{j<=k} (1 - p_j)

where `E p_k = N(a_k)` is exact and only the small second term is a mean over a fixed sample (`index_sample`). They
belong to the base market: in a changed one defaults move, the thresholds stay.
"""

# Compiled functions take their arguments by position.
# ruff: noqa: PLR0917

import math
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from scipy.special import ndtri

from quant.compiled import compiled
from quant.factors import FactorModel
from quant.loan_losses.book import Flags
from quant.loan_losses.credit_cells import CreditCells
from quant.loan_losses.default_index import DefaultIndices
from quant.loan_losses.index_sample import index_sample
from quant.schedules import Array

_CELLS_PER_TASK = 16
_MOST_THREADS = 4
_FARTHEST = 40.0
_ROOT_HALF = math.sqrt(0.5)
_ROOT_TWO_PI = math.sqrt(2.0 * math.pi)


def thresholds(cells: CreditCells, model: FactorModel, indices: DefaultIndices, ends: Array) -> Array:
    """a_k of every cell and period, [n_cells, n_periods]; nan once no life of the cell is left.

    Args:
        cells: index, R2 and hazard of each cell.
        model: the base market.
        indices: of that market.
        ends: ends of the periods, years.
    """
    target = np.diff(cells.cumulative_probability(), axis=1, prepend=0.0)
    first: Array = np.clip(ndtri(target), -_FARTHEST, _FARTHEST)
    periods = cells.periods_of_cell()
    first[np.arange(len(ends)) >= periods[:, None]] = np.nan
    if len(ends) == 1 or len(target) == 0:
        return first
    loading, own = np.sqrt(cells.asset_correlation), np.sqrt(1.0 - cells.asset_correlation)
    on_sample = index_sample(model, indices, ends)

    def solve(start: int) -> None:
        part = slice(start, start + _CELLS_PER_TASK)
        _solve(
            cells.index[part], periods[part], loading[part], own[part], target[part], on_sample, first[part]
        )

    # Cells know nothing of each other, so that threads leave no trace.
    with ThreadPoolExecutor(min(os.cpu_count() or 1, _MOST_THREADS)) as pool:
        list(pool.map(solve, range(0, len(target), _CELLS_PER_TASK)))
    return first


@compiled
def _distribution(x: Any) -> Any:
    return 0.5 * math.erfc(-x * _ROOT_HALF)


@compiled
def _solve(index: Any, periods: Any, loading: Any, own: Any, target: Any, indices: Any, out: Any) -> None:
    n_cells = len(target)
    n = indices.shape[2]
    gone = np.empty(n)
    for c in range(n_cells):
        gone[:] = 0.0
        for k in range(periods[c]):
            if loading[c] == 0.0:
                # Without a common index survival is the same on every path.
                left = 1.0 - gone[0]
                share = target[c, k] / left if left > 0.0 else 1.0
                out[c, k] = _inverse(min(share, 1.0))
            elif k > 0:
                out[c, k] = _root(index[c], k, loading[c], own[c], target[c, k], indices, gone, out[c, k])
            for p in range(n):
                now = _distribution((out[c, k] - loading[c] * indices[index[c], k, p]) / own[c])
                gone[p] += (1.0 - gone[p]) * now


@compiled
def _inverse(probability: Any) -> Any:
    low, high = -_FARTHEST, _FARTHEST
    if probability >= 1.0:
        return high
    for _ in range(200):
        middle = 0.5 * (low + high)
        if _distribution(middle) < probability:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


@compiled
def _root(row: Any, k: Any, loading: Any, own: Any, target: Any, indices: Any, gone: Any, guess: Any) -> Any:
    """Newton's method from N^-1 of the target, held inside a bracket that shrinks."""
    low, high, a = -_FARTHEST, _FARTHEST, guess
    n = len(gone)
    for _ in range(100):
        taken, slope = 0.0, 0.0
        for p in range(n):
            if gone[p] > 0.0:
                distance = (a - loading * indices[row, k, p]) / own
                taken += gone[p] * _distribution(distance)
                slope += gone[p] * math.exp(-0.5 * distance * distance) / (_ROOT_TWO_PI * own)
        miss = _distribution(a) - taken / n - target
        if miss > 0.0:
            high = a
        else:
            low = a
        steep = math.exp(-0.5 * a * a) / _ROOT_TWO_PI - slope / n
        step = a - miss / steep if steep > 0.0 else 0.5 * (low + high)
        if not low < step < high:
            step = 0.5 * (low + high)
        if abs(step - a) < 1e-10 * max(1.0, abs(a)):
            return step
        a = step
    return a


def cumulated(cells: CreditCells, thresholds_: Array, indices: Array, wanted: Flags | None = None) -> Array:
    """Probability of having defaulted by the end of each period on every path, [n_cells, n_paths, n_periods].

    It is nan in cells that are not wanted, and once no life of a cell is left: nobody asks then.

    Args:
        cells: index and R2 of each cell.
        thresholds_: a_k, [n_cells, n_periods].
        indices: Y, [n_indices, n_periods, n_paths].
        wanted: which cells are asked for, [n_cells]; all when absent.
    """
    periods = cells.periods_of_cell()
    if wanted is not None:
        periods[~wanted] = 0
    out = np.empty((len(thresholds_), indices.shape[2], indices.shape[1]))
    loading, own = np.sqrt(cells.asset_correlation), np.sqrt(1.0 - cells.asset_correlation)
    _cumulate(cells.index, periods, loading, own, thresholds_, indices, out)
    return out


@compiled
def _cumulate(index: Any, periods: Any, loading: Any, own: Any, level: Any, indices: Any, out: Any) -> None:
    n_cells, n_paths, n_periods = out.shape
    for c in range(n_cells):
        for p in range(n_paths):
            gone = 0.0
            for k in range(periods[c]):
                now = _distribution((level[c, k] - loading[c] * indices[index[c], k, p]) / own[c])
                gone += (1.0 - gone) * now
                out[c, p, k] = gone
            for k in range(periods[c], n_periods):
                out[c, p, k] = math.nan
