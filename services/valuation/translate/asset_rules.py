"""What each number of an asset's messages may be; the contract's comments, as data."""

from quant.schedules import LARGEST_QUANTITY_CV, RISK_PREMIUM_RANGE
from services.valuation.translate.field_rules import (
    FRACTION,
    POSITIVE,
    NumberRule,
    between,
    positive_up_to,
)

_LONGEST_TERM_YEARS = 70.0
_LONGEST_LAG_YEARS = 30.0
# Wide enough for any forest: a misplaced decimal point is for the cautions, a number without meaning for these.
_LARGEST_AREA_HA = 1e9
_LARGEST_VOLUME_M3_PER_HA = 1e4
_LARGEST_TONNES_PER_YEAR = 1e12
# CNY, m3 or units, beyond any asset: sums and products of what is admitted stay finite.
LARGEST_AMOUNT = 1e15
_MOST_LOSSES_PER_YEAR = 1e6
_LARGEST_STAND_ADJUSTMENT = 100.0

_AMOUNT = between(0.0, LARGEST_AMOUNT)
_AMOUNT_ABOVE_0 = positive_up_to(LARGEST_AMOUNT)
_SIGNED_AMOUNT = between(-LARGEST_AMOUNT, LARGEST_AMOUNT)

TERMS = (
    NumberRule("risk_premium_annual", between(*RISK_PREMIUM_RANGE), optional=True),
    NumberRule("event_intensity_annual", between(0.0, _MOST_LOSSES_PER_YEAR), optional=True),
    NumberRule("event_severity", FRACTION, optional=True),
    NumberRule("quantity_cv", between(0.0, LARGEST_QUANTITY_CV), optional=True),
    NumberRule("disposal_cost", FRACTION, optional=True),
    NumberRule("disposal_lag_years", between(0.0, _LONGEST_LAG_YEARS), optional=True),
    NumberRule("liquidity_discount", FRACTION, optional=True),
    NumberRule("ltv_cap", FRACTION, optional=True),
)
WATER_RIGHT = (
    NumberRule("volume_m3_per_year", _AMOUNT_ABOVE_0),
    NumberRule("remaining_term_years", positive_up_to(50.0)),
    NumberRule("renewal_probability", FRACTION),
    NumberRule("renewal_term_years", positive_up_to(50.0), optional=True),
    NumberRule("renewals", between(0, 10)),
    NumberRule("transferable_share", FRACTION, optional=True),
    NumberRule("conveyance_efficiency", FRACTION, optional=True),
    NumberRule("reliability", FRACTION, optional=True),
    NumberRule("price_cny_per_m3", _AMOUNT, optional=True),
    NumberRule("cost_cny_per_m3", _AMOUNT),
    NumberRule("buy_back_volume_m3_per_year", _AMOUNT),
    NumberRule("carry_over_share", FRACTION),
)
ISSUANCE = (
    NumberRule("tonnes_per_year", positive_up_to(_LARGEST_TONNES_PER_YEAR), optional=True),
    NumberRule("crediting_years", positive_up_to(60.0)),
    NumberRule("monitoring_period_years", between(0.25, 60.0), optional=True),
    NumberRule("issuance_lag_years", between(0.0, _LONGEST_LAG_YEARS), optional=True),
    NumberRule("risk_deduction", FRACTION, optional=True),
    NumberRule("uncertainty_deduction", FRACTION, optional=True),
    NumberRule("registration_probability", FRACTION, optional=True),
    NumberRule("verification_ratio", FRACTION, optional=True),
    NumberRule("price_cny_per_t", _AMOUNT_ABOVE_0, optional=True),
    NumberRule("cost_cny_per_issuance", _AMOUNT),
    NumberRule("area_ha", positive_up_to(_LARGEST_AREA_HA), optional=True),
    NumberRule("start_years", between(0.0, _LONGEST_TERM_YEARS)),
    NumberRule("conversion_probability", FRACTION),
    NumberRule("conversion_from_years", between(0.0, _LONGEST_TERM_YEARS)),
)
GROWTH = (
    NumberRule("area_ha", positive_up_to(_LARGEST_AREA_HA)),
    NumberRule("age_years", between(0.0, 1000.0)),
    NumberRule("asymptotic_volume_m3_per_ha", positive_up_to(_LARGEST_VOLUME_M3_PER_HA)),
    NumberRule("rate_per_year", positive_up_to(10.0)),
    NumberRule("shape", positive_up_to(100.0)),
)
INVENTORY = (
    NumberRule("area_ha", positive_up_to(_LARGEST_AREA_HA)),
    NumberRule("carbon_fraction", positive_up_to(1.0), optional=True),
    NumberRule("mortality_annual", FRACTION),
)
DIAMETER_CLASS = (
    NumberRule("diameter_cm", positive_up_to(300.0)),
    NumberRule("height_m", positive_up_to(120.0)),
    NumberRule("trees_per_ha", positive_up_to(1e6)),
    NumberRule("diameter_growth_cm_per_year", between(0.0, 10.0)),
    NumberRule("height_growth_m_per_year", between(0.0, 10.0)),
)
TENURE = (
    NumberRule("area_ha", positive_up_to(_LARGEST_AREA_HA)),
    NumberRule("years_to_harvest", positive_up_to(120.0)),
    NumberRule("harvest_volume_m3_per_ha", positive_up_to(_LARGEST_VOLUME_M3_PER_HA)),
    NumberRule("net_price_cny_per_m3", _AMOUNT),
    NumberRule("cost_cny_per_ha_year", _AMOUNT),
    NumberRule("stand_adjustment", positive_up_to(_LARGEST_STAND_ADJUSTMENT), optional=True),
    NumberRule("tenure_term_years", POSITIVE, optional=True),
    NumberRule("bare_land_value_cny_per_ha", _AMOUNT),
)
SERVICE_INCOME = (
    NumberRule("account_value_cny_per_year", _AMOUNT),
    NumberRule("realisable_share", FRACTION),
    NumberRule("cost_cny_per_year", _AMOUNT),
    NumberRule("pledgor_share", FRACTION, optional=True),
    NumberRule("quantity_per_year", _AMOUNT, optional=True),
    NumberRule("unit_price_cny", _AMOUNT, optional=True),
    NumberRule("quantity_cv", between(0.0, LARGEST_QUANTITY_CV), optional=True),
)
TERM = (NumberRule("term_years", positive_up_to(_LONGEST_TERM_YEARS)),)
VEP = (*TERM, NumberRule("restoration_cost_cny_per_year", _AMOUNT))
VEP_YEAR = (
    NumberRule("year", between(1, _LONGEST_TERM_YEARS)),
    NumberRule("revenue_cny", _AMOUNT),
    NumberRule("operating_cost_cny", _AMOUNT),
    NumberRule("wages_cny", _AMOUNT),
    NumberRule("capital_cny", _AMOUNT),
)
RESIDUAL_INCOME = (
    NumberRule("capital_return_annual", between(0.0, 1.0)),
    NumberRule("ecological_share", FRACTION, optional=True),
)
SERVICE_CHANGE = (
    NumberRule("quantity_with", _SIGNED_AMOUNT),
    NumberRule("quantity_without", _SIGNED_AMOUNT),
    NumberRule("unit_price_cny", _AMOUNT),
    NumberRule("realisable_share", FRACTION),
    NumberRule("pledgor_share", FRACTION, optional=True),
    NumberRule("quantity_cv", between(0.0, LARGEST_QUANTITY_CV), optional=True),
)
CATALOGUED = (
    NumberRule("quantity_per_year", _AMOUNT_ABOVE_0),
    *TERM,
    NumberRule("unit_price_cny", _AMOUNT, optional=True),
    NumberRule("cost_cny_per_year", _AMOUNT),
    NumberRule("realisable_share", FRACTION, optional=True),
    NumberRule("start_years", between(0.0, _LONGEST_TERM_YEARS)),
)
