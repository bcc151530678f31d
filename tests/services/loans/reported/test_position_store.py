"""Positions and movements are added and never changed; every test runs on SQLite and on PostgreSQL."""

import datetime as dt
from decimal import Decimal

import pytest
import sqlalchemy as sa

from services.loans.loan import PutCounts
from services.loans.reported.position import FiveClass, LoanMovement, LoanPosition, MovementKind
from services.loans.reported.position_store import SqlPositionStore, movement_table, position_table
from services.runtime.database import reading, transaction

MARCH, JUNE, SEPTEMBER = dt.date(2026, 3, 31), dt.date(2026, 6, 30), dt.date(2026, 9, 30)
NOON = dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC)


def at(hours: float) -> dt.datetime:
    return NOON + dt.timedelta(hours=hours)


def store(connection: sa.Connection, hours: float = 0.0, institution_id: str = "bank-a") -> SqlPositionStore:
    return SqlPositionStore(connection, institution_id, lambda: at(hours))


def position(loan_id: str, day: dt.date, balance: str = "100.00", **changes: object) -> LoanPosition:
    return LoanPosition(loan_id, day, Decimal(balance), 0.045, **changes)  # type: ignore[arg-type]  # test values


def movement(movement_id: str, day: dt.date, amount: str = "10.00", loan_id: str = "L1") -> LoanMovement:
    return LoanMovement(movement_id, loan_id, day, MovementKind.REPAID, Decimal(amount))


@pytest.mark.parametrize("table", [position_table, movement_table])
def test_the_migration_makes_the_tables_that_the_code_uses(loans_engine: sa.Engine, table: sa.Table) -> None:
    columns = sa.inspect(loans_engine).get_columns(table.name)
    assert {(column["name"], column["nullable"]) for column in columns} == {
        (column.name, column.nullable) for column in table.columns
    }


def test_a_position_comes_back_as_it_was_reported(loans_engine: sa.Engine) -> None:
    given = [
        LoanPosition(
            "L1",
            JUNE,
            Decimal("9999999999999.99"),
            0.1 + 0.2,
            91,
            Decimal("0.01"),
            FiveClass.SUBSTANDARD,
            True,
        ),
        LoanPosition("L2", JUNE, Decimal("0.00"), 0.0),
    ]
    with transaction(loans_engine) as connection:
        assert store(connection).record_positions(given) == PutCounts(2, 0, 0)
    with reading(loans_engine) as connection:
        assert store(connection).positions_in_force(JUNE) == given


def test_the_position_in_force_is_the_latest_up_to_the_day(loans_engine: sa.Engine) -> None:
    with transaction(loans_engine) as connection:
        store(connection).record_positions(
            [position("L1", SEPTEMBER, "80"), position("L1", MARCH, "90"), position("L2", JUNE, "70")]
        )
    with reading(loans_engine) as connection:
        mine = store(connection)
        assert mine.positions_in_force(MARCH - dt.timedelta(days=1)) == []
        assert mine.positions_in_force(JUNE) == [position("L1", MARCH, "90"), position("L2", JUNE, "70")]
        assert mine.positions_in_force(SEPTEMBER, ["L1"]) == [position("L1", SEPTEMBER, "80")]


def test_a_correction_counts_and_the_old_record_stays(loans_engine: sa.Engine) -> None:
    with transaction(loans_engine) as connection:
        store(connection, 0).record_positions([position("L1", JUNE, "100")])
        assert store(connection, 2).record_positions([position("L1", JUNE, "90")]) == PutCounts(0, 1, 0)
        assert store(connection, 3).record_positions([position("L1", JUNE, "90")]) == PutCounts(0, 0, 1)
        # Back to the first figure: a third record, for the second is the one in force.
        assert store(connection, 4).record_positions([position("L1", JUNE, "100")]) == PutCounts(0, 1, 0)
    with reading(loans_engine) as connection:
        known = {
            hours: [
                found.balance_cny for found in store(connection).positions_in_force(JUNE, known_at=at(hours))
            ]
            for hours in (-1, 1, 2, 5)
        }
        rows = connection.scalar(
            sa.select(sa.func.count()).where(position_table.c.institution_id == "bank-a")
        )
    assert known == {-1: [], 1: [Decimal(100)], 2: [Decimal(90)], 5: [Decimal(100)]}
    assert rows == 3


def test_movements_are_those_of_the_period(loans_engine: sa.Engine) -> None:
    given = [movement("M2", JUNE), movement("M1", JUNE), movement("M3", MARCH), movement("M4", SEPTEMBER)]
    with transaction(loans_engine) as connection:
        assert store(connection).record_movements(given) == PutCounts(4, 0, 0)
        assert store(connection).record_movements(given[:2]) == PutCounts(0, 0, 2)
    with reading(loans_engine) as connection:
        found = store(connection).movements_between(MARCH, JUNE)
        assert [item.movement_id for item in found] == ["M1", "M2"]
        assert store(connection).movements_between(MARCH, SEPTEMBER, ["L2"]) == []


def test_a_corrected_movement_leaves_its_old_day_and_loan(loans_engine: sa.Engine) -> None:
    with transaction(loans_engine) as connection:
        store(connection, 0).record_movements([movement("M1", MARCH)])
        corrected = movement("M1", JUNE, "12.00", "L2")
        assert store(connection, 2).record_movements([corrected]) == PutCounts(0, 1, 0)
    start = MARCH - dt.timedelta(days=1)
    with reading(loans_engine) as connection:
        mine = store(connection)
        assert mine.movements_between(start, MARCH) == []
        assert mine.movements_between(start, JUNE, ["L1"]) == []
        assert mine.movements_between(start, JUNE) == [corrected]
        assert mine.movements_between(start, JUNE, known_at=at(1)) == [movement("M1", MARCH)]


def test_institutions_see_only_their_own(loans_engine: sa.Engine) -> None:
    with transaction(loans_engine) as connection:
        store(connection).record_positions([position("L1", JUNE)])
        store(connection).record_movements([movement("M1", JUNE)])
    with reading(loans_engine) as connection:
        theirs = store(connection, institution_id="bank-b")
        assert theirs.positions_in_force(SEPTEMBER) == []
        assert theirs.movements_between(MARCH, SEPTEMBER) == []
    with transaction(loans_engine) as connection:
        theirs = store(connection, institution_id="bank-b")
        assert theirs.record_positions([position("L1", JUNE, "5")]) == PutCounts(1, 0, 0)
        assert store(connection).positions_in_force(JUNE) == [position("L1", JUNE)]
