"""The statistics desk: report a quarter as it is known at a moment, close it, look at what was closed."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from services.loans.statistics.book_store import BookStore
from services.loans.statistics.columns import BookColumns, Positions, book_columns
from services.loans.statistics.compilation import compile_statistics
from services.loans.statistics.quarter import Quarter
from services.loans.statistics.result import (
    StatisticsReport,
    StatisticsVersion,
    VersionFacts,
)
from services.loans.statistics.stored_form import content_hash
from services.loans.statistics.taxonomy import Taxonomy
from services.loans.statistics.version_store import VersionStore
from services.runtime.china_time import CHINA
from services.runtime.errors import FailedPrecondition, InvalidInput, NotFound

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class StatisticsStores:
    """The book and the closed quarters, in one transaction."""

    book: BookStore
    versions: VersionStore


def report_quarter(
    stores: StatisticsStores, taxonomy: Taxonomy, quarter: Quarter, known_at: dt.datetime
) -> StatisticsReport:
    """The statistics of a quarter as they were known at a moment.

    Raises:
        InvalidInput: the quarter had not ended by then.
    """
    return _report(stores, taxonomy, quarter, known_at, _columns(stores, quarter, known_at))


def close_quarter(
    stores: StatisticsStores,
    taxonomy: Taxonomy,
    quarter: Quarter,
    clock: Callable[[], dt.datetime],
    accepted_breaks_reason: str = "",
) -> tuple[VersionFacts, bool]:
    """Closes a quarter: adds a version unless its figures are those of the last one.

    Other writers of the institution wait meanwhile, so that a version holds what was recorded before it and nothing
    else, and two that close at once make one version.

    Args:
        stores: the book and the versions.
        taxonomy: the table of purposes.
        quarter: one that has ended.
        clock: gives the moment.
        accepted_breaks_reason: why to close although identity checks do not hold; it is kept with the version.

    Returns:
        The latest version, and whether it is new.

    Raises:
        InvalidInput: the quarter has not ended, or the reason is too long.
        FailedPrecondition: there is nothing to report, or identity checks do not hold and no reason is given; nothing
            is stored.
    """
    reason = accepted_breaks_reason.strip()
    if len(reason) > LONGEST_REASON:
        raise InvalidInput.of(
            "accepted_breaks_reason", f"found {len(reason)} characters, expected at most {LONGEST_REASON}"
        )
    stores.versions.wait_for_writers()
    now = clock()
    columns = _columns(stores, quarter, now)
    report = _report(stores, taxonomy, quarter, now, columns)
    last = report.closed
    if last is not None and last.content_hash == report.content_hash:
        return last, False
    if last is None and not columns.loan_ids:
        raise FailedPrecondition(
            f"{quarter} is not closed: found neither a loan nor a position nor a movement, expected at least one; "
            "ecopledge loans import stores them"
        )
    broken = report.statistics.broken_identities
    if broken and not reason:
        found = ", ".join(f"{check.kind} {check.n_breaks:,}" for check in broken)
        raise FailedPrecondition(
            f"{quarter} is not closed: identity checks do not hold ({found}); expected none broken. Correct positions "
            "and movements, or give a reason to close with breaks"
        )
    number = 1 if last is None else last.version + 1
    facts = VersionFacts(quarter, number, now, report.content_hash, reason if broken else "")
    stores.versions.add(facts, report.statistics)
    return facts, True


def closed_version(versions: VersionStore, quarter: Quarter, number: int | None) -> StatisticsVersion:
    """A version of a closed quarter; the last one for no number.

    Raises:
        NotFound: the quarter is open, or has no such version.
    """
    known = versions.versions(quarter)
    if not known:
        raise NotFound(f"{quarter} is not closed")
    found = versions.version(quarter, known[-1].version if number is None else number)
    if found is None:
        raise NotFound(f"{quarter} has no version {number}, expected 1 to {known[-1].version}")
    return found


def _report(
    stores: StatisticsStores,
    taxonomy: Taxonomy,
    quarter: Quarter,
    known_at: dt.datetime,
    columns: BookColumns,
) -> StatisticsReport:
    statistics = compile_statistics(quarter, columns, taxonomy)
    closed = stores.versions.latest(quarter, known_at)
    return StatisticsReport(statistics, known_at, content_hash(statistics), closed)


def _columns(stores: StatisticsStores, quarter: Quarter, known_at: dt.datetime) -> BookColumns:
    """The book of a quarter as it was known at a moment, by which the quarter must have ended."""
    today = known_at.astimezone(CHINA).date()
    if quarter.closing_day > today:
        raise InvalidInput.of(
            "period",
            f"found {quarter}, which ends on {quarter.closing_day}; expected a quarter that has ended by {today}",
        )
    book = stores.book
    before = stores.versions.latest(quarter.previous, known_at)
    days = {quarter.opening_day, quarter.closing_day, quarter.year_begin_day, quarter.year_before_day}
    in_force = {day: book.positions_in_force(day, known_at) for day in sorted(days)}
    positions = Positions(
        in_force[quarter.opening_day],
        in_force[quarter.closing_day],
        in_force[quarter.year_begin_day],
        in_force[quarter.year_before_day],
        None if before is None else book.positions_in_force(quarter.opening_day, before.recorded_at),
    )
    loans = book.loans_in_force(quarter.closing_day, known_at)
    movements = book.movements_between(quarter.opening_day, quarter.closing_day, known_at)
    try:
        return book_columns(quarter, loans, positions, movements)
    except ValueError as error:
        raise InvalidInput.of("period", str(error)) from error
