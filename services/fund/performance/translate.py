"""Ledgers, performance and pacing between protobuf and Python."""

from decimal import Decimal
from typing import Any

from google.type.money_pb2 import Money

from ecopledge.fund.v1 import pacing_pb2, performance_pb2
from quant.performance import PublicMarketEquivalents
from services.fund.performance.ledger import (
    AccountPerformance,
    EntryKind,
    IndexLevel,
    LedgerEntry,
    LedgerPerformance,
)
from services.fund.performance.pacing import (
    ObservedFlows,
    PacedPlan,
    PacedYear,
    PacingParameters,
    PacingPrecision,
    PacingQuestion,
)
from services.runtime.violations import Violations
from services.runtime.wire.results import caution_from_wire, caution_to_wire
from services.runtime.wire.values import date_from_wire, date_to_wire, decimal_from_money, money_from_decimal

_LONGEST_ID = 64
_KINDS = {
    performance_pb2.ENTRY_KIND_CONTRIBUTION: EntryKind.CONTRIBUTION,
    performance_pb2.ENTRY_KIND_DISTRIBUTION: EntryKind.DISTRIBUTION,
    performance_pb2.ENTRY_KIND_NET_ASSET_VALUE: EntryKind.NET_ASSET_VALUE,
}
_KINDS_TO_WIRE = {known: number for number, known in _KINDS.items()}


def entries_from_wire(messages: Any, violations: Violations) -> tuple[LedgerEntry, ...]:
    """The entries that are right; everything that is wrong is noted."""
    violations.require_non_empty("entries", messages)
    entries = []
    for i, message in enumerate(messages):
        at = violations.at(f"entries[{i}]")
        date = at.collect("date", date_from_wire, message.date)
        amount = at.collect("amount", decimal_from_money, message.amount)
        good = at.require_non_empty("account_id", message.account_id)
        good &= at.require_max_length("account_id", message.account_id, _LONGEST_ID)
        good &= at.require_known_enum("kind", message.kind, _KINDS, "EntryKind")
        if good and date is not None and amount is not None:
            entries.append(LedgerEntry(date, message.account_id, _KINDS[message.kind], amount))
    return tuple(entries)


def entry_to_wire(entry: LedgerEntry) -> performance_pb2.LedgerEntry:
    """The message of an entry."""
    return performance_pb2.LedgerEntry(
        date=date_to_wire(entry.date),
        account_id=entry.account_id,
        kind=_KINDS_TO_WIRE[entry.kind],
        amount=money_from_decimal(entry.amount_cny),
    )


def levels_from_wire(messages: Any, violations: Violations) -> tuple[IndexLevel, ...]:
    """The levels that have a date; what is wrong is noted."""
    levels = []
    for i, message in enumerate(messages):
        date = violations.collect(f"index_levels[{i}].date", date_from_wire, message.date)
        if date is not None:
            levels.append(IndexLevel(date, message.level))
    return tuple(levels)


def level_to_wire(level: IndexLevel) -> performance_pb2.IndexLevel:
    """The message of a level."""
    return performance_pb2.IndexLevel(date=date_to_wire(level.date), level=level.level)


def performance_to_wire(found: LedgerPerformance) -> performance_pb2.MeasurePerformanceResponse:
    """The response of MeasurePerformance."""
    return performance_pb2.MeasurePerformanceResponse(
        accounts=[_account_to_wire(account) for account in found.accounts], as_of=date_to_wire(found.as_of)
    )


def performance_from_wire(message: performance_pb2.MeasurePerformanceResponse) -> LedgerPerformance:
    """What was measured."""
    accounts = tuple(_account_from_wire(account) for account in message.accounts)
    return LedgerPerformance(accounts, date_from_wire(message.as_of))


def _account_to_wire(account: AccountPerformance) -> performance_pb2.AccountPerformance:
    beside = account.equivalents
    return performance_pb2.AccountPerformance(
        account_id=account.account_id,
        paid_in=money_from_decimal(account.paid_in_cny),
        received=money_from_decimal(account.received_cny),
        nav=money_from_decimal(account.nav_cny),
        irr_annual=account.irr_annual,
        rates=account.rates,
        dpi=account.dpi,
        rvpi=account.rvpi,
        tvpi=account.tvpi,
        payback_years=account.payback_years,
        equivalents=None
        if beside is None
        else performance_pb2.PublicMarketEquivalents(
            ks_pme=beside.ks_pme,
            long_nickels=beside.long_nickels,
            long_nickels_value_cny=beside.long_nickels_value,
            pme_plus=beside.pme_plus,
            pme_plus_scale=beside.pme_plus_scale,
            direct_alpha=beside.direct_alpha,
        ),
        warnings=[caution_to_wire(caution) for caution in account.cautions],
    )


def _account_from_wire(message: performance_pb2.AccountPerformance) -> AccountPerformance:
    beside = message.equivalents
    return AccountPerformance(
        message.account_id,
        _amount(message.paid_in),
        _amount(message.received),
        _amount(message.nav),
        _optional(message, "irr_annual"),
        tuple(message.rates),
        message.dpi,
        message.rvpi,
        message.tvpi,
        _optional(message, "payback_years"),
        PublicMarketEquivalents(
            beside.ks_pme,
            _optional(beside, "long_nickels"),
            beside.long_nickels_value_cny,
            _optional(beside, "pme_plus"),
            _optional(beside, "pme_plus_scale"),
            _optional(beside, "direct_alpha"),
        )
        if message.HasField("equivalents")
        else None,
        tuple(caution_from_wire(warning) for warning in message.warnings),
    )


def pacing_from_wire(message: pacing_pb2.PaceCommitmentRequest) -> PacingQuestion:
    """What is to be paced.

    Raises:
        InvalidInput: neither parameters nor flows are given.
    """
    violations = Violations()
    source: PacingParameters | ObservedFlows | None = None
    match message.WhichOneof("source"):
        case "parameters":
            source = _parameters_from_wire(message.parameters)
        case "observed":
            observed = message.observed
            source = ObservedFlows(
                tuple(observed.contributions_cny),
                tuple(observed.distributions_cny),
                tuple(observed.nav_cny),
                _optional(observed, "n_rates"),
            )
        case _:
            violations.add("source", "is empty, expected one of parameters, observed")
    violations.raise_if_any()
    assert source is not None  # noqa: S101  # None is noted above; tells mypy
    return PacingQuestion(message.commitment_cny, message.life_years, source, message.yield_rate_annual)


def pacing_to_wire(question: PacingQuestion) -> pacing_pb2.PaceCommitmentRequest:
    """The request of PaceCommitment."""
    message = pacing_pb2.PaceCommitmentRequest(
        commitment_cny=question.commitment_cny,
        life_years=question.life_years,
        yield_rate_annual=question.yield_rate_annual,
    )
    if isinstance(question.source, PacingParameters):
        message.parameters.CopyFrom(_parameters_to_wire(question.source))
    else:
        message.observed.CopyFrom(
            pacing_pb2.ObservedFlows(
                contributions_cny=question.source.contributions_cny,
                distributions_cny=question.source.distributions_cny,
                nav_cny=question.source.nav_cny,
                n_rates=question.source.n_rates,
            )
        )
    return message


def plan_to_wire(plan: PacedPlan) -> pacing_pb2.PaceCommitmentResponse:
    """The response of PaceCommitment."""
    precision = plan.precision
    return pacing_pb2.PaceCommitmentResponse(
        years=[
            pacing_pb2.PacedYear(
                year=year.year,
                contribution_cny=year.contribution_cny,
                distribution_cny=year.distribution_cny,
                nav_cny=year.nav_cny,
            )
            for year in plan.years
        ],
        parameters=_parameters_to_wire(plan.parameters),
        precision=None
        if precision is None
        else pacing_pb2.PacingPrecision(
            last_rate_error=precision.last_rate_error,
            bow_error=precision.bow_error,
            growth_error=precision.growth_error,
            rms_error=precision.rms_error,
            is_identified=precision.is_identified,
        ),
        irr_annual=plan.irr_annual,
        warnings=[caution_to_wire(caution) for caution in plan.cautions],
    )


def plan_from_wire(message: pacing_pb2.PaceCommitmentResponse) -> PacedPlan:
    """What the model gives."""
    precision = message.precision
    return PacedPlan(
        tuple(
            PacedYear(year.year, year.contribution_cny, year.distribution_cny, year.nav_cny)
            for year in message.years
        ),
        _parameters_from_wire(message.parameters),
        PacingPrecision(
            _optional(precision, "last_rate_error"),
            _optional(precision, "bow_error"),
            _optional(precision, "growth_error"),
            precision.rms_error,
            precision.is_identified,
        )
        if message.HasField("precision")
        else None,
        _optional(message, "irr_annual"),
        tuple(caution_from_wire(warning) for warning in message.warnings),
    )


def _parameters_from_wire(message: pacing_pb2.PacingParameters) -> PacingParameters:
    return PacingParameters(tuple(message.contribution_rates), message.bow, message.growth_annual)


def _parameters_to_wire(parameters: PacingParameters) -> pacing_pb2.PacingParameters:
    return pacing_pb2.PacingParameters(
        contribution_rates=parameters.contribution_rates,
        bow=parameters.bow,
        growth_annual=parameters.growth_annual,
    )


def _optional(message: Any, field: str) -> Any:
    return getattr(message, field) if message.HasField(field) else None


def _amount(message: Money) -> Decimal:
    """The amount in whole cents where it has no more decimals."""
    amount = decimal_from_money(message)
    cents = round(amount, 2)
    return cents if cents == amount else amount
