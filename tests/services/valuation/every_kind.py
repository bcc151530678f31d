"""An asset of every kind of the catalogue, made from the catalogue itself, so that a new kind cannot be forgotten."""

from dataclasses import replace

from services.valuation.asset import (
    Asset,
    AssetDetail,
    CarbonAndTenure,
    CarbonInstrument,
    CarbonIssuance,
    CataloguedRight,
    DiameterClass,
    ForestCarbonReceivable,
    ForestTenure,
    GepRevenueRight,
    ResidualIncome,
    ServiceChange,
    ServiceIncome,
    StandGrowth,
    StandInventory,
    VepProject,
    VepYear,
    WaterRight,
    WithWithout,
)
from services.valuation.catalogue.catalogue import read_catalogue

CATALOGUE = read_catalogue()
_TENURE = ForestTenure(50.0, 12.0, 180.0, 500.0, 300.0, 0.9, 30.0, 800.0)
_DECLARED = CarbonIssuance(
    CarbonInstrument.CCER, 20.0, 1500.0, monitoring_period_years=4.0, cost_cny_per_issuance=900.0
)
_GROWN = CarbonIssuance(
    CarbonInstrument.TICKET,
    20.0,
    growth=StandGrowth("Chinese fir", 100.0, 5.0, 300.0, 0.08, 2.0),
    conversion_probability=0.3,
    conversion_from_years=8.0,
)
_COUNTED = CarbonIssuance(
    CarbonInstrument.CCER,
    20.0,
    inventory=StandInventory(
        "青海云杉",
        100.0,
        (DiameterClass(14.0, 9.0, 900.0, 0.35, 0.2), DiameterClass(22.0, 13.0, 400.0, 0.25, 0.12)),
        mortality_annual=0.01,
    ),
)
_SEASON = (5, 6, 7, 8, 9)
_SERVICES = tuple(
    ServiceIncome(code, 1e6, 0.1, 1e3) for code in CATALOGUE.services if code != "ecological_compensation"
)
_CHANGES = tuple(ServiceChange(code, 3e5, 2e5, 2.0, 0.1) for code in CATALOGUE.services)
OF_ITS_OWN: dict[str, dict[str, AssetDetail]] = {
    "water_right": {
        "market": WaterRight(1e6, 8.0, 0.5, 4.0, 2, 0.9, 0.8, reliability=0.95, cost_cny_per_m3=0.02),
        "scheme": WaterRight(1e6, 8.5, allocation_factor="allocation.heihe.irrigation", cost_cny_per_m3=0.02),
        "floor": WaterRight(1e6, 8.0, buy_back_volume_m3_per_year=4e5, buy_back_factor="buy_back.heihe"),
        "season": WaterRight(
            1e6,
            8.0,
            0.5,
            4.0,
            1,
            allocation_factor="allocation.heihe.irrigation",
            cost_cny_per_m3=0.02,
            use_months=_SEASON,
            carry_over_share=0.3,
        ),
        "monthly": WaterRight(
            1e6, 5.5, reliability=0.95, cost_cny_per_m3=0.02, use_months=_SEASON, monthly_payments=True
        ),
    },
    "forest_carbon": {
        "declared": ForestCarbonReceivable(_DECLARED),
        "grown": ForestCarbonReceivable(_GROWN),
        "counted": ForestCarbonReceivable(_COUNTED),
    },
    "forest_tenure": {"": _TENURE},
    "carbon_and_tenure": {
        "": CarbonAndTenure(_TENURE, _DECLARED),
        "counted": CarbonAndTenure(_TENURE, _COUNTED),
    },
    "gep_revenue": {
        "": GepRevenueRight(_SERVICES, 12.0),
        "by_service": GepRevenueRight(_SERVICES, 12.0, uncertainty_by_service=True),
    },
    "vep_project.residual_income": {
        "": VepProject(
            10.0,
            ResidualIncome(
                tuple(VepYear(k, 2e6 + 1e5 * k, 1e5, 5e4, 1e5) for k in range(1, 11)),
                "tourism_demand",
                0.05,
                0.8,
            ),
            1e4,
        )
    },
    "vep_project.with_without": {
        "": VepProject(10.0, WithWithout(_CHANGES), 1e3),
        "by_service": VepProject(10.0, WithWithout(_CHANGES, uncertainty_by_service=True), 1e3),
    },
}
"""Details of the kinds that have a message of their own, by kind and variant."""


def _catalogued(code: str) -> CataloguedRight:
    kind = CATALOGUE.kinds[code]
    price = 80.0 if kind.price_required else None
    return CataloguedRight(code, 1e4, 7.5, unit_price_cny=price, cost_cny_per_year=5e3, start_years=0.5)


DETAILS: dict[str, AssetDetail] = {
    f"{kind}:{variant}" if variant else kind: detail
    for kind, variants in OF_ITS_OWN.items()
    for variant, detail in variants.items()
} | {code: _catalogued(code) for code, kind in CATALOGUE.kinds.items() if kind.quantity_times_factor}
"""Details by kind of the catalogue, with the variant after a colon."""


def asset_of(name: str) -> Asset:
    """An asset with the terms of its kind."""
    return Asset(name, "", "", DETAILS[name])


def with_detail(asset: Asset, detail: AssetDetail) -> Asset:
    """The same asset with another detail."""
    return replace(asset, detail=detail)
