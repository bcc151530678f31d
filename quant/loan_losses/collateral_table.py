"""What pledges bring on a path: every asset as weights on cells that all assets share.

    sold = multiple * disposal share * max(V(s; x), 0) * valuation error * (1 - severity)^losses of the right

A cell is a (factor, time of payment) pair; its value on a path is the discounted conditional forward seen from the end
of a period. Where assets were valued on so many days that cells would outnumber `MOST_EXACT_CELLS`, a row is split
between the two ends of its half-quarter or half-year, linear in time and scaled so that today's forward value of the
row is unchanged. Weights seen from s are `q e^{-c t} * e^{c s}` with c = risk premium + intensity x severity, so that
one weight a row and one scale an asset and period do.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quant.draws.sparse_draws import Lanes
from quant.factors import FactorModel
from quant.loan_losses.book import Flags, Pledges
from quant.schedules import Array, DiscountFactors, ScheduleBook

MOST_EXACT_CELLS = 400
# Less than from the end of a quarter to any day: .75 of a year is a quarter of a day before the 274th of 365.
_JUST_AFTER_YEARS = 1.0 / 3650.0
_BEYOND_STEP_YEARS = 0.5
_LARGEST_EXPONENT = 600.0


PLEDGE = np.dtype([("schedule", np.int64), ("lane", np.int64), ("multiple", np.float64)], align=True)
# Rows and cells are unsigned: compiled code then need not ask whether they are counted from the end.
SCHEDULE = np.dtype(
    [("first_row", np.uint64), ("stop_row", np.uint64), ("log_sd", np.float64), ("severity", np.float64)],
    align=True,
)
SALE = np.dtype([("scale", np.float64), ("mean_events", np.float64)], align=True)
ROW = np.dtype([("cell", np.uint64), ("weight", np.float64)], align=True)
Records = NDArray[np.void]


class PledgeTables(NamedTuple):
    """The tables that compiled code reads; records, so that what is needed together lies together.

    Attributes:
        pledges: schedule, address of the asset's draws and multiple, PLEDGE [n_pledges].
        schedules: rows, sd of the log valuation error and severity of a loss of the right, SCHEDULE [n_schedules].
        sales: at the end of each period: disposal share times e^{c s}, and losses of the right expected until then,
            SALE [n_schedules, n_periods].
        rows: cell and weight, ROW [n_rows].
    """

    pledges: Records
    schedules: Records
    sales: Records
    rows: Records


@dataclass(frozen=True, slots=True, eq=False)
class CollateralTable:
    """The pledges of a book over shared cells.

    Attributes:
        start: pledges of loan i are start[i] .. start[i + 1] - 1, [n_loans + 1].
        tables: what compiled code reads.
        model, discount: the market in which the assets are sold.
        ends: ends of the periods, years, [n_periods].
        cell_factor, cell_time: of each cell, [n_cells].
        may_be_negative: schedules whose value may fall below 0, [n_schedules].
        factors_of_loans: which factors price the pledges of each loan, [n_loans, n_factors].
    """

    start: Lanes
    tables: PledgeTables
    model: FactorModel
    discount: DiscountFactors
    ends: Array
    cell_factor: Lanes
    cell_time: Array
    may_be_negative: Flags
    factors_of_loans: Flags

    @classmethod
    def of(
        cls, pledges: Pledges, n_loans: int, model: FactorModel, discount: DiscountFactors, ends: Array
    ) -> "CollateralTable":
        """Stack the schedules of a book.

        Raises:
            KeyError: if a schedule names a factor that the model does not have.
        """
        book = ScheduleBook.stack(pledges.schedules, model)
        fading = book.terms_array("risk_premium_annual") + (
            book.terms_array("event_intensity") * book.terms_array("event_severity")
        )
        latest = max(float(np.max(book.cell_time, initial=0.0)), float(ends[-1]))
        # Beyond this nothing is left that a float could tell from 0.
        fading = np.minimum(fading, _LARGEST_EXPONENT / latest)
        row_time = book.cell_time[book.row_cell]
        weight = book.row_quantity * np.exp(-fading[book.row_asset] * row_time)
        rows = _shared_cells(book, weight, model, discount, ends)
        tables = PledgeTables(
            _records(
                PLEDGE, len(pledges), schedule=pledges.schedule, lane=pledges.asset_lane, multiple=pledges.multiple
            ),
            _records(
                SCHEDULE, len(book), first_row=rows.start[:-1], stop_row=rows.start[1:],
                log_sd=np.sqrt(np.log1p(book.terms_array("quantity_cv") ** 2)),
                severity=book.terms_array("event_severity"),
            ),
            _records(
                SALE, (len(book), len(ends)),
                scale=np.exp(fading[:, None] * ends) * _disposal_shares(book, discount, ends),
                mean_events=book.terms_array("event_intensity")[:, None] * ends,
            ),
            _records(ROW, len(rows.cell), cell=rows.cell, weight=rows.weight),
        )  # fmt: skip
        start = np.searchsorted(pledges.loan, np.arange(n_loans + 1)).astype(np.intp)
        return cls(
            start, tables, model, discount, ends, rows.cell_factor, rows.cell_time, _signed(book, model),
            _factors_of_loans(book, pledges, n_loans, len(model.names)),
        )  # fmt: skip

    def cell_values(self, states: Array, wanted: Flags | None = None) -> Array:
        """Value of every cell seen from the end of every period, [n_paths, n_periods, n_cells]; 0 once past.

        Args:
            states: deviations x, [n_primary, n_periods, n_paths].
            wanted: which cells are asked for, [n_cells]; all when absent, and 0 in the others.
        """
        n_paths = states.shape[2]
        out = np.zeros((n_paths, len(self.ends), len(self.cell_time)))
        for k, end in enumerate(self.ends):
            later = self.cell_time > end
            ahead = np.flatnonzero(later if wanted is None else later & wanted)
            if len(ahead):
                forward = self.model.forward_cells(
                    self.cell_factor[ahead],
                    self.cell_time[ahead],
                    states=states[:, k, :],
                    at_years=float(end),
                )
                price = self.discount(self.cell_time[ahead]) / self.discount(np.array([end]))[0]
                out[:, k, ahead] = (forward * price[:, None]).T
        return out

    def expected_values(self, sample: Array) -> Array:
        """E of what each schedule brings at the end of each period, [n_schedules, n_periods].

        Closed form, since V(s; x) is itself an expectation given x: E V(s; x) is today's forward. Only an asset whose
        value may be negative needs the mean over a sample of paths, because its owner walks away below 0.

        Args:
            sample: deviations x, [n_primary, n_periods, n_paths].
        """
        schedules, sales, rows = self.tables.schedules, self.tables.sales, self.tables.rows
        forward = self.model.forward_cells(self.cell_factor, self.cell_time)
        present = forward * self.discount(self.cell_time)
        out = np.zeros(sales.shape)
        asset = self.schedule_of_row()
        for k, end in enumerate(self.ends):
            value = np.where(self.cell_time > end, present, 0.0) / self.discount(np.array([end]))[0]
            terms = rows["weight"] * value[rows["cell"]]
            out[:, k] = np.bincount(asset, weights=terms, minlength=len(out)) * sales["scale"][:, k]
        floored = np.flatnonzero(self.may_be_negative)
        if len(floored):
            cells = self.cell_values(sample)
            for i in floored:
                own = rows[schedules["first_row"][i] : schedules["stop_row"][i]]
                values = cells[:, :, own["cell"]] @ own["weight"]
                out[i] = np.maximum(values, 0.0).mean(axis=0) * sales["scale"][i]
        out *= np.exp(-sales["mean_events"] * schedules["severity"][:, None])
        return out

    def largest_values(self) -> Array:
        """A bound on what each schedule brings in the mean at the end of any period, [n_schedules]."""
        sales, rows = self.tables.sales, self.tables.rows
        present = self.model.forward_cells(self.cell_factor, self.cell_time) * self.discount(self.cell_time)
        terms = np.abs(rows["weight"] * present[rows["cell"]])
        whole = np.bincount(self.schedule_of_row(), weights=terms, minlength=len(sales))
        bound: Array = whole * np.max(sales["scale"] / self.discount(self.ends), axis=1, initial=0.0)
        return bound

    def schedule_of_row(self) -> Lanes:
        """Which schedule each row belongs to, [n_rows]."""
        schedules = self.tables.schedules
        n_rows = (schedules["stop_row"] - schedules["first_row"]).astype(np.intp)
        return np.repeat(np.arange(len(schedules)), n_rows)


def _records(dtype: np.dtype[np.void], shape: int | tuple[int, ...], **columns: Array | Lanes) -> Records:
    out = np.zeros(shape, dtype=dtype)
    for name, column in columns.items():
        out[name] = column
    return out


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    start: Lanes
    cell: Lanes
    weight: Array
    cell_factor: Lanes
    cell_time: Array


def _shared_cells(
    book: ScheduleBook, weight: Array, model: FactorModel, discount: DiscountFactors, ends: Array
) -> _Rows:
    if len(book.cell_time) <= MOST_EXACT_CELLS:
        return _Rows(book.row_start, book.row_cell, weight, book.cell_factor, book.cell_time)
    nodes = _nodes(float(book.cell_time.max()), ends)
    factors, factor = np.unique(book.cell_factor, return_inverse=True)
    # Each cell becomes two: the nodes on both sides of its time.
    right = np.clip(np.searchsorted(nodes, book.cell_time, side="left"), 1, len(nodes) - 1)
    left_share = np.clip((nodes[right] - book.cell_time) / (nodes[right] - nodes[right - 1]), 0.0, 1.0)
    cell_factor, cell_time = np.repeat(factors, len(nodes)), np.tile(nodes, len(factors))
    present = model.forward_cells(cell_factor, cell_time) * discount(cell_time)
    first = factor.ravel() * len(nodes) + right - 1
    spread = left_share * present[first] + (1.0 - left_share) * present[first + 1]
    exact = model.forward_cells(book.cell_factor, book.cell_time) * discount(book.cell_time)
    kept = np.where(spread * exact > 0.0, exact / np.where(spread == 0.0, 1.0, spread), 1.0)
    share = np.stack([left_share * kept, (1.0 - left_share) * kept], axis=1)
    row = book.row_cell
    return _Rows(
        2 * book.row_start,
        np.stack([first[row], first[row] + 1], axis=1).ravel().astype(np.intp),
        (weight[:, None] * share[row]).ravel(),
        cell_factor.astype(np.intp),
        cell_time,
    )


def _nodes(latest: float, ends: Array) -> Array:
    """Two nodes a span, just after its begin and at its end: what is paid after the end of a period stays after it."""
    beyond = np.arange(0.0, latest + _BEYOND_STEP_YEARS, _BEYOND_STEP_YEARS)
    edges = np.unique(np.concatenate([[0.0], ends, beyond]))
    return np.unique(np.concatenate([edges, edges[:-1] + _JUST_AFTER_YEARS]))


def _disposal_shares(book: ScheduleBook, discount: DiscountFactors, ends: Array) -> Array:
    """Share of the going value that a forced sale brings at the end of each period, [n_schedules, n_periods]."""
    lags = book.terms_array("disposal_lag_years")
    premiums = book.terms_array("risk_premium_annual")
    kept = (1.0 - book.terms_array("liquidity_discount")) * (1.0 - book.terms_array("disposal_cost"))
    out = np.empty((len(lags), len(ends)))
    for k, end in enumerate(ends):
        if len(lags):
            over_lag = discount(end + lags) / discount(np.array([end]))[0] * np.exp(-premiums * lags)
            out[:, k] = kept * over_lag
    return out


def _signed(book: ScheduleBook, model: FactorModel) -> Flags:
    """Schedules with a negative row, or a factor that may turn negative."""
    signed = np.zeros(len(model.names), dtype=bool)
    for i, derived in enumerate(model.derived, start=model.n_primary):
        payoff = derived.payoff
        signed[i] = min(*payoff.values, float(payoff(0.0))) < 0.0 or payoff.right_slope < 0.0
    rows = (book.row_quantity < 0.0) | signed[book.cell_factor[book.row_cell]]
    out = np.zeros(len(book), dtype=bool)
    out[book.row_asset[rows]] = True
    return out


def _factors_of_loans(book: ScheduleBook, pledges: Pledges, n_loans: int, n_factors: int) -> Flags:
    of_schedule = np.zeros((len(book), n_factors), dtype=bool)
    of_schedule[book.row_asset, book.cell_factor[book.row_cell]] = True
    pledge, factor = np.nonzero(of_schedule[pledges.schedule])
    out = np.zeros((n_loans, n_factors), dtype=bool)
    out[pledges.loan[pledge], factor] = True
    return out
