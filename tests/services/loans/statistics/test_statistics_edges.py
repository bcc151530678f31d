"""Loans whose quarter is out of the ordinary, through a real server on both databases, with the sums beside them."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import grpc
import pytest

from services.loans.client import LoansClient
from services.loans.loan import Loan
from services.loans.reported.position import FiveClass, LoanMovement, LoanPosition, MovementKind
from services.loans.statistics.client import StatisticsClient
from services.loans.statistics.quarter import Quarter
from services.loans.statistics.result import Break, CheckKind, Grouping, QuarterStatistics

OPENING, CLOSING = dt.date(2026, 6, 30), dt.date(2026, 9, 30)
THIRD = Quarter(2026, 3)
FIRST_STATE = dt.date(2026, 1, 15)
MakeLoan = Callable[..., Loan]


@pytest.fixture
def statistics(channel: grpc.Channel) -> StatisticsClient:
    return StatisticsClient(channel)


@pytest.fixture
def green(loan: MakeLoan) -> MakeLoan:
    def make(loan_id: str, **changes: object) -> Loan:
        return loan(loan_id, **({"purpose": "water_saving", "approved_on": FIRST_STATE} | changes))

    return make


def position(loan_id: str, day: dt.date, balance: str) -> LoanPosition:
    return LoanPosition(loan_id, day, Decimal(balance), 0.045, quality=FiveClass.NORMAL)


def movement(
    movement_id: str, loan_id: str, day: tuple[int, int], kind: MovementKind, amount: str
) -> LoanMovement:
    return LoanMovement(movement_id, loan_id, dt.date(2026, *day), kind, Decimal(amount))


def flows(found: QuarterStatistics) -> tuple[int, ...]:
    """Opening, drawn, repaid, prepaid, written off, closing in CNY."""
    total = found.total
    cents = (
        total.opening_cents, total.drawn_cents, total.repaid_cents, total.prepaid_cents, total.written_off_cents,
        total.closing_cents,
    )  # fmt: skip
    return tuple(amount // 100 for amount in cents)


def broken(found: QuarterStatistics) -> list[tuple[CheckKind, str, int]]:
    return [(item.kind, item.loan_id, item.amount_cents) for item in found.breaks]


def test_a_loan_that_was_written_off_and_then_recovered_in_part(
    client: LoansClient, statistics: StatisticsClient, green: MakeLoan
) -> None:
    """1,000 written off in July; 300 come back in September: the write-off is reversed, 700 are written off again."""
    client.put_loans(FIRST_STATE, [green("L1")])
    client.record_positions([position("L1", OPENING, "1000"), position("L1", CLOSING, "0")])
    off = MovementKind.WRITTEN_OFF
    client.record_movements([movement("W1", "L1", (7, 10), off, "1000")])
    assert flows(statistics.report(THIRD).statistics) == (1000, 0, 0, 0, 1000, 0)
    # Cash on a loan that owes nothing does not roll forward, and the loan is named.
    client.record_movements([movement("P1", "L1", (9, 10), MovementKind.REPAID, "300")])
    assert broken(statistics.report(THIRD).statistics) == [(CheckKind.ROLL_FORWARD, "L1", 30_000)]
    client.record_movements(
        [
            replace(movement("W2", "L1", (9, 10), off, "1000"), reverses="W1"),
            movement("W3", "L1", (9, 10), off, "700"),
        ]
    )
    found = statistics.report(THIRD).statistics
    # 1,000 - 300 - (1,000 - 1,000 + 700) = 0.
    assert flows(found) == (1000, 0, 300, 0, 700, 0)
    assert found.is_clean


def test_a_recovery_in_a_later_quarter_is_a_write_off_below_nothing(
    client: LoansClient, statistics: StatisticsClient, green: MakeLoan
) -> None:
    """Written off in the second quarter; in the third 300 of it come back."""
    client.put_loans(FIRST_STATE, [green("L1")])
    march = dt.date(2026, 3, 31)
    client.record_positions(
        [position("L1", march, "1000"), position("L1", OPENING, "0"), position("L1", CLOSING, "0")]
    )
    off = MovementKind.WRITTEN_OFF
    client.record_movements(
        [
            movement("W1", "L1", (5, 10), off, "1000"),
            replace(movement("W2", "L1", (9, 10), off, "1000"), reverses="W1"),
            movement("W3", "L1", (9, 10), off, "700"),
            movement("P1", "L1", (9, 10), MovementKind.REPAID, "300"),
        ]
    )
    found = statistics.report(THIRD).statistics
    assert flows(found) == (0, 0, 300, 0, -300, 0)
    assert found.is_clean
    assert flows(statistics.report(Quarter(2026, 2)).statistics) == (1000, 0, 0, 0, 1000, 0)


def test_a_restructured_loan_counts_by_its_state_on_the_closing_day(
    client: LoansClient, statistics: StatisticsClient, green: MakeLoan
) -> None:
    """Due on 15 August; extended on 1 August, and drawn on again after the old maturity."""
    short = green("L1", county="甘州区")
    short = replace(short, terms=replace(short.terms, periods=7))
    client.put_loans(FIRST_STATE, [short])
    client.record_positions([position("L1", OPENING, "1000"), position("L1", CLOSING, "1200")])
    client.record_movements([movement("D1", "L1", (9, 1), MovementKind.DRAWN, "200")])
    assert broken(statistics.report(THIRD).statistics) == [(CheckKind.MOVEMENT_WITHIN_LIFE, "L1", 20_000)]
    eased = replace(
        short, terms=replace(short.terms, periods=36), restructured_on=dt.date(2026, 8, 1), county="肃南县"
    )
    client.put_loans(dt.date(2026, 8, 1), [eased])
    # A state of the next quarter changes nothing of this one.
    client.put_loans(dt.date(2026, 10, 1), [replace(eased, county="民乐县")])
    found = statistics.report(THIRD).statistics
    assert found.is_clean
    assert flows(found) == (1000, 200, 0, 0, 0, 1200)
    assert [row.keys for row in found.lines(Grouping.COUNTY)] == [("肃南县",)]


def test_a_loan_prepaid_in_full_needs_no_position_afterwards(
    client: LoansClient, statistics: StatisticsClient, green: MakeLoan
) -> None:
    client.put_loans(FIRST_STATE, [green("L1")])
    client.record_positions([position("L1", OPENING, "1000"), position("L1", dt.date(2026, 8, 9), "0")])
    client.record_movements(
        [
            movement("R1", "L1", (7, 20), MovementKind.REPAID, "100"),
            movement("P1", "L1", (8, 9), MovementKind.PREPAID, "900"),
        ]
    )
    found = statistics.report(THIRD).statistics
    assert flows(found) == (1000, 0, 100, 900, 0, 0)
    assert (found.total.n_loans, found.total.n_borrowers, found.total.rate_annual) == (0, 0, None)
    assert found.is_clean


def test_a_loan_that_is_drawn_after_the_close_is_no_part_of_the_quarter(
    client: LoansClient, statistics: StatisticsClient, green: MakeLoan
) -> None:
    """Approved in September, drawn on 8 October: on record, without position or movement of the quarter."""
    later = green("L2", approved_on=dt.date(2026, 9, 20))
    later = replace(later, terms=replace(later.terms, drawn_on=dt.date(2026, 10, 8)))
    client.put_loans(dt.date(2026, 9, 20), [green("L1"), later])
    client.record_positions([position("L1", OPENING, "1000"), position("L1", CLOSING, "1000")])
    client.record_movements([movement("D1", "L2", (10, 8), MovementKind.DRAWN, "500")])
    found = statistics.report(THIRD).statistics
    assert flows(found) == (1000, 0, 0, 0, 0, 1000)
    assert found.is_clean
    # A balance before the drawing is a break of that loan alone.
    client.record_positions([position("L2", CLOSING, "500")])
    assert broken(statistics.report(THIRD).statistics) == [(CheckKind.ROLL_FORWARD, "L2", 50_000)]


def test_a_drawing_that_was_booked_late_breaks_the_quarter_and_names_every_loan_behind_it(
    client: LoansClient, statistics: StatisticsClient, green: MakeLoan
) -> None:
    """Three balances rise without a drawing; two drawings arrive after the close, the third never does."""
    client.put_loans(FIRST_STATE, [green(name) for name in ("L1", "L2", "L3", "L4")])
    client.record_positions([position(name, OPENING, "1000") for name in ("L1", "L2", "L3", "L4")])
    client.record_positions(
        [position("L1", CLOSING, "1000"), position("L2", CLOSING, "1100"), position("L3", CLOSING, "1400"),
         position("L4", CLOSING, "1200")]
    )  # fmt: skip
    first = statistics.report(THIRD).statistics
    assert broken(first) == [
        (CheckKind.ROLL_FORWARD, "L3", 40_000), (CheckKind.ROLL_FORWARD, "L4", 20_000),
        (CheckKind.ROLL_FORWARD, "L2", 10_000),
    ]  # fmt: skip
    # What breaks the total is the sum of the loans behind it.
    assert (
        first.total.roll_forward_difference_cents == sum(item.amount_cents for item in first.breaks) == 70_000
    )
    assert statistics.close(THIRD, accepted_breaks_reason="booked late")[0].version == 1
    drawn = MovementKind.DRAWN
    client.record_movements(
        [movement("D3", "L3", (9, 29), drawn, "400"), movement("D4", "L4", (9, 29), drawn, "200")]
    )
    [left] = statistics.report(THIRD).statistics.breaks
    assert left == Break(CheckKind.ROLL_FORWARD, "L2", "", 10_000, 100_000, 0, 0, 0, 0, 110_000)
    assert statistics.close(THIRD, accepted_breaks_reason="booked late")[0].version == 2
