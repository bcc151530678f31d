"""The statistics between protobuf and the domain."""

import datetime as dt

from ecopledge.loans.v1 import statistics_pb2 as pb
from services.loans.statistics.quarter import Quarter
from services.loans.statistics.result import (
    Break,
    Check,
    CheckKind,
    Grouping,
    QuarterStatistics,
    StatisticsLine,
    StatisticsReport,
    StatisticsVersion,
    Table,
    VersionFacts,
)
from services.runtime.errors import InvalidInput
from services.runtime.moments import moment_of, text_of_moment
from services.runtime.violations import Violations

_GROUPINGS = {
    pb.StatisticsGrouping.Value(f"STATISTICS_GROUPING_{grouping.name}"): grouping for grouping in Grouping
}
_GROUPING_TO_WIRE = {grouping: number for number, grouping in _GROUPINGS.items()}
_CHECKS = {pb.StatisticsCheckKind.Value(f"STATISTICS_CHECK_KIND_{kind.name}"): kind for kind in CheckKind}
_CHECK_TO_WIRE = {kind: number for number, kind in _CHECKS.items()}


def quarter_from_wire(period: str) -> Quarter:
    """The quarter of a text.

    Raises:
        InvalidInput: it is none.
    """
    try:
        return Quarter.read(period)
    except ValueError as error:
        raise InvalidInput.of("period", str(error)) from error


def question_from_wire(request: pb.ReportStatisticsRequest, now: dt.datetime) -> tuple[Quarter, dt.datetime]:
    """Quarter and moment of a ReportStatisticsRequest; the moment is at most now.

    Raises:
        InvalidInput: with everything that is wrong.
    """
    violations = Violations()
    quarter, known_at = None, now
    try:
        quarter = Quarter.read(request.period)
    except ValueError as error:
        violations.add("period", str(error))
    if request.known_at:
        moment = violations.collect("known_at", moment_of, request.known_at)
        if moment is not None and violations.require(
            moment <= now, "known_at", f"found {request.known_at}, expected a moment that has come"
        ):
            known_at = moment
    violations.raise_if_any()
    assert quarter is not None  # noqa: S101  # a wrong one is a violation; tells mypy
    return quarter, known_at


def report_to_wire(report: StatisticsReport) -> pb.ReportStatisticsResponse:
    """The answer of ReportStatistics."""
    return pb.ReportStatisticsResponse(
        statistics=statistics_to_wire(report.statistics),
        known_at=text_of_moment(report.known_at),
        content_hash=report.content_hash,
        closed=None if report.closed is None else facts_to_wire(report.closed),
    )


def report_from_wire(message: pb.ReportStatisticsResponse) -> StatisticsReport:
    """The report of an answer."""
    return StatisticsReport(
        statistics_from_wire(message.statistics),
        dt.datetime.fromisoformat(message.known_at),
        message.content_hash,
        facts_from_wire(message.closed) if message.HasField("closed") else None,
    )


def version_to_wire(version: StatisticsVersion) -> pb.GetClosedStatisticsResponse:
    """The answer of GetClosedStatistics."""
    return pb.GetClosedStatisticsResponse(
        version=facts_to_wire(version.facts), statistics=statistics_to_wire(version.statistics)
    )


def version_from_wire(message: pb.GetClosedStatisticsResponse) -> StatisticsVersion:
    """The version of an answer."""
    return StatisticsVersion(facts_from_wire(message.version), statistics_from_wire(message.statistics))


def facts_to_wire(facts: VersionFacts) -> pb.StatisticsVersionFacts:
    """The message of a version without its figures."""
    return pb.StatisticsVersionFacts(
        period=str(facts.quarter),
        version=facts.version,
        recorded_at=text_of_moment(facts.recorded_at),
        content_hash=facts.content_hash,
        accepted_breaks_reason=facts.accepted_breaks_reason,
    )


def facts_from_wire(message: pb.StatisticsVersionFacts) -> VersionFacts:
    """A version without its figures."""
    return VersionFacts(
        Quarter.read(message.period),
        message.version,
        dt.datetime.fromisoformat(message.recorded_at),
        message.content_hash,
        message.accepted_breaks_reason,
    )


def statistics_to_wire(statistics: QuarterStatistics) -> pb.QuarterStatistics:
    """The message of the statistics."""
    return pb.QuarterStatistics(
        period=str(statistics.quarter),
        historical_standard=statistics.historical_standard,
        current_standard=statistics.current_standard,
        tables=[
            pb.StatisticsTable(
                grouping=_GROUPING_TO_WIRE[table.grouping],
                lines=[_line_to_wire(line) for line in table.lines],
            )
            for table in statistics.tables
        ],
        checks=[
            pb.StatisticsCheck(
                kind=_CHECK_TO_WIRE[check.kind], n_breaks=check.n_breaks, amount_cents=check.amount_cents
            )
            for check in statistics.checks
        ],
        breaks=[_break_to_wire(found) for found in statistics.breaks],
        n_kept=statistics.n_kept,
        n_without_approval_day=statistics.n_without_approval_day,
        input_hash=statistics.input_hash,
        taxonomy_hash=statistics.taxonomy_hash,
        n_synthetic=statistics.n_synthetic,
    )


def statistics_from_wire(message: pb.QuarterStatistics) -> QuarterStatistics:
    """The statistics of a message."""
    return QuarterStatistics(
        quarter=Quarter.read(message.period),
        historical_standard=message.historical_standard,
        current_standard=message.current_standard,
        tables=tuple(
            Table(_GROUPINGS[table.grouping], tuple(_line_from_wire(line) for line in table.lines))
            for table in message.tables
        ),
        checks=tuple(Check(_CHECKS[row.kind], row.n_breaks, row.amount_cents) for row in message.checks),
        breaks=tuple(_break_from_wire(row) for row in message.breaks),
        n_kept=message.n_kept,
        n_without_approval_day=message.n_without_approval_day,
        input_hash=message.input_hash,
        taxonomy_hash=message.taxonomy_hash,
        n_synthetic=message.n_synthetic,
    )


def _line_to_wire(line: StatisticsLine) -> pb.StatisticsLine:
    return pb.StatisticsLine(
        keys=line.keys,
        opening_cents=line.opening_cents,
        drawn_cents=line.drawn_cents,
        repaid_cents=line.repaid_cents,
        prepaid_cents=line.prepaid_cents,
        written_off_cents=line.written_off_cents,
        closing_cents=line.closing_cents,
        class_cents=line.class_cents,
        n_loans=line.n_loans,
        n_borrowers=line.n_borrowers,
        n_loans_drawn=line.n_loans_drawn,
        rate_annual=line.rate_annual,
        year_begin_cents=line.year_begin_cents,
        year_before_cents=line.year_before_cents,
    )


def _line_from_wire(message: pb.StatisticsLine) -> StatisticsLine:
    return StatisticsLine(
        keys=tuple(message.keys),
        opening_cents=message.opening_cents,
        drawn_cents=message.drawn_cents,
        repaid_cents=message.repaid_cents,
        prepaid_cents=message.prepaid_cents,
        written_off_cents=message.written_off_cents,
        closing_cents=message.closing_cents,
        class_cents=tuple(message.class_cents),
        n_loans=message.n_loans,
        n_borrowers=message.n_borrowers,
        n_loans_drawn=message.n_loans_drawn,
        rate_annual=message.rate_annual if message.HasField("rate_annual") else None,
        year_begin_cents=message.year_begin_cents if message.HasField("year_begin_cents") else None,
        year_before_cents=message.year_before_cents if message.HasField("year_before_cents") else None,
    )


def _break_to_wire(found: Break) -> pb.StatisticsBreak:
    return pb.StatisticsBreak(
        kind=_CHECK_TO_WIRE[found.kind],
        loan_id=found.loan_id,
        about=found.about,
        amount_cents=found.amount_cents,
        opening_cents=found.opening_cents,
        drawn_cents=found.drawn_cents,
        repaid_cents=found.repaid_cents,
        prepaid_cents=found.prepaid_cents,
        written_off_cents=found.written_off_cents,
        closing_cents=found.closing_cents,
    )


def _break_from_wire(row: pb.StatisticsBreak) -> Break:
    return Break(
        _CHECKS[row.kind], row.loan_id, row.about, row.amount_cents, row.opening_cents, row.drawn_cents,
        row.repaid_cents, row.prepaid_cents, row.written_off_cents, row.closing_cents,
    )  # fmt: skip
