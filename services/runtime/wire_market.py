"""Market snapshots between protobuf and Python."""

from collections.abc import Sequence

from ecopledge.type.v1 import market_pb2 as pb
from quant.piecewise import PiecewiseLinear
from services.runtime.errors import InvalidInput
from services.runtime.market import (
    CurvePoint,
    Evidence,
    MarketSnapshot,
    QuotedCorrelation,
    QuotedDerivedFactor,
    QuotedFactor,
    Source,
)
from services.runtime.violations import Violations
from services.runtime.wire import date_from_wire, date_to_wire

_EVIDENCE = {
    pb.EVIDENCE_PUBLISHED: Evidence.PUBLISHED,
    pb.EVIDENCE_DERIVED: Evidence.DERIVED,
    pb.EVIDENCE_ASSUMPTION: Evidence.ASSUMPTION,
}
_EVIDENCE_TO_WIRE = {evidence: number for number, evidence in _EVIDENCE.items()}
_LONGEST_NAME = 64


def snapshot_from_wire(message: pb.MarketSnapshot, violations: Violations) -> MarketSnapshot | None:
    """A snapshot, or None after noting everything that is wrong with it."""
    before = len(violations.found)
    _check_name(violations, "snapshot_id", message.snapshot_id)
    as_of = violations.collect("as_of", date_from_wire, message.as_of)
    violations.require_non_empty("primary_factors", message.primary_factors)
    violations.require_non_empty("discount_curve", message.discount_curve)
    primaries = [
        _primary(item, violations.at(f"primary_factors[{i}]"))
        for i, item in enumerate(message.primary_factors)
    ]
    derived = [
        _derived(item, violations.at(f"derived_factors[{i}]"))
        for i, item in enumerate(message.derived_factors)
    ]
    correlations = [
        _correlation(item, violations.at(f"correlations[{i}]")) for i, item in enumerate(message.correlations)
    ]
    curve = [
        _curve_point(item, violations.at(f"discount_curve[{i}]"))
        for i, item in enumerate(message.discount_curve)
    ]
    if len(violations.found) > before or as_of is None:
        return None
    try:
        return MarketSnapshot(
            message.snapshot_id,
            as_of,
            tuple(item for item in primaries if item is not None),
            tuple(item for item in derived if item is not None),
            tuple(item for item in correlations if item is not None),
            tuple(item for item in curve if item is not None),
        )
    except ValueError as error:
        violations.add("", str(error))
        return None


def snapshot_to_wire(snapshot: MarketSnapshot) -> pb.MarketSnapshot:
    """The message of a snapshot."""
    return pb.MarketSnapshot(
        snapshot_id=snapshot.snapshot_id,
        as_of=date_to_wire(snapshot.as_of),
        primary_factors=[_primary_to_wire(factor) for factor in snapshot.primary_factors],
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
    )


def source_to_wire(source: Source) -> pb.Source:
    """The message of a source."""
    return pb.Source(
        parameter=source.parameter,
        evidence=_EVIDENCE_TO_WIRE[source.evidence],
        citation=source.citation,
        as_of=None if source.as_of is None else date_to_wire(source.as_of),
    )


def source_from_wire(message: pb.Source, violations: Violations) -> Source | None:
    """A source, or None after noting what is wrong with it."""
    good = violations.require_known_enum("evidence", message.evidence, _EVIDENCE, "Evidence")
    good &= violations.require_non_empty("citation", message.citation)
    as_of = None
    if message.HasField("as_of"):
        as_of = violations.collect("as_of", date_from_wire, message.as_of)
        good &= as_of is not None
    return Source(message.parameter, _EVIDENCE[message.evidence], message.citation, as_of) if good else None


def _check_name(violations: Violations, field: str, name: str) -> bool:
    return violations.require_non_empty(field, name) and violations.require_max_length(
        field, name, _LONGEST_NAME
    )


def _sources(messages: Sequence[pb.Source], violations: Violations) -> tuple[Source, ...] | None:
    violations.require_non_empty("sources", messages)
    read = [source_from_wire(message, violations.at(f"sources[{i}]")) for i, message in enumerate(messages)]
    kept = tuple(source for source in read if source is not None)
    return kept if len(kept) == len(messages) > 0 else None


def _primary(message: pb.PrimaryFactor, violations: Violations) -> QuotedFactor | None:
    good = _check_name(violations, "name", message.name)
    good &= violations.require_positive("level", message.level)
    good &= violations.require_finite("growth_annual", message.growth_annual)
    good &= violations.require_non_negative("mean_reversion_annual", message.mean_reversion_annual)
    good &= violations.require_non_negative("volatility_annual", message.volatility_annual)
    good &= violations.require_finite("deviation", message.deviation)
    sources = _sources(message.sources, violations)
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
    )


def _primary_to_wire(factor: QuotedFactor) -> pb.PrimaryFactor:
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
    )


def _derived(message: pb.DerivedFactor, violations: Violations) -> QuotedDerivedFactor | None:
    good = _check_name(violations, "name", message.name)
    good &= violations.require_non_empty("driver", message.driver)
    sources = _sources(message.sources, violations)
    payoff = violations.collect("payoff", _piecewise, message.payoff)
    if not good or sources is None or payoff is None:
        return None
    price = message.price if message.HasField("price") else None
    return QuotedDerivedFactor(
        message.name, message.driver, payoff, message.unit, message.label_zh, message.label_en, sources, price
    )


def _derived_to_wire(factor: QuotedDerivedFactor) -> pb.DerivedFactor:
    payoff = pb.PiecewiseLinear(
        knots=factor.payoff.knots,
        values=factor.payoff.values,
        left_slope=factor.payoff.left_slope,
        right_slope=factor.payoff.right_slope,
    )
    return pb.DerivedFactor(
        name=factor.name,
        driver=factor.driver,
        payoff=payoff,
        price=factor.price,
        unit=factor.unit,
        label_zh=factor.label_zh,
        label_en=factor.label_en,
        sources=[source_to_wire(source) for source in factor.sources],
    )


def _piecewise(message: pb.PiecewiseLinear) -> PiecewiseLinear:
    try:
        return PiecewiseLinear(
            tuple(message.knots), tuple(message.values), message.left_slope, message.right_slope
        )
    except ValueError as error:
        raise InvalidInput.of("", str(error)) from error


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
