"""Batches between protobuf and the domain: for each asset a result or why there is none."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import grpc
from google.rpc import error_details_pb2, status_pb2

from ecopledge.valuation.v1 import valuation_pb2 as pb
from quant.schedules import ExposureSchedule
from services.runtime.errors import FieldViolation
from services.runtime.wire.results import schedule_to_wire
from services.valuation.translate.valuation import valuation_fields
from services.valuation.valuation import Failure, Valuation

_STATUS_NUMBERS = {code.name: code.value[0] for code in grpc.StatusCode}
_STATUS_NAMES = {number: name for name, number in _STATUS_NUMBERS.items()}


def valuations_to_wire(outcomes: Sequence[Valuation | Failure]) -> pb.ValueAssetsResponse:
    """The response for a batch of assets."""
    response = pb.ValueAssetsResponse()
    for i, outcome in enumerate(outcomes):
        if isinstance(outcome, Failure):
            _add_failure(response, outcome, i)
        else:
            response.outcomes.add(asset_id=outcome.asset_id, valuation=valuation_fields(outcome))
    return response


def valuation_ids_to_wire(outcomes: Sequence[Valuation | Failure]) -> pb.ValueAssetsResponse:
    """The response without what the store has: ids in place of valuations, failures in full."""
    response = pb.ValueAssetsResponse()
    for i, outcome in enumerate(outcomes):
        if isinstance(outcome, Failure):
            _add_failure(response, outcome, i)
        else:
            valuation_id = outcome.valuation_id
            response.outcomes.add(asset_id=outcome.asset_id, valuation={"valuation_id": valuation_id})
    return response


def with_valuations(ids: pb.ValueAssetsResponse, stored: Mapping[str, Valuation]) -> pb.ValueAssetsResponse:
    """The response that `valuation_ids_to_wire` stands for, from the stored valuations by id."""
    response = pb.ValueAssetsResponse()
    for outcome in ids.outcomes:
        if outcome.WhichOneof("outcome") == "failure":
            response.outcomes.add().CopyFrom(outcome)
        else:
            valuation = stored[outcome.valuation.valuation_id]
            response.outcomes.add(asset_id=outcome.asset_id, valuation=valuation_fields(valuation))
    return response


def found_to_wire(asset_ids: Sequence[str], found: Sequence[Valuation | None]) -> pb.FindValuationsResponse:
    """The response of a search: an entry for each asset, empty where nothing was found."""
    response = pb.FindValuationsResponse()
    for asset_id, valuation in zip(asset_ids, found, strict=True):
        response.found.add(
            asset_id=asset_id, valuation=None if valuation is None else valuation_fields(valuation)
        )
    return response


def exposures_to_wire(outcomes: Sequence[ExposureSchedule | Failure]) -> pb.GetExposuresResponse:
    """The response for a batch of schedules."""
    response = pb.GetExposuresResponse()
    for i, outcome in enumerate(outcomes):
        if isinstance(outcome, Failure):
            _add_failure(response, outcome, i)
        else:
            response.outcomes.add(asset_id=outcome.asset_id, schedule=schedule_to_wire(outcome))
    return response


def _add_failure(response: Any, failure: Failure, i: int) -> None:
    response.outcomes.add(asset_id=failure.asset_id, failure=failure_to_wire(failure, f"assets[{i}]"))


def outcomes_from_wire(messages: Sequence[Any], field: str, from_wire: Callable[[Any], Any]) -> list[Any]:
    """The results and failures of outcome messages, in order."""
    return [
        from_wire(getattr(message, field))
        if message.WhichOneof("outcome") == field
        else failure_from_wire(message.asset_id, message.failure)
        for message in messages
    ]


def failure_to_wire(failure: Failure, at: str) -> status_pb2.Status:
    """The status of a failure; the paths of its violations go below `at`."""
    status = status_pb2.Status(code=_STATUS_NUMBERS[failure.code], message=failure.message)
    if failure.violations:
        detail = error_details_pb2.BadRequest()
        for violation in failure.violations:
            path = f"{at}.{violation.field}" if violation.field else at
            detail.field_violations.add(field=path, description=violation.description)
        status.details.add().Pack(detail)
    return status


def failure_from_wire(asset_id: str, status: status_pb2.Status) -> Failure:
    """The failure of a status."""
    violations: list[FieldViolation] = []
    for packed in status.details:
        detail = error_details_pb2.BadRequest()
        if packed.Unpack(detail):
            violations += [FieldViolation(item.field, item.description) for item in detail.field_violations]
    return Failure(asset_id, _STATUS_NAMES.get(status.code, "UNKNOWN"), status.message, tuple(violations))
