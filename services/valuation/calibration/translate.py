"""Calibration between protobuf and the domain."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from ecopledge.valuation.v1 import calibration_pb2 as pb
from services.runtime.errors import Internal
from services.runtime.violations import Violations
from services.runtime.wire.market import primary_factor_from_wire, primary_factor_to_wire
from services.runtime.wire.results import caution_from_wire, caution_to_wire
from services.runtime.wire.values import date_from_wire, date_to_wire
from services.valuation.calibration.calibrated import (
    Calibration,
    CalibrationQuestion,
    FittedModel,
    ModelRisk,
    ModelValue,
    Observation,
    Sample,
    UnitRootTest,
)
from services.valuation.translate.asset import asset_from_wire, asset_to_wire

FEWEST_OBSERVATIONS = 10
MOST_OBSERVATIONS = 20_000
LARGEST_VALUE = 1e100
_LONGEST_NAME = 64
_MODEL = tuple(field.name for field in fields(FittedModel) if field.name != "factor")
_SAMPLE = tuple(field.name for field in fields(Sample))
_UNIT_ROOT = tuple(field.name for field in fields(UnitRootTest))
_VALUE = tuple(field.name for field in fields(ModelValue))


def question_from_wire(request: pb.CalibrateFactorRequest) -> CalibrationQuestion:
    """The question of a request.

    Raises:
        InvalidInput: with everything that is wrong with it.
    """
    violations = Violations()
    if violations.require_non_empty("factor", request.factor):
        violations.require_max_length("factor", request.factor, _LONGEST_NAME)
    observations = _observations(request.observations, violations)
    long_run_mean = None
    if request.HasField("long_run_mean"):
        long_run_mean = request.long_run_mean
        violations.require_positive("long_run_mean", long_run_mean)
    asset = None
    if request.HasField("asset"):
        asset = asset_from_wire(request.asset, violations.at("asset"))
    violations.raise_if_any()
    return CalibrationQuestion(
        factor=request.factor,
        observations=observations,
        unit=request.unit,
        source=request.source,
        fit_trend=request.fit_trend,
        long_run_mean=long_run_mean,
        asset=asset,
    )


def _observations(messages: Sequence[pb.Observation], violations: Violations) -> tuple[Observation, ...]:
    n = len(messages)
    violations.require(
        FEWEST_OBSERVATIONS <= n <= MOST_OBSERVATIONS,
        "observations",
        f"found {n}, expected from {FEWEST_OBSERVATIONS} to {MOST_OBSERVATIONS}",
    )
    found: list[Observation] = []
    before: dt.date | None = None
    for i, message in enumerate(messages):
        at = violations.at(f"observations[{i}]")
        date = at.collect("date", date_from_wire, message.date)
        good = at.require_positive("value", message.value)
        if good:
            good = at.require(
                message.value <= LARGEST_VALUE,
                "value",
                f"found {message.value}, expected at most {LARGEST_VALUE:g}",
            )
        if date is None:
            continue
        if before is not None and date <= before:
            at.add("date", f"found {date}, expected a date after that of the observation before ({before})")
        before = date
        if good:
            found.append(Observation(date, message.value))
    return tuple(found)


def question_to_wire(question: CalibrationQuestion, snapshot_id: str) -> pb.CalibrateFactorRequest:
    """The message of a question."""
    return pb.CalibrateFactorRequest(
        snapshot_id=snapshot_id,
        factor=question.factor,
        unit=question.unit,
        observations=[
            pb.Observation(date=date_to_wire(observation.date), value=observation.value)
            for observation in question.observations
        ],
        source=question.source,
        fit_trend=question.fit_trend,
        long_run_mean=question.long_run_mean,
        asset=None if question.asset is None else asset_to_wire(question.asset),
    )


def calibration_to_wire(calibration: Calibration) -> pb.CalibrateFactorResponse:
    """The message of a calibration."""
    test, risk = calibration.unit_root, calibration.model_risk
    return pb.CalibrateFactorResponse(
        mean_reverting=_model_to_wire(calibration.mean_reverting),
        brownian=_model_to_wire(calibration.brownian),
        unit_root=None if test is None else pb.UnitRootTest(**_fields(test, _UNIT_ROOT)),
        model_risk=None if risk is None else _risk_to_wire(risk),
        warnings=[caution_to_wire(caution) for caution in calibration.cautions],
        **_fields(calibration.sample, _SAMPLE),
    )


def calibration_from_wire(message: pb.CalibrateFactorResponse) -> Calibration:
    """The calibration of a message.

    Raises:
        Internal: the message holds a factor that is none.
    """
    test, risk = message.unit_root, message.model_risk
    return Calibration(
        mean_reverting=_model_from_wire(message.mean_reverting),
        brownian=_model_from_wire(message.brownian),
        unit_root=UnitRootTest(**_fields(test, _UNIT_ROOT)) if message.HasField("unit_root") else None,
        sample=Sample(**_fields(message, _SAMPLE)),
        cautions=tuple(caution_from_wire(warning) for warning in message.warnings),
        model_risk=_risk_from_wire(risk) if message.HasField("model_risk") else None,
    )


def _fields(value: object, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(value, name) for name in names}


def _model_to_wire(model: FittedModel) -> pb.FittedModel:
    return pb.FittedModel(factor=primary_factor_to_wire(model.factor), **_fields(model, _MODEL))


def _model_from_wire(message: pb.FittedModel) -> FittedModel:
    violations = Violations()
    factor = primary_factor_from_wire(message.factor, violations)
    if factor is None:
        raise Internal(f"the service sent a factor that cannot be read: {violations.found}")
    present = {field.name for field, _ in message.ListFields()}
    optional = {field.name for field in message.DESCRIPTOR.fields if field.has_presence}
    numbers: dict[str, Any] = {
        name: None if name in optional - present else getattr(message, name) for name in _MODEL
    }
    return FittedModel(factor=factor, **numbers)


def _risk_to_wire(risk: ModelRisk) -> pb.ModelRisk:
    return pb.ModelRisk(
        asset_id=risk.asset_id,
        as_in_snapshot=pb.ModelValue(**_fields(risk.as_in_snapshot, _VALUE)),
        mean_reverting=pb.ModelValue(**_fields(risk.mean_reverting, _VALUE)),
        brownian=pb.ModelValue(**_fields(risk.brownian, _VALUE)),
        value_difference_cny=risk.value_difference_cny,
        pledge_value_difference_cny=risk.pledge_value_difference_cny,
    )


def _risk_from_wire(message: pb.ModelRisk) -> ModelRisk:
    values = (message.as_in_snapshot, message.mean_reverting, message.brownian)
    return ModelRisk(message.asset_id, *(ModelValue(**_fields(value, _VALUE)) for value in values))
