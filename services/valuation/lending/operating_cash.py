"""Cash that an asset pays year by year at a low quantile: what debt service is covered from."""

import math

import numpy as np

from quant.draws.random_numbers import Purpose, standard_normals
from quant.pledges.right_loss import expected_share
from quant.schedules import Array, ExposureSchedule
from services.valuation.prepared_market import PreparedMarket
from services.valuation.valuation import Simulation

LOW_PROBABILITY = 0.10
_SAME_YEARS = 1e-9
_VALUES_AT_ONCE = 2**24


def low_cash_by_year(
    schedule: ExposureSchedule,
    market: PreparedMarket,
    simulation: Simulation,
    n_years: int,
    *,
    until_years: float = math.inf,
    paths_at_once: int | None = None,
) -> Array:
    """P10 of the net cash of each year, CNY, [n_years].

    Year k holds the rows with k - 1 < t <= k, and those of today in year 1; rows after `until_years`, the loan's end,
    repay nothing and are left out. Paths are simulated from today with the
    factors and the valuation error of the asset; the loss of the right enters by its expected share, as in V(0),
    because its own risk is what the pledge value and the premium are for: as a yes or no it would make the P10 of
    every right end in the year in which one path in ten has lost it. The quantile is taken year by year: it is not
    one bad path through all years. `paths_at_once` bounds the memory and changes no figure.
    """
    times = schedule.times_years
    year = np.maximum(np.ceil(times - _SAME_YEARS), 1.0).astype(np.intp) - 1
    kept = np.flatnonzero((year < n_years) & (times <= until_years + _SAME_YEARS))
    n_paths = simulation.n_paths
    cash = np.zeros((n_years, n_paths))
    if len(kept) > 0:
        # Every factor is drawn at every time of payment.
        bounded = max(1, _VALUES_AT_ONCE // (len(kept) * len(market.model.names)))
        at_once = bounded if paths_at_once is None else paths_at_once
        for first in range(0, n_paths, at_once):
            block = slice(first, min(first + at_once, n_paths))
            paid = _paid_rows(schedule, kept, market, simulation.seed, block)
            np.add.at(cash[:, block], year[kept], paid)
    return np.quantile(cash, LOW_PROBABILITY, axis=1)


def _paid_rows(
    schedule: ExposureSchedule, kept: np.ndarray, market: PreparedMarket, seed: int, paths: slice
) -> Array:
    """What each of the kept rows pays on each of the paths, [n_kept, n_paths]."""
    model, terms = market.model, schedule.terms
    n_paths, first = paths.stop - paths.start, paths.start
    times = schedule.times_years[kept]
    factors = np.array([model.index(schedule.factors[row]) for row in kept])
    later = np.unique(times[times > 0.0])
    today = model.forward(np.zeros(1))[:, 0]
    prices = np.repeat(today[factors][:, None], n_paths, axis=1)
    if len(later) > 0:
        drawn = model.simulate(later, n_paths, seed, first_path=first)
        ahead = times > 0.0
        prices[ahead] = drawn[factors[ahead], np.searchsorted(later, times[ahead])]
    flows: Array = schedule.quantities[kept][:, None] * prices
    flows *= expected_share(terms.event_intensity, terms.event_severity, times)[:, None]
    log_sd = math.sqrt(math.log1p(terms.quantity_cv**2))
    normals = standard_normals(seed, Purpose.QUANTITY_ERROR, n_paths, first_path=first)
    flows *= np.exp(log_sd * normals - 0.5 * log_sd**2)
    return flows
