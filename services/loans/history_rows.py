"""Rows that are added and never changed, of one institution: what every store of the loans service stands on."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import sqlalchemy as sa

from services.runtime.china_time import CHINA
from services.runtime.database import wait_for_writers
from services.runtime.moments import text_of_moment

# Below the number of parameters that a statement may have on either database.
IDS_PER_QUERY = 5_000
_LOANS = 0x6C6F616E


def history_table(name: str, *columns: sa.Column[Any]) -> sa.Table:
    """A table of rows that are added and never changed.

    Args:
        name: of the table, which a migration makes.
        columns: beside order of recording (`seq`), institution and moment of recording.
    """
    return sa.Table(
        name,
        sa.MetaData(),
        sa.Column("seq", sa.BigInteger, primary_key=True),
        sa.Column("institution_id", sa.String(64), nullable=False),
        sa.Column("recorded_at", sa.String(64), nullable=False),
        *columns,
    )


@dataclass(frozen=True, slots=True)
class InstitutionRows:
    """Access to the rows of one institution, in the transaction of `connection`.

    Attributes:
        connection: of a transaction that the caller ends.
        institution_id: whose rows are read and written.
        now: the clock.
    """

    connection: sa.Connection
    institution_id: str
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)

    def today(self) -> dt.date:
        """The day in China by the clock."""
        return self.now().astimezone(CHINA).date()

    def wait_for_writers(self) -> None:
        """One writer of an institution at a time; SQLite has but one writer anyway."""
        wait_for_writers(self.connection, _LOANS, self.institution_id)

    def add_rows(self, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
        """Adds rows to a `history_table`, all recorded now."""
        if rows:
            scope = {"institution_id": self.institution_id, "recorded_at": text_of_moment(self.now())}
            self.connection.execute(sa.insert(table), [scope | row for row in rows])

    def mine(self, table: sa.FromClause, known_at: dt.datetime | None = None) -> sa.ColumnElement[bool]:
        """The condition that a row is the institution's and, when a moment is given, was recorded by then."""
        mine = table.c.institution_id == self.institution_id
        return mine if known_at is None else mine & (table.c.recorded_at <= text_of_moment(known_at))


def conditions_on(column: sa.ColumnElement[str], ids: Sequence[str]) -> Iterator[sa.ColumnElement[bool]]:
    """Conditions that together select the ids, each small enough for one statement."""
    for batch in batched(ids):
        yield column.in_(batch)


def conditions_if_any(column: sa.ColumnElement[str], ids: Sequence[str]) -> Iterator[sa.ColumnElement[bool]]:
    """As `conditions_on`; one that every row meets where no ids are given."""
    yield from conditions_on(column, ids) if ids else [sa.true()]


def batched(ids: Iterable[str]) -> Iterator[list[str]]:
    """The ids in order, as many at a time as one statement may name."""
    rest = iter(ids)
    while batch := list(islice(rest, IDS_PER_QUERY)):
        yield batch


def latest_of(
    table: sa.Table, key: str, date: str, condition: sa.ColumnElement[bool]
) -> sa.Select[tuple[str]]:
    """Of the rows that meet the condition, the state of each key with the latest date, then the latest record."""
    return first_of(table, key, [table.c[date].desc(), table.c.seq.desc()], condition)


def first_of(
    table: sa.Table,
    key: str,
    order: Sequence[sa.ColumnElement[object]],
    condition: sa.ColumnElement[bool],
) -> sa.Select[tuple[str]]:
    """Of the rows that meet the condition, the first of each key in an order."""
    rank = sa.func.row_number().over(partition_by=table.c[key], order_by=order)
    ranked = sa.select(table, rank.label("place")).where(condition).subquery()
    return sa.select(ranked).where(ranked.c.place == 1)


def none_later(
    table: sa.Table,
    key: str,
    date: str,
    day: dt.date,
    known: Callable[[sa.FromClause], sa.ColumnElement[bool]],
) -> sa.ColumnElement[bool]:
    """The condition that a row is due by a day and none that is due is later, by date, then by record.

    As `latest_of`, by the index of each key instead of a sort, for rows with much content.

    Args:
        table: of the rows.
        key: name of the column that tells the rows' subjects apart.
        date: name of the column of their dates.
        day: last date that counts.
        known: which rows are seen at all, for the table or an alias of it.
    """
    other = table.alias()
    is_later = sa.tuple_(other.c[date], other.c.seq) > sa.tuple_(table.c[date], table.c.seq)
    same = (other.c[key] == table.c[key]) & known(other) & (other.c[date] <= day)
    later = sa.select(sa.literal(1)).select_from(other).where(same, is_later)
    return known(table) & (table.c[date] <= day) & ~later.exists()
