"""Distributions of value: what a pledge may be worth at a horizon, with the error of every estimate.

The paths are those of the factor model; on each, the valuation error (lognormal with the asset's coefficient of
variation, mean 1) and the loss of the right (every event of a Poisson process) multiply the conditional value. The
draws of both are common to all assets of a call, which leaves every asset's own distribution as it is; a portfolio
draws them per asset.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from quant.draws.random_numbers import Purpose, standard_normals, uniforms
from quant.factors import FactorModel
from quant.schedules import Array, CollateralTerms, DiscountFactors, ScheduleBook

REPORTED_PROBABILITIES = (0.01, 0.05, 0.10, 0.50, 0.90, 0.95)


@dataclass(frozen=True, slots=True, eq=False)
class ValueDistribution:
    """Summary of n_paths values of each asset.

    Attributes:
        mean, sd, mean_error: [n_assets]; the error is the standard error of the mean.
        probabilities: the levels, [n_levels].
        quantiles, quantile_errors: [n_assets, n_levels]; the errors are standard errors from the order statistics.
    """

    mean: Array
    sd: Array
    mean_error: Array
    probabilities: tuple[float, ...]
    quantiles: Array
    quantile_errors: Array


@dataclass(frozen=True, slots=True, eq=False)
class HorizonScenarios:
    """States of the world at a horizon, shared by every asset that is valued on them.

    Attributes:
        at_years: the horizon s.
        states: x(s), [n_primary, n_paths].
        quantity_normals: standard normal of the valuation error, [n_paths].
        event_uniforms: uniform of the loss of the right, [n_paths].
    """

    at_years: float
    states: Array
    quantity_normals: Array
    event_uniforms: Array

    @classmethod
    def draw(
        cls, model: FactorModel, at_years: float, n_paths: int, seed: int, *, first_path: int = 0
    ) -> "HorizonScenarios":
        """Draw the scenarios of a block of paths; path p is the same in any block."""
        states = model.simulate_states([at_years], n_paths, seed, first_path=first_path)[:, 0, :]
        return cls(
            at_years,
            states,
            standard_normals(seed, Purpose.QUANTITY_ERROR, n_paths, first_path=first_path),
            uniforms(seed, Purpose.LOSS_OF_RIGHT, n_paths, first_path=first_path),
        )

    @property
    def n_paths(self) -> int:
        """How many paths."""
        return int(self.states.shape[1])


def realised_present_values(
    book: ScheduleBook,
    model: FactorModel,
    discount: DiscountFactors,
    n_paths: int,
    seed: int,
    *,
    first_path: int = 0,
) -> Array:
    """Present value of what each asset actually pays on every path, [n_assets, n_paths].

    The mean over paths converges to V(0). Every event takes the severity's share of all rows after it.
    """
    times = np.unique(book.cell_time[book.cell_time > 0.0])
    values = np.empty((len(book.cell_time), n_paths))
    now = book.cell_time == 0.0
    today = model.forward(np.zeros(1))[:, 0]
    values[now] = today[book.cell_factor[now], None]
    if len(times):
        paths = model.simulate(times, n_paths, seed, first_path=first_path)
        later = np.flatnonzero(~now)
        values[later] = paths[book.cell_factor[later], np.searchsorted(times, book.cell_time[later])]
    values *= discount(book.cell_time)[:, None]
    normals = standard_normals(seed, Purpose.QUANTITY_ERROR, n_paths, first_path=first_path)
    return _paid_on_paths(book, values, normals, _EventDraws(seed, n_paths, first_path))


@dataclass(frozen=True, slots=True)
class _EventDraws:
    """Uniforms of the waits between the losses of a right: wait k of path p is the same in any block."""

    seed: int
    n_paths: int
    first_path: int

    def wait(self, k: int) -> Array:
        """The k-th wait in units of 1 / intensity, [n_paths]; the first one decides as at a horizon."""
        draws = uniforms(self.seed, Purpose.LOSS_OF_RIGHT, self.n_paths, first_path=self.first_path, step=k)
        waits: Array = -np.log1p(-draws)
        return waits


def _paid_on_paths(book: ScheduleBook, values: Array, normals: Array, draws: _EventDraws) -> Array:
    weights = book.row_weights(alive=False)
    out = np.empty((len(book), values.shape[1]))
    for i, schedule in enumerate(book.schedules):
        rows = slice(book.row_start[i], book.row_start[i + 1])
        cells = book.row_cell[rows]
        flows = weights[rows, None] * values[cells]
        terms = schedule.terms
        if terms.event_intensity > 0.0 and len(cells) > 0:
            flows = flows * _left_at(book.cell_time[cells], terms, draws)
        log_sd = np.sqrt(np.log1p(terms.quantity_cv**2))
        out[i] = flows.sum(axis=0) * np.exp(log_sd * normals - 0.5 * log_sd**2)
    return out


def _left_at(times: Array, terms: CollateralTerms, draws: _EventDraws) -> Array:
    """Share of the right that is left at each time on every path, [n_times, n_paths]."""
    left = np.ones((len(times), draws.n_paths))
    event, k = draws.wait(0) / terms.event_intensity, 0
    while np.any(event < times.max()):
        left *= 1.0 - terms.event_severity * (times[:, None] > event[None, :])
        k += 1
        event = event + draws.wait(k) / terms.event_intensity
    return left


def quantiles_of_sorted(ordered: Array, probabilities: tuple[float, ...]) -> tuple[Array, Array]:
    """Quantiles of values that are sorted along their last axis, and their standard errors.

    A quantile's standard error is half the distance between the order statistics one binomial standard deviation
    to either side of it, which is free of any density estimate.

    Args:
        ordered: [n_assets, n_paths].
        probabilities: levels, [n_levels].

    Returns:
        (quantiles, errors), each [n_assets, n_levels].
    """
    floor, ceiling, share = _order_positions(ordered.shape[1], probabilities)
    at = ordered.take(floor, axis=1) * (1.0 - share) + ordered.take(ceiling, axis=1) * share
    n = len(probabilities)
    return at[:, :n], 0.5 * (at[:, 2 * n :] - at[:, n : 2 * n])


@lru_cache(maxsize=64)
def _order_positions(
    n: int, probabilities: tuple[float, ...]
) -> tuple[NDArray[np.intp], NDArray[np.intp], Array]:
    """Where each level, and one binomial standard deviation below and above it, lies between order statistics.

    Linear interpolation between them is the default of numpy.quantile.
    """
    levels = np.asarray(probabilities, dtype=np.float64)
    position = levels * (n - 1)
    spread = np.sqrt(n * levels * (1.0 - levels))
    all_positions = np.concatenate(
        [position, np.clip(position - spread, 0, n - 1), np.clip(position + spread, 0, n - 1)]
    )
    floor = np.floor(all_positions).astype(np.intp)
    return floor, np.minimum(floor + 1, n - 1), all_positions - floor
