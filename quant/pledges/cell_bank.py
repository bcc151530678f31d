"""A bank of discounted conditional forwards: what one unit of a factor at a time is worth, today and at a horizon.

Assets of one market share their (factor, time) cells. The bank computes each cell once for a set of horizon
scenarios and keeps it, so that valuing one more asset is a gather and a dot product. A cell's figures do not depend
on which other cells are computed with it, so a value is the same to the last bit from a warm and from a cold bank.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quant.factors import FactorModel
from quant.pledges.distribution import HorizonScenarios
from quant.schedules import Array, DiscountFactors

CellKey = tuple[str, float]
"""(factor, years from the valuation date)."""

_VALUES_KEPT = 2**23
_CELLS_AT_ONCE = 64
_NOISE_ROWS_KEPT = 256


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Where the cells that were asked for lie, and what they hold.

    Attributes:
        slots: position of each key in the arrays below, [n_keys].
        forward_today: E[f(t)] seen from today, [n_slots].
        value_today: the same discounted to today, [n_slots].
        value_at_horizon: E[f(t) | x(s)] discounted to the horizon s, 0 for t <= s, [n_slots, n_paths].
    """

    slots: NDArray[np.int64]
    forward_today: Array
    value_today: Array
    value_at_horizon: Array


class _Shelf:
    """Arrays of a fixed capacity and what is in them; rows are written once and never change."""

    def __init__(self, capacity: int, n_paths: int) -> None:
        self.index: dict[CellKey, int] = {}
        self.capacity = capacity
        self.forward_today = np.empty(capacity)
        self.value_today = np.empty(capacity)
        self.value_at_horizon = np.empty((capacity, n_paths))

    def cells(self, slots: Sequence[int]) -> Cells:
        return Cells(
            np.array(slots, dtype=np.int64), self.forward_today, self.value_today, self.value_at_horizon
        )


class CellBank:
    """The cells of one market and one set of horizon scenarios; safe to use from several threads.

    Args:
        model: the factors.
        discount: present value today of 1 paid at each time.
        scenarios: states of the world at the horizon.
        values_kept: bound of n_cells x n_paths that stay in memory.
    """

    def __init__(
        self,
        model: FactorModel,
        discount: DiscountFactors,
        scenarios: HorizonScenarios,
        *,
        values_kept: int = _VALUES_KEPT,
    ) -> None:
        self.model = model
        self.discount = discount
        self.scenarios = scenarios
        self.capacity = max(1, values_kept // scenarios.n_paths)
        self._shelf = _Shelf(self.capacity, scenarios.n_paths)
        self._noise: dict[float, Array] = {}
        self._filling = threading.Lock()

    def cells(self, keys: Sequence[CellKey]) -> Cells:
        """The cells of the keys, which may repeat.

        Raises:
            KeyError: a factor that the model does not have.
        """
        shelf = self._shelf
        index = shelf.index
        try:
            return shelf.cells([index[key] for key in keys])
        except KeyError:
            return self._filled(keys)

    def noise(self, log_sd: float) -> Array:
        """Lognormal valuation error with mean 1 on every path of the scenarios, [n_paths]."""
        row = self._noise.get(log_sd)
        if row is None:
            row = np.exp(log_sd * self.scenarios.quantity_normals - 0.5 * log_sd**2)
            if len(self._noise) < _NOISE_ROWS_KEPT:
                self._noise[log_sd] = row
        return row

    def _filled(self, keys: Sequence[CellKey]) -> Cells:
        distinct = list(dict.fromkeys(keys))
        with self._filling:
            shelf = self._shelf
            missing = [key for key in distinct if key not in shelf.index]
            if len(shelf.index) + len(missing) > shelf.capacity:
                # Full: start over. Readers of the old shelf keep theirs. What alone is too much is not kept.
                shelf = _Shelf(max(self.capacity, len(distinct)), self.scenarios.n_paths)
                missing = distinct
                if len(distinct) <= self.capacity:
                    self._shelf = shelf
            for begin in range(0, len(missing), _CELLS_AT_ONCE):
                self._fill(shelf, missing[begin : begin + _CELLS_AT_ONCE])
        return shelf.cells([shelf.index[key] for key in keys])

    def _fill(self, shelf: _Shelf, keys: Sequence[CellKey]) -> None:
        factor = np.array([self.model.index(name) for name, _ in keys], dtype=np.intp)
        time = np.array([t for _, t in keys], dtype=np.float64)
        begin = len(shelf.index)
        rows = slice(begin, begin + len(keys))
        price = self.discount(time)
        shelf.forward_today[rows] = self.model.forward_cells(factor, time)
        shelf.value_today[rows] = shelf.forward_today[rows] * price
        at_years = self.scenarios.at_years
        ahead = np.flatnonzero(time > at_years)
        values = np.zeros((len(keys), self.scenarios.n_paths))
        if len(ahead):
            forward = self.model.forward_cells(
                factor[ahead], time[ahead], states=self.scenarios.states, at_years=at_years
            )
            values[ahead] = forward * (price[ahead] / self.discount(np.array([at_years]))[0])[:, None]
        shelf.value_at_horizon[rows] = values
        # Last: a key that can be seen is a row that is complete.
        shelf.index.update((key, begin + i) for i, key in enumerate(keys))
