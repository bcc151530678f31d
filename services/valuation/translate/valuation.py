"""Results between protobuf and the domain: valuations, failures, sized loans, summaries, kinds."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

import grpc
from google.rpc import error_details_pb2, status_pb2

from ecopledge.valuation.v1 import valuation_pb2 as pb
from quant.schedules import ExposureSchedule
from services.runtime.errors import FieldViolation, Internal
from services.runtime.results import Manifest
from services.runtime.violations import Violations
from services.runtime.wire import date_from_wire, date_to_wire
from services.runtime.wire_market import source_from_wire, source_to_wire
from services.runtime.wire_results import (
    caution_from_wire,
    caution_to_wire,
    distribution_from_wire,
    manifest_from_wire,
    schedule_to_wire,
    terms_from_wire,
    terms_to_wire,
)
from services.valuation.accounts.translate import account_fields, account_from_wire
from services.valuation.catalogue.asset_kind import AssetKind
from services.valuation.lending.translate_pricing import rate_from_wire, rate_to_wire
from services.valuation.translate.explanation import (
    distribution_fields,
    explanation_fields,
    explanation_from_wire,
    fields_of,
)
from services.valuation.valuation import (
    Failure,
    Limit,
    LimitRule,
    LoanYear,
    NeededChange,
    Replay,
    SizedLoan,
    Valuation,
    ValuationSummary,
)

_RULES = {
    LimitRule.PLEDGE_VALUE: pb.LIMIT_RULE_PLEDGE_VALUE,
    LimitRule.CASH_MULTIPLE: pb.LIMIT_RULE_CASH_MULTIPLE,
    LimitRule.DEBT_SERVICE: pb.LIMIT_RULE_DEBT_SERVICE,
    LimitRule.PROJECT_COST: pb.LIMIT_RULE_PROJECT_COST,
    LimitRule.GUARANTOR_CAP: pb.LIMIT_RULE_GUARANTOR_CAP,
    LimitRule.PRODUCT_CAP: pb.LIMIT_RULE_PRODUCT_CAP,
}
_RULES_FROM_WIRE: dict[int, LimitRule] = {number: rule for rule, number in _RULES.items()}
_DATE = ("year", "month", "day")
_LOAN_YEAR = tuple(field.name for field in fields(LoanYear))
_NEEDED_CHANGE = tuple(field.name for field in fields(NeededChange))
_MANIFEST = tuple(field.name for field in fields(Manifest))
_STATUS_NUMBERS = {code.name: code.value[0] for code in grpc.StatusCode}
_STATUS_NAMES = {number: name for name, number in _STATUS_NUMBERS.items()}


def valuation_to_wire(valuation: Valuation) -> pb.Valuation:
    """The message of a valuation."""
    return pb.Valuation(**_valuation_fields(valuation))


def _valuation_fields(valuation: Valuation) -> dict[str, Any]:
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
        disclosed_value_cny=_optional(message, "disclosed_value_cny"),
        best_alternative=message.best_alternative,
        cautions=tuple(caution_from_wire(warning) for warning in message.warnings),
        assumptions=tuple(message.assumptions),
        manifest=manifest_from_wire(message.manifest),
        **explanation_from_wire(message),
        ecosystem_account=(
            account_from_wire(message.ecosystem_account) if message.HasField("ecosystem_account") else None
        ),
    )


def valuations_to_wire(outcomes: Sequence[Valuation | Failure]) -> pb.ValueAssetsResponse:
    """The response for a batch of assets."""
    response = pb.ValueAssetsResponse()
    for i, outcome in enumerate(outcomes):
        if isinstance(outcome, Failure):
            _add_failure(response, outcome, i)
        else:
            response.outcomes.add(asset_id=outcome.asset_id, valuation=_valuation_fields(outcome))
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
            response.outcomes.add(asset_id=outcome.asset_id, valuation=_valuation_fields(valuation))
    return response


def found_to_wire(asset_ids: Sequence[str], found: Sequence[Valuation | None]) -> pb.FindValuationsResponse:
    """The response of a search: an entry for each asset, empty where nothing was found."""
    response = pb.FindValuationsResponse()
    for asset_id, valuation in zip(asset_ids, found, strict=True):
        response.found.add(
            asset_id=asset_id, valuation=None if valuation is None else _valuation_fields(valuation)
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


def sized_loan_to_wire(sized: SizedLoan) -> pb.SizeLoanResponse:
    """The response for a sized loan."""
    return pb.SizeLoanResponse(
        valuation=valuation_to_wire(sized.valuation),
        limits=[
            pb.Limit(
                rule=_RULES[limit.rule],
                limit_cny=limit.limit_cny,
                explanation_zh=limit.explanation_zh,
                explanation_en=limit.explanation_en,
            )
            for limit in sized.limits
        ],
        binding_rule=_RULES[sized.binding_rule],
        limit_cny=sized.limit_cny,
        requested_within_limit=sized.requested_within_limit,
        min_dscr_at_limit=sized.min_dscr_at_limit,
        loan_per_unit_cny=sized.loan_per_unit_cny,
        years=[pb.LoanYear(**fields_of(year, _LOAN_YEAR)) for year in sized.years],
        years_following_cash=[
            pb.LoanYear(**fields_of(year, _LOAN_YEAR)) for year in sized.years_following_cash
        ],
        changes_needed=[
            pb.NeededChange(**{**fields_of(change, _NEEDED_CHANGE), "rule": _RULES[change.rule]})
            for change in sized.changes_needed
        ],
        rate=None if sized.rate is None else rate_to_wire(sized.rate),
    )


def sized_loan_from_wire(message: pb.SizeLoanResponse) -> SizedLoan:
    """The sized loan of a response."""
    return SizedLoan(
        valuation_from_wire(message.valuation),
        tuple(
            Limit(_rule(limit.rule), limit.limit_cny, limit.explanation_zh, limit.explanation_en)
            for limit in message.limits
        ),
        _rule(message.binding_rule),
        message.limit_cny,
        _optional(message, "requested_within_limit"),
        _optional(message, "min_dscr_at_limit"),
        _optional(message, "loan_per_unit_cny"),
        _loan_years(message.years),
        tuple(
            NeededChange(
                _rule(found.rule), found.lever, found.needed, found.explanation_zh, found.explanation_en
            )
            for found in message.changes_needed
        ),
        rate_from_wire(message.rate) if message.HasField("rate") else None,
        _loan_years(message.years_following_cash),
    )


def _loan_years(messages: Sequence[pb.LoanYear]) -> tuple[LoanYear, ...]:
    return tuple(
        LoanYear(
            found.year,
            found.low_cash_cny,
            found.debt_service_cny,
            found.outstanding_cny,
            _optional(found, "dscr"),
            found.pledge_value_cny,
            _optional(found, "ltv"),
        )
        for found in messages
    )


def summary_to_wire(summary: ValuationSummary) -> pb.ValuationSummary:
    """The message of a summary."""
    return pb.ValuationSummary(
        valuation_id=summary.valuation_id,
        asset_id=summary.asset_id,
        kind=summary.kind,
        valuation_date=date_to_wire(summary.valuation_date),
        recorded_at=summary.recorded_at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z"),
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
        _optional(message, "cash_multiple_cap"),
        message.min_dscr,
        tuple(source for source in sources if source is not None),
    )


def _rule(number: int) -> LimitRule:
    rule = _RULES_FROM_WIRE.get(number)
    if rule is None:
        raise Internal(f"the server named limit rule {number}, which this client does not know")
    return rule


def _optional(message: Any, field: str) -> Any:
    return getattr(message, field) if message.HasField(field) else None
