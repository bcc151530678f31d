"""Forest-carbon receivable: the expected issuances at the price of their instrument."""

from services.valuation.asset import Asset, ForestCarbonReceivable
from services.valuation.pricers.carbon_issuance import issued_credits
from services.valuation.pricers.pricing import PricedAsset, PricingContext, Rows, priced_asset


def price_forest_carbon(
    asset: Asset, receivable: ForestCarbonReceivable, context: PricingContext
) -> PricedAsset:
    """Schedule of the revenue from forest carbon, without the forest.

    Raises:
        InvalidInput: as `issued_credits`.
    """
    issued = issued_credits(receivable.issuance, "forest_carbon.issuance", context)
    rows = Rows()
    issued.add_to(rows)
    return priced_asset(
        asset,
        context.catalogue.kind("forest_carbon"),
        context,
        (("", rows),),
        issued.cautions,
        annual_quantity=issued.annual_t,
        annual_quantity_unit="tCO2e",
        assumptions=issued.assumptions,
    )
