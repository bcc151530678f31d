"""What the pledge is worth at the end of each year of a loan: pledge value and distribution."""

from dataclasses import dataclass, replace

import numpy as np

from quant.pledges.cell_bank import CellBank
from quant.pledges.distribution import HorizonScenarios
from quant.pledges.pledge_values import value_assets
from quant.schedules import Array, ExposureSchedule
from services.valuation.appraisal import disposal_share_at, low_probability
from services.valuation.prepared_market import PreparedMarket
from services.valuation.valuation import Simulation

MOST_PATHS = 16_384
_VALUES_KEPT = 2**20
_N_RANKS = 1024
_RANKS = tuple((rank + 0.5) / _N_RANKS for rank in range(_N_RANKS))


@dataclass(frozen=True, slots=True, eq=False)
class PledgeYear:
    """The pledge at the end of a year, seen from today, sold then.

    Attributes:
        pledge_value_cny: low quantile, as in a valuation with that horizon.
        sale_cny: what a sale brings at equally likely ranks, CNY, ascending, [1,024].
    """

    pledge_value_cny: float
    sale_cny: Array


def pledge_by_year(
    schedule: ExposureSchedule, market: PreparedMarket, simulation: Simulation, n_years: int
) -> list[PledgeYear]:
    """The pledge at the horizons of 1, 2, ... n_years.

    Args:
        schedule: of the better alternative today, which is kept.
        market: factors and curve.
        simulation: seed, confidence and paths, of which at most the first 16,384 are used.
        n_years: of the loan.
    """
    capped = replace(simulation, n_paths=min(simulation.n_paths, MOST_PATHS))
    return [_at(schedule, market, replace(capped, horizon_years=float(k))) for k in range(1, n_years + 1)]


def _at(schedule: ExposureSchedule, market: PreparedMarket, simulation: Simulation) -> PledgeYear:
    scenarios = HorizonScenarios.draw(
        market.model, simulation.horizon_years, simulation.n_paths, simulation.seed
    )
    bank = CellBank(market.model, market.curve.discount_factors, scenarios, values_kept=_VALUES_KEPT)
    values = value_assets([[schedule]], bank, (low_probability(simulation.confidence), *_RANKS))
    share = disposal_share_at(schedule, market, simulation.horizon_years)
    at_ranks = np.maximum(values.at_horizon.quantiles[0], 0.0) * share
    return PledgeYear(float(at_ranks[0]), at_ranks[1:])
