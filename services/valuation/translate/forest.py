"""Forests between protobuf and the domain: tenure, carbon, both; the stand by its growth or by its trees."""

from typing import Any

from ecopledge.valuation.v1 import asset_pb2 as pb
from services.runtime.violations import Violations
from services.valuation.asset import (
    CarbonAndTenure,
    CarbonInstrument,
    CarbonIssuance,
    DiameterClass,
    ForestCarbonReceivable,
    ForestTenure,
    GrowthCurve,
    StandGrowth,
    StandInventory,
)
from services.valuation.translate import asset_rules as rules
from services.valuation.translate.field_rules import read_numbers
from services.valuation.translate.message_fields import LONGEST_ID, check_name, read_each, stated_fields

_MOST_CLASSES = 200
_ORIGINS = ("tonnes_per_year", "growth", "inventory")
_INSTRUMENTS = {
    pb.CARBON_INSTRUMENT_CCER: CarbonInstrument.CCER,
    pb.CARBON_INSTRUMENT_TICKET: CarbonInstrument.TICKET,
}
_INSTRUMENTS_TO_WIRE = {instrument: number for number, instrument in _INSTRUMENTS.items()}
_CURVES = {
    pb.GROWTH_CURVE_UNSPECIFIED: GrowthCurve.RICHARDS,
    pb.GROWTH_CURVE_RICHARDS: GrowthCurve.RICHARDS,
    pb.GROWTH_CURVE_LOGISTIC: GrowthCurve.LOGISTIC,
    pb.GROWTH_CURVE_GOMPERTZ: GrowthCurve.GOMPERTZ,
    pb.GROWTH_CURVE_KORF: GrowthCurve.KORF,
    pb.GROWTH_CURVE_SCHUMACHER: GrowthCurve.SCHUMACHER,
}
_CURVES_TO_WIRE = {curve: number for number, curve in _CURVES.items()}


def forest_carbon_from_wire(message: pb.ForestCarbonReceivable, at: Violations) -> ForestCarbonReceivable:
    """The receivable of a message; notes everything that is wrong with it."""
    return ForestCarbonReceivable(_issuance(message.issuance, at.at("issuance")))


def forest_tenure_from_wire(message: pb.ForestTenure, at: Violations) -> ForestTenure:
    """The tenure of a message; notes everything that is wrong with it."""
    return ForestTenure(**read_numbers(message, rules.TENURE, at))


def carbon_and_tenure_from_wire(message: pb.CarbonAndTenure, at: Violations) -> CarbonAndTenure:
    """The forest with its carbon of a message; notes everything that is wrong with it."""
    return CarbonAndTenure(
        forest_tenure_from_wire(message.tenure, at.at("tenure")),
        _issuance(message.issuance, at.at("issuance")),
    )


def _issuance(message: Any, at: Violations) -> CarbonIssuance:
    at.require_known_enum("instrument", message.instrument, _INSTRUMENTS, "CarbonInstrument")
    at.require_max_length("methodology", message.methodology, LONGEST_ID)
    origins = [name for name in _ORIGINS if message.HasField(name)]
    if len(origins) != 1:
        found = " and ".join(origins) or "none"
        at.add("tonnes_per_year", f"found {found} of {', '.join(_ORIGINS)}, expected exactly one")
    return CarbonIssuance(
        instrument=_INSTRUMENTS.get(message.instrument, CarbonInstrument.CCER),
        **read_numbers(message, rules.ISSUANCE, at),
        growth=_growth(message.growth, at.at("growth")) if "growth" in origins else None,
        methodology=message.methodology,
        inventory=_inventory(message.inventory, at.at("inventory")) if "inventory" in origins else None,
    )


def _growth(message: pb.StandGrowth, at: Violations) -> StandGrowth:
    check_name("species", message.species, at)
    at.require(
        message.curve in _CURVES, "curve", f"found {message.curve}, expected a known value of GrowthCurve"
    )
    return StandGrowth(
        species=message.species,
        **read_numbers(message, rules.GROWTH, at),
        curve=_CURVES.get(message.curve, GrowthCurve.RICHARDS),
    )


def _inventory(message: pb.StandInventory, at: Violations) -> StandInventory:
    check_name("species", message.species, at)
    if at.require_non_empty("classes", message.classes):
        at.require_max_length("classes", message.classes, _MOST_CLASSES)
    before = len(at.found)
    classes = read_each(message.classes[:_MOST_CLASSES], "classes", _diameter_class, at)
    grows = any(found.diameter_growth_cm_per_year + found.height_growth_m_per_year > 0.0 for found in classes)
    if classes and not grows and len(at.found) == before:
        at.add(
            "classes", "found no class that grows, expected growth of diameter or height: credits are growth"
        )
    return StandInventory(
        species=message.species, classes=classes, **read_numbers(message, rules.INVENTORY, at)
    )


def _diameter_class(message: pb.DiameterClass, at: Violations) -> DiameterClass:
    return DiameterClass(**read_numbers(message, rules.DIAMETER_CLASS, at))


def forest_carbon_to_wire(detail: ForestCarbonReceivable, _at: str) -> pb.ForestCarbonReceivable:
    """The message of a receivable."""
    return pb.ForestCarbonReceivable(issuance=_issuance_to_wire(detail.issuance))


def forest_tenure_to_wire(detail: ForestTenure, _at: str) -> pb.ForestTenure:
    """The message of a tenure."""
    return pb.ForestTenure(**stated_fields(detail))


def carbon_and_tenure_to_wire(detail: CarbonAndTenure, _at: str) -> pb.CarbonAndTenure:
    """The message of a forest with its carbon."""
    return pb.CarbonAndTenure(
        tenure=pb.ForestTenure(**stated_fields(detail.tenure)), issuance=_issuance_to_wire(detail.issuance)
    )


def _issuance_to_wire(issuance: CarbonIssuance) -> pb.CarbonIssuance:
    return pb.CarbonIssuance(
        **stated_fields(issuance, "instrument", "growth", "inventory"),
        instrument=_INSTRUMENTS_TO_WIRE[issuance.instrument],
        growth=None if issuance.growth is None else _growth_to_wire(issuance.growth),
        inventory=None if issuance.inventory is None else _inventory_to_wire(issuance.inventory),
    )


def _growth_to_wire(growth: StandGrowth) -> pb.StandGrowth:
    return pb.StandGrowth(**stated_fields(growth, "curve"), curve=_CURVES_TO_WIRE[growth.curve])


def _inventory_to_wire(inventory: StandInventory) -> pb.StandInventory:
    classes = [pb.DiameterClass(**stated_fields(found)) for found in inventory.classes]
    return pb.StandInventory(classes=classes, **stated_fields(inventory, "classes"))
