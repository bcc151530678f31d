"""Where loans and collateral are kept: the port that the engine speaks to, and its SQL adapter.

Rows are added and never changed. The state in force on a day is the one with the latest business date up to that
day and, among states of one date, the one recorded last. A store speaks for one institution and sees no other.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa

from services.loans import stored
from services.loans.book_terms.store import SqlTermsStore, TermsStore
from services.loans.collateral import Collateral
from services.loans.columns.from_texts import columns_from_texts
from services.loans.columns.loan_columns import LoanColumns
from services.loans.history_rows import (
    batched,
    conditions_if_any,
    conditions_on,
    first_of,
    history_table,
    latest_of,
    none_later,
)
from services.loans.loan import Loan, LoanRecord, PutCounts
from services.loans.reported.position_store import PositionStore, SqlPositionStore

_TEXTS_AT_ONCE = 20_000
loan_table = history_table(
    "loan_state",
    sa.Column("loan_id", sa.String(64), nullable=False),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("content", sa.Text, nullable=False),
)
collateral_table = history_table(
    "collateral_state",
    sa.Column("collateral_id", sa.String(64), nullable=False),
    sa.Column("loan_id", sa.String(64), nullable=False),
    sa.Column("valuation_date", sa.Date, nullable=False),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("content", sa.Text, nullable=False),
)


class LoanStore(PositionStore, TermsStore, Protocol):
    """Loans, collateral, positions, movements and terms of one institution, within one transaction."""

    def put_loans(self, as_of: dt.date, loans: Sequence[Loan]) -> PutCounts:
        """Adds a state for each loan that differs from the one in force on its day; ids are distinct."""

    def put_loan_texts(self, as_of: dt.date, texts: Mapping[str, str]) -> PutCounts:
        """As `put_loans`, of loans that are stored texts already, by id; see `stored.loan_to_text`."""

    def put_collateral(self, collateral: Sequence[Collateral]) -> PutCounts:
        """Adds a state for each collateral that differs from the one in force; ids are distinct."""

    def page(self, known_at: dt.datetime, after: str, n: int) -> list[LoanRecord]:
        """Up to `n` loans in order of id, beginning after an id, as they were known at a moment."""

    def loans_in_force(self, day: dt.date, loan_ids: Sequence[str] = ()) -> list[Loan]:
        """Loans in order of id with their state in force on a day; all of them when no ids are given."""

    def loan_columns_in_force(self, day: dt.date, loan_ids: Sequence[str] = ()) -> LoanColumns:
        """As `loans_in_force`, as columns: what a calculation over very many loans reads."""

    def first_states(self, loan_ids: Sequence[str]) -> dict[str, tuple[dt.date, Loan]]:
        """Earliest business date of each loan and its state of that day, as recorded last."""

    def collateral_in_force(self, day: dt.date, loan_ids: Iterable[str]) -> list[Collateral]:
        """All collateral that secures the loans as it was valued for a day, in order of loan, then collateral.

        Of each the last valuation up to the day counts; where there is none, the first one after it.
        """

    def first_day(self) -> dt.date | None:
        """The earliest business date of any loan; None without loans."""

    def unknown_loans(self, loan_ids: Iterable[str]) -> list[str]:
        """Those of the ids that no loan has, in order."""


@dataclass(frozen=True, slots=True)
class SqlLoanStore(SqlPositionStore, SqlTermsStore):
    """The store on SQLite or PostgreSQL, in the transaction of `connection`."""

    def put_loans(self, as_of: dt.date, loans: Sequence[Loan]) -> PutCounts:
        """See the port."""
        return self.put_loan_texts(as_of, {loan.loan_id: stored.loan_to_text(loan) for loan in loans})

    def put_loan_texts(self, as_of: dt.date, texts: Mapping[str, str]) -> PutCounts:
        """See the port."""
        return self._put(
            loan_table, "loan_id", "as_of", {key: (as_of, text) for key, text in texts.items()}, {}
        )

    def put_collateral(self, collateral: Sequence[Collateral]) -> PutCounts:
        """See the port."""
        return self._put(
            collateral_table,
            "collateral_id",
            "valuation_date",
            {c.collateral_id: (c.valuation_date, stored.collateral_to_text(c)) for c in collateral},
            {c.collateral_id: {"loan_id": c.loan_id} for c in collateral},
        )

    def page(self, known_at: dt.datetime, after: str, n: int) -> list[LoanRecord]:
        """See the port."""
        columns, known = loan_table.c, self.mine(loan_table, known_at)
        ids = self.connection.scalars(
            sa.select(columns.loan_id).where(known, columns.loan_id > after)
            .distinct().order_by(columns.loan_id).limit(n)
        ).all()  # fmt: skip
        if not ids:
            return []
        latest = latest_of(loan_table, "loan_id", "as_of", known & columns.loan_id.between(ids[0], ids[-1]))
        pledged = self._pledged(ids, known_at)
        rows = self.connection.execute(latest.order_by(sa.column("loan_id")))
        return [
            LoanRecord(
                stored.loan_from_text(row.content),
                row.as_of,
                dt.datetime.fromisoformat(row.recorded_at),
                tuple(pledged.get(row.loan_id, ())),
            )
            for row in rows
        ]

    def loans_in_force(self, day: dt.date, loan_ids: Sequence[str] = ()) -> list[Loan]:
        """See the port."""
        return [
            stored.loan_from_text(text) for texts in self._texts_in_force(day, loan_ids) for text in texts
        ]

    def loan_columns_in_force(self, day: dt.date, loan_ids: Sequence[str] = ()) -> LoanColumns:
        """See the port."""
        return columns_from_texts(self._texts_in_force(day, loan_ids))

    def first_states(self, loan_ids: Sequence[str]) -> dict[str, tuple[dt.date, Loan]]:
        """See the port."""
        columns = loan_table.c
        found: dict[str, tuple[dt.date, Loan]] = {}
        for condition in conditions_on(columns.loan_id, loan_ids):
            mine = self.mine(loan_table) & condition
            rows = first_of(loan_table, "loan_id", [columns.as_of, columns.seq.desc()], mine)
            found.update(
                (row.loan_id, (row.as_of, stored.loan_from_text(row.content)))
                for row in self.connection.execute(rows)
            )
        return found

    def collateral_in_force(self, day: dt.date, loan_ids: Iterable[str]) -> list[Collateral]:
        """See the port."""
        columns = collateral_table.c
        mine = self.mine(collateral_table)
        due = columns.valuation_date <= day
        nearest = [
            sa.case((due, 0), else_=1),
            sa.case((due, columns.valuation_date)).desc(),
            columns.valuation_date,
            columns.seq.desc(),
        ]
        found: list[Collateral] = []
        # Only collateral that ever secured one of the loans is looked at: some loans of a large book cost no more than
        # those of a small one. What secures another loan by its state in force drops out.
        for wanted in batched(dict.fromkeys(loan_ids)):
            touched = sa.select(columns.collateral_id).where(mine, columns.loan_id.in_(wanted))
            states = first_of(
                collateral_table, "collateral_id", nearest, mine & columns.collateral_id.in_(touched)
            )
            secured = set(wanted)
            found.extend(
                stored.collateral_from_text(row.content)
                for rows in self.connection.execute(states).partitions(_TEXTS_AT_ONCE)
                for row in rows
                if row.loan_id in secured
            )
        return sorted(found, key=lambda item: (item.loan_id, item.collateral_id))

    def first_day(self) -> dt.date | None:
        """See the port."""
        day: dt.date | None = self.connection.scalar(
            sa.select(sa.func.min(loan_table.c.as_of)).where(self.mine(loan_table))
        )
        return day

    def unknown_loans(self, loan_ids: Iterable[str]) -> list[str]:
        """See the port."""
        wanted, columns = sorted(set(loan_ids)), loan_table.c
        known: set[str] = set()
        for condition in conditions_on(columns.loan_id, wanted):
            query = sa.select(columns.loan_id).where(self.mine(loan_table), condition)
            known.update(self.connection.scalars(query.distinct()))
        return [loan_id for loan_id in wanted if loan_id not in known]

    def _texts_in_force(self, day: dt.date, loan_ids: Sequence[str]) -> Iterator[list[str]]:
        """Stored texts of loans in order of id, some thousands at a time."""
        columns = loan_table.c
        in_force = none_later(loan_table, "loan_id", "as_of", day, self.mine)
        for condition in conditions_if_any(columns.loan_id, sorted(set(loan_ids))):
            query = sa.select(columns.content).where(in_force, condition).order_by(columns.loan_id)
            for rows in self.connection.execute(query).partitions(_TEXTS_AT_ONCE):
                yield [text for (text,) in rows]

    def _put(
        self,
        table: sa.Table,
        key: str,
        date: str,
        states: dict[str, tuple[dt.date, str]],
        more: dict[str, dict[str, str]],
    ) -> PutCounts:
        self.wait_for_writers()
        existing, in_force = self._in_force(table, key, date, {k: day for k, (day, _) in states.items()})
        hashes = {identifier: stored.hash_text(text) for identifier, (_, text) in states.items()}
        new = [
            {
                key: identifier, date: day, "content_hash": hashes[identifier], "content": text,
                **more.get(identifier, {}),
            }
            for identifier, (day, text) in states.items()
            if in_force.get(identifier) != hashes[identifier]
        ]  # fmt: skip
        return self._add(table, new, sum(row[key] not in existing for row in new), len(states))

    def _in_force(
        self, table: sa.Table, key: str, date: str, days: dict[str, dt.date]
    ) -> tuple[set[str], dict[str, str]]:
        """Which ids exist, and the content hash of each id's state in force on its day."""
        columns, existing, in_force = table.c, set[str](), dict[str, str]()
        for condition in conditions_on(columns[key], list(days)):
            query = (
                sa.select(columns[key], columns[date], columns.content_hash)
                .where(self.mine(table), condition)
                .order_by(columns[date], columns.seq)
            )
            for identifier, day, content_hash in self.connection.execute(query):
                existing.add(identifier)
                if day <= days[identifier]:
                    in_force[identifier] = content_hash
        return existing, in_force

    def _pledged(self, loan_ids: Sequence[str], known_at: dt.datetime) -> dict[str, list[str]]:
        """Ids of the collateral that secures loans in a range, in order, as known at a moment."""
        columns, wanted = collateral_table.c, set(loan_ids)
        known = self.mine(collateral_table, known_at)
        # A collateral that once secured a loan of the page may secure another by now: its newest state decides.
        touched = sa.select(columns.collateral_id).where(
            known, columns.loan_id.between(loan_ids[0], loan_ids[-1])
        )
        latest = latest_of(
            collateral_table, "collateral_id", "valuation_date", known & columns.collateral_id.in_(touched)
        )
        pledged: dict[str, list[str]] = {}
        for row in self.connection.execute(latest.order_by(sa.column("collateral_id"))):
            if row.loan_id in wanted and stored.is_pledged(row.content):
                pledged.setdefault(row.loan_id, []).append(row.collateral_id)
        return pledged
