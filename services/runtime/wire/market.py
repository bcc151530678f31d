"""Market snapshots between protobuf and Python."""

from ecopledge.type.v1 import market_pb2 as pb
from quant.market.overlay import LogOverlay
from services.runtime.errors import InvalidInput
from services.runtime.market import (
    CurvePoint,
    MarketSnapshot,
    QuotedCorrelation,
    QuotedDerivedFactor,
    QuotedFactor,
    SeasonalProfile,
)
from services.runtime.violations import Violations
from services.runtime.wire.evidence import (
    check_name,
    piecewise_from_wire,
    piecewise_to_wire,
    source_from_wire,
    source_to_wire,
    sources_from_wire,
)
from services.runtime.wire.scheme import scheme_from_wire, scheme_to_wire
from services.runtime.wire.values import date_from_wire, date_to_wire

__all__ = ["snapshot_from_wire", "snapshot_to_wire", "source_from_wire", "source_to_wire"]


def snapshot_from_wire(message: pb.MarketSnapshot, violations: Violations) -> MarketSnapshot | None:
    """A snapshot, or None after noting everything that is wrong with it."""
    before = len(violations.found)
    check_name(violations, "snapshot_id", message.snapshot_id)
    as_of = violations.collect("as_of", date_from_wire, message.as_of)
    violations.require_non_empty("primary_factors", message.primary_factors)
    violations.require_non_empty("discount_curve", message.discount_curve)
    primaries = violations.each("primary_factors", message.primary_factors, primary_factor_from_wire)
    derived = violations.each("derived_factors", message.derived_factors, _derived)
    correlations = violations.each("correlations", message.correlations, _correlation)
    curve = violations.each("discount_curve", message.discount_curve, _curve_point)
    schemes = violations.each("sharing_schemes", message.sharing_schemes, scheme_from_wire)
    profiles = violations.each("seasonal_profiles", message.seasonal_profiles, _profile)
    if len(violations.found) > before or as_of is None:
        return None
    try:
        return MarketSnapshot(
            message.snapshot_id,
            as_of,
            primaries,
            derived,
            correlations,
            curve,
            schemes,
            profiles,
        )
    except ValueError as error:
        violations.add("", str(error))
        return None


def snapshot_to_wire(snapshot: MarketSnapshot) -> pb.MarketSnapshot:
    """The message of a snapshot."""
    return pb.MarketSnapshot(
        snapshot_id=snapshot.snapshot_id,
        as_of=date_to_wire(snapshot.as_of),
        primary_factors=[primary_factor_to_wire(factor) for factor in snapshot.primary_factors],
        derived_factors=[_derived_to_wire(factor) for factor in snapshot.derived_factors],
        correlations=[
            pb.Correlation(
                first=pair.first, second=pair.second, value=pair.value, source=source_to_wire(pair.source)
            )
            for pair in snapshot.correlations
        ],
        discount_curve=[
            pb.CurvePoint(
                tenor_years=point.tenor_years,
                rate_annual=point.rate_annual,
                source=source_to_wire(point.source),
            )
            for point in snapshot.discount_curve
        ],
        sharing_schemes=[scheme_to_wire(scheme) for scheme in snapshot.sharing_schemes],
        seasonal_profiles=[
            pb.SeasonalProfile(
                factor=profile.factor,
                monthly_shares=profile.monthly_shares,
                sources=[source_to_wire(source) for source in profile.sources],
            )
            for profile in snapshot.seasonal_profiles
        ],
    )


def _profile(message: pb.SeasonalProfile, violations: Violations) -> SeasonalProfile | None:
    good = check_name(violations, "factor", message.factor)
    sources = sources_from_wire(message.sources, violations)
    if not good or sources is None:
        return None
    try:
        return SeasonalProfile(message.factor, tuple(message.monthly_shares), sources)
    except ValueError as error:
        violations.add("monthly_shares", str(error))
        return None


def primary_factor_from_wire(message: pb.PrimaryFactor, violations: Violations) -> QuotedFactor | None:
    """A primary factor, or None after noting everything that is wrong with it."""
    good = check_name(violations, "name", message.name)
    good &= violations.require_positive("level", message.level)
    good &= violations.require_finite("growth_annual", message.growth_annual)
    good &= violations.require_non_negative("mean_reversion_annual", message.mean_reversion_annual)
    good &= violations.require_non_negative("volatility_annual", message.volatility_annual)
    good &= violations.require_finite("deviation", message.deviation)
    overlay = None
    if message.HasField("overlay"):
        overlay = violations.collect("overlay", _overlay, message.overlay)
        good &= overlay is not None
    sources = sources_from_wire(message.sources, violations)
    if not good or sources is None:
        return None
    return QuotedFactor(
        message.name,
        message.level,
        message.unit,
        message.label_zh,
        message.label_en,
        sources,
        message.growth_annual,
        message.mean_reversion_annual,
        message.volatility_annual,
        message.deviation,
        overlay,
    )


def _overlay(message: pb.LogOverlay) -> LogOverlay:
    try:
        return LogOverlay(tuple(message.after_years), tuple(message.log_shifts))
    except ValueError as error:
        raise InvalidInput.of("", str(error)) from error


def primary_factor_to_wire(factor: QuotedFactor) -> pb.PrimaryFactor:
    """The message of a primary factor."""
    return pb.PrimaryFactor(
        name=factor.name,
        level=factor.level,
        unit=factor.unit,
        growth_annual=factor.growth_annual,
        mean_reversion_annual=factor.mean_reversion_annual,
        volatility_annual=factor.volatility_annual,
        deviation=factor.deviation,
        label_zh=factor.label_zh,
        label_en=factor.label_en,
        sources=[source_to_wire(source) for source in factor.sources],
        overlay=None if factor.overlay is None else _overlay_to_wire(factor.overlay),
    )


def _overlay_to_wire(overlay: LogOverlay) -> pb.LogOverlay:
    return pb.LogOverlay(after_years=overlay.after_years, log_shifts=overlay.log_shifts)


def _derived(message: pb.DerivedFactor, violations: Violations) -> QuotedDerivedFactor | None:
    good = check_name(violations, "name", message.name)
    good &= violations.require_non_empty("driver", message.driver)
    sources = sources_from_wire(message.sources, violations)
    payoff = violations.collect("payoff", piecewise_from_wire, message.payoff)
    if not good or sources is None or payoff is None:
        return None
    price = message.price if message.HasField("price") else None
    return QuotedDerivedFactor(
        message.name, message.driver, payoff, message.unit, message.label_zh, message.label_en, sources, price
    )


def _derived_to_wire(factor: QuotedDerivedFactor) -> pb.DerivedFactor:
    return pb.DerivedFactor(
        name=factor.name,
        driver=factor.driver,
        payoff=piecewise_to_wire(factor.payoff),
        price=factor.price,
        unit=factor.unit,
        label_zh=factor.label_zh,
        label_en=factor.label_en,
        sources=[source_to_wire(source) for source in factor.sources],
    )


def _correlation(message: pb.Correlation, violations: Violations) -> QuotedCorrelation | None:
    good = violations.require_non_empty("first", message.first)
    good &= violations.require_non_empty("second", message.second)
    good &= violations.require_range("value", message.value, -1.0, 1.0)
    source = source_from_wire(message.source, violations.at("source"))
    if not good or source is None:
        return None
    return QuotedCorrelation(message.first, message.second, message.value, source)


def _curve_point(message: pb.CurvePoint, violations: Violations) -> CurvePoint | None:
    good = violations.require_positive("tenor_years", message.tenor_years)
    good &= violations.require_range("rate_annual", message.rate_annual, -0.5, 1.0)
    source = source_from_wire(message.source, violations.at("source"))
    return (
        CurvePoint(message.tenor_years, message.rate_annual, source) if good and source is not None else None
    )
