"""Reverse stress of one asset: lasting moves of the factors, measured on the paths of its valuation."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from quant.credit_risk.reverse_stress import Array, smallest_move, steepest_descent
from quant.factors import FactorModel
from quant.pledges.cell_bank import CellBank
from quant.pledges.distribution import HorizonScenarios
from quant.pledges.pledge_values import value_assets
from quant.schedules import ExposureSchedule
from services.runtime.scenarios.lasting_move import BrokenLimit, FactorMove, worlds_at_limit
from services.valuation.appraisal import Appraisal, low_probability
from services.valuation.prepared_market import PreparedMarket
from services.valuation.stress.report import ReverseLimit, ReverseStress
from services.valuation.valuation import Simulation

_NEGLIGIBLE = 1e-6
_VALUES_KEPT = 2**20
_BROKEN_ALREADY = ReverseStress(
    broken_already=True, single=(), joint_distance=None, joint=(), scenarios=(), out_of_reach=()
)


class ReverseStressTest:
    """Finds the smallest moves in one market; draws its scenarios once.

    Args:
        market: factors and curve.
        simulation: paths, seed, horizon and confidence.
        check_alive: called before each look; what it raises ends the search.
    """

    def __init__(
        self, market: PreparedMarket, simulation: Simulation, check_alive: Callable[[], None] = lambda: None
    ) -> None:
        self._market = market
        self._simulation = simulation
        self._check_alive = check_alive
        self._covariance = market.model.step_covariance(simulation.horizon_years)
        self._deviations = np.sqrt(np.diag(self._covariance))
        self._scenarios = HorizonScenarios.draw(
            market.model, simulation.horizon_years, simulation.n_paths, simulation.seed
        )

    def of(self, appraisal: Appraisal, disposal_share: float, limit: ReverseLimit) -> ReverseStress:
        """The smallest moves that break the limit for one asset.

        Args:
            appraisal: of the asset in this market.
            disposal_share: what a forced sale brings per CNY of going value.
            limit: what must not be broken.
        """
        schedules = [schedule for _, schedule in appraisal.priced.alternatives]
        floor = _lowest_quantile(limit, appraisal.valuation.value_cny, disposal_share)
        used = self._drivers(schedules)

        def headroom(shifts: Array) -> float:
            self._check_alive()
            moves = np.zeros(self._market.model.n_primary)
            moves[used] = shifts
            return self._low_quantile(schedules, moves) - floor

        if headroom(np.zeros(len(used))) <= 0.0:
            return _BROKEN_ALREADY
        single, out_of_reach = [], []
        for i, position in enumerate(used):
            per_unit = np.zeros(len(used))
            per_unit[i] = self._deviations[position]
            z = smallest_move(headroom, per_unit)
            if z is None:
                out_of_reach.append(self._market.model.primaries[position].name)
            else:
                single.append(self._move(position, z * per_unit[i]))
        direction = steepest_descent(headroom, self._covariance[np.ix_(used, used)])
        distance = None if direction is None else smallest_move(headroom, direction, both_ways=False)
        joint: list[FactorMove] = []
        if direction is not None and distance is not None:
            joint = [self._move(i, distance * d) for i, d in zip(used, direction.tolist(), strict=True)]
        single.sort(key=lambda move: abs(move.standard_deviations))
        joint.sort(key=lambda move: -abs(move.standard_deviations))
        return ReverseStress(
            broken_already=False,
            single=tuple(single),
            joint_distance=distance,
            joint=tuple(move for move in joint if abs(move.standard_deviations) > _NEGLIGIBLE),
            scenarios=worlds_at_limit(
                self._in_words(appraisal.valuation.asset_id, limit),
                self._market.snapshot,
                single,
                joint,
                distance,
            ),
            out_of_reach=tuple(out_of_reach),
        )

    def _in_words(self, asset_id: str, limit: ReverseLimit) -> BrokenLimit:
        if limit.highest_loss_share is not None:
            words = f"{limit.highest_loss_share:.1%} of the value of {asset_id} may be lost"
        else:
            words = f"the pledge value of {asset_id} falls to {limit.lowest_pledge_value_cny:,.0f} CNY"
        simulation = self._simulation
        return BrokenLimit(
            asset_id,
            words,
            f"snapshot {self._market.snapshot.snapshot_id}, {simulation.horizon_years:g} years, "
            f"{simulation.n_paths} paths, seed {simulation.seed}",
        )

    def _move(self, position: int, log_shift: float) -> FactorMove:
        factor = self._market.model.primaries[position]
        return FactorMove(
            factor.name, float(log_shift / self._deviations[position]), float(np.exp(log_shift))
        )

    def _drivers(self, schedules: Sequence[ExposureSchedule]) -> list[int]:
        """Positions of the random primary factors behind the rows."""
        model = self._market.model
        derived = {factor.name: factor for factor in model.derived}
        names: set[str] = set()
        for factor in {factor for schedule in schedules for factor in schedule.factors}:
            if factor in derived:
                names |= {derived[factor].driver, derived[factor].price or derived[factor].driver}
            else:
                names.add(factor)
        return sorted(i for i in map(model.index, names) if self._deviations[i] > 0.0)

    def _low_quantile(self, schedules: Sequence[ExposureSchedule], log_shifts: Array) -> float:
        bank = CellBank(
            _shifted(self._market.model, log_shifts),
            self._market.curve.discount_factors,
            self._scenarios,
            values_kept=_VALUES_KEPT,
        )
        values = value_assets([schedules], bank, (low_probability(self._simulation.confidence),))
        return float(values.at_horizon.quantiles[0, 0])


def _shifted(model: FactorModel, log_shifts: Array) -> FactorModel:
    primaries = tuple(
        replace(factor, log_level=factor.log_level + shift)
        for factor, shift in zip(model.primaries, log_shifts.tolist(), strict=True)
    )
    return FactorModel(primaries, model.derived, model.correlation)


def _lowest_quantile(limit: ReverseLimit, base_value: float, disposal_share: float) -> float:
    """The low quantile of the value at the horizon at which the limit breaks."""
    if limit.lowest_pledge_value_cny is not None:
        return limit.lowest_pledge_value_cny / disposal_share if disposal_share > 0.0 else np.inf
    if limit.highest_loss_share is not None:
        return (1.0 - limit.highest_loss_share) * base_value
    raise ValueError("reverse limit: found none, expected highest_loss_share or lowest_pledge_value_cny")
