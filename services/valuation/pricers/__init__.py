"""Pricers: assets describe, pricers price. The one table of what can be priced is PRICERS.

A pricer takes (asset, detail, context) and turns one kind of asset into schedules; it keeps no state.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from services.runtime.errors import InvalidInput
from services.runtime.market import MarketSnapshot
from services.valuation.asset import (
    Asset,
    CarbonAndTenure,
    CataloguedRight,
    ForestCarbonReceivable,
    ForestTenure,
    GepRevenueRight,
    ResidualIncome,
    VepProject,
    WaterRight,
    WithWithout,
)
from services.valuation.catalogue.catalogue import Catalogue
from services.valuation.pricers.carbon_and_tenure import price_carbon_and_tenure
from services.valuation.pricers.catalogued_right import price_catalogued_right
from services.valuation.pricers.forest_carbon import price_forest_carbon
from services.valuation.pricers.forest_tenure import price_forest_tenure
from services.valuation.pricers.gep_revenue import price_gep_revenue
from services.valuation.pricers.pricing import LendingTerms, PricedAsset, PricingContext
from services.valuation.pricers.vep_project import price_residual_income, price_with_without
from services.valuation.pricers.water_right import price_water_right

__all__ = ["PRICERS", "LendingTerms", "PricedAsset", "PricingContext", "price", "price_in"]

Pricer = Callable[[Asset, Any, PricingContext], PricedAsset]

PRICERS: Mapping[tuple[type, type | None], Pricer] = MappingProxyType(
    {
        (WaterRight, None): price_water_right,
        (ForestCarbonReceivable, None): price_forest_carbon,
        (ForestTenure, None): price_forest_tenure,
        (CarbonAndTenure, None): price_carbon_and_tenure,
        (GepRevenueRight, None): price_gep_revenue,
        (VepProject, ResidualIncome): price_residual_income,
        (VepProject, WithWithout): price_with_without,
        (CataloguedRight, None): price_catalogued_right,
    }
)
"""(type of the asset's detail, type of its method where there are several) -> pricer."""


def price(asset: Asset, catalogue: Catalogue, snapshot: MarketSnapshot) -> PricedAsset:
    """Price one asset; for many, build the context once and use `price_in`.

    Raises:
        InvalidInput: with the path of the field in the asset.
    """
    return price_in(asset, PricingContext(catalogue, snapshot))


def price_in(asset: Asset, context: PricingContext) -> PricedAsset:
    """Price one asset in a context that many share.

    Raises:
        InvalidInput: with the path of the field in the asset.
    """
    detail = asset.detail
    method = type(detail.method) if isinstance(detail, VepProject) else None
    pricer = PRICERS.get((type(detail), method))
    if pricer is None:
        known = ", ".join(kind.__name__ for kind, _ in PRICERS)
        raise InvalidInput.of("detail", f"found {type(detail).__name__}, expected one of {known}")
    return pricer(asset, detail, context)
