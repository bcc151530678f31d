"""Collateral of a book on simulated paths: what a forced sale brings where a loan defaults.

    sold = pledged share * disposal share * max(V(s; x), 0) * valuation error * (1 - severity)^losses of the right

Every draw is addressed by the name of the asset and the path, so pledges of parts of one asset share both draws.
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtri

from quant.factors import FactorModel
from quant.random_numbers import Purpose
from quant.right_loss import expected_share, share_left
from quant.schedules import Array, DiscountFactors, ExposureSchedule, ScheduleBook
from quant.sparse_draws import Lanes, lane_of_name, uniforms_at, values_at

_GRID_CELLS = 256


class CollateralOnPaths:
    """Collateral values after disposal, evaluated where loans default.

    Args:
        collateral: schedules of the assets.
        loan: loan that each secures, ascending, [n_assets].
        pledged_share: share of the asset that secures it, [n_assets].
        loan_default_probability: over the horizon, [n_loans]; says how many values will be asked for.
        model: the factors.
        discount: discount factors of the curve.
        horizon_years: s.
        seed: seed of the scenario universe.

    Raises:
        KeyError: if a schedule names a factor that the model does not have.
    """

    def __init__(
        self,
        collateral: Sequence[ExposureSchedule],
        loan: Lanes,
        pledged_share: Array,
        loan_default_probability: Array,
        *,
        model: FactorModel,
        discount: DiscountFactors,
        horizon_years: float,
        seed: int,
    ) -> None:
        self._model, self._discount, self._at, self._seed = model, discount, horizon_years, seed
        self._loan = loan
        self._n_loans = len(loan_default_probability)
        self._schedules = ScheduleBook.stack(collateral, model)
        self._weights = self._schedules.weights(horizon_years)
        self._row_weights = self._schedules.row_weights(horizon_years)
        self._log_sd = np.sqrt(np.log1p(self._schedules.terms_array("quantity_cv") ** 2))
        self._mean_events = self._schedules.terms_array("event_intensity") * horizon_years
        self._severity = self._schedules.terms_array("event_severity")
        self._share = pledged_share * self._disposal_shares()
        # Pledges of parts of one asset share its valuation error and the fate of its right.
        self._lanes = np.array([lane_of_name(schedule.asset_id) for schedule in collateral], dtype=np.intp)
        # Assets valued on different days share no cells; then only defaults are worth evaluating.
        rows_in_default = float(loan_default_probability[loan] @ np.diff(self._schedules.row_start))
        self._on_grid = len(self._schedules.cell_time) <= max(_GRID_CELLS, 4.0 * rows_in_default)
        self._floored = self._assets_that_may_be_negative()
        self._floored_sums = np.zeros(len(self._floored))

    @property
    def is_on_grid(self) -> bool:
        """Whether all assets are valued together on every path rather than one by one where loans default."""
        return self._on_grid

    @property
    def rows_per_path(self) -> int:
        """Floats that a path of a block takes."""
        return 5 * len(self._schedules.cell_time) * self._on_grid + len(self._floored)

    def in_default(self, loan: Lanes, path: Lanes, states: Array, first: int) -> Array:
        """Collateral behind each default of a block, [n_defaults]."""
        if len(self._schedules) == 0:
            return np.zeros(len(loan))
        default, asset = self._pledges_behind(loan)
        path = path[default]
        values = self._on_all_paths if self._on_grid else self._on_single_paths
        sold = self._share[asset] * np.maximum(values(asset, path, states), 0.0)
        sold *= self._noise(asset, first + path)
        # One pledge after the other in a fixed order.
        return np.bincount(default, weights=sold, minlength=len(loan)).astype(np.float64)

    def _on_all_paths(self, asset: Lanes, path: Lanes, states: Array) -> Array:
        """Values of pairs, [n_pairs], by way of every cell on every path: cheap where assets share cells."""
        book = self._schedules
        cells = book.cell_values(self._model, self._discount, states=states, at_years=self._at)
        if len(self._floored):
            floored: Array = self._weights[self._floored] @ cells
            self._add_floored(slice(None), floored)
        return values_at(
            asset, path,
            row_start=book.row_start, row_cell=book.row_cell, weights=self._row_weights, cells=cells.T.copy(),
        )  # fmt: skip

    def _on_single_paths(self, asset: Lanes, path: Lanes, states: Array) -> Array:
        """Values of pairs, [n_pairs], asset by asset on the paths that need it."""
        out = np.empty(len(asset))
        by_asset = np.argsort(asset, kind="stable")
        present, start = np.unique(asset[by_asset], return_index=True)
        for which, begin, end in zip(present, start, np.append(start, len(asset))[1:], strict=True):
            pairs = by_asset[begin:end]
            out[pairs] = self._asset_values(which, states[:, path[pairs]])
        for position, which in enumerate(self._floored):
            self._add_floored(slice(position, position + 1), self._asset_values(which, states)[None, :])
        return out

    def _asset_values(self, asset: np.integer, states: Array) -> Array:
        """V(s; x) of one asset for states [n_primary, n], [n]."""
        book = self._schedules
        rows = np.arange(int(book.row_start[asset]), int(book.row_start[asset + 1]))
        rows = rows[self._row_weights[rows] != 0.0]
        times = book.cell_time[book.row_cell[rows]]
        factors = book.cell_factor[book.row_cell[rows]]
        forwards = self._model.forward_cells(factors, times, states=states, at_years=self._at)
        prices = self._discount(times) / self._discount(np.array([self._at]))[0]
        total = np.zeros(states.shape[1])
        for weight, price, forward in zip(self._row_weights[rows], prices, forwards, strict=True):
            total += weight * (forward * price)
        return total

    def means(self, n_paths: int) -> Array:
        """Expected collateral of each loan, [n_loans].

        Closed form, since V(s; x) is itself an expectation given x: E V(s; x) is today's forward. Only an asset
        whose value may be negative needs the mean over the paths, because its owner walks away below 0.
        """
        if len(self._schedules) == 0:
            return np.zeros(self._n_loans)
        book = self._schedules
        forwards = self._model.forward_cells(book.cell_factor, book.cell_time)
        discounts = self._discount(book.cell_time) / self._discount(np.array([self._at]))[0]
        means: Array = self._weights @ (forwards * discounts)
        means[self._floored] = self._floored_sums / n_paths
        means *= self._share * expected_share(self._mean_events, self._severity, 1.0)
        loan_means = np.zeros(self._n_loans)
        np.add.at(loan_means, self._loan, means)
        return loan_means

    def _pledges_behind(self, loan: Lanes) -> tuple[Lanes, Lanes]:
        """Every pair of a default and an asset that secures its loan: (number of the default, asset)."""
        start = np.searchsorted(self._loan, loan, side="left")
        count = np.searchsorted(self._loan, loan, side="right") - start
        default = np.repeat(np.arange(len(loan)), count)
        offset = np.arange(len(default)) - np.repeat(np.cumsum(count) - count, count)
        return default, start[default] + offset

    def _noise(self, asset: Lanes, path: Lanes) -> Array:
        """Valuation error times what the loss of the right leaves, [n_pairs]."""
        noise = np.ones(len(asset))
        lane = self._lanes[asset]
        unsure = np.flatnonzero(self._log_sd[asset] > 0.0)
        draws = uniforms_at(self._seed, Purpose.QUANTITY_ERROR, lane[unsure], path[unsure])
        log_sd = self._log_sd[asset[unsure]]
        noise[unsure] = np.exp(log_sd * ndtri(draws) - 0.5 * log_sd**2)
        exposed = np.flatnonzero(self._mean_events[asset] > 0.0)
        draws = uniforms_at(self._seed, Purpose.LOSS_OF_RIGHT, lane[exposed], path[exposed])
        at_risk = asset[exposed]
        noise[exposed] *= share_left(draws, self._mean_events[at_risk], self._severity[at_risk])
        return noise

    def _disposal_shares(self) -> Array:
        """Share of the going value at the horizon that a forced sale brings, [n_assets]."""
        lags = self._schedules.terms_array("disposal_lag_years")
        premiums = self._schedules.terms_array("risk_premium_annual")
        over_lag = np.ones(0)
        if len(lags):
            now = self._discount(np.array([self._at]))[0]
            over_lag = self._discount(self._at + lags) / now * np.exp(-premiums * lags)
        terms = [schedule.terms for schedule in self._schedules.schedules]
        return np.array([t.disposal_share(float(d)) for t, d in zip(terms, over_lag, strict=True)])

    def _assets_that_may_be_negative(self) -> Lanes:
        signed = np.zeros(len(self._model.names), dtype=bool)
        for i, derived in enumerate(self._model.derived, start=self._model.n_primary):
            payoff = derived.payoff
            lowest = min(*payoff.values, float(payoff(0.0)))
            signed[i] = lowest < 0.0 or payoff.right_slope < 0.0
        book = self._schedules
        rows = (book.row_quantity < 0.0) | signed[book.cell_factor[book.row_cell]]
        return np.unique(book.row_asset[rows])

    def _add_floored(self, which: slice, values: Array) -> None:
        # A running sum keeps one order over all blocks.
        running = np.column_stack([self._floored_sums[which], np.maximum(values, 0.0)])
        self._floored_sums[which] = np.cumsum(running, axis=1)[:, -1]
