"""What the statistics read of the stored book: the port, and its SQL adapter, which reads columns and not loans."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec
import numpy as np
import sqlalchemy as sa

from services.loans.history_rows import InstitutionRows, first_of, latest_of
from services.loans.loan import due_date
from services.loans.reported.position import MovementKind
from services.loans.reported.position_store import movement_table, position_table
from services.loans.repository import loan_table
from services.loans.statistics.facts import LoanFacts, MovementFacts
from services.loans.statistics.position_rows import CLASS_NUMBER, NO_CLASS, PositionRows
from services.loans.synthetic.book import MARK

_ROWS_AT_ONCE = 20_000
_POSITION = (
    position_table.c.loan_id,
    position_table.c.as_of,
    position_table.c.balance_cents,
    position_table.c.rate_annual,
    position_table.c.quality,
)
_CLASSES: dict[str | None, int] = {
    None: NO_CLASS,
    **{quality.value: number for quality, number in CLASS_NUMBER.items() if quality is not None},
}
_KINDS = {kind.value: kind for kind in MovementKind}


class BookStore(Protocol):
    """The book of one institution as it was known at a moment, within one transaction."""

    def loans_in_force(self, day: dt.date, known_at: dt.datetime) -> list[LoanFacts]:
        """Every loan with its state in force on a day."""

    def positions_in_force(self, day: dt.date, known_at: dt.datetime) -> PositionRows:
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
    name: str
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

    def positions_in_force(self, day: dt.date, known_at: dt.datetime) -> PositionRows:
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
        gathered = _GatheredPositions()
        for query in (
            sa.select(*_POSITION).where(columns.as_of == day),
            sa.select(*_POSITION).join(before, is_before),
        ):
            for rows in self._parts(query.where(mine).order_by(columns.seq)):
                gathered.add(rows)
        return gathered.last_of_each()

    def movements_between(self, after: dt.date, until: dt.date, known_at: dt.datetime) -> list[MovementFacts]:
        """See the port."""
        columns, mine = movement_table.c, self.mine(movement_table, known_at)
        # A correction may have moved a movement to another day or loan: the last record of its id decides.
        touched = sa.select(columns.movement_id).where(mine, columns.day > after, columns.day <= until)
        records = mine & columns.movement_id.in_(touched)
        latest = first_of(movement_table, "movement_id", [columns.seq.desc()], records).subquery().c
        # A reversal counts against its kind on its own day.
        amount = sa.case((latest.reverses.is_(None), latest.amount_cents), else_=-latest.amount_cents)
        query = sa.select(latest.loan_id, latest.day, latest.kind, amount)
        rows = self._rows(query.where(latest.day > after, latest.day <= until))
        return [MovementFacts(loan_id, day, _KINDS[kind], cents) for loan_id, day, kind, cents in rows]

    def _rows(self, query: sa.Select[Any]) -> Iterator[Any]:
        """Rows of a query."""
        for rows in self._parts(query):
            yield from rows

    def _parts(self, query: sa.Select[Any]) -> Iterator[Sequence[Any]]:
        """Rows of a query, fetched many at a time, which costs half of one at a time."""
        yield from self.connection.execute(query).partitions(_ROWS_AT_ONCE)


@dataclass(frozen=True, slots=True)
class _GatheredPositions:
    """Positions on their way from rows of the database to arrays."""

    loan_ids: list[str] = field(default_factory=list)
    as_of: list[int] = field(default_factory=list)
    balance_cents: list[int] = field(default_factory=list)
    rate_annual: list[float] = field(default_factory=list)
    quality: list[int] = field(default_factory=list)

    def add(self, rows: Sequence[Any]) -> None:
        """Takes rows in the order of their records."""
        loan_ids, days, cents, rates, classes = zip(*rows, strict=True)
        ordinal = {day: day.toordinal() for day in set(days)}
        self.loan_ids.extend(loan_ids)
        self.as_of.extend(ordinal[day] for day in days)
        self.balance_cents.extend(cents)
        self.rate_annual.extend(rates)
        self.quality.extend(_CLASSES[quality] for quality in classes)

    def last_of_each(self) -> PositionRows:
        """Of the records of one loan the last."""
        last = {loan_id: row for row, loan_id in enumerate(self.loan_ids)}
        rows = np.fromiter(last.values(), np.int64, len(last))
        return PositionRows(
            list(last),
            np.array(self.as_of, np.int64)[rows],
            np.array(self.balance_cents, np.int64)[rows],
            np.array(self.rate_annual, np.float64)[rows],
            np.array(self.quality, np.int64)[rows],
        )


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
        MARK in loan.name,
    )
