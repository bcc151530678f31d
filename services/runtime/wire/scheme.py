"""Sharing schemes between protobuf and Python."""

from ecopledge.type.v1 import market_pb2 as pb
from services.runtime.scheme import SchemeTier, SchemeVariant, SharingScheme
from services.runtime.violations import Violations
from services.runtime.wire.evidence import (
    check_name,
    piecewise_from_wire,
    piecewise_to_wire,
    source_to_wire,
    sources_from_wire,
)


def scheme_from_wire(message: pb.SharingScheme, violations: Violations) -> SharingScheme | None:
    """A sharing scheme, or None after noting everything that is wrong with it."""
    before = len(violations.found)
    check_name(violations, "name", message.name)
    violations.require_non_empty("driver", message.driver)
    violations.require_non_empty("variants", message.variants)
    violations.require_non_empty("tiers", message.tiers)
    violations.require_fraction("enforcement", message.enforcement)
    violations.require_positive("actual_use", message.actual_use)
    violations.require_range("scarcity_beta", message.scarcity_beta, -1.0, 0.0)
    normal = message.normal_inflow if message.HasField("normal_inflow") else 1.0
    highest = message.highest_scarcity if message.HasField("highest_scarcity") else 2.0
    violations.require_positive("normal_inflow", normal)
    violations.require_range("highest_scarcity", highest, 1.0, 1000.0)
    variants = violations.each("variants", message.variants, _variant)
    tiers = violations.each("tiers", message.tiers, _tier)
    sources = sources_from_wire(message.sources, violations)
    if len(violations.found) > before or sources is None:
        return None
    try:
        return SharingScheme(
            message.name,
            message.driver,
            variants,
            message.variant,
            message.enforcement,
            message.actual_use,
            tiers,
            sources,
            message.scarcity_beta,
            normal,
            highest,
        )
    except ValueError as error:
        violations.add("", str(error))
        return None


def scheme_to_wire(scheme: SharingScheme) -> pb.SharingScheme:
    """The message of a sharing scheme."""
    return pb.SharingScheme(
        name=scheme.name,
        driver=scheme.driver,
        variants=[
            pb.SchemeVariant(
                name=variant.name,
                label_zh=variant.label_zh,
                label_en=variant.label_en,
                entitlement=piecewise_to_wire(variant.entitlement),
                sources=[source_to_wire(source) for source in variant.sources],
            )
            for variant in scheme.variants
        ],
        variant=scheme.variant,
        enforcement=scheme.enforcement,
        actual_use=scheme.actual_use,
        tiers=[
            pb.SchemeTier(
                allocation_factor=tier.allocation_factor,
                revenue_factor=tier.revenue_factor,
                senior_volume=tier.senior_volume,
                tier_volume=tier.tier_volume,
            )
            for tier in scheme.tiers
        ],
        sources=[source_to_wire(source) for source in scheme.sources],
        scarcity_beta=scheme.scarcity_beta,
        normal_inflow=scheme.normal_inflow,
        highest_scarcity=scheme.highest_scarcity,
    )


def _variant(message: pb.SchemeVariant, violations: Violations) -> SchemeVariant | None:
    good = check_name(violations, "name", message.name)
    sources = sources_from_wire(message.sources, violations)
    entitlement = violations.collect("entitlement", piecewise_from_wire, message.entitlement)
    if not good or sources is None or entitlement is None:
        return None
    return SchemeVariant(message.name, message.label_zh, message.label_en, entitlement, sources)


def _tier(message: pb.SchemeTier, violations: Violations) -> SchemeTier:
    violations.require_non_empty("allocation_factor", message.allocation_factor)
    violations.require_non_negative("senior_volume", message.senior_volume)
    violations.require_positive("tier_volume", message.tier_volume)
    return SchemeTier(
        message.allocation_factor, message.revenue_factor, message.senior_volume, message.tier_volume
    )
