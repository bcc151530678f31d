"""Value today and distribution at a horizon of many assets, each a choice among alternative schedules.

The value of an asset on a path is that of its best alternative there. Every sum runs over an asset's rows in their
order, so an asset's figures are the same to the last bit whether it is valued alone, in a batch, or by several threads.
`quant.distribution.pledge_values_at_horizon` computes the same values as one sparse matrix product.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, chain

import numba
import numpy as np
from numpy.typing import NDArray

from quant.cell_bank import CellBank, CellKey, Cells
from quant.distribution import ValueDistribution, quantiles_of_sorted
from quant.schedules import Array, ExposureSchedule

_FIRST_YEAR = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class AssetValues:
    """What many assets are worth.

    Attributes:
        value: V(0) of each asset, the largest over its alternatives, [n_assets].
        best: position of that alternative among the asset's alternatives, [n_assets].
        undiscounted: sum of the expected amounts of the best alternative, [n_assets].
        first_year: its expected amounts up to one year, [n_assets].
        at_horizon: distribution of the value at the horizon.
        row_start: rows of the best alternative of asset i begin at row_start[i], [n_assets].
        expected_factor, expected_amount, present_value: of every row, [n_rows].
    """

    value: Array
    best: NDArray[np.int64]
    undiscounted: Array
    first_year: Array
    at_horizon: ValueDistribution
    row_start: NDArray[np.int64]
    expected_factor: Array
    expected_amount: Array
    present_value: Array


def value_assets(
    assets: Sequence[Sequence[ExposureSchedule]], bank: CellBank, probabilities: Sequence[float]
) -> AssetValues:
    """Value assets on the scenarios of a bank.

    Args:
        assets: the alternatives of each asset, at least one each.
        bank: market and scenarios.
        probabilities: levels of the quantiles to report.

    Raises:
        KeyError: a schedule names a factor that the model does not have.
    """
    table = _RowTable.of(assets)
    cells = bank.cells(table.keys)
    expected_factor = cells.forward_today[cells.slots]
    expected_amount = table.quantity * expected_factor
    present = table.weights(0.0) * cells.value_today[cells.slots]
    best, value, undiscounted, first_year = _best_alternatives(
        table.alternative_start, table.row_start, present, expected_amount, table.time
    )
    return AssetValues(
        value,
        best - table.alternative_start[:-1],
        undiscounted,
        first_year,
        _distribution(table, cells, bank, tuple(probabilities)),
        table.row_start[best],
        expected_factor,
        expected_amount,
        present,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _RowTable:
    """Alternatives of assets end to end, and their rows end to end.

    Attributes:
        alternative_start: alternatives of asset i are alternative_start[i] .. alternative_start[i + 1] - 1.
        row_start: rows of alternative a are row_start[a] .. row_start[a + 1] - 1.
        keys, time, quantity: of the rows.
        terms: risk premium, event intensity, event severity, quantity cv of each alternative, [n, 4].
        row_terms: the same for each row.
    """

    alternative_start: NDArray[np.int64]
    row_start: NDArray[np.int64]
    keys: list[CellKey]
    time: Array
    quantity: Array
    terms: Array
    row_terms: Array

    @classmethod
    def of(cls, assets: Sequence[Sequence[ExposureSchedule]]) -> "_RowTable":
        schedules = [schedule for alternatives in assets for schedule in alternatives]
        lengths = [len(schedule.factors) for schedule in schedules]
        time = np.concatenate([schedule.times_years for schedule in schedules])
        terms = np.array(
            [
                (t.risk_premium_annual, t.event_intensity, t.event_severity, t.quantity_cv)
                for t in [schedule.terms for schedule in schedules]
            ]
        )
        factors = chain.from_iterable([schedule.factors for schedule in schedules])
        return cls(
            _starts([len(alternatives) for alternatives in assets]),
            _starts(lengths),
            list(zip(factors, time.tolist(), strict=True)),
            time,
            np.concatenate([schedule.quantities for schedule in schedules]),
            terms,
            terms.repeat(lengths, axis=0),
        )

    def weights(self, at_years: float) -> Array:
        """As `ScheduleBook.row_weights`: quantity, risk premium and survival of each row seen from s, [n_rows]."""
        premium, intensity, severity, _ = self.row_terms.T
        span = self.time - at_years
        survival = 1.0 + severity * np.expm1(-intensity * span)
        weights = self.quantity * np.exp(-premium * span) * survival
        future = span > 0.0 if at_years > 0.0 else span >= 0.0
        return np.where(future, weights, 0.0)


def _starts(lengths: Sequence[int]) -> NDArray[np.int64]:
    return np.array([0, *accumulate(lengths)], dtype=np.int64)


def _distribution(
    table: _RowTable, cells: Cells, bank: CellBank, probabilities: tuple[float, ...]
) -> ValueDistribution:
    scenarios = bank.scenarios
    _, intensity, severity, quantity_cv = table.terms.T
    log_sd = np.sqrt(np.log1p(quantity_cv**2)).tolist()
    position = {sd: i for i, sd in enumerate(dict.fromkeys(log_sd))}
    n_assets, n_paths = len(table.alternative_start) - 1, scenarios.n_paths
    on_paths, mean, sd = np.empty((n_assets, n_paths)), np.empty(n_assets), np.empty(n_assets)
    _values_on_paths(
        table.alternative_start, table.row_start,
        table.weights(scenarios.at_years), cells.slots, cells.value_at_horizon,
        np.array([position[sd] for sd in log_sd], dtype=np.int64),
        np.array([bank.noise(sd) for sd in position]),
        -np.expm1(-intensity * scenarios.at_years), 1.0 - severity, scenarios.event_uniforms,
        on_paths, mean, sd,
    )  # fmt: skip
    on_paths.sort(axis=1)
    quantiles, errors = quantiles_of_sorted(on_paths, probabilities)
    return ValueDistribution(mean, sd, sd / math.sqrt(n_paths), probabilities, quantiles, errors)


@numba.njit(cache=True, nogil=True)
def _best_alternatives(alternative_start, row_start, present, amounts, times):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # compiled from arrays
    n = len(alternative_start) - 1
    best = np.empty(n, dtype=np.int64)
    value, undiscounted, first_year = np.empty(n), np.zeros(n), np.zeros(n)
    for i in range(n):
        for a in range(alternative_start[i], alternative_start[i + 1]):
            total = 0.0
            for r in range(row_start[a], row_start[a + 1]):
                total += present[r]
            if a == alternative_start[i] or total > value[i]:
                best[i], value[i] = a, total
        for r in range(row_start[best[i]], row_start[best[i] + 1]):
            undiscounted[i] += amounts[r]
            if times[r] <= _FIRST_YEAR:
                first_year[i] += amounts[r]
    return best, value, undiscounted, first_year


@numba.njit(cache=True, nogil=True)
def _values_on_paths(  # type: ignore[no-untyped-def]  # noqa: ANN202, PLR0917  # compiled from arrays, called by position
    alternative_start, row_start, weights, slots, cells,  # noqa: ANN001
    noise_row, noise, lost, kept, uniforms, out, mean, sd,  # noqa: ANN001
):  # fmt: skip
    """Fills out [n_assets, n_paths], mean and sd [n_assets]; one fixed order of every sum."""
    other = np.empty(out.shape[1])
    for i in range(len(alternative_start) - 1):
        first = alternative_start[i]
        for a in range(first, alternative_start[i + 1]):
            target = out[i] if a == first else other
            target[:] = 0.0
            for r in range(row_start[a], row_start[a + 1]):
                if weights[r] != 0.0:
                    _add_scaled(target, weights[r], cells[slots[r]])
            _strike(target, noise[noise_row[a]], uniforms, lost[a], kept[a])
            if a > first:
                _raise_to(out[i], other)
        mean[i], sd[i] = _mean_and_sd(out[i])


@numba.njit(cache=True, nogil=True)
def _add_scaled(target, weight, cell):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # compiled
    for p in range(len(target)):
        target[p] += weight * cell[p]


@numba.njit(cache=True, nogil=True)
def _strike(target, error, uniforms, lost, kept):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # compiled
    """Valuation error on every path; the loss of the right where it has happened."""
    for p in range(len(target)):
        target[p] *= error[p]
    if lost > 0.0:
        for p in range(len(target)):
            if uniforms[p] < lost:
                target[p] *= kept


@numba.njit(cache=True, nogil=True)
def _raise_to(target, other):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # compiled
    for p in range(len(target)):
        target[p] = max(target[p], other[p])


@numba.njit(cache=True, nogil=True)
def _mean_and_sd(values):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # compiled
    n = len(values)
    total = 0.0
    for p in range(n):
        total += values[p]
    mean = total / n
    squares = 0.0
    for p in range(n):
        squares += (values[p] - mean) ** 2
    return mean, np.sqrt(squares / (n - 1)) if n > 1 else 0.0
