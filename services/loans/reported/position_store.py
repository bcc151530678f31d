"""Where reported positions and movements are kept: the port, and its SQL adapter.

A correction is a row beside the one that it corrects: of the records of one position (loan and day) or one movement
(its id) the last counts, and a query that names a moment sees what was known then.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

import sqlalchemy as sa

from services.loans.history_rows import (
    InstitutionRows,
    conditions_if_any,
    conditions_on,
    first_of,
    history_table,
    latest_of,
)
from services.loans.loan import PutCounts
from services.loans.reported.position import (
    BAD_ABOVE_DAYS,
    NON_PERFORMING,
    FiveClass,
    LoanMovement,
    LoanPosition,
    MovementKind,
)

position_table = history_table(
    "loan_position",
    sa.Column("loan_id", sa.String(64), nullable=False),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("balance_cents", sa.BigInteger, nullable=False),
    sa.Column("rate_annual", sa.Float(53), nullable=False),
    sa.Column("overdue_days", sa.Integer, nullable=False),
    sa.Column("overdue_principal_cents", sa.BigInteger, nullable=False),
    sa.Column("quality", sa.String(16), nullable=True),
    sa.Column("is_credit_impaired", sa.Boolean, nullable=False),
)
movement_table = history_table(
    "loan_movement",
    sa.Column("movement_id", sa.String(64), nullable=False),
    sa.Column("loan_id", sa.String(64), nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("amount_cents", sa.BigInteger, nullable=False),
    sa.Column("reverses", sa.String(64), nullable=True),
)
_FACTS = (
    "balance_cents",
    "rate_annual",
    "overdue_days",
    "overdue_principal_cents",
    "quality",
    "is_credit_impaired",
)
_MOVED = ("loan_id", "day", "kind", "amount_cents", "reverses")


class PositionStore(Protocol):
    """Positions and movements of one institution, within one transaction.

    `known_at` shows what was recorded by a moment; without it everything counts.
    """

    def today(self) -> dt.date:
        """The day in China by the clock."""

    def wait_for_writers(self) -> None:
        """Waits until no other transaction writes for the institution; what is read then stays as it is."""

    def record_positions(self, positions: Sequence[LoanPosition]) -> PutCounts:
        """Adds each position that differs from the last record of its loan and day; these pairs are distinct."""

    def record_movements(self, movements: Sequence[LoanMovement]) -> PutCounts:
        """Adds each movement that differs from the last record of its id; ids are distinct."""

    def movements_of(self, movement_ids: Sequence[str]) -> dict[str, LoanMovement]:
        """The last record of each of the movements that there are."""

    def reversals_of(self, movement_ids: Sequence[str]) -> dict[str, str]:
        """Of the movements that are reversed the movement that does it."""

    def positions_in_force(
        self, day: dt.date, loan_ids: Sequence[str] = (), known_at: dt.datetime | None = None
    ) -> list[LoanPosition]:
        """Of each loan the latest position at or before a day, in order of loan; of all loans for no ids."""

    def settled_or_bad(self, day: dt.date, loan_ids: Sequence[str] = ()) -> list[LoanPosition]:
        """Of the positions in force on a day those of loans that owe nothing or are reported as bad."""

    def movements_between(
        self,
        after: dt.date,
        until: dt.date,
        loan_ids: Sequence[str] = (),
        known_at: dt.datetime | None = None,
    ) -> list[LoanMovement]:
        """Movements of the days after `after` up to and with `until`, in order of day, then id."""


@dataclass(frozen=True, slots=True)
class SqlPositionStore(InstitutionRows):
    """The store on SQLite or PostgreSQL."""

    def record_positions(self, positions: Sequence[LoanPosition]) -> PutCounts:
        """See the port."""
        self.wait_for_writers()
        stored = self._stored_positions(positions)
        given = {(position.loan_id, position.as_of): _position_facts(position) for position in positions}
        new = [
            {"loan_id": loan_id, "as_of": day, **dict(zip(_FACTS, facts, strict=True))}
            for (loan_id, day), facts in given.items()
            if stored.get((loan_id, day)) != facts
        ]
        created = sum((row["loan_id"], row["as_of"]) not in stored for row in new)
        return self._add(position_table, new, created, len(given))

    def record_movements(self, movements: Sequence[LoanMovement]) -> PutCounts:
        """See the port."""
        self.wait_for_writers()
        stored = self._stored_movements([movement.movement_id for movement in movements])
        given = {movement.movement_id: _movement_facts(movement) for movement in movements}
        new = [
            {"movement_id": key, **dict(zip(_MOVED, facts, strict=True))}
            for key, facts in given.items()
            if stored.get(key) != facts
        ]
        return self._add(
            movement_table, new, sum(row["movement_id"] not in stored for row in new), len(given)
        )

    def movements_of(self, movement_ids: Sequence[str]) -> dict[str, LoanMovement]:
        """See the port."""
        columns = movement_table.c
        found: dict[str, LoanMovement] = {}
        for chosen in conditions_on(columns.movement_id, movement_ids):
            query = sa.select(movement_table).where(self.mine(movement_table), chosen).order_by(columns.seq)
            found.update((row.movement_id, _movement(row)) for row in self.connection.execute(query))
        return found

    def reversals_of(self, movement_ids: Sequence[str]) -> dict[str, str]:
        """See the port."""
        columns = movement_table.c
        found: dict[str, str] = {}
        for chosen in conditions_on(columns.reverses, movement_ids):
            query = sa.select(columns.reverses, columns.movement_id).where(self.mine(movement_table), chosen)
            found.update((original, key) for original, key in self.connection.execute(query))
        return found

    def positions_in_force(
        self, day: dt.date, loan_ids: Sequence[str] = (), known_at: dt.datetime | None = None
    ) -> list[LoanPosition]:
        """See the port."""
        due = self.mine(position_table, known_at) & (position_table.c.as_of <= day)
        return self._positions(due, loan_ids)

    def settled_or_bad(self, day: dt.date, loan_ids: Sequence[str] = ()) -> list[LoanPosition]:
        """See the port."""
        columns = position_table.c
        due = self.mine(position_table) & (columns.as_of <= day)
        found: list[LoanPosition] = []
        for chosen in conditions_if_any(columns.loan_id, loan_ids):
            latest = latest_of(position_table, "loan_id", "as_of", due & chosen).subquery()
            remarkable = sa.or_(
                latest.c.balance_cents == 0,
                latest.c.overdue_days > BAD_ABOVE_DAYS,
                latest.c.quality.in_([quality.value for quality in NON_PERFORMING]),
                latest.c.is_credit_impaired,
            )
            found.extend(
                _position(row) for row in self.connection.execute(sa.select(latest).where(remarkable))
            )
        return sorted(found, key=lambda position: position.loan_id)

    def movements_between(
        self,
        after: dt.date,
        until: dt.date,
        loan_ids: Sequence[str] = (),
        known_at: dt.datetime | None = None,
    ) -> list[LoanMovement]:
        """See the port."""
        columns = movement_table.c
        mine = self.mine(movement_table, known_at)
        # A correction may have moved a movement to another day or loan: the last record of its id decides.
        latest = first_of(movement_table, "movement_id", [columns.seq.desc()], mine).subquery()
        within = sa.and_(latest.c.day > after, latest.c.day <= until)
        found: list[LoanMovement] = []
        for condition in conditions_if_any(latest.c.loan_id, loan_ids):
            rows = self.connection.execute(sa.select(latest).where(within, condition))
            found.extend(_movement(row) for row in rows)
        return sorted(found, key=lambda movement: (movement.day, movement.movement_id))

    def _positions(self, condition: sa.ColumnElement[bool], loan_ids: Sequence[str]) -> list[LoanPosition]:
        ids = position_table.c.loan_id
        found: list[LoanPosition] = []
        for chosen in conditions_if_any(ids, loan_ids):
            rows = self.connection.execute(latest_of(position_table, "loan_id", "as_of", condition & chosen))
            found.extend(_position(row) for row in rows)
        return sorted(found, key=lambda position: position.loan_id)

    def _stored_positions(
        self, positions: Iterable[LoanPosition]
    ) -> dict[tuple[str, dt.date], tuple[Any, ...]]:
        """The last record of each given loan and day, where there is one."""
        columns = position_table.c
        by_day: dict[dt.date, list[str]] = {}
        for position in positions:
            by_day.setdefault(position.as_of, []).append(position.loan_id)
        stored: dict[tuple[str, dt.date], tuple[Any, ...]] = {}
        for day, loan_ids in by_day.items():
            for chosen in conditions_on(columns.loan_id, loan_ids):
                query = (
                    sa.select(columns.loan_id, *(columns[name] for name in _FACTS))
                    .where(self.mine(position_table), columns.as_of == day, chosen)
                    .order_by(columns.seq)
                )
                stored.update(
                    ((loan_id, day), tuple(facts)) for loan_id, *facts in self.connection.execute(query)
                )
        return stored

    def _stored_movements(self, movement_ids: Sequence[str]) -> dict[str, tuple[Any, ...]]:
        columns = movement_table.c
        stored: dict[str, tuple[Any, ...]] = {}
        for chosen in conditions_on(columns.movement_id, movement_ids):
            query = (
                sa.select(columns.movement_id, *(columns[name] for name in _MOVED))
                .where(self.mine(movement_table), chosen)
                .order_by(columns.seq)
            )
            stored.update((key, tuple(facts)) for key, *facts in self.connection.execute(query))
        return stored

    def _add(self, table: sa.Table, rows: list[dict[str, Any]], created: int, given: int) -> PutCounts:
        """Adds the new ones of some rows that are given, of which some create what was not there at all."""
        self.add_rows(table, rows)
        return PutCounts(created, len(rows) - created, given - len(rows))


def _position_facts(position: LoanPosition) -> tuple[Any, ...]:
    return (
        int(position.balance_cny * 100),
        position.rate_annual,
        position.overdue_days,
        int(position.overdue_principal_cny * 100),
        None if position.quality is None else position.quality.value,
        position.is_credit_impaired,
    )


def _movement_facts(movement: LoanMovement) -> tuple[Any, ...]:
    return (
        movement.loan_id,
        movement.day,
        movement.kind.value,
        int(movement.amount_cny * 100),
        movement.reverses or None,
    )


def _position(row: Any) -> LoanPosition:
    return LoanPosition(
        row.loan_id,
        row.as_of,
        Decimal(row.balance_cents).scaleb(-2),
        row.rate_annual,
        row.overdue_days,
        Decimal(row.overdue_principal_cents).scaleb(-2),
        None if row.quality is None else FiveClass(row.quality),
        row.is_credit_impaired,
    )


def _movement(row: Any) -> LoanMovement:
    return LoanMovement(
        row.movement_id,
        row.loan_id,
        row.day,
        MovementKind(row.kind),
        Decimal(row.amount_cents).scaleb(-2),
        row.reverses or "",
    )
