"""Where pledge events are kept: the port, and its SQL adapter. Rows are added and never changed."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec
import sqlalchemy as sa

from services.loans.history_rows import InstitutionRows, conditions_if_any, conditions_on, history_table
from services.loans.pledges.event import LevelCrossing, PledgeEvent
from services.loans.repository import collateral_table

event_table = history_table(
    "pledge_event",
    sa.Column("loan_id", sa.String(64), nullable=False),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
)


class EventStore(Protocol):
    """Pledge events of one institution, within the transaction of the re-valuation that they tell of."""

    def wait_for_writers(self) -> None:
        """Waits until no other transaction writes for the institution; what is read then stays as it is."""

    def add(self, crossings: Sequence[LevelCrossing]) -> None:
        """Adds an event for each crossing, in order."""

    def events(
        self,
        known_at: dt.datetime,
        after: int,
        n: int,
        loan_ids: Sequence[str] = (),
        as_of: dt.date | None = None,
    ) -> list[PledgeEvent]:
        """Up to `n` events in order of number, beginning after a number; of all loans for no ids.

        With `as_of` only those of valuations of that day.
        """

    def loans_secured_by(self, collateral_ids: Sequence[str]) -> set[str]:
        """Loans that the collateral secured in any of its states."""


@dataclass(frozen=True, slots=True)
class SqlEventStore(InstitutionRows):
    """The store on SQLite or PostgreSQL."""

    def add(self, crossings: Sequence[LevelCrossing]) -> None:
        """See the port."""
        self.add_rows(
            event_table,
            [
                {
                    "loan_id": crossing.loan_id,
                    "as_of": crossing.as_of,
                    "content": msgspec.json.encode(crossing).decode(),
                }
                for crossing in crossings
            ],
        )

    def events(
        self,
        known_at: dt.datetime,
        after: int,
        n: int,
        loan_ids: Sequence[str] = (),
        as_of: dt.date | None = None,
    ) -> list[PledgeEvent]:
        """See the port."""
        columns = event_table.c
        known = self.mine(event_table, known_at) & (columns.seq > after)
        if as_of is not None:
            known &= columns.as_of == as_of
        found: list[PledgeEvent] = []
        for condition in conditions_if_any(columns.loan_id, loan_ids):
            query = sa.select(event_table).where(known, condition).order_by(columns.seq).limit(n)
            found.extend(
                PledgeEvent(
                    row.seq,
                    dt.datetime.fromisoformat(row.recorded_at),
                    msgspec.json.decode(row.content, type=LevelCrossing),
                )
                for row in self.connection.execute(query)
            )
        return sorted(found, key=lambda event: event.number)[:n]

    def loans_secured_by(self, collateral_ids: Sequence[str]) -> set[str]:
        """See the port."""
        columns = collateral_table.c
        found: set[str] = set()
        for condition in conditions_on(columns.collateral_id, collateral_ids):
            query = sa.select(columns.loan_id).where(self.mine(collateral_table), condition).distinct()
            found.update(self.connection.scalars(query))
        return found
