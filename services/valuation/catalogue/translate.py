"""Kinds of asset between protobuf and the domain."""

from ecopledge.valuation.v1 import valuation_pb2 as pb
from services.runtime.errors import Internal
from services.runtime.violations import Violations
from services.runtime.wire.market import source_from_wire, source_to_wire
from services.runtime.wire.results import terms_from_wire, terms_to_wire
from services.valuation.catalogue.asset_kind import AssetKind
from services.valuation.translate.message_fields import optional_field


def kind_to_wire(kind: AssetKind) -> pb.AssetKind:
    """The message of a kind."""
    return pb.AssetKind(
        kind=kind.kind,
        name_zh=kind.name_zh,
        name_en=kind.name_en,
        unit=kind.unit,
        factor=kind.factor,
        terms=terms_to_wire(kind.terms),
        ltv_cap=kind.ltv_cap,
        cash_multiple_cap=kind.cash_multiple_cap,
        min_dscr=kind.min_dscr,
        sources=[source_to_wire(source) for source in kind.sources],
    )


def kind_from_wire(message: pb.AssetKind) -> AssetKind:
    """The kind of a message.

    Raises:
        Internal: a message that no server of this version sends.
    """
    violations = Violations(message.kind)
    terms = terms_from_wire(message.terms, violations.at("terms"))
    sources = [source_from_wire(source, violations.at("sources")) for source in message.sources]
    if terms is None or violations.found:
        raise Internal(f"the server sent a kind that makes no sense: {violations.found[0]}")
    return AssetKind(
        message.kind,
        message.name_zh,
        message.name_en,
        message.unit,
        message.factor,
        terms,
        message.ltv_cap,
        optional_field(message, "cash_multiple_cap"),
        message.min_dscr,
        tuple(source for source in sources if source is not None),
    )
