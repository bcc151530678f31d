"""What the factors of a market snapshot are called for people."""

from collections.abc import Mapping

from flows.reports.bilingual import Bilingual
from services.runtime.market import MarketSnapshot

_TOGETHER = " + "


def factor_names(snapshot: MarketSnapshot) -> dict[str, Bilingual]:
    """What the factors are called for people, by code."""
    names = {factor.name: Bilingual(factor.label_zh, factor.label_en) for factor in snapshot.primary_factors}
    return names | {d.name: Bilingual(d.label_zh, d.label_en) for d in snapshot.derived_factors}


def name_of_factor(names: Mapping[str, Bilingual], code: str) -> Bilingual:
    """The name of a factor, or of several that are taken together ("a + b"); an unknown code stands as it is."""
    found = [names.get(part, Bilingual(part)) for part in code.split(_TOGETHER)]
    return Bilingual("、".join(name.zh for name in found), ", ".join(name.en or name.zh for name in found))
