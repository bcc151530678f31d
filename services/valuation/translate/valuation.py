"""Valuations between protobuf and the domain: in full, as a summary, computed again."""

import datetime as dt
from dataclasses import fields
from typing import Any

from ecopledge.valuation.v1 import valuation_pb2 as pb
from services.runtime.moments import text_of_moment
from services.runtime.results import Manifest
from services.runtime.wire.results import (
    caution_from_wire,
    caution_to_wire,
    distribution_from_wire,
    manifest_from_wire,
)
from services.runtime.wire.values import date_from_wire, date_to_wire
from services.valuation.accounts.translate import account_fields, account_from_wire
from services.valuation.translate.explanation import (
    distribution_fields,
    explanation_fields,
    explanation_from_wire,
    fields_of,
)
from services.valuation.translate.message_fields import optional_field
from services.valuation.valuation import Replay, Valuation, ValuationSummary

_DATE = ("year", "month", "day")
_MANIFEST = tuple(field.name for field in fields(Manifest))


def valuation_to_wire(valuation: Valuation) -> pb.Valuation:
    """The message of a valuation."""
    return pb.Valuation(**valuation_fields(valuation))


def valuation_fields(valuation: Valuation) -> dict[str, Any]:
    """The fields of the message as nested dicts: protobuf copies a nested message, but fills one from a dict."""
    return {
        "valuation_id": valuation.valuation_id,
        "asset_id": valuation.asset_id,
        "kind": valuation.kind,
        "valuation_date": fields_of(valuation.valuation_date, _DATE),
        "value_cny": valuation.value_cny,
        "value_at_horizon": {
            "horizon_years": valuation.horizon_years,
            "confidence": valuation.confidence,
            "values_cny": distribution_fields(valuation.value_at_horizon),
        },
        "haircut": valuation.haircut,
        "pledge_value_cny": valuation.pledge_value_cny,
        "undiscounted_sum_cny": valuation.undiscounted_sum_cny,
        "annual_cash_cny": valuation.annual_cash_cny,
        "disclosed_value_cny": valuation.disclosed_value_cny,
        "best_alternative": valuation.best_alternative,
        "warnings": [caution_to_wire(caution) for caution in valuation.cautions],
        "manifest": fields_of(valuation.manifest, _MANIFEST),
        "assumptions": valuation.assumptions,
        **explanation_fields(valuation),
        "ecosystem_account": account_fields(valuation.ecosystem_account),
    }


def valuation_from_wire(message: pb.Valuation) -> Valuation:
    """The valuation of a message."""
    return Valuation(
        valuation_id=message.valuation_id,
        asset_id=message.asset_id,
        kind=message.kind,
        valuation_date=date_from_wire(message.valuation_date),
        value_cny=message.value_cny,
        horizon_years=message.value_at_horizon.horizon_years,
        confidence=message.value_at_horizon.confidence,
        value_at_horizon=distribution_from_wire(message.value_at_horizon.values_cny),
        haircut=message.haircut,
        pledge_value_cny=message.pledge_value_cny,
        undiscounted_sum_cny=message.undiscounted_sum_cny,
        annual_cash_cny=message.annual_cash_cny,
        disclosed_value_cny=optional_field(message, "disclosed_value_cny"),
        best_alternative=message.best_alternative,
        cautions=tuple(caution_from_wire(warning) for warning in message.warnings),
        assumptions=tuple(message.assumptions),
        manifest=manifest_from_wire(message.manifest),
        **explanation_from_wire(message),
        ecosystem_account=(
            account_from_wire(message.ecosystem_account) if message.HasField("ecosystem_account") else None
        ),
    )


def summary_to_wire(summary: ValuationSummary) -> pb.ValuationSummary:
    """The message of a summary."""
    return pb.ValuationSummary(
        valuation_id=summary.valuation_id,
        asset_id=summary.asset_id,
        kind=summary.kind,
        valuation_date=date_to_wire(summary.valuation_date),
        recorded_at=text_of_moment(summary.recorded_at),
        value_cny=summary.value_cny,
        pledge_value_cny=summary.pledge_value_cny,
        snapshot_id=summary.snapshot_id,
    )


def summary_from_wire(message: pb.ValuationSummary) -> ValuationSummary:
    """The summary of a message."""
    return ValuationSummary(
        message.valuation_id,
        message.asset_id,
        message.kind,
        date_from_wire(message.valuation_date),
        dt.datetime.fromisoformat(message.recorded_at),
        message.value_cny,
        message.pledge_value_cny,
        message.snapshot_id,
    )


def replay_to_wire(replay: Replay) -> pb.ReplayValuationResponse:
    """The response for a replay."""
    return pb.ReplayValuationResponse(
        identical=replay.identical,
        differences=replay.differences,
        stored=valuation_to_wire(replay.stored),
        recomputed=valuation_to_wire(replay.recomputed),
    )


def replay_from_wire(message: pb.ReplayValuationResponse) -> Replay:
    """The replay of a response."""
    return Replay(
        message.identical,
        tuple(message.differences),
        valuation_from_wire(message.stored),
        valuation_from_wire(message.recomputed),
    )
