"""Assets between protobuf and the domain; every violation of an asset is collected with its path below the asset."""

from collections.abc import Callable, Sequence
from typing import Any

from ecopledge.valuation.v1 import asset_pb2 as pb
from services.runtime.violations import Violations
from services.valuation.asset import (
    Asset,
    AssetDetail,
    CarbonAndTenure,
    CataloguedRight,
    ForestCarbonReceivable,
    ForestTenure,
    GepRevenueRight,
    StatedValue,
    TermsOverride,
    ValueBasis,
    VepProject,
    WaterRight,
)
from services.valuation.translate import asset_rules as rules
from services.valuation.translate.catalogued_right import catalogued_right_from_wire, catalogued_right_to_wire
from services.valuation.translate.ecosystem_services import (
    gep_revenue_from_wire,
    gep_revenue_to_wire,
    vep_project_from_wire,
    vep_project_to_wire,
)
from services.valuation.translate.field_rules import NumberRule, positive_up_to, read_numbers
from services.valuation.translate.forest import (
    carbon_and_tenure_from_wire,
    carbon_and_tenure_to_wire,
    forest_carbon_from_wire,
    forest_carbon_to_wire,
    forest_tenure_from_wire,
    forest_tenure_to_wire,
)
from services.valuation.translate.message_fields import LONGEST_ID, LONGEST_NAME, stated_fields
from services.valuation.translate.water_right import water_right_from_wire, water_right_to_wire

_LONGEST_SOURCE = 1024
_MOST_ASSUMED_FIELDS = 64
_BASES = {
    pb.VALUE_BASIS_UNSPECIFIED: ValueBasis.UNSTATED,
    pb.VALUE_BASIS_ANNUAL_FLOW: ValueBasis.ANNUAL_FLOW,
    pb.VALUE_BASIS_PERIOD_SUM_UNDISCOUNTED: ValueBasis.PERIOD_SUM_UNDISCOUNTED,
    pb.VALUE_BASIS_PRESENT_VALUE: ValueBasis.PRESENT_VALUE,
}
_BASES_TO_WIRE = {basis: number for number, basis in _BASES.items()}
_READERS: dict[str, Callable[[Any, Violations], AssetDetail]] = {
    "water_right": water_right_from_wire,
    "forest_carbon": forest_carbon_from_wire,
    "forest_tenure": forest_tenure_from_wire,
    "carbon_and_tenure": carbon_and_tenure_from_wire,
    "gep_revenue": gep_revenue_from_wire,
    "vep_project": vep_project_from_wire,
    "catalogued_right": catalogued_right_from_wire,
}
_WRITERS: dict[type, tuple[str, Callable[[Any, str], Any]]] = {
    WaterRight: ("water_right", water_right_to_wire),
    ForestCarbonReceivable: ("forest_carbon", forest_carbon_to_wire),
    ForestTenure: ("forest_tenure", forest_tenure_to_wire),
    CarbonAndTenure: ("carbon_and_tenure", carbon_and_tenure_to_wire),
    GepRevenueRight: ("gep_revenue", gep_revenue_to_wire),
    VepProject: ("vep_project", vep_project_to_wire),
    CataloguedRight: ("catalogued_right", catalogued_right_to_wire),
}


def asset_from_wire(message: pb.Asset, at: Violations) -> Asset | None:
    """The asset of a message, or None after noting everything that is wrong with it."""
    before = len(at.found)
    _check_text(message.asset_id, "asset_id", at)
    for field in ("name", "place"):
        at.require_max_length(field, getattr(message, field), LONGEST_NAME)
        at.require_printable(field, getattr(message, field))
    at.require_max_length("assumed_fields", message.assumed_fields, _MOST_ASSUMED_FIELDS)
    for i, path in enumerate(message.assumed_fields[:_MOST_ASSUMED_FIELDS]):
        at.require_max_length(f"assumed_fields[{i}]", path, LONGEST_NAME)
    stated = (
        _stated_value(message.stated_value, at.at("stated_value"))
        if message.HasField("stated_value")
        else None
    )
    terms = (
        TermsOverride(**read_numbers(message.terms, rules.TERMS, at.at("terms")))
        if message.HasField("terms")
        else None
    )
    chosen = message.WhichOneof("detail")
    if chosen is None:
        at.add("detail", f"is missing, expected exactly one of {', '.join(_READERS)}")
        return None
    detail = _READERS[chosen](getattr(message, chosen), at.at(chosen))
    if len(at.found) > before:
        return None
    return Asset(
        message.asset_id, message.name, message.place, detail, stated, tuple(message.assumed_fields), terms
    )


def asset_to_wire(asset: Asset, at: str = "asset") -> pb.Asset:
    """The message of an asset.

    Raises:
        InvalidInput: a whole number that no field can hold, below `at`.
    """
    field, write = _WRITERS[type(asset.detail)]
    return pb.Asset(
        asset_id=asset.asset_id,
        name=asset.name,
        place=asset.place,
        stated_value=None if asset.stated_value is None else _stated_value_to_wire(asset.stated_value),
        assumed_fields=asset.assumed_fields,
        terms=None if asset.terms is None else pb.TermsOverride(**stated_fields(asset.terms)),
        **{field: write(asset.detail, f"{at}.{field}")},
    )


def assets_to_wire(assets: Sequence[Asset]) -> list[pb.Asset]:
    """The messages of many assets.

    Raises:
        InvalidInput: a whole number that no field can hold, with the number of its asset.
    """
    return [asset_to_wire(asset, f"assets[{i}]") for i, asset in enumerate(assets)]


def _check_text(value: str, field: str, at: Violations) -> None:
    if not 1 <= len(value) <= LONGEST_ID:
        at.add(field, f"found {len(value)} characters, expected 1 to {LONGEST_ID}")
    else:
        at.require_printable(field, value)


def _stated_value(message: pb.StatedValue, at: Violations) -> StatedValue:
    numbers = read_numbers(message, (NumberRule("value_cny", positive_up_to(rules.LARGEST_AMOUNT)),), at)
    at.require_max_length("source", message.source, _LONGEST_SOURCE)
    at.require_printable("source", message.source)
    at.require(
        message.basis in _BASES, "basis", f"found {message.basis}, expected a known value of ValueBasis"
    )
    return StatedValue(numbers["value_cny"], _BASES.get(message.basis, ValueBasis.UNSTATED), message.source)


def _stated_value_to_wire(stated: StatedValue) -> pb.StatedValue:
    return pb.StatedValue(
        value_cny=stated.value_cny, basis=_BASES_TO_WIRE[stated.basis], source=stated.source
    )
