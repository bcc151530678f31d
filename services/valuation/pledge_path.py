"""What the pledge is worth at the end of each year of a loan: the pledge value at that horizon."""

from dataclasses import replace

from quant.cell_bank import CellBank
from quant.distribution import HorizonScenarios
from quant.pledge_values import value_assets
from quant.schedules import ExposureSchedule
from services.valuation.appraisal import disposal_share_at, low_probability
from services.valuation.prepared_market import PreparedMarket
from services.valuation.valuation import Simulation

_MOST_PATHS = 16_384
_VALUES_KEPT = 2**20


def pledge_value_by_year(
    schedule: ExposureSchedule, market: PreparedMarket, simulation: Simulation, n_years: int
) -> list[float]:
    """Pledge value at the horizons of 1, 2, ... n_years, CNY: as in a valuation with that horizon.

    Args:
        schedule: of the better alternative today, which is kept.
        market: factors and curve.
        simulation: seed, confidence and paths, of which at most the first 16,384 are used.
        n_years: of the loan.
    """
    capped = replace(simulation, n_paths=min(simulation.n_paths, _MOST_PATHS))
    return [_at(schedule, market, replace(capped, horizon_years=float(k))) for k in range(1, n_years + 1)]


def _at(schedule: ExposureSchedule, market: PreparedMarket, simulation: Simulation) -> float:
    scenarios = HorizonScenarios.draw(
        market.model, simulation.horizon_years, simulation.n_paths, simulation.seed
    )
    bank = CellBank(market.model, market.curve.discount_factors, scenarios, values_kept=_VALUES_KEPT)
    values = value_assets([[schedule]], bank, (low_probability(simulation.confidence),))
    low = float(values.at_horizon.quantiles[0, 0])
    return max(0.0, low) * disposal_share_at(schedule, market, simulation.horizon_years)
