"""What the statistics read of the stored book: the port, and its SQL adapter, which reads columns and not loans."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec
import sqlalchemy as sa

from services.loans.history_rows import InstitutionRows, first_of, latest_of
from services.loans.loan import due_date
from services.loans.position import FiveClass, MovementKind
from services.loans.position_store import movement_table, position_table
from services.loans.repository import loan_table
from services.loans.statistics.facts import LoanFacts, MovementFacts, PositionFacts

_ROWS_AT_ONCE = 20_000
_POSITION = (
    position_table.c.loan_id,
    position_table.c.as_of,
    position_table.c.balance_cents,
    position_table.c.rate_annual,
    position_table.c.quality,
)
_CLASSES = {quality.value: quality for quality in FiveClass}
_KINDS = {kind.value: kind for kind in MovementKind}


class BookStore(Protocol):
    """The book of one institution as it was known at a moment, within one transaction."""

    def loans_in_force(self, day: dt.date, known_at: dt.datetime) -> list[LoanFacts]:
        """Every loan with its state in force on a day."""

    def positions_in_force(self, day: dt.date, known_at: dt.datetime) -> list[PositionFacts]:
        """Of each loan the latest position at or before a day."""

    def movements_between(self, after: dt.date, until: dt.date, known_at: dt.datetime) -> list[MovementFacts]:
        """Movements of the days after `after` up to and with `until`."""


class _Terms(msgspec.Struct):
    drawn_on: dt.date
    periods: int
    months_per_period: int = 1


class _Loan(msgspec.Struct):
    """What is read of a stored loan; the rest of its text is passed over."""

    loan_id: str
    borrower_id: str
    county: str
    industry: str
    product: str
    terms: _Terms
    purpose: str = ""
    approved_on: dt.date | None = None
    guarantee_mode: str | None = None


@dataclass(frozen=True, slots=True)
class SqlBookStore(InstitutionRows):
    """The book on SQLite or PostgreSQL.

    Attributes:
        guarantee_modes: mode by product, for loans that do not say theirs.
    """

    guarantee_modes: Mapping[str, str] = field(default_factory=dict)

    def loans_in_force(self, day: dt.date, known_at: dt.datetime) -> list[LoanFacts]:
        """See the port."""
        due = self.mine(loan_table, known_at) & (loan_table.c.as_of <= day)
        latest = latest_of(loan_table, "loan_id", "as_of", due).subquery()
        decode = msgspec.json.Decoder(_Loan).decode
        return [
            _loan_facts(decode(text), self.guarantee_modes)
            for (text,) in self._rows(sa.select(latest.c.content))
        ]

    def positions_in_force(self, day: dt.date, known_at: dt.datetime) -> list[PositionFacts]:
        """See the port.

        Most loans have a position of the very day, which an index finds; only the others are looked for before it.
        """
        columns, mine = position_table.c, self.mine(position_table, known_at)
        last = sa.func.max(columns.as_of).label("last")
        before = (
            sa.select(columns.loan_id, last)
            .where(mine, columns.as_of <= day)
            .group_by(columns.loan_id)
            .having(last < day)
            .subquery()
        )
        is_before = (columns.loan_id == before.c.loan_id) & (columns.as_of == before.c.last)
        found = {}
        for query in (
            sa.select(*_POSITION).where(columns.as_of == day),
            sa.select(*_POSITION).join(before, is_before),
        ):
            # Of the records of one position the last counts.
            for row in self._rows(query.where(mine).order_by(columns.seq)):
                found[row[0]] = row
        return [
            PositionFacts(loan_id, as_of, cents, rate, None if quality is None else _CLASSES[quality])
            for loan_id, as_of, cents, rate, quality in found.values()
        ]

    def movements_between(self, after: dt.date, until: dt.date, known_at: dt.datetime) -> list[MovementFacts]:
        """See the port."""
        columns, mine = movement_table.c, self.mine(movement_table, known_at)
        # A correction may have moved a movement to another day or loan: the last record of its id decides.
        touched = sa.select(columns.movement_id).where(mine, columns.day > after, columns.day <= until)
        records = mine & columns.movement_id.in_(touched)
        latest = first_of(movement_table, "movement_id", [columns.seq.desc()], records).subquery().c
        query = sa.select(latest.loan_id, latest.day, latest.kind, latest.amount_cents)
        rows = self._rows(query.where(latest.day > after, latest.day <= until))
        return [MovementFacts(loan_id, day, _KINDS[kind], cents) for loan_id, day, kind, cents in rows]

    def _rows(self, query: sa.Select[Any]) -> Iterator[Any]:
        """Rows of a query, fetched many at a time, which costs half of one at a time."""
        for rows in self.connection.execute(query).partitions(_ROWS_AT_ONCE):
            yield from rows


def _loan_facts(loan: _Loan, guarantee_modes: Mapping[str, str]) -> LoanFacts:
    terms = loan.terms
    return LoanFacts(
        loan.loan_id,
        loan.borrower_id,
        terms.drawn_on,
        due_date(terms.drawn_on, terms.periods * terms.months_per_period),
        loan.approved_on,
        loan.purpose,
        loan.industry,
        loan.county,
        loan.product,
        loan.guarantee_mode or guarantee_modes.get(loan.product, ""),
    )
