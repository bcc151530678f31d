"""A movement is withdrawn by one that names it, through a real server on both databases; the statistics follow."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import grpc
import pytest

from services.loans.client import LoansClient
from services.loans.importing.client import ImportClient
from services.loans.importing.translate import ROWS_PER_CHUNK
from services.loans.loan import Loan, PutCounts
from services.loans.reported.position import FiveClass, LoanMovement, LoanPosition, MovementKind
from services.loans.statistics.client import StatisticsClient
from services.loans.statistics.differences import differences_between
from services.loans.statistics.quarter import Quarter
from services.loans.statistics.result import CheckKind, Grouping
from services.runtime.errors import InvalidInput

MARCH, MAY, JUNE, AUGUST = (
    dt.date(2026, 3, 31),
    dt.date(2026, 5, 15),
    dt.date(2026, 6, 30),
    dt.date(2026, 8, 3),
)
SEPTEMBER = dt.date(2026, 9, 30)
SECOND, THIRD = Quarter(2026, 2), Quarter(2026, 3)
MakeLoan = Callable[..., Loan]


def repaid(
    movement_id: str, day: dt.date = MAY, reverses: str = "", amount: str = "20000.00"
) -> LoanMovement:
    return LoanMovement(movement_id, "L1", day, MovementKind.REPAID, Decimal(amount), reverses)


def owes(day: dt.date, balance: str) -> LoanPosition:
    return LoanPosition("L1", day, Decimal(balance), 0.045, quality=FiveClass.NORMAL)


@pytest.fixture
def with_loans(client: LoansClient, loan: MakeLoan) -> LoansClient:
    client.put_loans(
        dt.date(2026, 1, 15), [loan("L1", purpose="water_saving"), loan("L2", purpose="water_saving")]
    )
    return client


def test_the_sign_of_a_reversal_is_turned_round() -> None:
    assert repaid("M1").signed_cny == Decimal("-20000.00")
    assert repaid("R1", reverses="M1").signed_cny == Decimal("20000.00")
    drawn = replace(repaid("R2", reverses="M2"), kind=MovementKind.DRAWN)
    assert drawn.signed_cny == Decimal("-20000.00")
    with pytest.raises(ValueError, match="expected another movement"):
        repaid("M1", reverses="M1")


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        (repaid("R1", reverses="M9"), "reverses", "expected a movement that exists"),
        (repaid("R1", reverses="M1", amount="19999.99"), "amount", "found 19999.99, expected 20000.00"),
        (replace(repaid("R1", reverses="M1"), loan_id="L2"), "loan_id", "found L2, expected L1"),
        (replace(repaid("R1", reverses="M1"), kind=MovementKind.PREPAID), "kind", "expected repaid"),
        (repaid("R1", MARCH, "M1"), "day", "expected 2026-05-15 or later"),
        (repaid("R1", reverses="R0"), "reverses", "is a reversal"),
        (repaid("R1", reverses="M0"), "reverses", "'R0' reverses already"),
        (repaid("M0", amount="5.00"), "movement_id", "'R0' reverses; expected a new movement"),
        (repaid("R0", reverses="M1"), "reverses", "expected 'M0' as first recorded"),
        (repaid("M1", reverses="M0"), "reverses", "expected '' as first recorded"),
    ],
)
def test_a_reversal_that_does_not_agree_is_named_and_nothing_is_stored(
    with_loans: LoansClient, channel: grpc.Channel, wrong: LoanMovement, field: str, said: str
) -> None:
    with_loans.record_movements([repaid("M0"), repaid("R0", reverses="M0"), repaid("M1")])
    for record, rows in (
        (with_loans.record_movements, "movements"),
        (ImportClient(channel).import_movements, "rows"),
    ):
        with pytest.raises(InvalidInput) as caught:
            record([repaid("M5"), wrong])
        [found] = caught.value.violations
        assert found.field == f"{rows}[1].{field}"
        assert said in found.description
        # Nothing of the refused call is there: the same row is new.
        assert record([repaid("M1")]) == PutCounts(0, 0, 1)
    assert with_loans.record_movements([repaid("M5")]) == PutCounts(1, 0, 0)


def test_a_reversal_is_recorded_once_and_may_be_moved_to_another_day(with_loans: LoansClient) -> None:
    first = [repaid("R1", JUNE, "M1"), repaid("M1")]
    assert with_loans.record_movements(first) == PutCounts(2, 0, 0)
    assert with_loans.record_movements(first) == PutCounts(0, 0, 2)
    assert with_loans.record_movements([repaid("R1", AUGUST, "M1")]) == PutCounts(0, 1, 0)


def test_a_file_may_hold_a_reversal_above_what_it_reverses(
    with_loans: LoansClient, channel: grpc.Channel
) -> None:
    n = ROWS_PER_CHUNK + 1
    rows = [repaid("R0", reverses="M0"), *(repaid(f"M{i}", amount="1.00") for i in range(1, n)), repaid("M0")]
    importer = ImportClient(channel)
    assert importer.import_movements(rows) == PutCounts(n + 1, 0, 0)
    assert importer.import_movements(rows) == PutCounts(0, 0, n + 1)
    with pytest.raises(InvalidInput, match=r"rows\[1\].reverses: found 'M0', which 'R0' reverses already"):
        importer.import_movements([repaid("M1", amount="1.00"), repaid("R9", reverses="M0")])


def test_a_reversal_on_the_day_itself_corrects_the_closed_quarter(
    with_loans: LoansClient, channel: grpc.Channel
) -> None:
    """The repayment never happened: the balance stayed, and the closed quarter did not roll forward."""
    statistics = StatisticsClient(channel)
    with_loans.record_positions([owes(MARCH, "1000000.00"), owes(JUNE, "1000000.00")])
    with_loans.record_movements([repaid("M1")])
    first = statistics.report(SECOND)
    # 1,000,000.00 - (1,000,000.00 - 20,000.00) is left over.
    [broken] = [found for found in first.statistics.breaks if found.kind is CheckKind.ROLL_FORWARD]
    assert (broken.loan_id, broken.amount_cents) == ("L1", 2_000_000)
    assert statistics.close(SECOND, accepted_breaks_reason="booked late")[0].version == 1
    with_loans.record_movements([repaid("R1", MAY, "M1")])
    again = statistics.report(SECOND)
    assert again.statistics.total.repaid_cents == 0
    assert not [found for found in again.statistics.breaks if found.kind is CheckKind.ROLL_FORWARD]
    version, is_new = statistics.close(SECOND, accepted_breaks_reason="booked late")
    assert (version.version, is_new) == (2, True)
    one, two = (statistics.closed(SECOND, number).statistics for number in (1, 2))
    changed = differences_between(one, two)
    assert [
        (figure.figure, figure.before, figure.after)
        for figure in changed.figures
        if figure.grouping is Grouping.TOTAL
    ] == [("repaid_cents", 2_000_000, 0)]
    assert broken in changed.breaks_gone
    # What was known before the reversal is what was closed.
    assert statistics.report(SECOND, known_at=first.known_at).statistics == one


def test_a_reversal_on_a_later_day_belongs_to_the_quarter_in_which_it_was_booked(
    with_loans: LoansClient, channel: grpc.Channel
) -> None:
    """The repayment was booked with its balance in June and turned round with it in August."""
    statistics = StatisticsClient(channel)
    with_loans.record_positions(
        [owes(MARCH, "1000000.00"), owes(JUNE, "980000.00"), owes(SEPTEMBER, "1000000.00")]
    )
    with_loans.record_movements([repaid("M1"), repaid("R1", AUGUST, "M1")])
    second, third = (statistics.report(quarter).statistics for quarter in (SECOND, THIRD))
    assert (second.total.repaid_cents, third.total.repaid_cents) == (2_000_000, -2_000_000)
    for quarter in (second, third):
        assert quarter.total.roll_forward_difference_cents == 0
        assert not [found for found in quarter.breaks if found.kind is CheckKind.ROLL_FORWARD]
