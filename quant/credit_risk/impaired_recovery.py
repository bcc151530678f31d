"""What is missing when a defaulted loan's pledges are sold after their disposal times.

    C = sum of pledged share * (1 - liquidity discount) * (1 - disposal cost) * max(V(lag; x), 0) * valuation error
        * (1 - severity)^N * (1 + effective rate)^-lag
    shortfall = E[max(claim - C, 0)]

Each pledge is sold once its own lag is over, at the value of that day in the factor states of that day; what the asset
pays before the sale is not counted. The effective rate is that of the loan: a claim that waits grows by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from quant.draws.random_numbers import Purpose
from quant.draws.sparse_draws import Lanes, lane_of_name, uniforms_at
from quant.factors import FactorModel
from quant.pledges.right_loss import share_left
from quant.schedules import Array, DiscountFactors, ExposureSchedule, ScheduleBook


@dataclass(frozen=True, slots=True, eq=False)
class ImpairedRecovery:
    """Recovery from pledges of each loan, [n_loans].

    Attributes:
        shortfall_cny, shortfall_error_cny: E[max(claim - C, 0)] and its standard error.
        recovered_cny: E[min(claim, C)].
        latest_lag_years: longest disposal time of the loan's pledges, 0 without pledges.
        claims_cny: on every path the shortfalls of the loans of each group, times what is claimed of them,
            [n_groups, n_paths].
    """

    shortfall_cny: Array
    shortfall_error_cny: Array
    recovered_cny: Array
    latest_lag_years: Array
    claims_cny: Array


@dataclass(frozen=True, slots=True, eq=False)
class Claimants:
    """Groups of loans whose shortfalls somebody else is asked to share.

    Attributes:
        claimed_share: of the shortfall of each loan, >= 0, [n_loans].
        group_of_loan: -1 for a loan without a group, [n_loans].
        n_groups: number of groups.
    """

    claimed_share: Array
    group_of_loan: Lanes
    n_groups: int


@dataclass(frozen=True, slots=True, eq=False)
class PledgeSales:
    """The market and the draws under which pledges of defaulted loans are sold.

    Attributes:
        model: the factors.
        discount: discount factors of the curve.
        n_paths: number of paths, >= 2.
        seed: seed of the scenario universe.
    """

    model: FactorModel
    discount: DiscountFactors
    n_paths: int
    seed: int

    def recovery(
        self,
        claim_cny: Array,
        effective_rate_annual: Array,
        schedules: Sequence[ExposureSchedule],
        loan_of_asset: Lanes,
        pledged_share: Array,
        *,
        claimants: Claimants | None = None,
    ) -> ImpairedRecovery:
        """Sell the pledges of every loan on every path.

        Args:
            claim_cny: what is owed, >= 0, [n_loans].
            effective_rate_annual: > -1, [n_loans].
            schedules: pledged assets, times counted from today, [n_assets].
            loan_of_asset: loan that each secures, [n_assets].
            pledged_share: share of the asset that secures it, [n_assets].
            claimants: whose shortfalls are added up path by path; nobody's when absent.

        Raises:
            ValueError: if lengths differ or a figure is outside its domain.
            KeyError: if a schedule names a factor that the model does not have.
        """
        if not len(schedules) == len(loan_of_asset) == len(pledged_share):
            raise ValueError("schedules, loan_of_asset and pledged_share: expected the same length")
        if np.any(claim_cny < 0.0) or np.any(effective_rate_annual <= -1.0) or self.n_paths < 2:
            raise ValueError("expected claims of 0 or more, effective rates above -1 and at least 2 paths")
        states = self._states(schedules)
        claims = np.zeros((0 if claimants is None else claimants.n_groups, self.n_paths))
        shortfall, error, recovered, latest = np.zeros((4, len(claim_cny)))
        for loan, (claim, rate) in enumerate(zip(claim_cny, effective_rate_annual, strict=True)):
            sold = np.zeros(self.n_paths)
            for asset in np.flatnonzero(loan_of_asset == loan).tolist():
                lag = schedules[asset].terms.disposal_lag_years
                value = self._sale(schedules[asset], states.get(lag))
                sold += pledged_share[asset] * value * (1.0 + rate) ** -lag
                latest[loan] = max(latest[loan], lag)
            missing = np.maximum(claim - sold, 0.0)
            shortfall[loan] = missing.mean()
            error[loan] = missing.std(ddof=1) / np.sqrt(self.n_paths)
            recovered[loan] = np.minimum(claim, sold).mean()
            if claimants is not None and claimants.group_of_loan[loan] >= 0:
                claims[claimants.group_of_loan[loan]] += claimants.claimed_share[loan] * missing
        return ImpairedRecovery(shortfall, error, recovered, latest, claims)

    def _states(self, schedules: Sequence[ExposureSchedule]) -> dict[float, Array]:
        """States x of every disposal time above 0, each [n_primary, n_paths]."""
        lags = sorted({schedule.terms.disposal_lag_years for schedule in schedules} - {0.0})
        if not lags:
            return {}
        states = self.model.simulate_states(lags, self.n_paths, self.seed)
        return {lag: states[:, k, :] for k, lag in enumerate(lags)}

    def _sale(self, schedule: ExposureSchedule, states: Array | None) -> Array:
        """What the whole asset brings after its lag, not discounted, [n_paths]."""
        book, terms = ScheduleBook.stack([schedule], self.model), schedule.terms
        lag = terms.disposal_lag_years
        if states is None:
            value = np.repeat(book.present_values(self.model, self.discount), self.n_paths)
        else:
            value = book.values_at(self.model, self.discount, states, lag)[0]
        sold: Array = terms.disposal_share(1.0) * np.maximum(value, 0.0)
        paths = np.arange(self.n_paths, dtype=np.intp)
        lane = np.full(self.n_paths, lane_of_name(schedule.asset_id), dtype=np.intp)
        if terms.quantity_cv > 0.0:
            log_sd = np.sqrt(np.log1p(terms.quantity_cv**2))
            draws = uniforms_at(self.seed, Purpose.QUANTITY_ERROR, lane, paths)
            sold = sold * np.exp(log_sd * ndtri(draws) - 0.5 * log_sd**2)
        if terms.event_intensity > 0.0 and lag > 0.0:
            draws = uniforms_at(self.seed, Purpose.LOSS_OF_RIGHT, lane, paths)
            sold = sold * share_left(draws, terms.event_intensity * lag, terms.event_severity)
        return sold
