"""How the book may fare over time: the spread of non-performing loans and of loan to value over the paths."""

from dataclasses import dataclass

import numpy as np

from quant.loan_losses.prepared_book import PreparedBook
from quant.schedules import Array

FAN_PROBABILITIES = (0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


@dataclass(frozen=True, slots=True, eq=False)
class Fan:
    """Mean and quantiles of a ratio at the end of every period.

    Attributes:
        ends_years: [n_periods].
        mean: [n_periods].
        quantiles: at FAN_PROBABILITIES, [n_probabilities, n_periods].
    """

    ends_years: Array
    mean: Array
    quantiles: Array

    @classmethod
    def of(cls, ends: Array, ratios: Array, weights: Array) -> "Fan":
        """The fan of ratios [n_paths, n_periods] on paths of the given weights."""
        return cls(
            ends, (ratios * weights[:, None]).sum(axis=0) / weights.sum(), weighted_quantiles(ratios, weights)
        )


def weighted_quantiles(values: Array, weights: Array) -> Array:
    """Smallest value whose share of the weight below or at it reaches each probability, [n_probabilities, n]."""
    out = np.empty((len(FAN_PROBABILITIES), values.shape[1]))
    for k in range(values.shape[1]):
        order = np.argsort(values[:, k], kind="stable")
        share = np.cumsum(weights[order])
        # As for value at risk, n times a probability may be a whole number that floats miss by a hair.
        at = np.searchsorted(share, np.array(FAN_PROBABILITIES) * share[-1] * (1.0 - 1e-12))
        out[:, k] = values[order[np.minimum(at, len(order) - 1)], k]
    return out


def npl_ratios(defaulted: Array, vanished: Array, scheduled: Array, stock_today_cny: float) -> Array:
    """Non-performing over all exposure, on every path and at the end of every period; 0 where none is left.

    Nothing is written off within the horizon, so the ratio is that of the stock, which begins with that of today.

    Args:
        defaulted: exposure that defaults in each period, [n_paths, n_periods].
        vanished: scheduled exposure of loans that have defaulted, [n_paths, n_periods].
        scheduled: exposure by schedule of the loans that perform today, [n_periods].
        stock_today_cny: exposure that is non-performing today.
    """
    stock = stock_today_cny + np.cumsum(defaulted, axis=1)
    whole = stock + np.maximum(scheduled - vanished, 0.0)
    ratios: Array = np.divide(stock, whole, out=np.zeros_like(stock), where=whole > 0.0)
    return ratios


@dataclass(frozen=True, slots=True, eq=False)
class BookCover:
    """Loan to value of the secured part of a book as one linear map of the collateral cells.

    Valuation errors average out and are left aside; losses of the right count at their expectation; a negative
    value is not cut off here.

    Attributes:
        secured: scheduled exposure of loans with a pledge, [n_periods].
        weights: of the cells, [n_periods, n_cells].
    """

    secured: Array
    weights: Array

    @classmethod
    def of(cls, prepared: PreparedBook) -> "BookCover":
        """The map of a book; every pledge counts."""
        table = prepared.collateral
        pledges, schedules, sales, rows = table.tables
        held = np.bincount(pledges["schedule"], weights=pledges["multiple"], minlength=len(schedules))
        kept = np.exp(-sales["mean_events"] * schedules["severity"][:, None])
        factor = sales["scale"] * kept * held[:, None]
        schedule = table.schedule_of_row()
        weights = np.zeros((sales.shape[1], len(table.cell_time)))
        for k in range(sales.shape[1]):
            terms = rows["weight"] * factor[schedule, k]
            weights[k] = np.bincount(rows["cell"], weights=terms, minlength=weights.shape[1])
        pledged = np.diff(table.start) > 0
        return cls(prepared.exposure[pledged].sum(axis=0), weights)

    def ltv(self, cells: Array) -> Array:
        """Exposure over collateral, [n_paths, n_periods], for cells [n_paths, n_periods, n_cells]; nan where none."""
        value = np.einsum("pkc,kc->pk", cells, self.weights)
        ratios: Array = np.divide(
            np.broadcast_to(self.secured, value.shape),
            value,
            out=np.full(value.shape, np.nan),
            where=value > 0.0,
        )
        return ratios
