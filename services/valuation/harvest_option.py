"""What the choice of the date of felling is worth: disclosed beside the value, never part of it.

V(0), haircut and pledge value rest on the better of the alternatives that are chosen today. An owner who waits for
prices may do better, but a bank that takes the forest in default does not wait.
"""

import math

import numpy as np
from numpy.typing import NDArray

from quant.forests.optimal_harvest import value_harvest
from quant.pledges.right_loss import expected_share
from quant.schedules import CollateralTerms, ScheduleBook
from services.valuation.prepared_market import PreparedMarket
from services.valuation.pricers.pricing import PricedAsset
from services.valuation.valuation import AlternativeValue, HarvestOption, Simulation

_FEWEST_TRAINING_PATHS, _MOST_TRAINING_PATHS = 4096, 16_384


def harvest_option(
    priced: PricedAsset, market: PreparedMarket, simulation: Simulation
) -> HarvestOption | None:
    """The value of choosing the date of felling; None where the asset has no such choice.

    Args:
        priced: what the pricer said.
        market: factors and curve.
        simulation: its seed, and its number of paths to value; the rule is fitted to others.
    """
    if priced.harvest is None:
        return None
    schedules = [schedule for _, schedule in priced.alternatives]
    terms = schedules[0].terms

    def worth(times: NDArray[np.float64]) -> NDArray[np.float64]:
        return market.curve.discount_factors(times) * _premium_and_survival(terms, times)

    found = value_harvest(
        priced.harvest,
        market.model,
        worth,
        n_paths=simulation.n_paths,
        seed=simulation.seed,
        training_paths=min(max(simulation.n_paths, _FEWEST_TRAINING_PATHS), _MOST_TRAINING_PATHS),
    )
    today = ScheduleBook.stack(schedules, market.model).present_values(
        market.model, market.curve.discount_factors
    )
    return HarvestOption(
        value_cny=found.value_cny,
        option_value_cny=found.gain_cny,
        standard_error_cny=found.gain_standard_error_cny,
        foresight_cny=found.foresight_cny,
        alternatives=tuple(
            AlternativeValue(name, value)
            for (name, _), value in zip(priced.alternatives, today.tolist(), strict=True)
        ),
        mean_felling_years=None if math.isnan(found.mean_felling_years) else found.mean_felling_years,
        felled_share=found.felled_share,
    )


def _premium_and_survival(terms: CollateralTerms, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a schedule's rows are multiplied by beside the curve (`ScheduleBook.row_weights`)."""
    survival = expected_share(terms.event_intensity, terms.event_severity, times)
    return np.exp(-terms.risk_premium_annual * times) * survival
