"""Forest tenure by the present value of its harvest (收获现值法, LY/T 2407-2015).

The standard pays the final felling u - n + 1 years from now, n the age and u the rotation, and a year's cost at the
end of each year before it: `years_to_harvest` is u - n + 1, and costs fall at 1, 2, ... strictly before it.
"""

from services.runtime.errors import InvalidInput
from services.valuation.asset import Asset, ForestTenure
from services.valuation.pricers.calendar import years_before
from services.valuation.pricers.pricing import PricedAsset, PricingContext, Rows, income_label, priced_asset

TIMBER_FACTOR = "timber_price"


def price_forest_tenure(asset: Asset, tenure: ForestTenure, context: PricingContext) -> PricedAsset:
    """Schedule of a forest tenure.

    Raises:
        InvalidInput: if the harvest falls after the end of the tenure.
    """
    field = "forest_tenure"
    if tenure.tenure_term_years is not None and tenure.years_to_harvest > tenure.tenure_term_years:
        raise InvalidInput.of(
            f"{field}.years_to_harvest",
            f"found {tenure.years_to_harvest:g}, expected at most tenure_term_years "
            f"{tenure.tenure_term_years:g}: the harvest must fall within the tenure",
        )
    rows = Rows()
    add_costs(rows, tenure, tenure.years_to_harvest)
    add_harvest(rows, tenure, tenure.years_to_harvest, context, field)
    kind = context.catalogue.kind(field)
    return priced_asset(asset, kind, context, (("", rows),), ())


def add_harvest(
    rows: Rows, tenure: ForestTenure, time_years: float, context: PricingContext, field: str
) -> None:
    """Timber and bare land at a time; the asset's own net price scales the snapshot's timber price."""
    level = context.level(TIMBER_FACTOR, f"{field}.net_price_cny_per_m3")
    volume = tenure.area_ha * tenure.harvest_volume_m3_per_ha * tenure.stand_adjustment
    price = tenure.net_price_cny_per_m3
    label = income_label("主伐净收入", "Final felling, net", price=price, market=level, unit="m3")
    rows.add(time_years, TIMBER_FACTOR, volume * price / level, label)
    if tenure.bare_land_value_cny_per_ha > 0.0:
        land = tenure.area_ha * tenure.bare_land_value_cny_per_ha
        rows.add(time_years, "cny", land, "采伐后林地 Bare land after the felling")


def add_costs(rows: Rows, tenure: ForestTenure, until_years: float) -> None:
    """Management and protection of each year before a time."""
    if tenure.cost_cny_per_ha_year > 0.0:
        annual = -tenure.area_ha * tenure.cost_cny_per_ha_year
        rows.add_years(years_before(until_years), "cny", annual, "管护成本 Management and protection")
