"""Every test runs on SQLite and on PostgreSQL."""

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import sqlalchemy as sa

from services.loans.collateral import Collateral
from services.loans.loan import Loan, PutCounts
from services.loans.repository import SqlLoanStore, collateral_table, loan_table
from services.loans.stored import collateral_to_text
from services.runtime.database import reading, transaction

JANUARY, JUNE, JULY, AUGUST = (
    dt.date(2026, 1, 1),
    dt.date(2026, 6, 30),
    dt.date(2026, 7, 31),
    dt.date(2026, 8, 31),
)
NOON = dt.datetime(2026, 9, 1, 12, tzinfo=dt.UTC)
MakeLoan = Callable[..., Loan]
MakeCollateral = Callable[..., Collateral]


def at(hours: float) -> dt.datetime:
    return NOON + dt.timedelta(hours=hours)


def store(connection: sa.Connection, hours: float = 0.0, institution_id: str = "bank-a") -> SqlLoanStore:
    return SqlLoanStore(connection, institution_id, lambda: at(hours))


def put(
    engine: sa.Engine, day: dt.date, *loans: Loan, hours: float = 0.0, institution_id: str = "bank-a"
) -> PutCounts:
    with transaction(engine) as connection:
        return store(connection, hours, institution_id).put_loans(day, loans)


@pytest.mark.parametrize("table", [loan_table, collateral_table])
def test_the_migration_makes_the_tables_that_the_code_uses(loans_engine: sa.Engine, table: sa.Table) -> None:
    columns = sa.inspect(loans_engine).get_columns(table.name)
    assert {(column["name"], column["nullable"]) for column in columns} == {
        (column.name, column.nullable) for column in table.columns
    }


def test_states_are_counted_as_created_updated_and_unchanged(loans_engine: sa.Engine, loan: MakeLoan) -> None:
    assert put(loans_engine, JUNE, loan("L1"), loan("L2")) == PutCounts(2, 0, 0)
    assert put(loans_engine, JULY, loan("L1"), loan("L2", unsecured_lgd=0.5), loan("L3")) == PutCounts(
        1, 1, 1
    )


def test_nothing_is_overwritten(loans_engine: sa.Engine, loan: MakeLoan) -> None:
    for lgd in (0.6, 0.5, 0.6):
        put(loans_engine, JUNE, loan("L1", unsecured_lgd=lgd))
    with reading(loans_engine) as connection:
        mine = loan_table.c.institution_id == "bank-a"
        assert connection.scalar(sa.select(sa.func.count()).select_from(loan_table).where(mine)) == 3


def test_the_state_in_force_is_the_latest_up_to_the_day(loans_engine: sa.Engine, loan: MakeLoan) -> None:
    put(loans_engine, JUNE, loan("L1", unsecured_lgd=0.6))
    put(loans_engine, AUGUST, loan("L1", unsecured_lgd=0.4))
    put(loans_engine, JULY, loan("L1", unsecured_lgd=0.5))  # back-dated
    with reading(loans_engine) as connection:
        lgd = [
            [found.unsecured_lgd for found in store(connection).loans_in_force(day)]
            for day in (dt.date(2026, 6, 29), JUNE, JULY, AUGUST)
        ]
        assert store(connection).first_day() == JUNE
    assert lgd == [[], [0.6], [0.5], [0.4]]


def test_a_page_shows_what_was_known_at_a_moment(
    loans_engine: sa.Engine, loan: MakeLoan, collateral: MakeCollateral
) -> None:
    put(loans_engine, JUNE, loan("L1", unsecured_lgd=0.6), hours=0)
    put(loans_engine, JUNE, loan("L1", unsecured_lgd=0.5), loan("L2"), hours=2)
    with transaction(loans_engine) as connection:
        store(connection, 3).put_collateral([collateral("C2"), collateral("C1"), collateral("C3", "L2")])
        store(connection, 5).put_collateral([collateral("C2", "L2")])  # moves to another loan
    with reading(loans_engine) as connection:
        pages = [store(connection).page(at(hours), "", 10) for hours in (-1, 1, 2, 4, 6)]
    assert [[record.loan.unsecured_lgd for record in page] for page in pages] == [
        [], [0.6], [0.5, 0.6], [0.5, 0.6], [0.5, 0.6],
    ]  # fmt: skip
    assert [record.collateral_ids for record in pages[3]] == [("C1", "C2"), ("C3",)]
    assert [record.collateral_ids for record in pages[4]] == [("C1",), ("C2", "C3")]
    assert pages[4][0].recorded_at == at(2)
    assert pages[4][0].as_of == JUNE


def test_pages_follow_code_points_on_every_database(loans_engine: sa.Engine, loan: MakeLoan) -> None:
    names = ["Z", "a", "B", "_", "贷", "10", "9"]
    put(loans_engine, JUNE, *(loan(name) for name in names))
    found: list[str] = []
    with reading(loans_engine) as connection:
        while page := store(connection).page(at(1), found[-1] if found else "", 3):
            found += [record.loan.loan_id for record in page]
    assert found == sorted(names)


def test_collateral_is_that_of_the_day_and_in_order(
    loans_engine: sa.Engine, loan: MakeLoan, collateral: MakeCollateral
) -> None:
    put(loans_engine, JUNE, loan("L1"), loan("L2"))
    first = [collateral("C2"), collateral("C1", "L2"), collateral("C0")]
    newer = collateral("C2", pledged_share=0.5, valuation_date=JULY)
    older = collateral("C0", pledged_share=0.1, valuation_date=JANUARY)
    with transaction(loans_engine) as connection:
        assert store(connection).put_collateral(first) == PutCounts(3, 0, 0)
        assert store(connection).put_collateral(first) == PutCounts(0, 0, 3)
        assert store(connection).put_collateral([newer, older]) == PutCounts(0, 2, 0)
    with reading(loans_engine) as connection:
        found = {
            day: store(connection).collateral_in_force(day, ["L1", "L2"]) for day in (JANUARY, JUNE, JULY)
        }
        alone = store(connection).collateral_in_force(JULY, ["L2"])
    assert [item.collateral_id for item in alone] == ["C1"]
    expected = {
        JULY: (first[2], newer, first[1]),
        # A book of an earlier day does not know what was valued later.
        JUNE: (first[2], first[0], first[1]),
        # Where nothing was valued by then, the first valuation after the day counts.
        JANUARY: (older, first[0], first[1]),
    }
    for day, items in expected.items():
        assert list(map(collateral_to_text, found[day])) == list(map(collateral_to_text, items))


def test_institutions_see_only_their_own(
    loans_engine: sa.Engine, loan: MakeLoan, collateral: MakeCollateral
) -> None:
    put(loans_engine, JUNE, loan("L1"))
    with transaction(loans_engine) as connection:
        store(connection).put_collateral([collateral()])
    other = replace(loan("L1"), unsecured_lgd=0.1)
    with reading(loans_engine) as connection:
        theirs = store(connection, institution_id="bank-b")
        assert theirs.page(at(1), "", 10) == []
        assert theirs.loans_in_force(AUGUST) == []
        assert theirs.collateral_in_force(AUGUST, ["L1"]) == []
        assert theirs.unknown_loans(["L1"]) == ["L1"]
        assert theirs.first_day() is None
    assert put(loans_engine, JUNE, other, institution_id="bank-b") == PutCounts(1, 0, 0)
    with reading(loans_engine) as connection:
        assert store(connection).loans_in_force(JUNE) == [loan("L1")]


def test_writers_of_one_institution_queue(loans_engine: sa.Engine, loan: MakeLoan) -> None:
    loans = [loan(f"L{i}") for i in range(200)]
    with ThreadPoolExecutor(4) as threads:
        counts = list(threads.map(lambda _: put(loans_engine, JUNE, *loans), range(4)))
    assert sorted((c.created, c.updated, c.unchanged) for c in counts) == [(0, 0, 200)] * 3 + [(200, 0, 0)]


def test_thousands_of_loans_go_in_and_come_back(loans_engine: sa.Engine, loan: MakeLoan) -> None:
    many = [loan(f"L{i:05d}") for i in range(12_000)]
    assert put(loans_engine, JUNE, *many) == PutCounts(12_000, 0, 0)
    assert put(loans_engine, JUNE, *many) == PutCounts(0, 0, 12_000)
    with reading(loans_engine) as connection:
        ids = [item.loan_id for item in many]
        assert store(connection).unknown_loans([*ids, "X"]) == ["X"]
        assert len(store(connection).loans_in_force(JUNE, ids)) == 12_000
