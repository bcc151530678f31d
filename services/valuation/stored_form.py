"""Assets and valuations as the JSON that is stored; what is read back equals what was written to the last bit.

The detail of an asset and the method of a VEP project are tagged with their kind, because JSON does not say which
dataclass an object was.
"""

from typing import Any

import msgspec

from services.valuation.asset import (
    Asset,
    CarbonAndTenure,
    CataloguedRight,
    ForestCarbonReceivable,
    ForestTenure,
    GepRevenueRight,
    ResidualIncome,
    StatedValue,
    TermsOverride,
    VepProject,
    WaterRight,
    WithWithout,
)
from services.valuation.valuation import Valuation

_DETAILS: dict[str, Any] = {
    "water_right": WaterRight,
    "forest_carbon": ForestCarbonReceivable,
    "forest_tenure": ForestTenure,
    "carbon_and_tenure": CarbonAndTenure,
    "gep_revenue": GepRevenueRight,
    "vep_project": VepProject,
    "catalogued_right": CataloguedRight,
}
_METHODS: dict[str, Any] = {"residual_income": ResidualIncome, "with_without": WithWithout}
_DETAIL_TAGS = {of: tag for tag, of in _DETAILS.items()}
_METHOD_TAGS = {of: tag for tag, of in _METHODS.items()}

_ENCODER = msgspec.json.Encoder(order="deterministic")
_VALUATIONS = msgspec.json.Decoder(Valuation)


class _StoredVep(msgspec.Struct):
    term_years: float
    method: msgspec.Raw
    restoration_cost_cny_per_year: float

    def project(self, method: str) -> VepProject:
        return VepProject(
            self.term_years,
            msgspec.json.decode(self.method, type=_METHODS[method]),
            self.restoration_cost_cny_per_year,
        )


class _StoredAsset(msgspec.Struct):
    asset_id: str
    name: str
    place: str
    kind: str
    method: str
    detail: msgspec.Raw
    stated_value: StatedValue | None
    assumed_fields: tuple[str, ...]
    terms: TermsOverride | None


def asset_to_json(asset: Asset) -> bytes:
    """The stored form of an asset."""
    detail = asset.detail
    method = _METHOD_TAGS[type(detail.method)] if isinstance(detail, VepProject) else ""
    return _ENCODER.encode(
        _StoredAsset(
            asset.asset_id,
            asset.name,
            asset.place,
            _DETAIL_TAGS[type(detail)],
            method,
            msgspec.Raw(_ENCODER.encode(detail)),
            asset.stated_value,
            asset.assumed_fields,
            asset.terms,
        )
    )


def asset_from_json(stored: bytes) -> Asset:
    """The asset of a stored form."""
    found = msgspec.json.decode(stored, type=_StoredAsset)
    if found.method == "":
        detail = msgspec.json.decode(found.detail, type=_DETAILS[found.kind])
    else:
        detail = msgspec.json.decode(found.detail, type=_StoredVep).project(found.method)
    return Asset(
        found.asset_id, found.name, found.place, detail, found.stated_value, found.assumed_fields, found.terms
    )


def valuation_to_json(valuation: Valuation) -> bytes:
    """The stored form of a valuation."""
    return _ENCODER.encode(valuation)


def valuation_from_json(stored: bytes) -> Valuation:
    """The valuation of a stored form."""
    return _VALUATIONS.decode(stored)
