"""Imports in one stream through a real server, on both databases: all or nothing, once, and never half."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import grpc
import pytest

from ecopledge.loans.v1 import loans_pb2 as pb
from ecopledge.loans.v1.loans_pb2_grpc import LoansServiceStub
from services.loans.client import LoansClient
from services.loans.collateral import Collateral
from services.loans.importing.client import ImportClient
from services.loans.importing.intake import ImportHeader, ImportKind, Row
from services.loans.importing.translate import ROWS_PER_CHUNK, book_to_wire, header_to_wire
from services.loans.loan import Loan, PutCounts, RepaymentKind
from services.loans.pledges.client import PledgeClient
from services.loans.pledges.levels import PledgeLevel
from services.loans.reported.position import LoanMovement, LoanPosition, MovementKind
from services.runtime.channel import calling
from services.runtime.errors import Conflict, InvalidInput

JUNE = dt.date(2026, 6, 30)
MakeLoan = Callable[..., Loan]
MakeCollateral = Callable[..., Collateral]


@pytest.fixture
def importer(channel: grpc.Channel) -> ImportClient:
    return ImportClient(channel)


def stored(client: LoansClient) -> list[str]:
    return [record.loan.loan_id for record in client.list_loans()]


def send(channel: grpc.Channel, *parts: pb.ImportLoansRequest) -> pb.ImportLoansResponse:
    with calling():
        answer: pb.ImportLoansResponse = LoansServiceStub(channel).ImportLoans(iter(parts))
    return answer


HEADER = header_to_wire(ImportHeader("r1", ImportKind.LOANS, JUNE))


def test_loans_of_several_chunks_go_in_once(
    client: LoansClient, importer: ImportClient, loan: MakeLoan
) -> None:
    n = ROWS_PER_CHUNK + 3
    loans = [loan(f"L{i:05d}") for i in range(n)]
    assert importer.import_loans(JUNE, iter(loans)) == PutCounts(n, 0, 0)
    assert importer.import_loans(JUNE, iter(loans)) == PutCounts(0, 0, n)
    assert [record.loan for record in client.list_loans()] == loans
    changed = [loan("L00001", unsecured_lgd=0.1), loan("X")]
    assert importer.import_loans(JUNE, changed) == PutCounts(1, 1, 0)


def test_a_repeated_request_gets_the_first_answer_however_it_is_cut(
    channel: grpc.Channel, importer: ImportClient, loan: MakeLoan
) -> None:
    loans = [loan("L1"), loan("L2")]
    assert importer.import_loans(JUNE, loans, request_id="r1") == PutCounts(2, 0, 0)
    one_by_one = [next(book_to_wire({ImportKind.LOANS: [item]})) for item in loans]
    again = send(channel, HEADER, *one_by_one, pb.ImportLoansRequest(end=pb.ImportEnd(n_rows=2)))
    assert (again.created, again.updated, again.unchanged) == (2, 0, 0)
    with pytest.raises(Conflict, match="r1"):
        importer.import_loans(JUNE, loans[:1], request_id="r1")


def test_wrong_rows_are_named_by_their_number_and_nothing_is_stored(
    client: LoansClient, channel: grpc.Channel, loan: MakeLoan
) -> None:
    good, *_ = book_to_wire({ImportKind.LOANS: [loan("L1"), loan("L2")]})
    bad, end = book_to_wire({ImportKind.LOANS: [loan("L3"), loan("L4")]})
    bad.loans.rows[1].terms.periods = 0
    bad.loans.rows[1].borrower_id = ""
    with pytest.raises(InvalidInput) as caught:
        send(channel, HEADER, good, bad, end)
    assert {violation.field for violation in caught.value.violations} == {
        "rows[3].borrower_id",
        "rows[3].terms.periods",
    }
    assert stored(client) == []


def test_a_text_that_no_report_can_print_is_refused(
    client: LoansClient, importer: ImportClient, loan: MakeLoan
) -> None:
    wrong = [loan("L1"), loan("L2", county="民\x07乐县"), loan("L\x003", borrower_id="B", name="a\ufffe")]
    with pytest.raises(InvalidInput) as caught:
        importer.import_loans(JUNE, wrong)
    told = {violation.field: violation.description for violation in caught.value.violations}
    assert set(told) == {"rows[1].county", "rows[2].loan_id", "rows[2].name"}
    assert "with the character U+0007, expected characters that can be printed" in told["rows[1].county"]
    movement = LoanMovement("M\x1b", "L1", JUNE, MovementKind.DRAWN, Decimal(1))
    with pytest.raises(InvalidInput, match=r"rows\[0\].movement_id: .*U\+001B"):
        importer.import_movements([movement])
    assert stored(client) == []


def test_a_product_that_nobody_knows_is_named_with_those_that_there_are(
    client: LoansClient, importer: ImportClient, loan: MakeLoan
) -> None:
    n = ROWS_PER_CHUNK + 2
    loans = [loan(f"L{i:05d}", product="gep" if i < n - 1 else "gap") for i in range(n)]
    with pytest.raises(
        InvalidInput, match=rf"rows\[{n - 1}\].product: found 'gap', expected nothing or .*gep"
    ):
        importer.import_loans(JUNE, loans)
    assert stored(client) == []


def test_a_key_that_comes_twice_is_refused(
    client: LoansClient, importer: ImportClient, loan: MakeLoan
) -> None:
    with pytest.raises(InvalidInput, match=r"rows\[2\]: found L1 again after rows\[0\]"):
        importer.import_loans(JUNE, [loan("L1"), loan("L2"), loan("L1", unsecured_lgd=0.1)])
    assert stored(client) == []


@pytest.mark.parametrize("case", ["no header", "no end", "too few", "after the end", "empty", "other rows"])
def test_a_stream_out_of_order_stores_nothing(
    client: LoansClient, channel: grpc.Channel, loan: MakeLoan, case: str
) -> None:
    rows, end = book_to_wire({ImportKind.LOANS: [loan("L1")]})
    other, _ = book_to_wire(
        {ImportKind.MOVEMENTS: [LoanMovement("M", "L1", JUNE, MovementKind.DRAWN, Decimal(1))]}
    )
    parts = {
        "no header": [rows, end],
        "no end": [HEADER, rows],
        "too few": [HEADER, rows, pb.ImportLoansRequest(end=pb.ImportEnd(n_rows=2))],
        "after the end": [HEADER, rows, end, rows],
        "empty": [HEADER, pb.ImportLoansRequest(end=pb.ImportEnd(n_rows=0))],
        "other rows": [HEADER, other, end],
    }
    with pytest.raises(InvalidInput):
        send(channel, *parts[case])
    assert stored(client) == []


def test_a_broken_stream_stores_nothing_and_keeps_nobody_waiting(
    client: LoansClient, channel: grpc.Channel, importer: ImportClient, loan: MakeLoan
) -> None:
    sent, go_on = threading.Event(), threading.Event()

    def parts() -> Iterator[pb.ImportLoansRequest]:
        yield HEADER
        yield next(book_to_wire({ImportKind.LOANS: [loan("L1")]}))
        sent.set()
        go_on.wait(30)

    call = LoansServiceStub(channel).ImportLoans.future(parts())
    assert sent.wait(10)
    # The other import is not held up by the one that has not ended.
    assert importer.import_loans(JUNE, [loan("L2")]) == PutCounts(1, 0, 0)
    call.cancel()  # type: ignore[no-untyped-call]  # of the library
    go_on.set()
    assert stored(client) == ["L2"]


def test_rows_that_cannot_be_made_break_the_import(
    client: LoansClient, importer: ImportClient, loan: MakeLoan
) -> None:
    def rows() -> Iterator[Loan]:
        yield loan("L1")
        raise OSError("the file ended")

    with pytest.raises(OSError, match="the file ended"):
        importer.import_loans(JUNE, rows())
    assert stored(client) == []


def test_two_imports_of_the_same_rows_at_once_store_them_once(importer: ImportClient, loan: MakeLoan) -> None:
    loans = [loan(f"L{i}") for i in range(300)]
    with ThreadPoolExecutor(2) as threads:
        counts = list(threads.map(lambda _: importer.import_loans(JUNE, loans), range(2)))
    assert sorted((c.created, c.updated, c.unchanged) for c in counts) == [(0, 0, 300), (300, 0, 0)]


def test_positions_and_movements_need_their_loans(
    client: LoansClient, importer: ImportClient, loan: MakeLoan
) -> None:
    client.put_loans(JUNE, [loan("L1")])
    positions = [LoanPosition(name, JUNE, Decimal("5.25"), 0.04) for name in ("L1", "X1", "X2")]
    with pytest.raises(InvalidInput) as caught:
        importer.import_positions(positions)
    assert [violation.field for violation in caught.value.violations] == [
        "rows[1].loan_id",
        "rows[2].loan_id",
    ]
    assert importer.import_positions(positions[:1]) == PutCounts(1, 0, 0)
    assert client.record_positions(positions[:1]) == PutCounts(0, 0, 1)
    movements = [LoanMovement("M1", "L1", JUNE, MovementKind.DRAWN, Decimal("5.25"))]
    assert importer.import_movements(movements) == PutCounts(1, 0, 0)
    assert client.record_movements(movements) == PutCounts(0, 0, 1)


def test_a_position_twice_for_a_day_is_refused_and_for_two_days_is_not(
    client: LoansClient, importer: ImportClient, loan: MakeLoan
) -> None:
    client.put_loans(JUNE, [loan("L1")])
    day = LoanPosition("L1", JUNE, Decimal(1), 0.04)
    later = LoanPosition("L1", JUNE + dt.timedelta(1), Decimal(1), 0.04)
    assert importer.import_positions([day, later]) == PutCounts(2, 0, 0)
    with pytest.raises(InvalidInput, match=r"rows\[1\]: found L1 2026-06-30 again"):
        importer.import_positions([day, day])


BOOK_OF_ONE = (
    [LoanPosition("L1", JUNE, Decimal("5.25"), 0.04), LoanPosition("L2", JUNE, Decimal(7), 0.04)],
    [LoanMovement("M1", "L1", JUNE, MovementKind.DRAWN, Decimal("5.25"))],
)


def test_a_book_goes_in_together(client: LoansClient, importer: ImportClient, loan: MakeLoan) -> None:
    client.put_loans(JUNE, [loan("L2")])
    positions, movements = BOOK_OF_ONE
    first = {"loans": PutCounts(1, 0, 1), "positions": PutCounts(2, 0, 0), "movements": PutCounts(1, 0, 0)}
    given = (JUNE, [loan("L1"), loan("L2")], positions, movements)
    assert importer.import_book(*given, request_id="b") == first
    assert importer.import_book(*given, request_id="b") == first
    again = importer.import_book(*given)
    assert again == {
        "loans": PutCounts(0, 0, 2),
        "positions": PutCounts(0, 0, 2),
        "movements": PutCounts(0, 0, 1),
    }
    # Without loans no date is needed.
    assert importer.import_book(None, [], positions, [])[ImportKind.POSITIONS] == PutCounts(0, 0, 2)
    with pytest.raises(Conflict, match="b"):
        importer.import_book(JUNE, [loan("L1"), loan("L2")], positions, [], request_id="b")


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        ([LoanPosition("X", JUNE, Decimal(1), 0.04)], "positions[0].loan_id"),
        ([LoanPosition("L1", JUNE, Decimal(1), 0.04)] * 2, "positions[1]"),
        ([LoanMovement("M", "X", JUNE, MovementKind.DRAWN, Decimal(1))], "movements[0].loan_id"),
        ([LoanMovement("M", "L1", JUNE, MovementKind.DRAWN, Decimal(1), "M0")], "movements[0].reverses"),
    ],
)
def test_a_book_with_one_wrong_row_stores_nothing_of_any_kind(
    client: LoansClient,
    importer: ImportClient,
    loan: MakeLoan,
    rows: list[LoanPosition | LoanMovement],
    field: str,
) -> None:
    positions = [row for row in rows if isinstance(row, LoanPosition)]
    movements = [row for row in rows if isinstance(row, LoanMovement)]
    with pytest.raises(InvalidInput) as caught:
        importer.import_book(JUNE, [loan("L1")], positions, movements)
    assert [violation.field for violation in caught.value.violations] == [field]
    assert stored(client) == []


def test_the_kinds_of_a_book_may_come_in_any_order_but_loans_need_their_day(
    client: LoansClient, channel: grpc.Channel, loan: MakeLoan
) -> None:
    positions, movements = BOOK_OF_ONE
    rows: dict[ImportKind, Sequence[Row]] = {
        ImportKind.MOVEMENTS: movements,
        ImportKind.POSITIONS: positions[:1],
        ImportKind.LOANS: [loan("L1")],
    }
    parts = list(book_to_wire(rows))
    header = header_to_wire(ImportHeader("r1", ImportKind.BOOK, JUNE))
    with pytest.raises(InvalidInput, match=r"header.as_of: is missing"):
        send(channel, header_to_wire(ImportHeader("r1", ImportKind.BOOK, None)), *parts)
    assert stored(client) == []
    answer = send(channel, header, *parts)
    assert (answer.created, [rows.created for rows in answer.by_kind]) == (3, [1, 1, 1])
    with pytest.raises(InvalidInput, match="at least one"):
        send(
            channel,
            header_to_wire(ImportHeader("r2", ImportKind.BOOK, JUNE)),
            pb.ImportLoansRequest(end=pb.ImportEnd()),
        )


def test_an_import_is_known_at_one_moment(
    client: LoansClient, importer: ImportClient, loan: MakeLoan
) -> None:
    importer.import_loans(JUNE, [loan(f"L{i:05d}") for i in range(ROWS_PER_CHUNK + 1)])
    moments = {record.recorded_at for record in client.list_loans()}
    assert len(moments) == 1


def test_long_rows_go_in_smaller_chunks(client: LoansClient, importer: ImportClient, loan: MakeLoan) -> None:
    """600 parts of 10.00 a loan; one message of 5,000 such rows would have 40 MB."""
    parts = (Decimal("10.00"),) * 600
    terms = replace(
        loan().terms,
        principal_cny=Decimal(6000),
        periods=600,
        kind=RepaymentKind.CUSTOM,
        custom_principal_cny=parts,
    )
    long = [loan(f"L{i}", terms=terms) for i in range(400)]
    chunks = [len(message.loans.rows) for message in book_to_wire({ImportKind.LOANS: long})][:-1]
    assert sum(chunks) == 400
    assert len(chunks) > 1
    assert importer.import_loans(JUNE, long) == PutCounts(400, 0, 0)
    assert next(client.list_loans(page_size=2)).loan == long[0]


def test_pledges_go_in_with_their_book_and_alone(
    client: LoansClient, importer: ImportClient, loan: MakeLoan, collateral: MakeCollateral
) -> None:
    pledges = [collateral("C1", "L1", value_cny=2e6), collateral("C2", "L1", pledged_share=0.4)]
    loans = [loan("L1")]
    done = importer.import_book(JUNE, loans, [], [], pledges, request_id="b")
    assert (done[ImportKind.LOANS], done[ImportKind.PLEDGES]) == (PutCounts(1, 0, 0), PutCounts(2, 0, 0))
    assert importer.import_book(JUNE, loans, [], [], pledges, request_id="b") == done
    assert next(client.list_loans()).collateral_ids == ("C1", "C2")
    # What went in is what PutCollateral would have stored.
    assert client.put_collateral(pledges) == PutCounts(0, 0, 2)
    assert importer.import_pledges(pledges) == PutCounts(0, 0, 2)
    assert importer.import_pledges([replace(pledges[0], pledged_share=0.5)]) == PutCounts(0, 1, 0)
    with pytest.raises(Conflict, match="b"):
        importer.import_book(JUNE, loans, [], [], pledges[:1], request_id="b")


def test_a_wrong_pledge_leaves_the_whole_book_out(
    client: LoansClient, importer: ImportClient, loan: MakeLoan, collateral: MakeCollateral
) -> None:
    for pledges, field in (
        ([collateral("C1", "L1"), collateral("C2", "X")], r"pledges\[1\].loan_id: found 'X'"),
        (
            [collateral("C1", "L1"), collateral("C1", "L1")],
            r"pledges\[1\]: found C1 again after pledges\[0\]",
        ),
    ):
        with pytest.raises(InvalidInput, match=field):
            importer.import_book(JUNE, [loan("L1")], [], [], pledges)
    assert stored(client) == []


def test_an_imported_valuation_that_crosses_a_level_is_an_event(
    channel: grpc.Channel, importer: ImportClient, loan: MakeLoan, collateral: MakeCollateral
) -> None:
    # 1,000,000.00 are owed, so that 1,000 is below every level and 4,000,000 above; two pledges move it but once.
    rich = [collateral(name, "L1", value_cny=2e6) for name in ("C1", "C2")]
    poor = [replace(item, value_cny=500.0, valuation_date=JUNE + dt.timedelta(1)) for item in rich]
    importer.import_book(JUNE, [loan("L1")], [], [], rich)
    importer.import_pledges(poor)
    [event] = PledgeClient(channel).events()
    assert (event.crossing.before, event.crossing.after) == (PledgeLevel.NORMAL, PledgeLevel.LIQUIDATION)
