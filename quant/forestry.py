"""Forest formulas under one name: growth, biomass and carbon credits, value of timber and of forest land.

Three modules hold them: `quant.forests.growth`, `quant.forests.carbon`, `quant.forests.tenure`.
"""

from quant.forests.carbon import (
    CO2_PER_CARBON,
    PowerEquation,
    buffer_cover,
    carbon_dioxide_t,
    carbon_tc,
    period_credits_t,
    stand_biomass_t,
    tree_biomass_kg,
)
from quant.forests.growth import GROWTH_CURVES, gompertz, korf, logistic, richards, schumacher
from quant.forests.tenure import (
    Thinning,
    capitalised_annuity_value,
    harvest_present_value,
    land_expectation_value,
    market_price_back_value,
    replacement_cost_value,
)

__all__ = [
    "CO2_PER_CARBON",
    "GROWTH_CURVES",
    "PowerEquation",
    "Thinning",
    "buffer_cover",
    "capitalised_annuity_value",
    "carbon_dioxide_t",
    "carbon_tc",
    "gompertz",
    "harvest_present_value",
    "korf",
    "land_expectation_value",
    "logistic",
    "market_price_back_value",
    "period_credits_t",
    "replacement_cost_value",
    "richards",
    "schumacher",
    "stand_biomass_t",
    "tree_biomass_kg",
]
