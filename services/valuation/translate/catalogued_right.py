"""Rights that are a quantity times a factor between protobuf and the domain."""

from ecopledge.valuation.v1 import asset_pb2 as pb
from services.runtime.errors import InvalidInput
from services.runtime.violations import Violations
from services.runtime.wire.values import date_from_wire, date_to_wire
from services.valuation.asset import CataloguedRight
from services.valuation.translate import asset_rules as rules
from services.valuation.translate.field_rules import read_numbers
from services.valuation.translate.message_fields import LONGEST_ID, check_name, stated_fields


def catalogued_right_from_wire(message: pb.CataloguedRight, at: Violations) -> CataloguedRight:
    """The right of a message; notes everything that is wrong with it."""
    check_name("kind", message.kind, at)
    at.require_max_length("unit", message.unit, LONGEST_ID)
    as_of = None
    if message.HasField("quantity_as_of"):
        try:
            as_of = date_from_wire(message.quantity_as_of)
        except InvalidInput as error:
            at.add("quantity_as_of", error.message)
    return CataloguedRight(
        kind=message.kind,
        unit=message.unit,
        quantity_as_of=as_of,
        **read_numbers(message, rules.CATALOGUED, at),
    )


def catalogued_right_to_wire(detail: CataloguedRight, _at: str) -> pb.CataloguedRight:
    """The message of a right."""
    as_of = None if detail.quantity_as_of is None else date_to_wire(detail.quantity_as_of)
    return pb.CataloguedRight(**stated_fields(detail, "quantity_as_of"), quantity_as_of=as_of)
