"""Positions, movements and the conditions of loans through a real server, on both databases."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import grpc
import pytest

from ecopledge.loans.v1 import loans_pb2, position_pb2
from ecopledge.loans.v1.loans_pb2_grpc import LoansServiceStub
from services.loans.client import LoansClient
from services.loans.conditions import BorrowerSize, GuaranteeMode, InterestSubsidy
from services.loans.loan import Loan, PutCounts
from services.loans.reported.position import FiveClass, LoanMovement, LoanPosition, MovementKind
from services.loans.translate.loan import loan_to_wire
from services.runtime.channel import calling
from services.runtime.errors import Conflict, InvalidInput, NotFound
from services.runtime.wire.values import date_to_wire

JUNE = dt.date(2026, 6, 30)
MakeLoan = Callable[..., Loan]


def test_conditions_go_in_and_come_back(client: LoansClient, loan: MakeLoan) -> None:
    given = [
        loan(
            "L1",
            purpose="5.2.1",
            approved_on=dt.date(2026, 1, 2),
            guarantee_mode=GuaranteeMode.COMBINED,
            borrower_size=BorrowerSize.MICRO,
            is_investment_grade=True,
            subsidy=InterestSubsidy("山丹县财政", rate_points_annual=0.02, until=dt.date(2027, 1, 15)),
            compensation_share=0.3,
            restructured_on=dt.date(2026, 5, 4),
        ),
        loan("L2", subsidy=InterestSubsidy("", interest_share=0.5)),
        loan("L3"),
    ]
    client.put_loans(JUNE, given)
    assert [record.loan for record in client.list_loans()] == given
    assert client.put_loans(JUNE, given) == PutCounts(0, 0, 3)


def test_wrong_conditions_are_all_named(channel: grpc.Channel, loan: MakeLoan) -> None:
    wrong = loan_to_wire(loan("L1"))
    wrong.guarantee_mode = 99  # type: ignore[assignment]  # a number that no mode has
    wrong.borrower_size = 98  # type: ignore[assignment]  # a number that no size has
    wrong.compensation_share = 1.5
    wrong.purpose = "x" * 65
    wrong.approved_on.year = 2026
    wrong.subsidy.payer = "county"
    request = loans_pb2.PutLoansRequest(request_id="r", as_of=date_to_wire(JUNE), loans=[wrong])
    with pytest.raises(InvalidInput) as caught, calling():
        LoansServiceStub(channel).PutLoans(request)
    assert {violation.field for violation in caught.value.violations} == {
        "loans[0].purpose",
        "loans[0].compensation_share",
        "loans[0].approved_on",
        "loans[0].guarantee_mode",
        "loans[0].borrower_size",
        "loans[0].subsidy.measure",
    }


def test_positions_are_stored_once_and_corrected(client: LoansClient, loan: MakeLoan) -> None:
    client.put_loans(JUNE, [loan("L1"), loan("L2")])
    given = [
        LoanPosition(
            "L1", JUNE, Decimal("900000.55"), 0.045, 31, Decimal("10.05"), FiveClass.SPECIAL_MENTION
        ),
        LoanPosition("L2", JUNE, Decimal(0), 0.0),
    ]
    assert client.record_positions(given, request_id="p") == PutCounts(2, 0, 0)
    assert client.record_positions(given, request_id="p") == PutCounts(2, 0, 0)  # the first answer
    assert client.record_positions(given) == PutCounts(0, 0, 2)
    corrected = LoanPosition("L2", JUNE, Decimal(1), 0.0)
    assert client.record_positions([corrected]) == PutCounts(0, 1, 0)
    with pytest.raises(Conflict):
        client.record_positions([corrected], request_id="p")


def test_movements_are_stored_once(client: LoansClient, loan: MakeLoan) -> None:
    client.put_loans(JUNE, [loan("L1")])
    given = [LoanMovement(f"M{i}", "L1", JUNE, kind, Decimal("0.01")) for i, kind in enumerate(MovementKind)]
    assert client.record_movements(given, request_id="m") == PutCounts(4, 0, 0)
    assert client.record_movements(given) == PutCounts(0, 0, 4)


def test_unknown_loans_are_refused_whole(client: LoansClient, loan: MakeLoan) -> None:
    client.put_loans(JUNE, [loan("L1")])
    good, bad = (LoanPosition(name, JUNE, Decimal(1), 0.0) for name in ("L1", "X1"))
    with pytest.raises(NotFound, match="'X1'"):
        client.record_positions([good, bad])
    with pytest.raises(NotFound, match="'X2'"):
        client.record_movements([LoanMovement("M", "X2", JUNE, MovementKind.DRAWN, Decimal(1))])
    assert client.record_positions([good]) == PutCounts(1, 0, 0)  # nothing of the refused call was kept


def test_every_wrong_field_of_a_position_is_named(channel: grpc.Channel) -> None:
    day = date_to_wire(JUNE)
    good = position_pb2.LoanPosition(loan_id="L1", as_of=day)
    good.balance.currency_code = "CNY"
    wrong = position_pb2.LoanPosition(loan_id="L1", as_of=day, rate_annual=4.5, overdue_days=99_999)
    wrong.quality = 9  # type: ignore[assignment]  # a number that no class has
    wrong.balance.CopyFrom(good.balance)
    wrong.overdue_principal.currency_code = "CNY"
    wrong.overdue_principal.units = 1
    request = position_pb2.RecordPositionsRequest(request_id="r", positions=[good, wrong, good])
    with pytest.raises(InvalidInput) as caught, calling():
        LoansServiceStub(channel).RecordPositions(request)
    assert [violation.field for violation in caught.value.violations] == [
        "positions[1].overdue_principal",
        "positions[1].rate_annual",
        "positions[1].overdue_days",
        "positions[1].quality",
        "positions[1].loan_id",
        "positions[2].loan_id",
    ]


def test_every_wrong_field_of_a_movement_is_named(channel: grpc.Channel) -> None:
    wrong = position_pb2.LoanMovement(loan_id=" ", movement_id="")
    wrong.amount.currency_code = "CNY"
    wrong.amount.nanos = 5_000_000
    request = position_pb2.RecordMovementsRequest(request_id="r", movements=[wrong])
    with pytest.raises(InvalidInput) as caught, calling():
        LoansServiceStub(channel).RecordMovements(request)
    assert [violation.field for violation in caught.value.violations] == [
        f"movements[0].{field}" for field in ("movement_id", "loan_id", "day", "kind", "amount")
    ]
