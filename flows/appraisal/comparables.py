"""Published cases that a pledge may be compared with: the same kind of right, nothing filled in."""

from flows.published_cases.case import CollateralKind, PublishedCase
from flows.published_cases.case_file import read_cases
from services.runtime.bundled import BUNDLED_DATA
from services.valuation.asset import Asset, CataloguedRight

# Which published pledges are of the kind of an asset.
_KINDS: dict[str, tuple[CollateralKind, ...]] = {
    "WaterRight": (CollateralKind.WATER_RIGHT,),
    "ForestCarbonReceivable": (CollateralKind.FOREST_CARBON, CollateralKind.BAMBOO_CARBON),
    "ForestTenure": (CollateralKind.RESERVE_FOREST, CollateralKind.FOREST_TICKET),
    "CarbonAndTenure": (
        CollateralKind.FOREST_CARBON_AND_TENURE,
        CollateralKind.FOREST_CARBON,
        CollateralKind.RESERVE_FOREST,
    ),
    "GepRevenueRight": (CollateralKind.GEP,),
    "VepProject": (CollateralKind.VEP,),
}
_CATALOGUED: dict[str, tuple[CollateralKind, ...]] = {
    "forest_ticket": (CollateralKind.FOREST_TICKET,),
}


def comparables(asset: Asset) -> tuple[PublishedCase, ...]:
    """Published cases of the same kind, newest first, then in the order of the list; none where there are none."""
    cases = read_cases(BUNDLED_DATA / "published_pledge_cases.csv")
    if isinstance(asset.detail, CataloguedRight):
        kinds = _CATALOGUED.get(asset.detail.kind, (CollateralKind.ECOLOGICAL_RIGHT,))
    else:
        kinds = _KINDS[type(asset.detail).__name__]
    found = [case for case in cases if case.kind in kinds]
    return tuple(sorted(found, key=lambda case: (-(case.year or 0), case.case_id)))
