"""Schedules of exposures: what every asset becomes before anybody values it.

One exposure is one row: in t years, q units of what factor f prices. Value at s in state x, alive at s:

    V(s; x) = sum over t_j > s of  q_j E[f_j(t_j) | x(s)] D(s, t_j) A(t_j - s)
    D(s, t) = P(t) / P(s) * exp(-risk_premium (t - s)),   A(d) = exp(-event_intensity severity d)

with P the discount curve. A book stacks many schedules so that all are valued by one sparse matrix product:
weights [n_assets, n_cells] times discounted factor values [n_cells, n_paths], a cell being a (factor, time) pair.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from quant.factors import FactorModel
from quant.pledges.right_loss import expected_share

Array = NDArray[np.float64]
RISK_PREMIUM_RANGE = (-1.0, 10.0)
LARGEST_QUANTITY_CV = 10.0
DiscountFactors = Callable[[Array], Array]
"""Present value today of 1 paid at each time: years [n] -> factors [n]."""


@dataclass(frozen=True, slots=True)
class CollateralTerms:
    """How an asset's value behaves as security; fractions are of 1, rates are a year.

    Attributes:
        risk_premium_annual: continuously compounded spread of the kind over the discount curve, -1 to 10.
        event_intensity: expected losses of the right a year (reversal, revocation, policy stop), >= 0.
        event_severity: share of what is still to come that such an event takes.
        quantity_cv: coefficient of variation of a valuation error common to all rows of the asset, 0 to 10.
        disposal_cost: share of the sale price that selling costs.
        disposal_lag_years: time from default to money.
        liquidity_discount: share of the value given up in a forced sale.
    """

    risk_premium_annual: float = 0.0
    event_intensity: float = 0.0
    event_severity: float = 1.0
    quantity_cv: float = 0.0
    disposal_cost: float = 0.0
    disposal_lag_years: float = 0.0
    liquidity_discount: float = 0.0

    def __post_init__(self) -> None:
        for name in ("event_severity", "disposal_cost", "liquidity_discount"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name}: found {getattr(self, name)}, expected a fraction from 0 to 1")
        for name in ("event_intensity", "quantity_cv", "disposal_lag_years"):
            if not 0.0 <= getattr(self, name) < np.inf:
                raise ValueError(f"{name}: found {getattr(self, name)}, expected a finite number >= 0")
        # Beyond these a figure has no meaning, and its square or exponential leaves the range of a float.
        if not self.quantity_cv <= LARGEST_QUANTITY_CV:
            raise ValueError(
                f"quantity_cv: found {self.quantity_cv}, expected at most {LARGEST_QUANTITY_CV:g}"
            )
        low, high = RISK_PREMIUM_RANGE
        if not low <= self.risk_premium_annual <= high:
            raise ValueError(
                f"risk_premium_annual: found {self.risk_premium_annual}, expected a number from {low:g} to {high:g}"
            )

    def disposal_share(self, discount_lag: float) -> float:
        """Share of the going value that a forced sale brings, given the discount factor over the lag."""
        return (1.0 - self.liquidity_discount) * (1.0 - self.disposal_cost) * discount_lag


@dataclass(frozen=True, slots=True, eq=False)
class ExposureSchedule:
    """The rows of one asset and its terms as collateral.

    Attributes:
        asset_id: whose schedule this is.
        times_years: t of each row, years from the valuation date, >= 0, [n].
        factors: name of the factor that prices each row, n of them.
        quantities: units of the factor (m3, tCO2e, CNY a unit of an index, ...); negative for a cost, [n].
        labels: what each row is, for people, n of them.
        terms: how the value behaves as security.
    """

    asset_id: str
    times_years: Array
    factors: tuple[str, ...]
    quantities: Array
    labels: tuple[str, ...]
    terms: CollateralTerms

    def __post_init__(self) -> None:
        n = len(self.factors)
        if not (len(self.times_years) == len(self.quantities) == len(self.labels) == n):
            raise ValueError(
                f"schedule {self.asset_id}: found {len(self.times_years)} times, {n} factors, "
                f"{len(self.quantities)} quantities, {len(self.labels)} labels; expected the same number"
            )
        # As lists: for the few rows of a schedule this is several times faster than numpy's reductions.
        times, quantities = self.times_years.tolist(), self.quantities.tolist()
        if not (all(map(math.isfinite, times)) and all(map(math.isfinite, quantities))):
            raise ValueError(f"schedule {self.asset_id}: times and quantities must be finite")
        if n and min(times) < 0.0:
            raise ValueError(f"schedule {self.asset_id}: found a row at {min(times)} years, expected >= 0")

    def __len__(self) -> int:
        return len(self.factors)


@dataclass(frozen=True, slots=True, eq=False)
class ScheduleBook:
    """Many schedules as one sparse table of rows over the distinct (factor, time) cells they touch.

    Attributes:
        schedules: the assets, in the order of every result's first axis.
        cell_factor: position of each cell's factor in the model, [n_cells].
        cell_time: years of each cell, [n_cells].
        row_asset, row_cell, row_quantity: the rows, [n_rows].
        row_start: rows of asset i are row_start[i] .. row_start[i + 1] - 1, [n_assets + 1].
    """

    schedules: tuple[ExposureSchedule, ...]
    cell_factor: NDArray[np.intp]
    cell_time: Array
    row_asset: NDArray[np.intp]
    row_cell: NDArray[np.intp]
    row_quantity: Array
    row_start: NDArray[np.intp]

    @classmethod
    def stack(cls, schedules: Sequence[ExposureSchedule], model: FactorModel) -> "ScheduleBook":
        """Stack schedules over a model's factors.

        Raises:
            KeyError: if a schedule names a factor that the model does not have.
        """
        lengths = np.fromiter((len(s) for s in schedules), dtype=np.intp, count=len(schedules))
        start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.intp)
        if start[-1] == 0:
            nothing, none = np.empty(0), np.empty(0, dtype=np.intp)
            return cls(tuple(schedules), none, nothing, none, none, nothing, start)
        known: dict[str, int] = {}
        for schedule in schedules:
            for name in set(schedule.factors) - known.keys():
                known[name] = model.index(name)
        factor = np.fromiter(
            (known[name] for s in schedules for name in s.factors), dtype=np.intp, count=start[-1]
        )
        time = np.concatenate([s.times_years for s in schedules])
        distinct_times, time_index = np.unique(time, return_inverse=True)
        keys, cell = np.unique(factor * len(distinct_times) + time_index, return_inverse=True)
        return cls(
            tuple(schedules),
            keys // len(distinct_times),
            distinct_times[keys % len(distinct_times)],
            np.repeat(np.arange(len(schedules), dtype=np.intp), lengths),
            cell.astype(np.intp),
            np.concatenate([s.quantities for s in schedules]),
            start,
        )

    def __len__(self) -> int:
        return len(self.schedules)

    def terms_array(self, name: str) -> Array:
        """One attribute of the collateral terms over the assets, [n_assets]."""
        return np.fromiter(
            (getattr(s.terms, name) for s in self.schedules), dtype=np.float64, count=len(self)
        )

    def row_weights(self, at_years: float = 0.0, *, alive: bool = True) -> Array:
        """Q times risk premium and survival of each row seen from s; 0 for rows at or before s (s > 0), [n_rows].

        Args:
            at_years: s.
            alive: take expected losses of the right off; False leaves them to a simulation of the events.
        """
        span = self.cell_time[self.row_cell] - at_years
        premium = self.terms_array("risk_premium_annual")[self.row_asset]
        weights = self.row_quantity * np.exp(-premium * span)
        if alive:
            intensity = self.terms_array("event_intensity")[self.row_asset]
            severity = self.terms_array("event_severity")[self.row_asset]
            weights = weights * expected_share(intensity, severity, span)
        future = span > 0.0 if at_years > 0.0 else span >= 0.0
        return np.where(future, weights, 0.0)

    def weights(self, at_years: float = 0.0) -> csr_array:
        """Sparse weights [n_assets, n_cells] of value seen from s."""
        return csr_array(
            (self.row_weights(at_years), self.row_cell, self.row_start),
            shape=(len(self), len(self.cell_time)),
        )

    def cell_values(
        self,
        model: FactorModel,
        discount: DiscountFactors,
        *,
        states: Array | None = None,
        at_years: float = 0.0,
    ) -> Array:
        """Discounted conditional forward of each cell seen from s: [n_cells] or [n_cells, n_paths]; 0 once past."""
        states_given = model.initial_states() if states is None else states
        shape = (len(self.cell_time), *states_given.shape[1:])
        out = np.zeros(shape)
        ahead = np.flatnonzero(self.cell_time > at_years if at_years > 0.0 else self.cell_time >= 0.0)
        if len(ahead):
            times = self.cell_time[ahead]
            forward = model.forward_cells(self.cell_factor[ahead], times, states=states, at_years=at_years)
            price = discount(times) / discount(np.array([at_years]))[0]
            out[ahead] = forward * (price if forward.ndim == 1 else price[:, None])
        return out

    def present_values(self, model: FactorModel, discount: DiscountFactors) -> Array:
        """V(0) of every asset, [n_assets]."""
        values: Array = self.weights() @ self.cell_values(model, discount)
        return values

    def row_values(self, model: FactorModel, discount: DiscountFactors) -> tuple[Array, Array]:
        """Line by line: expected factor value and present value of every row, each [n_rows].

        The present values of an asset's rows add up to its V(0).
        """
        expected = model.forward_cells(self.cell_factor, self.cell_time)[self.row_cell]
        present = self.row_weights() * self.cell_values(model, discount)[self.row_cell]
        return expected, present

    def values_at(
        self, model: FactorModel, discount: DiscountFactors, states: Array, at_years: float
    ) -> Array:
        """V(s; x) of every asset alive at s, [n_assets, n_paths], for states x(s) [n_primary, n_paths]."""
        values: Array = self.weights(at_years) @ self.cell_values(
            model, discount, states=states, at_years=at_years
        )
        return values
