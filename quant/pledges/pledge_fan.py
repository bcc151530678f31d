"""Loan to value over the coming months: its fan, and the probability of reaching a level by each date.

On path p and date t_k a loan of balance B_k is secured by

    C_k = sum of pledged share * max(V(t_k; x), 0) * (1 - severity)^N(t_k),    LTV_k = B_k / C_k

with V the conditional value of the schedule in the states of `FactorModel.simulate_states` on one grid of dates. A
level is reached by t_k if LTV_j >= level at any date j <= k of the grid, today included: between two dates nothing is
looked at, so the probability is below that of continuous observation. The valuation error of an asset is no part of
it: an appraiser who errs today errs in a year, and the level is compared with what he finds.

N(t) comes from one uniform draw of the asset by inversion, which gives N the Poisson law at each date and the first
event its exponential time; later events of a path follow the same draw.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from quant.draws.random_numbers import Purpose
from quant.draws.sparse_draws import Lanes, lane_of_name, uniforms_at
from quant.factors import FactorModel
from quant.pledges.distribution import quantiles_of_sorted
from quant.pledges.right_loss import share_left
from quant.schedules import Array, DiscountFactors, ExposureSchedule, ScheduleBook

LARGEST_LTV = 10.0
"""Loan to value is reported up to here; a pledge worth nothing stands at this figure."""

_BLOCK_VALUES = 8_000_000


@dataclass(frozen=True, slots=True, eq=False)
class PledgedLoans:
    """Loans with their pledges and levels.

    Attributes:
        balance_cny: balance on each date of the grid, >= 0, [n_loans, n_dates].
        levels: loan-to-value levels, > 0, [n_loans, n_levels].
        schedules: pledged assets, times counted from today, [n_assets].
        loan_of_asset: loan that each secures, ascending, [n_assets].
        pledged_share: share of the asset that secures it, [n_assets].

    Raises:
        ValueError: if lengths differ, the assets are not in order of loan, or a figure is outside its domain.
    """

    balance_cny: Array
    levels: Array
    schedules: tuple[ExposureSchedule, ...]
    loan_of_asset: Lanes
    pledged_share: Array

    def __post_init__(self) -> None:
        if len(self.levels) != len(self.balance_cny):
            raise ValueError(
                f"levels: found those of {len(self.levels)} loans, expected {len(self.balance_cny)}"
            )
        if not len(self.schedules) == len(self.loan_of_asset) == len(self.pledged_share):
            raise ValueError("schedules, loan_of_asset and pledged_share: expected the same length")
        if np.any(np.diff(self.loan_of_asset) < 0):
            raise ValueError("loan_of_asset: expected the assets in order of their loan")
        if not (np.all(self.balance_cny >= 0.0) and np.all(self.levels > 0.0)):
            raise ValueError("balance_cny and levels: expected balances of 0 or more and levels above 0")

    def __len__(self) -> int:
        return len(self.balance_cny)


@dataclass(frozen=True, slots=True, eq=False)
class PledgeFan:
    """What the pledges and the loan to value may become.

    Attributes:
        dates_years: the grid; the first is 0, [n_dates].
        probabilities: levels of the quantiles, ascending, [n_probabilities].
        asset_values: V(0) of the pledged share of each asset, >= 0, [n_assets].
        value_today: of all pledges of each loan, [n_loans].
        value_quantiles: [n_loans, n_dates, n_probabilities].
        ltv_today: [n_loans]; 0 for a loan that owes nothing, at most LARGEST_LTV.
        ltv_quantiles: [n_loans, n_dates, n_probabilities].
        reached: probability that each level is reached by each date, [n_loans, n_levels, n_dates].
        reached_error: its standard errors.
    """

    dates_years: Array
    probabilities: tuple[float, ...]
    asset_values: Array
    value_today: Array
    value_quantiles: Array
    ltv_today: Array
    ltv_quantiles: Array
    reached: Array
    reached_error: Array


def loan_to_value(balance_cny: Array, value_cny: Array) -> Array:
    """B / C, 0 where nothing is owed, at most LARGEST_LTV; the arguments broadcast."""
    balance, value = np.broadcast_arrays(balance_cny, value_cny)
    floor = np.maximum(value, np.where(balance > 0.0, balance / LARGEST_LTV, 1.0))
    return np.asarray(balance / floor, dtype=np.float64)


class PledgeSimulation:
    """The fan of many loans, block by block; the result does not depend on the blocks.

    Args:
        loans: with pledges and levels.
        model: the factors.
        discount: discount factors of the curve.
        dates_years: the grid, beginning with 0, increasing.
        probabilities: levels of the quantiles, ascending, with 1 - p for every p.
        n_paths: number of paths, >= 2.
        seed: seed of the scenario universe.
        block_values: how many values to hold at a time.

    Raises:
        ValueError: if an argument is outside its domain.
        KeyError: if a schedule names a factor that the model does not have.
    """

    def __init__(
        self,
        loans: PledgedLoans,
        model: FactorModel,
        discount: DiscountFactors,
        *,
        dates_years: Array,
        probabilities: Sequence[float],
        n_paths: int,
        seed: int,
        block_values: int = _BLOCK_VALUES,
    ) -> None:
        if len(dates_years) < 2 or dates_years[0] != 0.0 or np.any(np.diff(dates_years) <= 0.0):
            raise ValueError(f"dates_years: found {dates_years}, expected 0 and then increasing years")
        if loans.balance_cny.shape[1] != len(dates_years):
            raise ValueError(
                f"balance_cny: found {loans.balance_cny.shape[1]} dates, expected {len(dates_years)}"
            )
        if n_paths < 2:
            raise ValueError(f"n_paths: found {n_paths}, expected at least 2")
        if not np.allclose(np.add(probabilities, probabilities[::-1]), 1.0):
            raise ValueError(f"probabilities: found {probabilities}, expected them symmetric about 0.5")
        self._loans, self._model, self._discount = loans, model, discount
        self._dates, self._levels = dates_years, tuple(probabilities)
        self._n_paths, self._seed, self._block_values = n_paths, seed, block_values
        self._states = model.simulate_states(dates_years[1:], n_paths, seed)
        self._order = _by_first_payment(loans)
        n, n_dates, n_levels = len(loans), len(dates_years), loans.levels.shape[1]
        self._asset_values = np.zeros(len(loans.schedules))
        self._value_quantiles = np.zeros((n, n_dates, len(self._levels)))
        self._reached = np.zeros((n, n_levels, n_dates))

    def run(self) -> Iterator[int]:
        """Simulate block after block; yields how many loans are done after each."""
        first = 0
        while first < len(self._loans):
            stop = self._end_of_block(first)
            self._simulate(np.sort(self._order[first:stop]))
            yield stop
            first = stop

    def fan(self) -> PledgeFan:
        """The result, once `run` has ended."""
        loans = self._loans
        today = np.bincount(loans.loan_of_asset, self._asset_values, minlength=len(loans)).astype(np.float64)
        # The balance of a date is known, so a high loan to value is a low value.
        ltv = loan_to_value(loans.balance_cny[:, :, None], self._value_quantiles[:, :, ::-1])
        error = np.sqrt(self._reached * (1.0 - self._reached) / self._n_paths)
        return PledgeFan(
            self._dates, self._levels, self._asset_values, today, self._value_quantiles,
            loan_to_value(loans.balance_cny[:, 0], today), ltv, self._reached, error,
        )  # fmt: skip

    def _end_of_block(self, first: int) -> int:
        loans = self._loans
        rows = np.array([len(schedule) for schedule in loans.schedules], dtype=np.int64)
        per_loan = np.bincount(loans.loan_of_asset, rows, minlength=len(loans))[self._order[first:]] + 2
        fitting = int(np.searchsorted(np.cumsum(per_loan) * self._n_paths, self._block_values, side="right"))
        return first + max(1, fitting)

    def _simulate(self, members: Lanes) -> None:
        """The loans at some positions, ascending."""
        loans, n_paths = self._loans, self._n_paths
        assets = np.flatnonzero(np.isin(loans.loan_of_asset, members))
        owner = np.searchsorted(members, loans.loan_of_asset[assets])
        book = ScheduleBook.stack([loans.schedules[i] for i in assets.tolist()], self._model)
        draws = self._draws(book)
        share = loans.pledged_share[assets]
        sums = csr_array((np.ones(len(assets)), (owner, np.arange(len(assets)))), (len(members), len(assets)))
        reached = np.zeros((len(members), loans.levels.shape[1], n_paths), dtype=bool)
        for k, date in enumerate(self._dates):
            values = self._values(book, k, float(date)) * share[:, None]
            if k == 0:
                self._asset_values[assets] = values[:, 0]
                values = np.repeat(values, n_paths, axis=1)
            else:
                self._strike(values, book, draws, float(date))
            of_loan = np.asarray(sums @ values, dtype=np.float64)
            balance = loans.balance_cny[members, k]
            owed = (balance > 0.0)[:, None, None]
            levels = loans.levels[members]
            reached |= owed & (balance[:, None, None] >= levels[:, :, None] * of_loan[:, None, :])
            self._reached[members, :, k] = reached.mean(axis=2)
            of_loan.sort(axis=1)
            self._value_quantiles[members, k] = quantiles_of_sorted(of_loan, self._levels)[0]

    def _values(self, book: ScheduleBook, k: int, date: float) -> Array:
        """max(V, 0) of each asset on a date, [n_assets, n_paths], or [n_assets, 1] today."""
        if len(book) == 0:
            return np.zeros((0, 1 if k == 0 else self._n_paths))
        if k == 0:
            return np.maximum(book.present_values(self._model, self._discount), 0.0)[:, None]
        states = self._states[:, k - 1, :]
        return np.maximum(book.values_at(self._model, self._discount, states, date), 0.0)

    def _draws(self, book: ScheduleBook) -> dict[int, Array]:
        """Uniforms of the loss of each right that may be lost, [n_paths]; parts of one asset share them."""
        paths = np.arange(self._n_paths, dtype=np.intp)
        draws: dict[int, Array] = {}
        for i, schedule in enumerate(book.schedules):
            if schedule.terms.event_intensity > 0.0:
                lane = np.full(self._n_paths, lane_of_name(schedule.asset_id), dtype=np.intp)
                draws[i] = uniforms_at(self._seed, Purpose.LOSS_OF_RIGHT, lane, paths)
        return draws

    @staticmethod
    def _strike(values: Array, book: ScheduleBook, draws: dict[int, Array], date: float) -> None:
        """Takes off what was lost of each right by a date."""
        for i, uniforms in draws.items():
            terms = book.schedules[i].terms
            values[i] *= share_left(uniforms, terms.event_intensity * date, terms.event_severity)


def _by_first_payment(loans: PledgedLoans) -> Lanes:
    """Loans in order of the part of a year in which their first pledge pays: those valued on one day share cells."""
    key = np.full(len(loans), -1.0)
    for i in range(len(loans.schedules) - 1, -1, -1):
        times = loans.schedules[i].times_years
        if len(times):
            key[loans.loan_of_asset[i]] = times[0] % 1.0
    return np.argsort(key, kind="stable").astype(np.intp)
