"""Places that a river's factors speak of: a right elsewhere does not get that river's water."""

from services.runtime.market import Source
from services.valuation.catalogue.kinds import Entry


class ServedPlaces(Entry, frozen=True):
    """Factors of one reach of a river, and the places that its water reaches.

    Attributes:
        reach_zh, reach_en: the reach, for people.
        factor_prefixes: beginnings of the names of its factors, such as "allocation.heihe.".
        places: names of places that the reach serves, any of which may stand within the place of an asset.
        tributary_places: names of places of the basin whose water comes from a tributary; looked for first.
        sources: where the two lists come from, one for each.
    """

    reach_zh: str
    reach_en: str
    factor_prefixes: tuple[str, ...]
    places: tuple[str, ...]
    tributary_places: tuple[str, ...]
    sources: tuple[Source, ...]

    def __post_init__(self) -> None:
        for name in ("factor_prefixes", "places"):
            if not getattr(self, name):
                raise ValueError(f"{self.reach_en}.{name}: found none, expected at least one")
        for name in ("factor_prefixes", "places", "tributary_places"):
            if any(not text.strip() for text in getattr(self, name)):
                raise ValueError(f"{self.reach_en}.{name}: found an empty text, which every name begins with")
        listed = {name for name in ("places", "tributary_places") if getattr(self, name)}
        sourced = {source.parameter for source in self.sources}
        if sourced != listed:
            raise ValueError(
                f"{self.reach_en}.sources: found {sorted(sourced)}, expected one for each of {sorted(listed)}"
            )

    def prices(self, factor: str) -> bool:
        """Whether a factor is one of this reach."""
        return factor.startswith(self.factor_prefixes)

    def reaches(self, place: str) -> bool:
        """Whether a place is one that the reach serves."""
        return _names_one(place, self.places)

    def is_on_tributary(self, place: str) -> bool:
        """Whether a place lies on a tributary."""
        return _names_one(place, self.tributary_places)


def _names_one(place: str, names: tuple[str, ...]) -> bool:
    found = place.casefold()
    return any(name.casefold() in found for name in names)
