"""What must hold, and every loan for which it does not, the largest amount first."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from itertools import chain

import numpy as np

from services.loans.statistics.columns import NO_DAY, Balances, BookColumns, Cents, Flags
from services.loans.statistics.position_rows import NO_CLASS
from services.loans.statistics.result import Break, Check, CheckKind, Grouping, StatisticsLine, Table
from services.loans.statistics.tabulation import is_mapped
from services.loans.statistics.taxonomy import Taxonomy

_SUMMED = (
    "opening_cents", "drawn_cents", "repaid_cents", "prepaid_cents", "written_off_cents", "closing_cents",
    "n_loans", "n_loans_drawn", "year_begin_cents", "year_before_cents",
)  # fmt: skip


def find_breaks(columns: BookColumns, taxonomy: Taxonomy, tables: Sequence[Table]) -> tuple[Break, ...]:
    """Every break, by check in the order of `CheckKind`, the largest amount first."""
    return tuple(
        chain(
            _breaks(columns, CheckKind.ROLL_FORWARD, columns.roll_forward_difference != 0,
                    columns.roll_forward_difference, lambda _: ""),
            _unequal_parts(tables),
            _missing(columns, CheckKind.OPENING_POSITION, [columns.opening]),
            _missing(columns, CheckKind.CLOSING_POSITION, [columns.closing]),
            _of_another_day(columns),
            _missing(columns, CheckKind.HISTORY_POSITION, _history(columns)),
            _breaks(columns, CheckKind.OPENING_AS_CLOSED,
                    columns.opening.balance_cents != columns.opening_as_closed,
                    columns.opening.balance_cents - columns.opening_as_closed, lambda _: ""),
            _breaks(columns, CheckKind.MOVEMENT_WITHIN_LIFE, columns.outside_life > 0, columns.outside_life,
                    lambda i: _life(columns, i)),
            _breaks(columns, CheckKind.LOAN_ON_RECORD, ~columns.is_on_record, _at_stake(columns),
                    _always(columns.closing.day)),
            _breaks(columns, CheckKind.PURPOSE_MAPPED,
                    columns.is_on_record & ~is_mapped(columns, taxonomy) & (_at_stake(columns) > 0),
                    _at_stake(columns), lambda i: columns.purpose.names[columns.purpose.codes[i]]),
            _breaks(columns, CheckKind.QUALITY_ASSIGNED,
                    (columns.closing.balance_cents > 0) & (columns.quality == NO_CLASS),
                    columns.closing.balance_cents, lambda _: ""),
        )
    )  # fmt: skip


def summarise_checks(breaks: Sequence[Break]) -> tuple[Check, ...]:
    """Every check with the number of its breaks and the sum of what is at stake, regardless of sign."""
    counts = dict.fromkeys(CheckKind, 0)
    amounts = dict.fromkeys(CheckKind, 0)
    for found in breaks:
        counts[found.kind] += 1
        amounts[found.kind] += abs(found.amount_cents)
    return tuple(Check(kind, counts[kind], amounts[kind]) for kind in CheckKind)


def check_parts(total: StatisticsLine, table: Table) -> dict[str, int]:
    """What the lines of a grouping together have more than the total, by field; empty where they agree.

    Borrowers are not compared: one with loans on several lines counts on each.
    """
    found = {}
    for field in _SUMMED:
        difference = sum(getattr(line, field) or 0 for line in table.lines) - (getattr(total, field) or 0)
        if difference:
            found[field] = difference
    for i, of_total in enumerate(total.class_cents):
        difference = sum(line.class_cents[i] for line in table.lines) - of_total
        if difference:
            found[f"class_cents[{i}]"] = difference
    return found


def _unequal_parts(tables: Sequence[Table]) -> Iterator[Break]:
    total = next(table.lines[0] for table in tables if table.grouping is Grouping.TOTAL)
    for table in tables:
        for field, difference in check_parts(total, table).items():
            yield Break(CheckKind.PARTS_EQUAL_TOTAL, "", f"{table.grouping.value}.{field}", difference)


def _missing(columns: BookColumns, kind: CheckKind, days: Sequence[Balances]) -> Iterator[Break]:
    """Loans that had been drawn by a day and have no position on it; what else is known of them is at stake."""
    for balances in days:
        was_drawn = columns.is_on_record & (columns.drawn_on <= balances.day.toordinal())
        yield from _breaks(
            columns, kind, was_drawn & ~balances.is_reported, _at_stake(columns), _always(balances.day)
        )


def _history(columns: BookColumns) -> list[Balances]:
    """Days before the quarter that growth is measured from, where the institution reported any position."""
    days = {balances.day: balances for balances in (columns.year_begin, columns.year_before)}
    days.pop(columns.opening.day, None)
    return [days[day] for day in sorted(days) if days[day].has_any_of_the_day]


def _of_another_day(columns: BookColumns) -> Iterator[Break]:
    """Balances that were last reported for an earlier day than the one they stand for."""
    for balances in (columns.opening, columns.closing):
        is_older = (balances.balance_cents > 0) & (balances.as_of < balances.day.toordinal())
        yield from _breaks(
            columns,
            CheckKind.POSITION_OF_THE_DAY,
            is_older,
            balances.balance_cents,
            _reported_for(balances),
        )


def _reported_for(balances: Balances) -> Callable[[int], str]:
    return lambda i: f"{_day(balances.as_of[i])} < {balances.day}"


def _always(day: dt.date) -> Callable[[int], str]:
    return lambda _: day.isoformat()


def _at_stake(columns: BookColumns) -> Cents:
    """The largest of the amounts of each loan, so that a loan without balance but with movements has its place."""
    most: Cents = columns.closing.balance_cents
    for amount in (columns.opening.balance_cents, columns.drawn, columns.repaid, columns.prepaid):
        most = np.maximum(most, amount)
    return np.maximum(most, columns.written_off)


def _breaks(
    columns: BookColumns, kind: CheckKind, is_broken: Flags, amount: Cents, about: Callable[[int], str]
) -> Iterator[Break]:
    places = np.flatnonzero(is_broken)
    # Stable, so that equal amounts stay in order of loan.
    for i in places[np.argsort(-np.abs(amount[places]), kind="stable")].tolist():
        yield Break(
            kind,
            columns.loan_ids[i],
            about(i),
            int(amount[i]),
            int(columns.opening.balance_cents[i]),
            int(columns.drawn[i]),
            int(columns.repaid[i]),
            int(columns.prepaid[i]),
            int(columns.written_off[i]),
            int(columns.closing.balance_cents[i]),
        )


def _life(columns: BookColumns, i: int) -> str:
    return f"{_day(columns.drawn_on[i])} / {_day(columns.matures_on[i])}"


def _day(ordinal: np.int64) -> str:
    return "" if ordinal == NO_DAY else dt.date.fromordinal(int(ordinal)).isoformat()
