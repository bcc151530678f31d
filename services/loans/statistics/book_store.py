"""What the statistics read of the stored book: the port, and its SQL adapter, which reads columns and not loans."""

import datetime as dt
from dataclasses import dataclass
from typing import Protocol

import msgspec
import sqlalchemy as sa

from services.loans.history_rows import InstitutionRows, first_of, latest_of
from services.loans.loan import due_date
from services.loans.position import FiveClass, MovementKind
from services.loans.position_store import movement_table, position_table
from services.loans.repository import loan_table
from services.loans.statistics.facts import LoanFacts, MovementFacts, PositionFacts

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
    """The book on SQLite or PostgreSQL."""

    def loans_in_force(self, day: dt.date, known_at: dt.datetime) -> list[LoanFacts]:
        """See the port."""
        due = self.mine(loan_table, known_at) & (loan_table.c.as_of <= day)
        latest = latest_of(loan_table, "loan_id", "as_of", due).subquery()
        decode = msgspec.json.Decoder(_Loan).decode
        return [_loan_facts(decode(text)) for text in self.connection.scalars(sa.select(latest.c.content))]

    def positions_in_force(self, day: dt.date, known_at: dt.datetime) -> list[PositionFacts]:
        """See the port."""
        due = self.mine(position_table, known_at) & (position_table.c.as_of <= day)
        latest = latest_of(position_table, "loan_id", "as_of", due).subquery().c
        rows = self.connection.execute(
            sa.select(latest.loan_id, latest.as_of, latest.balance_cents, latest.rate_annual, latest.quality)
        )
        return [
            PositionFacts(loan_id, as_of, cents, rate, None if quality is None else _CLASSES[quality])
            for loan_id, as_of, cents, rate, quality in rows
        ]

    def movements_between(self, after: dt.date, until: dt.date, known_at: dt.datetime) -> list[MovementFacts]:
        """See the port."""
        mine = self.mine(movement_table, known_at)
        # A correction may have moved a movement to another day or loan: the last record of its id decides.
        latest = first_of(movement_table, "movement_id", [movement_table.c.seq.desc()], mine).subquery().c
        rows = self.connection.execute(
            sa.select(latest.loan_id, latest.day, latest.kind, latest.amount_cents).where(
                latest.day > after, latest.day <= until
            )
        )
        return [MovementFacts(loan_id, day, _KINDS[kind], cents) for loan_id, day, kind, cents in rows]


def _loan_facts(loan: _Loan) -> LoanFacts:
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
        loan.guarantee_mode or "",
    )
