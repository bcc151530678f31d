"""What explains a value between protobuf and the domain: cash flows, sensitivities, what is paid."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from ecopledge.valuation.v1 import valuation_pb2 as pb
from services.runtime.errors import Internal
from services.runtime.results import Distribution
from services.runtime.wire.results import distribution_from_wire
from services.valuation.valuation import (
    AlternativeValue,
    Bump,
    CashFlowLine,
    HarvestOption,
    Sensitivity,
    Valuation,
)

_BUMPS = {
    Bump.LEVEL_1_PERCENT: pb.BUMP_LEVEL_1_PERCENT,
    Bump.VOLATILITY_1_POINT: pb.BUMP_VOLATILITY_1_POINT,
    Bump.DISCOUNT_RATE_100_BP: pb.BUMP_DISCOUNT_RATE_100_BP,
    Bump.EVENT_INTENSITY_10_PERCENT: pb.BUMP_EVENT_INTENSITY_10_PERCENT,
    Bump.ONE_STANDARD_DEVIATION: pb.BUMP_ONE_STANDARD_DEVIATION,
}
_BUMPS_FROM_WIRE: dict[int, Bump] = {number: bump for bump, number in _BUMPS.items()}
_CASH_FLOW = tuple(field.name for field in fields(CashFlowLine))
_ALTERNATIVE = tuple(field.name for field in fields(AlternativeValue))
_HARVEST_OPTION = tuple(field.name for field in fields(HarvestOption))


def explanation_fields(valuation: Valuation) -> dict[str, Any]:
    """The fields of the message that explain the value, as nested dicts."""
    realised = valuation.realised_value_cny
    return {
        "cash_flows": [fields_of(line, _CASH_FLOW) for line in valuation.cash_flows],
        "harvest_option": _harvest_option_fields(valuation.harvest_option),
        "sensitivities": [_sensitivity_fields(found) for found in valuation.sensitivities],
        "main_drivers": [_sensitivity_fields(found) for found in valuation.main_drivers],
        "realised_value_cny": None if realised is None else distribution_fields(realised),
    }


def explanation_from_wire(message: pb.Valuation) -> dict[str, Any]:
    """The fields of a valuation that explain it."""
    has = message.HasField
    return {
        "cash_flows": tuple(_cash_flow_from_wire(line) for line in message.cash_flows),
        "harvest_option": (
            _harvest_option_from_wire(message.harvest_option) if has("harvest_option") else None
        ),
        "sensitivities": tuple(_sensitivity_from_wire(found) for found in message.sensitivities),
        "main_drivers": tuple(_sensitivity_from_wire(found) for found in message.main_drivers),
        "realised_value_cny": (
            distribution_from_wire(message.realised_value_cny) if has("realised_value_cny") else None
        ),
    }


def fields_of(value: object, names: Sequence[str]) -> dict[str, Any]:
    """The named attributes, as the fields of a message."""
    return {name: getattr(value, name) for name in names}


def distribution_fields(distribution: Distribution) -> dict[str, Any]:
    """The fields of the message of a distribution."""
    return {
        "mean": distribution.mean,
        "mean_standard_error": distribution.mean_standard_error,
        "standard_deviation": distribution.standard_deviation,
        "quantiles": [
            {"probability": q.probability, "value": q.value, "standard_error": q.standard_error}
            for q in distribution.quantiles
        ],
    }


def _harvest_option_fields(option: HarvestOption | None) -> dict[str, Any] | None:
    if option is None:
        return None
    alternatives = [fields_of(alternative, _ALTERNATIVE) for alternative in option.alternatives]
    return {**fields_of(option, _HARVEST_OPTION), "alternatives": alternatives}


def _harvest_option_from_wire(message: pb.HarvestOption) -> HarvestOption:
    return HarvestOption(
        value_cny=message.value_cny,
        option_value_cny=message.option_value_cny,
        standard_error_cny=message.standard_error_cny,
        foresight_cny=message.foresight_cny,
        alternatives=tuple(AlternativeValue(found.name, found.value_cny) for found in message.alternatives),
        mean_felling_years=(message.mean_felling_years if message.HasField("mean_felling_years") else None),
        felled_share=message.felled_share,
    )


def _sensitivity_fields(found: Sensitivity) -> dict[str, Any]:
    return {"driver": found.driver, "bump": _BUMPS[found.bump], "change_cny": found.change_cny}


def _sensitivity_from_wire(message: pb.Sensitivity) -> Sensitivity:
    bump = _BUMPS_FROM_WIRE.get(message.bump)
    if bump is None:
        raise Internal(f"the server named bump {message.bump}, which this client does not know")
    return Sensitivity(message.driver, bump, message.change_cny)


def _cash_flow_from_wire(line: pb.CashFlowLine) -> CashFlowLine:
    return CashFlowLine(
        line.time_years,
        line.factor,
        line.quantity,
        line.expected_factor,
        line.expected_amount_cny,
        line.present_value_cny,
        line.label,
    )
