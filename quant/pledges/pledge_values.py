"""Value today and distribution at a horizon of many assets, each a choice among alternative schedules.

The value of an asset on a path is that of its best alternative there. Every sum runs over an asset's rows in their
order, so an asset's figures are the same to the last bit whether it is valued alone, in a batch, or by several threads.
"""

# Compiled functions take their arguments by position.
# ruff: noqa: PLR0917

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quant.compiled import compiled
from quant.pledges.cell_bank import CellBank, CellKey
from quant.pledges.distribution import ValueDistribution, quantiles_of_sorted
from quant.pledges.right_loss import events_of
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
    n_assets, n_rows = len(assets), len(table.keys)
    levels = tuple(probabilities)
    figures = np.empty((6, n_assets))
    rows = np.empty((4, n_rows))
    best = np.empty(n_assets, dtype=np.int64)
    on_paths = np.empty((n_assets, bank.scenarios.n_paths))
    noise_row, noise = _noise(table, bank)
    _value_rows(
        table.alternative_start, table.row_start, table.time, table.quantity, table.terms, bank.scenarios.at_years,
        cells.slots, cells.forward_today, cells.value_today, rows, best, figures,
    )  # fmt: skip
    _values_on_paths(
        table.alternative_start, table.row_start, rows[3], cells.slots, cells.value_at_horizon, table.terms,
        bank.scenarios.at_years, noise_row, noise, bank.scenarios.event_uniforms, on_paths, figures,
    )  # fmt: skip
    on_paths.sort(axis=1)
    quantiles, errors = quantiles_of_sorted(on_paths, levels)
    value, undiscounted, first_year, mean, sd, mean_error = figures
    return AssetValues(
        value,
        best - table.alternative_start[:-1],
        undiscounted,
        first_year,
        ValueDistribution(mean, sd, mean_error, levels, quantiles, errors),
        table.row_start[best],
        rows[0],
        rows[1],
        rows[2],
    )


@dataclass(frozen=True, slots=True, eq=False)
class _RowTable:
    """Alternatives of assets end to end, and their rows end to end.

    Attributes:
        alternative_start: alternatives of asset i are alternative_start[i] .. alternative_start[i + 1] - 1.
        row_start: rows of alternative a are row_start[a] .. row_start[a + 1] - 1.
        keys, time, quantity: of the rows.
        terms: risk premium, event intensity, event severity of each alternative, [n, 3].
        quantity_cv: of each alternative.
    """

    alternative_start: NDArray[np.int64]
    row_start: NDArray[np.int64]
    keys: list[CellKey]
    time: Array
    quantity: Array
    terms: Array
    quantity_cv: list[float]

    @classmethod
    def of(cls, assets: Sequence[Sequence[ExposureSchedule]]) -> "_RowTable":
        schedules = [schedule for alternatives in assets for schedule in alternatives]
        terms = [schedule.terms for schedule in schedules]
        factors = chain.from_iterable([schedule.factors for schedule in schedules])
        time = np.concatenate([schedule.times_years for schedule in schedules])
        return cls(
            _starts([len(alternatives) for alternatives in assets]),
            _starts([len(schedule.factors) for schedule in schedules]),
            list(zip(factors, time.tolist(), strict=True)),
            time,
            np.concatenate([schedule.quantities for schedule in schedules]),
            np.array([(t.risk_premium_annual, t.event_intensity, t.event_severity) for t in terms]),
            [t.quantity_cv for t in terms],
        )


def _starts(lengths: Sequence[int]) -> NDArray[np.int64]:
    return np.array([0, *accumulate(lengths)], dtype=np.int64)


def _noise(table: _RowTable, bank: CellBank) -> tuple[NDArray[np.int64], Array]:
    """Row of each alternative's valuation error, and the rows [n_distinct, n_paths]."""
    position = {cv: i for i, cv in enumerate(dict.fromkeys(table.quantity_cv))}
    rows = [bank.noise(math.sqrt(math.log1p(cv**2))) for cv in position]
    noise = rows[0][None, :] if len(rows) == 1 else np.array(rows)
    return np.array([position[cv] for cv in table.quantity_cv], dtype=np.int64), noise


@compiled
def _value_rows(
    alternative_start: Any,
    row_start: Any,
    time: Any,
    quantity: Any,
    terms: Any,
    at_years: Any,
    slots: Any,
    forward_today: Any,
    value_today: Any,
    rows: Any,
    best: Any,
    figures: Any,
) -> Any:
    """Fills rows and figures; every sum runs over the rows in their order.

    Rows: expected factor, expected amount, present value, weight seen from the horizon. Figures of the best
    alternative: value, undiscounted, first year.
    """
    for i in range(len(best)):
        for a in range(alternative_start[i], alternative_start[i + 1]):
            total = 0.0
            for r in range(row_start[a], row_start[a + 1]):
                rows[0, r] = forward_today[slots[r]]
                rows[1, r] = quantity[r] * rows[0, r]
                rows[2, r] = quantity[r] * _carried(terms[a], time[r]) * value_today[slots[r]]
                span = time[r] - at_years
                rows[3, r] = quantity[r] * _carried(terms[a], span) if span > 0.0 else 0.0
                total += rows[2, r]
            if a == alternative_start[i] or total > figures[0, i]:
                best[i], figures[0, i] = a, total
        undiscounted, first_year = 0.0, 0.0
        for r in range(row_start[best[i]], row_start[best[i] + 1]):
            undiscounted += rows[1, r]
            if time[r] <= _FIRST_YEAR:
                first_year += rows[1, r]
        figures[1, i], figures[2, i] = undiscounted, first_year


@compiled
def _carried(terms: Any, span: Any) -> Any:
    """Risk premium and survival over a span, as in `ScheduleBook.row_weights`."""
    return math.exp(-(terms[0] + terms[1] * terms[2]) * span)


@compiled
def _values_on_paths(
    alternative_start: Any,
    row_start: Any,
    weights: Any,
    slots: Any,
    cells: Any,
    terms: Any,
    at_years: Any,
    noise_row: Any,
    noise: Any,
    uniforms: Any,
    out: Any,
    figures: Any,
) -> Any:
    """Fills out [n_assets, n_paths] and, in figures, its mean, sd and standard error of the mean."""
    n_paths = out.shape[1]
    other = np.empty(n_paths)
    for i in range(len(alternative_start) - 1):
        first = alternative_start[i]
        for a in range(first, alternative_start[i + 1]):
            target = out[i] if a == first else other
            target[:] = 0.0
            for r in range(row_start[a], row_start[a + 1]):
                if weights[r] != 0.0:
                    _add_scaled(target, weights[r], cells[slots[r]])
            _strike(target, noise[noise_row[a]], uniforms, terms[a, 1] * at_years, 1.0 - terms[a, 2])
            if a > first:
                _raise_to(out[i], other)
        mean, sd = _mean_and_sd(out[i])
        figures[3, i], figures[4, i], figures[5, i] = mean, sd, sd / math.sqrt(n_paths)


@compiled
def _add_scaled(target: Any, weight: Any, cell: Any) -> Any:
    for p in range(len(target)):
        target[p] += weight * cell[p]


@compiled
def _strike(target: Any, error: Any, uniforms: Any, mean_events: Any, kept: Any) -> Any:
    """Valuation error on every path; the loss of the right where it has happened, once for each event."""
    for p in range(len(target)):
        target[p] *= error[p]
    lost = -math.expm1(-mean_events)
    if lost > 0.0:
        for p in range(len(target)):
            if uniforms[p] < lost:
                target[p] *= kept ** events_of(uniforms[p], mean_events)


@compiled
def _raise_to(target: Any, other: Any) -> Any:
    for p in range(len(target)):
        target[p] = max(target[p], other[p])


@compiled
def _mean_and_sd(values: Any) -> Any:
    n = len(values)
    total = 0.0
    for p in range(n):
        total += values[p]
    mean = total / n
    squares = 0.0
    for p in range(n):
        squares += (values[p] - mean) ** 2
    return mean, np.sqrt(squares / (n - 1)) if n > 1 else 0.0
