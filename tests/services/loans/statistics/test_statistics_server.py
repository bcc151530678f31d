"""End to end on both databases: report, known at a moment, close, correct, close again; institutions apart."""

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import grpc
import pytest

from ecopledge.loans.v1 import statistics_pb2 as pb
from ecopledge.loans.v1.loans_pb2_grpc import LoansServiceStub
from services.loans.client import LoansClient
from services.loans.conditions import GuaranteeMode
from services.loans.loan import Loan
from services.loans.reported.position import FiveClass, LoanMovement, LoanPosition, MovementKind
from services.loans.statistics.client import StatisticsClient
from services.loans.statistics.differences import FigureDifference, differences_between
from services.loans.statistics.quarter import Quarter
from services.loans.statistics.result import CheckKind, Grouping
from services.runtime.channel import calling, open_channel
from services.runtime.errors import Conflict, FailedPrecondition, InvalidInput, NotFound
from services.runtime.server import RunningServer

MARCH, JUNE, SEPTEMBER = dt.date(2026, 3, 31), dt.date(2026, 6, 30), dt.date(2026, 9, 30)
SECOND, THIRD = Quarter(2026, 2), Quarter(2026, 3)
MakeLoan = Callable[..., Loan]


@pytest.fixture
def statistics(channel: grpc.Channel) -> StatisticsClient:
    return StatisticsClient(channel)


def position(loan_id: str, day: dt.date, balance: str) -> LoanPosition:
    return LoanPosition(loan_id, day, Decimal(balance), 0.045, quality=FiveClass.NORMAL)


def movement(number: int, loan_id: str, day: dt.date, kind: MovementKind, amount: str) -> LoanMovement:
    return LoanMovement(f"M{number}", loan_id, day, kind, Decimal(amount))


def fill(client: LoansClient, loan: MakeLoan) -> None:
    """Two loans over two quarters; the closing balances are the arithmetic beside them."""
    client.put_loans(
        dt.date(2026, 1, 15),
        [
            loan("L1", purpose="water_saving", guarantee_mode=GuaranteeMode.PLEDGE),
            loan("L2", county="肃南县", product="gep+guarantee", purpose="grassland_restoration"),
        ],
    )
    client.record_positions(
        [
            position("L1", MARCH, "1000000.00"),
            position("L2", MARCH, "500000.01"),
            position("L1", JUNE, "980000.00"),  # 1,000,000.00 - 20,000.00
            position("L2", JUNE, "500000.01"),
            position("L1", SEPTEMBER, "970000.00"),  # 980,000.00 + 40,000.00 - 50,000.00
            position("L2", SEPTEMBER, "0"),  # 500,000.01 - 500,000.01
        ]
    )
    client.record_movements(
        [
            movement(1, "L1", dt.date(2026, 5, 15), MovementKind.REPAID, "20000.00"),
            movement(2, "L1", dt.date(2026, 7, 1), MovementKind.DRAWN, "40000.00"),
            movement(3, "L1", SEPTEMBER, MovementKind.REPAID, "50000.00"),
            movement(4, "L2", dt.date(2026, 8, 8), MovementKind.PREPAID, "500000.01"),
        ]
    )


def test_a_quarter_is_reported(client: LoansClient, statistics: StatisticsClient, loan: MakeLoan) -> None:
    fill(client, loan)
    found = statistics.report(THIRD)
    total = found.statistics.total
    assert found.statistics.is_clean
    assert found.closed is None
    assert (total.opening_cents, total.drawn_cents, total.repaid_cents, total.prepaid_cents,
            total.written_off_cents, total.closing_cents) == (148_000_001, 4_000_000, 5_000_000, 50_000_001, 0,
                                                              97_000_000)  # fmt: skip
    assert {row.keys: row.closing_cents for row in found.statistics.lines(Grouping.COUNTY_PRODUCT)} == {
        ("甘州区", "water_right"): 97_000_000, ("肃南县", "gep+guarantee"): 0,
    }  # fmt: skip
    # A loan that does not say how it is secured counts as its product does.
    assert [row.keys for row in found.statistics.lines(Grouping.GUARANTEE_MODE)] == [
        ("combined",),
        ("pledge",),
    ]
    assert total.rate_annual == pytest.approx(0.045, rel=1e-15)
    assert statistics.report(SECOND).statistics.total.closing_cents == total.opening_cents
    assert statistics.report(THIRD).content_hash == found.content_hash


def test_a_late_correction_counts_from_its_moment(
    client: LoansClient, statistics: StatisticsClient, loan: MakeLoan
) -> None:
    fill(client, loan)
    before = statistics.report(THIRD)
    client.record_positions([position("L1", SEPTEMBER, "970000.05")])
    after = statistics.report(THIRD)
    assert after.statistics.total.closing_cents == 97_000_005
    assert [(item.kind, item.loan_id, item.amount_cents) for item in after.statistics.breaks] == [
        (CheckKind.ROLL_FORWARD, "L1", 5)
    ]
    again = statistics.report(THIRD, known_at=before.known_at)
    assert again.statistics == before.statistics
    assert (again.content_hash, again.known_at) == (before.content_hash, before.known_at)
    nothing = statistics.report(THIRD, known_at=dt.datetime(2026, 9, 30, 16, tzinfo=dt.UTC))
    assert nothing.statistics.total.closing_cents == 0


def test_a_position_of_an_earlier_day_stands_in_and_is_told(
    client: LoansClient, statistics: StatisticsClient, loan: MakeLoan
) -> None:
    client.put_loans(
        dt.date(2026, 1, 15), [loan("L1", purpose="water_saving"), loan("L2", purpose="solar_power")]
    )
    client.record_positions([position("L1", MARCH, "900.00"), position("L2", MARCH, "0")])
    client.record_positions(
        [position("L1", MARCH, "1000.00"), position("L1", dt.date(2026, 6, 1), "1000.00")]
    )
    found = statistics.report(THIRD).statistics
    assert (found.total.opening_cents, found.total.closing_cents) == (100_000, 100_000)
    # A loan without balance needs no new position every quarter.
    assert {(item.kind, item.loan_id, item.about) for item in found.breaks if item.loan_id == "L1"} == {
        (CheckKind.POSITION_OF_THE_DAY, "L1", "2026-06-01 < 2026-06-30"),
        (CheckKind.POSITION_OF_THE_DAY, "L1", "2026-06-01 < 2026-09-30"),
    }
    assert [item for item in found.breaks if item.loan_id == "L2"] == []
    # Of the two records of 31 March the later one counts.
    assert statistics.report(SECOND).statistics.total.opening_cents == 100_000


def test_closing_twice_makes_one_version_and_a_correction_makes_another(
    client: LoansClient, statistics: StatisticsClient, loan: MakeLoan
) -> None:
    fill(client, loan)
    first, is_new = statistics.close(THIRD)
    assert (first.version, is_new) == (1, True)
    assert statistics.close(THIRD) == (first, False)
    report = statistics.report(THIRD)
    assert (report.closed, report.content_hash) == (first, first.content_hash)
    assert statistics.closed(THIRD).statistics == report.statistics

    client.record_movements([movement(5, "L1", dt.date(2026, 8, 1), MovementKind.PREPAID, "10000.00")])
    client.record_positions([position("L1", SEPTEMBER, "960000.00")])
    assert statistics.report(THIRD).content_hash != first.content_hash
    second, is_new = statistics.close(THIRD)
    assert (second.version, is_new) == (2, True)
    assert statistics.versions(THIRD) == statistics.versions() == [first, second]
    kept, corrected = statistics.closed(THIRD, 1), statistics.closed(THIRD)
    assert kept.statistics == report.statistics
    found = differences_between(kept.statistics, corrected.statistics)
    assert (found.breaks_gone, found.breaks_new) == ((), ())
    of_total = [item for item in found.figures if item.grouping is Grouping.TOTAL]
    assert of_total == [
        FigureDifference(Grouping.TOTAL, (), "prepaid_cents", 50_000_001, 51_000_001),
        FigureDifference(Grouping.TOTAL, (), "closing_cents", 97_000_000, 96_000_000),
        FigureDifference(Grouping.TOTAL, (), "class_cents.normal", 97_000_000, 96_000_000),
    ]
    assert [item.difference for item in of_total] == [1_000_000, -1_000_000, -1_000_000]
    # Of the groupings only the lines of L1 have changed.
    assert {item.keys for item in found.figures if item.grouping is Grouping.COUNTY} == {("甘州区",)}


def test_an_opening_that_differs_from_the_closed_quarter_is_told(
    client: LoansClient, statistics: StatisticsClient, loan: MakeLoan
) -> None:
    fill(client, loan)
    statistics.close(SECOND)
    assert statistics.report(THIRD).statistics.is_clean
    client.record_positions([position("L2", JUNE, "500000.00")])
    breaks = statistics.report(THIRD).statistics.breaks
    assert [(item.kind, item.loan_id, item.amount_cents) for item in breaks] == [
        # 0.00 - (500,000.00 - 500,000.01) and 500,000.00 - 500,000.01
        (CheckKind.ROLL_FORWARD, "L2", 1),
        (CheckKind.OPENING_AS_CLOSED, "L2", -1),
    ]
    statistics.close(SECOND, accepted_breaks_reason="booked late")
    assert [item.kind for item in statistics.report(THIRD).statistics.breaks] == [CheckKind.ROLL_FORWARD]


def test_a_quarter_with_broken_identities_is_closed_only_with_a_reason(
    client: LoansClient, statistics: StatisticsClient, loan: MakeLoan
) -> None:
    """A book without its positions, which would otherwise be closed with zeros."""
    client.put_loans(dt.date(2026, 1, 15), [loan("L1"), loan("L2")])
    broken = statistics.report(THIRD).statistics.broken_identities
    assert {check.kind for check in broken} == {CheckKind.OPENING_POSITION, CheckKind.CLOSING_POSITION}
    for blank in ("", "  "):
        with pytest.raises(FailedPrecondition, match="opening_position 2, closing_position 2"):
            statistics.close(THIRD, accepted_breaks_reason=blank)
    with pytest.raises(InvalidInput, match="found 501 characters, expected at most 500"):
        statistics.close(THIRD, accepted_breaks_reason="x" * 501)
    assert statistics.versions() == []
    version, is_new = statistics.close(THIRD, accepted_breaks_reason=" 迁移首季，期初无报表 ")
    assert (version.version, version.accepted_breaks_reason, is_new) == (1, "迁移首季，期初无报表", True)
    assert statistics.closed(THIRD).facts == version == statistics.versions()[0]


def test_a_quarter_that_holds_keeps_no_reason(
    client: LoansClient, statistics: StatisticsClient, loan: MakeLoan
) -> None:
    fill(client, loan)
    version, _ = statistics.close(THIRD, accepted_breaks_reason="nothing to accept")
    assert version.accepted_breaks_reason == ""


def test_two_that_close_at_once_make_one_version(
    client: LoansClient, statistics: StatisticsClient, loan: MakeLoan
) -> None:
    fill(client, loan)
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: statistics.close(THIRD), range(4)))
    assert sorted(is_new for _, is_new in answers) == [False, False, False, True]
    assert {version for version, _ in answers} == set(statistics.versions(THIRD))


def test_a_repeated_request_gets_the_first_answer(
    client: LoansClient, statistics: StatisticsClient, loan: MakeLoan
) -> None:
    fill(client, loan)
    answer = statistics.close(THIRD, request_id="r")
    client.record_positions([position("L1", SEPTEMBER, "1.00")])
    assert statistics.close(THIRD, request_id="r") == answer
    with pytest.raises(Conflict, match="'r'"):
        statistics.close(SECOND, request_id="r")


def test_an_empty_institution_has_a_statistic_of_zeros(statistics: StatisticsClient) -> None:
    found = statistics.report(THIRD)
    assert (found.statistics.total.closing_cents, found.statistics.is_clean) == (0, True)


def test_institutions_see_only_their_own(
    server: RunningServer, client: LoansClient, statistics: StatisticsClient, loan: MakeLoan
) -> None:
    fill(client, loan)
    statistics.close(THIRD)
    with open_channel(server.address, institution_id="bank-b") as channel:
        theirs = StatisticsClient(channel)
        assert theirs.report(THIRD).statistics.total.closing_cents == 0
        assert theirs.versions() == []
        with pytest.raises(NotFound, match="2026Q3 is not closed"):
            theirs.closed(THIRD)
        with pytest.raises(FailedPrecondition, match="2026Q3 is not closed: found neither a loan"):
            theirs.close(THIRD)


def test_what_cannot_be_answered_is_refused(
    client: LoansClient, statistics: StatisticsClient, loan: MakeLoan
) -> None:
    fill(client, loan)
    with pytest.raises(InvalidInput, match="which ends on 2998-12-31; expected a quarter that has ended"):
        statistics.report(Quarter(2998, 4))
    with pytest.raises(InvalidInput, match="expected a quarter that has ended"):
        statistics.close(Quarter(2998, 4))
    with pytest.raises(InvalidInput, match="expected a quarter that has ended by 2026-09-29"):
        # Half past eleven in the evening of the 29th, in China.
        statistics.report(THIRD, known_at=dt.datetime(2026, 9, 29, 15, 30, tzinfo=dt.UTC))
    with pytest.raises(InvalidInput, match="a moment that has come"):
        statistics.report(THIRD, known_at=dt.datetime(2998, 1, 1, tzinfo=dt.UTC))
    statistics.close(THIRD)
    with pytest.raises(NotFound, match="has no version 7, expected 1 to 1"):
        statistics.closed(THIRD, 7)


def test_a_malformed_period_is_refused_with_its_place(channel: grpc.Channel) -> None:
    stub = LoansServiceStub(channel)
    calls: list[Callable[[], object]] = [
        lambda: stub.ReportStatistics(pb.ReportStatisticsRequest(period="2026-Q3", known_at="yesterday")),
        lambda: stub.CloseStatistics(pb.CloseStatisticsRequest(request_id="r", period="三季度")),
        lambda: stub.GetClosedStatistics(pb.GetClosedStatisticsRequest(period="")),
        lambda: stub.ListClosedStatistics(pb.ListClosedStatisticsRequest(period="2026Q9")),
    ]
    for call in calls:
        with (
            pytest.raises(InvalidInput, match=r"period: found .* expected a quarter such as 2026Q3"),
            calling(),
        ):
            call()


def test_a_quarter_without_anything_is_reported_but_not_closed(
    client: LoansClient, statistics: StatisticsClient, loan: MakeLoan
) -> None:
    assert statistics.report(SECOND).statistics.total.closing_cents == 0
    with pytest.raises(
        FailedPrecondition, match=r"2026Q2 is not closed: found neither a loan nor a position nor a"
    ):
        statistics.close(SECOND)
    assert statistics.versions() == []
    # A loan after the quarter is not in it; one that is on record and not yet drawn or reported is.
    client.put_loans(dt.date(2026, 7, 15), [loan("L1")])
    with pytest.raises(FailedPrecondition, match="found neither"):
        statistics.close(SECOND)
    with pytest.raises(FailedPrecondition, match=r"identity checks do not hold \(opening_position 1, "):
        statistics.close(THIRD)
