"""One asset of every kind and method, with every field of its message set, for the tests of the service."""

import datetime as dt

from services.valuation.asset import (
    AccountSpecification,
    Asset,
    AssetDetail,
    CarbonAndTenure,
    CarbonInstrument,
    CarbonIssuance,
    CataloguedRight,
    ForestCarbonReceivable,
    ForestTenure,
    GepRevenueRight,
    GrowthCurve,
    ResidualIncome,
    ServiceChange,
    ServiceIncome,
    StandGrowth,
    StatedValue,
    TermsOverride,
    ValueBasis,
    VepProject,
    VepYear,
    WaterRight,
    WithWithout,
)

DECLARED = CarbonIssuance(
    CarbonInstrument.CCER, 20.0, 1500.0, None, 4.0, 0.5, 0.1, 0.05, 0.8, 0.9, 60.0, 2e4, 900.0, "CCER-14-001-V01", 1.0
)  # fmt: skip
GROWN = CarbonIssuance(
    CarbonInstrument.TICKET,
    20.0,
    growth=StandGrowth("Chinese fir", 100.0, 5.0, 300.0, 0.08, 2.0, GrowthCurve.GOMPERTZ),
    conversion_probability=0.3,
    conversion_from_years=8.0,
)
TENURE = ForestTenure(50.0, 12.0, 180.0, 500.0, 300.0, 0.9, 30.0, 800.0)
RESIDUAL = ResidualIncome(
    tuple(VepYear(k, 2e6 * k, 1e5, 5e4, 1e5) for k in (1, 2, 3)), "tourism_demand", 0.05, 0.8
)
SPECIFICATION = AccountSpecification("SEEA EA", "2021")
WITH_WITHOUT = WithWithout((ServiceChange("water supply", 2e5, 1e5, 0.5, 0.3, 0.9, 0.1),), SPECIFICATION)

DETAILS: dict[str, AssetDetail] = {
    "water_right": WaterRight(1e6, 8.0, 0.5, 4.0, 2, 0.9, 0.8, "allocation.heihe.irrigation", 1.0, 0.2, 0.02),
    "forest_carbon": ForestCarbonReceivable(DECLARED),
    "forest_carbon_grown": ForestCarbonReceivable(GROWN),
    "forest_tenure": TENURE,
    "carbon_and_tenure": CarbonAndTenure(TENURE, DECLARED),
    "gep_revenue": GepRevenueRight(
        (ServiceIncome("water_supply", 2e6, 0.2, 1e4, 0.9, 4e6, 0.5, 0.1),), 12.0, "GB/T 2025", SPECIFICATION
    ),
    "vep_residual_income": VepProject(10.0, RESIDUAL, 1e4),
    "vep_with_without": VepProject(10.0, WITH_WITHOUT, 1e3),
    "catalogued_right": CataloguedRight(
        "carbon_allowance", 1e4, 6.0, "tCO2e", 80.0, 5e3, 0.7, 0.5, dt.date(2026, 6, 30)
    ),
}


ASSUMED = {
    "water_right": "water_right.volume_m3_per_year",
    "forest_carbon": "forest_carbon.issuance.tonnes_per_year",
    "forest_carbon_grown": "forest_carbon.issuance.growth.rate_per_year",
    "forest_tenure": "forest_tenure.years_to_harvest",
    "carbon_and_tenure": "carbon_and_tenure.tenure.years_to_harvest",
    "gep_revenue": "gep_revenue.services[0].realisable_share",
    "vep_residual_income": "vep_project.residual_income.years",
    "vep_with_without": "vep_project.with_without.changes",
    "catalogued_right": "catalogued_right.quantity_per_year",
}


def asset(name: str = "water_right", asset_id: str = "asset-1") -> Asset:
    """An asset of a case, with a stated value, an assumed field and terms of its own."""
    return Asset(
        asset_id,
        "某资产",
        "甘州区",
        DETAILS[name],
        StatedValue(5e6, ValueBasis.PRESENT_VALUE, "评估报告"),
        (ASSUMED[name],),
        TermsOverride(0.02, 0.01, 0.9, 0.1, 0.05, 1.5, 0.2, 0.6),
    )


def plain(name: str = "water_right", asset_id: str = "asset-1") -> Asset:
    """The same without them."""
    return Asset(asset_id, "", "", DETAILS[name])


def mixed(n: int) -> list[Asset]:
    """n assets of all kinds in turn, with the catalogue's terms or their own."""
    names = list(DETAILS)
    return [(asset if i % 2 else plain)(names[i % len(names)], f"asset-{i}") for i in range(n)]
