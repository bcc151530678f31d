"""What a careful reader should know where the place of an asset and the river of its factors do not agree."""

from collections.abc import Mapping, Sequence

from services.runtime.results import Caution, Severity
from services.valuation.catalogue.served_places import ServedPlaces

_FIELD = "place"


def of_place(place: str, factors: Mapping[str, str], served: Sequence[ServedPlaces]) -> list[Caution]:
    """FACTOR_OF_ANOTHER_PLACE where a river does not flow, FACTOR_OF_MAIN_STEM on its tributaries.

    Args:
        place: of the asset; none given, nothing is said.
        factors: of all the rows of the asset, each with what Chinese readers call it.
        served: of the catalogue.
    """
    found = place.strip()
    if found == "":
        return []
    cautions = []
    for reach in served:
        named = {factor: factors[factor] for factor in sorted(factors) if reach.prices(factor)}
        if not named:
            continue
        # First the tributaries: "Minle of Zhangye" is in the prefecture that the main stem serves.
        if reach.is_on_tributary(found):
            cautions.append(_of_tributary(found, named, reach))
        elif not reach.reaches(found):
            cautions.append(_of_elsewhere(found, named, reach))
    return cautions


def _of_elsewhere(place: str, factors: Mapping[str, str], reach: ServedPlaces) -> Caution:
    return Caution(
        "FACTOR_OF_ANOTHER_PLACE",
        Severity.WARNING,
        f"资产位于“{place}”，其因子 {'、'.join(factors.values())} 属于{reach.reach_zh}，"
        f"只适用于：{'、'.join(reach.places)}；"
        "请改用当地的来水因子，或更正地点。",
        f"The asset is in {place!r}, but its factors {', '.join(factors)} are those of the {reach.reach_en}, which "
        f"serves {', '.join(reach.places)}: name a factor of the place's own river, or correct the place.",
        _FIELD,
    )


def _of_tributary(place: str, factors: Mapping[str, str], reach: ServedPlaces) -> Caution:
    return Caution(
        "FACTOR_OF_MAIN_STEM",
        Severity.NOTE,
        f"“{place}”位于支流，其因子 {'、'.join(factors.values())} 属于{reach.reach_zh}干流"
        f"（适用于：{'、'.join(reach.places)}），"
        "支流来水只是相近。",
        f"{place!r} lies on a tributary; its factors {', '.join(factors)} are those of the main stem, the "
        f"{reach.reach_en} (serves {', '.join(reach.places)}): the water of a tributary is only similar.",
        _FIELD,
    )
