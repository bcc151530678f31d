"""Curves and funds that a book keeps, on SQLite and on PostgreSQL: versions, days, withdrawal, institutions."""

import datetime as dt

import pytest
import sqlalchemy as sa

from services.loans.book_terms.store import SqlTermsStore, terms_table
from services.loans.book_terms.terms import TermsCounts, TermsKind, TermsTable, version_in_force
from services.loans.segments.compensation_fund import CompensationFundTerms
from services.loans.segments.default_curve import DefaultCurve
from services.loans.segments.segment import Segment
from services.runtime.database import reading, transaction

JUNE, JULY, AUGUST = dt.date(2026, 6, 30), dt.date(2026, 7, 31), dt.date(2026, 8, 31)
NOON = dt.datetime(2026, 9, 1, 12, tzinfo=dt.UTC)
CURVES = TermsKind.DEFAULT_CURVES
FLAT = DefaultCurve(
    "flat", "assumption of the tests", (0.02, 0.04), Segment(counties=("甘州区",), pd_from=0.01)
)
STEEP = DefaultCurve("steep", "assumption of the tests", (0.02, 0.09), scaled_to_loan=True)
FUND = CompensationFundTerms("甘州区资金池", "agreement", Segment(products=("water_right",)), 2e6, 1e6, 0.4)


def store(connection: sa.Connection, hours: float = 0.0, institution_id: str = "bank-a") -> SqlTermsStore:
    return SqlTermsStore(connection, institution_id, lambda: NOON + dt.timedelta(hours=hours))


def put(engine: sa.Engine, day: dt.date, *tables: TermsTable, hours: float = 0.0) -> TermsCounts:
    with transaction(engine) as connection:
        return store(connection, hours).put_terms(day, tables)


def names(engine: sa.Engine, day: dt.date, kind: TermsKind = CURVES) -> list[str] | None:
    with reading(engine) as connection:
        found = store(connection).terms_in_force(kind, day)
    return None if found is None else [entry.name for entry in found.table.entries]


def curves(*entries: DefaultCurve) -> TermsTable:
    return TermsTable(CURVES, entries)


def test_the_migration_makes_the_table_that_the_code_uses(loans_engine: sa.Engine) -> None:
    columns = sa.inspect(loans_engine).get_columns(terms_table.name)
    assert {(column["name"], column["nullable"]) for column in columns} == {
        (column.name, column.nullable) for column in terms_table.columns
    }


def test_tables_come_back_as_they_were(loans_engine: sa.Engine) -> None:
    tables = (curves(FLAT, STEEP), TermsTable(TermsKind.COMPENSATION_FUNDS, (FUND,)))
    assert put(loans_engine, JUNE, *tables) == TermsCounts(2, 0)
    with reading(loans_engine) as connection:
        found = store(connection).terms_versions()
    assert {version.table for version in found} == set(tables)
    assert {(version.as_of, version.recorded_at) for version in found} == {(JUNE, NOON)}


def test_the_version_in_force_is_the_latest_up_to_the_day(loans_engine: sa.Engine) -> None:
    put(loans_engine, JUNE, curves(FLAT))
    put(loans_engine, AUGUST, curves(STEEP), hours=1.0)
    put(loans_engine, JULY, curves(FLAT, STEEP), hours=2.0)  # back-dated
    put(loans_engine, AUGUST, curves(STEEP, FLAT), hours=3.0)  # corrects the day
    days = (dt.date(2026, 6, 29), JUNE, JULY, AUGUST)
    expected = [None, ["flat"], ["flat", "steep"], ["steep", "flat"]]
    assert [names(loans_engine, day) for day in days] == expected
    with reading(loans_engine) as connection:
        versions, before = store(connection).terms_versions(), store(connection).terms_versions(NOON)
    assert len(versions) == 4
    assert [version.as_of for version in before] == [JUNE]
    # The list says the same as the store of what is in force.
    told = [version_in_force(versions, CURVES, day) for day in days]
    assert [None if v is None else [e.name for e in v.table.entries] for v in told] == expected


def test_the_last_one_recorded_counts_when_the_clock_stands_still_or_goes_back(
    loans_engine: sa.Engine,
) -> None:
    put(loans_engine, JUNE, curves(FLAT))
    put(loans_engine, JUNE, curves(STEEP))
    put(loans_engine, JUNE, curves(STEEP, FLAT), hours=-1.0)
    with reading(loans_engine) as connection:
        told = version_in_force(store(connection).terms_versions(), CURVES, JULY)
    assert told is not None
    assert [entry.name for entry in told.table.entries] == names(loans_engine, JULY) == ["steep", "flat"]


def test_what_is_in_force_already_is_not_stored_again(loans_engine: sa.Engine) -> None:
    assert put(loans_engine, JUNE, curves(FLAT)) == TermsCounts(1, 0)
    assert put(loans_engine, JULY, curves(FLAT)) == TermsCounts(0, 1)
    assert put(loans_engine, JULY, curves(STEEP, FLAT)) == TermsCounts(1, 0)
    assert put(loans_engine, JULY, curves(FLAT, STEEP)) == TermsCounts(1, 0)  # the order decides who is first


def test_an_empty_table_withdraws_and_one_kind_leaves_the_other(loans_engine: sa.Engine) -> None:
    assert put(loans_engine, JUNE, curves()) == TermsCounts(0, 1)
    put(loans_engine, JUNE, curves(FLAT), TermsTable(TermsKind.COMPENSATION_FUNDS, (FUND,)))
    assert put(loans_engine, JULY, curves()) == TermsCounts(1, 0)
    assert (names(loans_engine, JUNE), names(loans_engine, JULY)) == (["flat"], [])
    assert names(loans_engine, JULY, TermsKind.COMPENSATION_FUNDS) == ["甘州区资金池"]


def test_institutions_see_their_own(loans_engine: sa.Engine) -> None:
    put(loans_engine, JUNE, curves(FLAT))
    with reading(loans_engine) as connection:
        assert store(connection, institution_id="bank-b").terms_in_force(CURVES, JUNE) is None
        assert store(connection, institution_id="bank-b").terms_versions() == []


def test_names_are_distinct() -> None:
    with pytest.raises(ValueError, match="default_curves: found"):
        curves(FLAT, FLAT)
