"""Where the curves and funds of a book are kept: the port, and its SQL adapter. Rows are added and never changed."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa

from services.loans.book_terms.terms import TermsCounts, TermsKind, TermsTable, TermsVersion
from services.loans.history_rows import InstitutionRows, history_table

terms_table = history_table(
    "book_terms",
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("content", sa.Text, nullable=False),
)


class TermsStore(Protocol):
    """Curves and funds of one institution, within one transaction."""

    def today(self) -> dt.date:
        """The day in China by the clock."""

    def put_terms(self, as_of: dt.date, tables: Sequence[TermsTable]) -> TermsCounts:
        """Adds a version for each table that differs from the one in force on its day."""

    def terms_in_force(self, kind: TermsKind, day: dt.date) -> TermsVersion | None:
        """The version with the latest day up to a day; of one day, the one recorded last."""

    def terms_versions(self, known_at: dt.datetime | None = None) -> list[TermsVersion]:
        """Every version, by kind, then day, then order of recording, as they were known at a moment."""


@dataclass(frozen=True, slots=True)
class SqlTermsStore(InstitutionRows):
    """The store on SQLite or PostgreSQL."""

    def put_terms(self, as_of: dt.date, tables: Sequence[TermsTable]) -> TermsCounts:
        """See the port."""
        self.wait_for_writers()
        new = []
        for table in tables:
            before = self.terms_in_force(table.kind, as_of)
            # Nothing was kept before: an empty table says nothing new.
            same = before.table == table if before is not None else not table.entries
            if not same:
                new.append(table)
        self.add_rows(
            terms_table,
            [
                {
                    "kind": table.kind.value,
                    "as_of": as_of,
                    "content_hash": table.content_hash(),
                    "content": table.text(),
                }
                for table in new
            ],
        )
        return TermsCounts(len(new), len(tables) - len(new))

    def terms_in_force(self, kind: TermsKind, day: dt.date) -> TermsVersion | None:
        """See the port."""
        columns = terms_table.c
        query = (
            sa.select(terms_table)
            .where(self.mine(terms_table), columns.kind == kind.value, columns.as_of <= day)
            .order_by(columns.as_of.desc(), columns.seq.desc())
            .limit(1)
        )
        return next((_version(row) for row in self.connection.execute(query)), None)

    def terms_versions(self, known_at: dt.datetime | None = None) -> list[TermsVersion]:
        """See the port."""
        columns = terms_table.c
        query = sa.select(terms_table).where(self.mine(terms_table, known_at))
        rows = self.connection.execute(query.order_by(columns.kind, columns.as_of, columns.seq))
        return [_version(row) for row in rows]


def _version(row: sa.Row[tuple[object, ...]]) -> TermsVersion:
    return TermsVersion(
        row.as_of,
        dt.datetime.fromisoformat(row.recorded_at),
        TermsTable.of_text(TermsKind(row.kind), row.content),
    )
