"""A kind of asset as users see it: its names, unit, terms as security and caps, each term with its source."""

from dataclasses import dataclass

from quant.schedules import CollateralTerms
from services.runtime.market import Source
from services.valuation.catalogue.kinds import Kind


@dataclass(frozen=True, slots=True)
class AssetKind:
    """One kind; fields as in the contract's message AssetKind."""

    kind: str
    name_zh: str
    name_en: str
    unit: str
    factor: str
    terms: CollateralTerms
    ltv_cap: float
    cash_multiple_cap: float | None
    min_dscr: float
    sources: tuple[Source, ...]


def asset_kind(kind: Kind) -> AssetKind:
    """What users see of an entry of the catalogue."""
    return AssetKind(
        kind.code,
        kind.name_zh,
        kind.name_en,
        kind.unit,
        kind.factor,
        kind.terms,
        kind.ltv_cap,
        kind.cash_multiple_cap,
        kind.min_dscr,
        kind.sources,
    )
