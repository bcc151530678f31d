"""Schedules, warnings, distributions and manifests between protobuf and Python."""

import numpy as np

from ecopledge.type.v1 import exposure_pb2, result_pb2
from quant.schedules import LARGEST_QUANTITY_CV, RISK_PREMIUM_RANGE, CollateralTerms, ExposureSchedule
from services.runtime.results import Caution, Distribution, Manifest, Progress, Quantile, Severity
from services.runtime.violations import Violations

_SEVERITY = {
    Severity.NOTE: result_pb2.SEVERITY_NOTE,
    Severity.WARNING: result_pb2.SEVERITY_WARNING,
    Severity.IMPLAUSIBLE: result_pb2.SEVERITY_IMPLAUSIBLE,
}
_SEVERITY_FROM_WIRE = {number: severity for severity, number in _SEVERITY.items()}
_LONGEST_ID = 64


def schedule_from_wire(
    message: exposure_pb2.ExposureSchedule, violations: Violations
) -> ExposureSchedule | None:
    """A schedule, or None after noting everything that is wrong with it."""
    before = len(violations.found)
    violations.require_non_empty("asset_id", message.asset_id)
    violations.require_max_length("asset_id", message.asset_id, _LONGEST_ID)
    violations.require_non_empty("exposures", message.exposures)
    for i, row in enumerate(message.exposures):
        at = violations.at(f"exposures[{i}]")
        at.require_non_negative("time_years", row.time_years)
        at.require_non_empty("factor", row.factor)
        at.require_finite("quantity", row.quantity)
    terms = terms_from_wire(message.terms, violations.at("terms"))
    if terms is None or len(violations.found) > before:
        return None
    return ExposureSchedule(
        message.asset_id,
        np.array([row.time_years for row in message.exposures]),
        tuple(row.factor for row in message.exposures),
        np.array([row.quantity for row in message.exposures]),
        tuple(row.label for row in message.exposures),
        terms,
    )


def schedule_to_wire(schedule: ExposureSchedule) -> exposure_pb2.ExposureSchedule:
    """The message of a schedule."""
    rows = zip(schedule.times_years, schedule.factors, schedule.quantities, schedule.labels, strict=True)
    return exposure_pb2.ExposureSchedule(
        asset_id=schedule.asset_id,
        exposures=[
            exposure_pb2.Exposure(time_years=time, factor=factor, quantity=quantity, label=label)
            for time, factor, quantity, label in rows
        ],
        terms=terms_to_wire(schedule.terms),
    )


def terms_from_wire(message: exposure_pb2.CollateralTerms, violations: Violations) -> CollateralTerms | None:
    """Collateral terms, or None after noting everything that is wrong with them."""
    severity = message.event_severity if message.HasField("event_severity") else 1.0
    good = violations.require_range("risk_premium_annual", message.risk_premium_annual, *RISK_PREMIUM_RANGE)
    good &= violations.require_non_negative("event_intensity_annual", message.event_intensity_annual)
    good &= violations.require_fraction("event_severity", severity)
    good &= violations.require_range("quantity_cv", message.quantity_cv, 0.0, LARGEST_QUANTITY_CV)
    good &= violations.require_fraction("disposal_cost", message.disposal_cost)
    good &= violations.require_non_negative("disposal_lag_years", message.disposal_lag_years)
    good &= violations.require_fraction("liquidity_discount", message.liquidity_discount)
    if not good:
        return None
    return CollateralTerms(
        message.risk_premium_annual,
        message.event_intensity_annual,
        severity,
        message.quantity_cv,
        message.disposal_cost,
        message.disposal_lag_years,
        message.liquidity_discount,
    )


def terms_to_wire(terms: CollateralTerms) -> exposure_pb2.CollateralTerms:
    """The message of collateral terms."""
    return exposure_pb2.CollateralTerms(
        risk_premium_annual=terms.risk_premium_annual,
        event_intensity_annual=terms.event_intensity,
        event_severity=terms.event_severity,
        quantity_cv=terms.quantity_cv,
        disposal_cost=terms.disposal_cost,
        disposal_lag_years=terms.disposal_lag_years,
        liquidity_discount=terms.liquidity_discount,
    )


def caution_to_wire(caution: Caution) -> result_pb2.Warning:
    """The message of a warning."""
    return result_pb2.Warning(
        code=caution.code,
        severity=_SEVERITY[caution.severity],
        message_zh=caution.message_zh,
        message_en=caution.message_en,
        field=caution.field,
    )


def caution_from_wire(message: result_pb2.Warning) -> Caution:
    """A warning; one whose weight this version does not know counts as a warning."""
    severity = _SEVERITY_FROM_WIRE.get(message.severity, Severity.WARNING)
    return Caution(message.code, severity, message.message_zh, message.message_en, message.field)


def distribution_to_wire(distribution: Distribution) -> result_pb2.Distribution:
    """The message of a distribution."""
    return result_pb2.Distribution(
        mean=distribution.mean,
        mean_standard_error=distribution.mean_standard_error,
        standard_deviation=distribution.standard_deviation,
        quantiles=[
            result_pb2.Quantile(probability=q.probability, value=q.value, standard_error=q.standard_error)
            for q in distribution.quantiles
        ],
    )


def distribution_from_wire(message: result_pb2.Distribution) -> Distribution:
    """A distribution."""
    return Distribution(
        message.mean,
        message.mean_standard_error,
        message.standard_deviation,
        tuple(Quantile(q.probability, q.value, q.standard_error) for q in message.quantiles),
    )


def progress_to_wire(progress: Progress) -> result_pb2.Progress:
    """The message of progress."""
    return result_pb2.Progress(
        paths_done=progress.paths_done,
        paths_total=progress.paths_total,
        searches_done=progress.searches_done,
        searches_total=progress.searches_total,
    )


def progress_from_wire(message: result_pb2.Progress) -> Progress:
    """How far a simulation has come."""
    return Progress(message.paths_done, message.paths_total, message.searches_done, message.searches_total)


def manifest_to_wire(manifest: Manifest) -> result_pb2.Manifest:
    """The message of a manifest."""
    return result_pb2.Manifest(
        input_hash=manifest.input_hash,
        snapshot_id=manifest.snapshot_id,
        snapshot_hash=manifest.snapshot_hash,
        catalogue_hash=manifest.catalogue_hash,
        seed=manifest.seed,
        n_paths=manifest.n_paths,
        engine_version=manifest.engine_version,
    )


def manifest_from_wire(message: result_pb2.Manifest) -> Manifest:
    """A manifest."""
    return Manifest(
        message.input_hash,
        message.snapshot_id,
        message.snapshot_hash,
        message.catalogue_hash,
        message.seed,
        message.n_paths,
        message.engine_version,
    )
