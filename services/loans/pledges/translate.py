"""Monitoring of pledges and pledge events between protobuf and the domain."""

import datetime as dt
from dataclasses import dataclass

from ecopledge.loans.v1 import monitoring_pb2 as pb
from services.loans.pledges.event import EventPage, LevelCrossing, PledgeEvent
from services.loans.pledges.levels import PledgeLevel, ProductLevels
from services.loans.pledges.monitored import (
    DEFAULT_PATHS,
    MAX_PATHS,
    MIN_PATHS,
    FanDate,
    MonitoredLoan,
    MonitoringQuestion,
    PledgeReport,
    PledgeValue,
    RevaluationDue,
    RevaluationReason,
)
from services.loans.translate.asked import Draws, asked_from_wire, asked_to_wire
from services.loans.translate.listing import page_from_wire, token_of
from services.loans.translate.loan import MAX_ROWS
from services.runtime.errors import InvalidInput
from services.runtime.moments import text_of_moment
from services.runtime.violations import Violations
from services.runtime.wire.results import (
    caution_from_wire,
    caution_to_wire,
    manifest_from_wire,
    manifest_to_wire,
)
from services.runtime.wire.values import date_from_wire, date_to_wire, decimal_from_money, money_from_decimal

_DRAWS = Draws(DEFAULT_PATHS, MIN_PATHS, MAX_PATHS)
_LEVELS = {
    pb.PLEDGE_LEVEL_UNSPECIFIED: None,
    pb.PLEDGE_LEVEL_NORMAL: PledgeLevel.NORMAL,
    pb.PLEDGE_LEVEL_WARNING: PledgeLevel.WARNING,
    pb.PLEDGE_LEVEL_CALL: PledgeLevel.CALL,
    pb.PLEDGE_LEVEL_LIQUIDATION: PledgeLevel.LIQUIDATION,
}
_LEVEL_TO_WIRE = {level: number for number, level in _LEVELS.items()}
_REASONS = {
    pb.REVALUATION_REASON_OLD: RevaluationReason.OLD,
    pb.REVALUATION_REASON_MARKET_MOVED: RevaluationReason.MARKET_MOVED,
    pb.REVALUATION_REASON_CAUTION: RevaluationReason.CAUTION,
    pb.REVALUATION_REASON_NO_VALUE: RevaluationReason.NO_VALUE,
}
_REASON_TO_WIRE = {reason: number for number, reason in _REASONS.items()}


@dataclass(frozen=True, slots=True)
class EventPageRequest:
    """Which events: known at a moment, after a number (0 for the first page), of a size, of loans (none for all).

    `as_of` is the day of the valuations; None for any.
    """

    known_at: dt.datetime
    after: int
    page_size: int
    loan_ids: tuple[str, ...]
    as_of: dt.date | None


def monitoring_question_from_wire(request: pb.MonitorPledgesRequest) -> MonitoringQuestion:
    """What a MonitorPledgesRequest asks.

    Raises:
        InvalidInput: with everything that is wrong.
    """
    violations = Violations()
    asked = asked_from_wire(request, violations, _DRAWS)
    violations.raise_if_any()
    return MonitoringQuestion(asked.snapshot, asked.as_of, asked.loan_ids, asked.n_paths, asked.seed)


def monitoring_question_to_wire(question: MonitoringQuestion) -> pb.MonitorPledgesRequest:
    """The request of a question."""
    return pb.MonitorPledgesRequest(**asked_to_wire(question))


def report_to_wire(report: PledgeReport) -> pb.MonitorPledgesResponse:
    """The answer of MonitorPledges."""
    return pb.MonitorPledgesResponse(
        loans=[_loan_to_wire(loan) for loan in report.loans],
        probabilities=report.probabilities,
        revaluations=[
            pb.RevaluationDue(
                collateral_id=due.collateral_id,
                loan_id=due.loan_id,
                reason=_REASON_TO_WIRE[due.reason],
                message_zh=due.message_zh,
                message_en=due.message_en,
            )
            for due in report.revaluations
        ],
        grid=report.grid,
        warnings=[caution_to_wire(caution) for caution in report.cautions],
        manifest=manifest_to_wire(report.manifest),
    )


def report_from_wire(message: pb.MonitorPledgesResponse) -> PledgeReport:
    """The answer as the domain knows it."""
    return PledgeReport(
        tuple(_loan_from_wire(loan) for loan in message.loans),
        tuple(message.probabilities),
        tuple(
            RevaluationDue(
                due.collateral_id, due.loan_id, _REASONS[due.reason], due.message_zh, due.message_en
            )
            for due in message.revaluations
        ),
        message.grid,
        tuple(caution_from_wire(warning) for warning in message.warnings),
        manifest_from_wire(message.manifest),
    )


def event_page_from_wire(request: pb.ListPledgeEventsRequest, now: dt.datetime) -> EventPageRequest:
    """The page that a ListPledgeEventsRequest asks for.

    Raises:
        InvalidInput: a wrong moment, day, size or token.
    """
    page = page_from_wire(request, now)
    if page.after and not page.after.isdecimal():
        raise InvalidInput.of("page_token", "is not a token of this list, expected next_page_token of a page")
    violations = Violations()
    violations.require_max_length("loan_ids", request.loan_ids, MAX_ROWS)
    as_of = None
    if request.HasField("as_of"):
        as_of = violations.collect("as_of", date_from_wire, request.as_of)
    violations.raise_if_any()
    loan_ids = tuple(sorted(set(request.loan_ids)))
    return EventPageRequest(page.known_at, int(page.after or "0"), page.page_size, loan_ids, as_of)


def event_page_to_wire(page: EventPage, asked: EventPageRequest) -> pb.ListPledgeEventsResponse:
    """The answer of ListPledgeEvents."""
    token = "" if page.next_after is None else token_of(asked.known_at, str(page.next_after))
    return pb.ListPledgeEventsResponse(
        events=[_event_to_wire(event) for event in page.events], next_page_token=token
    )


def events_from_wire(message: pb.ListPledgeEventsResponse) -> list[PledgeEvent]:
    """The events of a page."""
    return [_event_from_wire(event) for event in message.events]


def _loan_to_wire(loan: MonitoredLoan) -> pb.MonitoredLoan:
    return pb.MonitoredLoan(
        loan_id=loan.loan_id,
        county=loan.county,
        product=loan.product,
        balance_cny=loan.balance_cny,
        is_balance_reported=loan.is_balance_reported,
        pledges=[
            pb.PledgeValue(
                collateral_id=pledge.collateral_id,
                value_cny=pledge.value_cny,
                valuation_date=date_to_wire(pledge.valuation_date),
                recorded_value_cny=pledge.recorded_value_cny,
            )
            for pledge in loan.pledges
        ],
        value_cny=loan.value_cny,
        loan_to_value=loan.loan_to_value,
        level=_LEVEL_TO_WIRE[loan.level],
        levels=_levels_to_wire(loan.levels),
        fan=[
            pb.FanDate(
                day=date_to_wire(date.day),
                balance_cny=date.balance_cny,
                value_cny=date.value_cny,
                loan_to_value=date.loan_to_value,
                warning_probability=date.warning_probability,
                call_probability=date.call_probability,
                liquidation_probability=date.liquidation_probability,
            )
            for date in loan.fan
        ],
        probability_errors=loan.probability_errors,
        margin_cash=money_from_decimal(loan.margin_cash_cny),
        margin_pledge=money_from_decimal(loan.margin_pledge_cny),
    )


def _loan_from_wire(message: pb.MonitoredLoan) -> MonitoredLoan:
    warning, call, liquidation = message.probability_errors
    return MonitoredLoan(
        message.loan_id,
        message.county,
        message.product,
        message.balance_cny,
        message.is_balance_reported,
        tuple(
            PledgeValue(
                pledge.collateral_id,
                pledge.value_cny,
                date_from_wire(pledge.valuation_date),
                pledge.recorded_value_cny if pledge.HasField("recorded_value_cny") else None,
            )
            for pledge in message.pledges
        ),
        message.value_cny,
        message.loan_to_value,
        _known_level(message.level),
        _levels_from_wire(message.levels),
        tuple(
            FanDate(
                date_from_wire(date.day),
                date.balance_cny,
                tuple(date.value_cny),
                tuple(date.loan_to_value),
                date.warning_probability,
                date.call_probability,
                date.liquidation_probability,
            )
            for date in message.fan
        ),
        (warning, call, liquidation),
        round(decimal_from_money(message.margin_cash), 2),
        round(decimal_from_money(message.margin_pledge), 2),
    )


def _levels_to_wire(levels: ProductLevels) -> pb.ProductLevels:
    return pb.ProductLevels(
        product=levels.product,
        warning=levels.warning,
        call=levels.call,
        liquidation=levels.liquidation,
        is_assumption=levels.is_assumption,
        citation=levels.citation,
    )


def _levels_from_wire(message: pb.ProductLevels) -> ProductLevels:
    return ProductLevels(
        message.product,
        message.warning,
        message.call,
        message.liquidation,
        message.is_assumption,
        message.citation,
    )


def _event_to_wire(event: PledgeEvent) -> pb.PledgeEvent:
    crossing = event.crossing
    return pb.PledgeEvent(
        event_number=event.number,
        loan_id=crossing.loan_id,
        as_of=date_to_wire(crossing.as_of),
        recorded_at=text_of_moment(event.recorded_at),
        before=_LEVEL_TO_WIRE[crossing.before],
        after=_LEVEL_TO_WIRE[crossing.after],
        balance_cny=crossing.balance_cny,
        value_before_cny=crossing.value_before_cny,
        value_after_cny=crossing.value_after_cny,
        levels=_levels_to_wire(crossing.levels),
    )


def _event_from_wire(message: pb.PledgeEvent) -> PledgeEvent:
    known_before = message.HasField("value_before_cny")
    crossing = LevelCrossing(
        message.loan_id,
        date_from_wire(message.as_of),
        _LEVELS[message.before],
        _known_level(message.after),
        message.balance_cny,
        message.value_before_cny if known_before else None,
        message.value_after_cny,
        _levels_from_wire(message.levels),
    )
    return PledgeEvent(message.event_number, dt.datetime.fromisoformat(message.recorded_at), crossing)


def _known_level(number: "pb.PledgeLevel.ValueType") -> PledgeLevel:
    level = _LEVELS[number]
    assert level is not None  # noqa: S101  # the server always says a level; tells mypy
    return level
