"""What is said of days that have not come is refused: movements, positions, states of loans, terms of the book."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import grpc
import pytest
import sqlalchemy as sa

from flows.loan_files.reading import read_loan_files
from flows.loan_files.sending import send_loan_files
from services.loans import engine as loans
from services.loans.book_terms.client import BookTermsClient
from services.loans.book_terms.terms import TermsKind, TermsTable
from services.loans.client import LoansClient
from services.loans.importing.client import ImportClient
from services.loans.loan import Loan
from services.loans.reported.position import LoanMovement, LoanPosition, MovementKind
from services.loans.repository import SqlLoanStore
from services.runtime.database import reading, transaction
from services.runtime.errors import InvalidInput

DRAWN, NEVER_YET = dt.date(2026, 6, 30), dt.date(2962, 3, 1)
MakeLoan = Callable[..., Loan]


def repaid(day: dt.date, movement_id: str = "M1") -> LoanMovement:
    return LoanMovement(movement_id, "L1", day, MovementKind.REPAID, Decimal("20000.00"))


def owes(day: dt.date) -> LoanPosition:
    return LoanPosition("L1", day, Decimal("900000.00"), 0.045)


@pytest.mark.parametrize(
    ("utc", "today"),
    [
        (dt.datetime(2026, 7, 14, 15, 59, tzinfo=dt.UTC), dt.date(2026, 7, 14)),
        (dt.datetime(2026, 7, 14, 16, 0, tzinfo=dt.UTC), dt.date(2026, 7, 15)),  # midnight in China
    ],
)
def test_a_day_has_come_when_it_has_begun_in_china(
    loans_engine: sa.Engine, loan: MakeLoan, utc: dt.datetime, today: dt.date
) -> None:
    tomorrow = today + dt.timedelta(days=1)
    with transaction(loans_engine) as connection:
        store = SqlLoanStore(connection, "bank-a", lambda: utc)
        store.put_loans(DRAWN, [loan("L1")])
        assert loans.record_movements(store, [repaid(today)]).created == 1
        assert loans.record_positions(store, [owes(today)]).created == 1
        with pytest.raises(InvalidInput) as refused:
            loans.record_movements(store, [repaid(today, "M2"), repaid(tomorrow, "M3")])
        [found] = refused.value.violations
        assert found.field == "movements[1].day"
        assert found.description == (
            f"found {tomorrow}, expected a day up to today ({today}, in China); "
            "what is planned belongs in the repayment plan of the loan"
        )
        with pytest.raises(
            InvalidInput, match=rf"positions\[0\]\.as_of: found {tomorrow}, expected a day up to"
        ):
            loans.record_positions(store, [owes(tomorrow)])


def test_a_refused_call_stores_nothing(client: LoansClient, loans_engine: sa.Engine, loan: MakeLoan) -> None:
    client.put_loans(DRAWN, [loan("L1")])
    with pytest.raises(InvalidInput, match=r"movements\[0\]\.day: found 2962-03-01"):
        client.record_movements([repaid(NEVER_YET), repaid(DRAWN, "M2")])
    with reading(loans_engine) as connection:
        store = SqlLoanStore(connection, "bank-a")
        assert store.movements_between(dt.date.min, dt.date.max) == []


def test_a_file_is_told_by_its_row(
    client: LoansClient, channel: grpc.Channel, loans_engine: sa.Engine, loan: MakeLoan, tmp_path: Path
) -> None:
    client.put_loans(DRAWN, [loan("L1")])
    movements, positions = tmp_path / "movements.csv", tmp_path / "positions.csv"
    movements.write_text(
        "流水号,贷款编号,发生日,类型,金额\nM1,L1,2026-07-01,按期归还,100.00\nM2,L1,2962-03-01,按期归还,100.00\n"
    )
    positions.write_text("贷款编号,报告日,余额,利率（%）\nL1,2962-03-31,900000.00,4.5\n")
    with pytest.raises(InvalidInput) as refused:
        send_loan_files(ImportClient(channel), read_loan_files([movements]), None)
    [found] = refused.value.violations
    assert found.field.endswith("movements.csv, row 3, column 发生日")
    assert found.description.startswith("found 2962-03-01, expected a day up to today")
    with pytest.raises(InvalidInput) as both:
        send_loan_files(ImportClient(channel), read_loan_files([movements, positions]), None)
    assert "positions.csv, row 2, column 报告日" in str(both.value)
    with reading(loans_engine) as connection:
        store = SqlLoanStore(connection, "bank-a")
        assert store.movements_between(dt.date.min, dt.date.max) == []


@pytest.mark.parametrize(
    ("utc", "today"),
    [
        (dt.datetime(2026, 7, 14, 15, 59, tzinfo=dt.UTC), dt.date(2026, 7, 14)),
        (dt.datetime(2026, 7, 14, 16, 0, tzinfo=dt.UTC), dt.date(2026, 7, 15)),  # midnight in China
    ],
)
def test_states_of_loans_and_terms_begin_by_today(
    loans_engine: sa.Engine, loan: MakeLoan, utc: dt.datetime, today: dt.date
) -> None:
    tomorrow = today + dt.timedelta(days=1)
    said = rf"^as_of: found {tomorrow}, expected a day up to today \({today}, in China\)$"
    empty = TermsTable(TermsKind.DEFAULT_CURVES, ())
    with transaction(loans_engine) as connection:
        store = SqlLoanStore(connection, "bank-a", lambda: utc)
        assert loans.put_loans(store, today, [loan("L1")]).created == 1
        assert loans.put_terms(store, today, [empty]).unchanged == 1
        with pytest.raises(InvalidInput, match=said):
            loans.put_loans(store, tomorrow, [loan("L1", name="another")])
        with pytest.raises(InvalidInput, match=said):
            loans.put_terms(store, tomorrow, [empty])


def test_a_loan_or_terms_of_a_year_to_come_are_not_stored(
    client: LoansClient, channel: grpc.Channel, loan: MakeLoan
) -> None:
    with pytest.raises(InvalidInput, match=r"^as_of: found 2962-03-01, expected a day up to today"):
        client.put_loans(NEVER_YET, [loan("L1")])
    with pytest.raises(InvalidInput, match=r"^header\.as_of: found 2962-03-01, expected a day up to today"):
        ImportClient(channel).import_loans(NEVER_YET, [loan("L1")])
    terms = BookTermsClient(channel)
    with pytest.raises(InvalidInput, match=r"^as_of: found 2962-03-01, expected a day up to today"):
        terms.put(NEVER_YET, [TermsTable(TermsKind.COMPENSATION_FUNDS, ())])
    assert list(client.list_loans()) == []
    assert terms.versions() == ()
