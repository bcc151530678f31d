"""Where versions of closed quarters are kept: the port, and its SQL adapter. Rows are added and never changed."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa

from services.loans.history_rows import InstitutionRows, history_table
from services.loans.statistics.quarter import Quarter
from services.loans.statistics.result import QuarterStatistics, StatisticsVersion, VersionFacts
from services.loans.statistics.stored_form import statistics_from_text, statistics_to_text
from services.runtime.moments import text_of_moment

version_table = history_table(
    "statistics_version",
    sa.Column("period", sa.String(6), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("accepted_breaks_reason", sa.Text, nullable=False),
)
_FACTS = (
    version_table.c.period,
    version_table.c.version,
    version_table.c.recorded_at,
    version_table.c.content_hash,
    version_table.c.accepted_breaks_reason,
)


class VersionStore(Protocol):
    """Versions of closed quarters of one institution, within one transaction."""

    def wait_for_writers(self) -> None:
        """Holds every other writer of the institution until the transaction ends."""

    def versions(self, quarter: Quarter | None = None) -> list[VersionFacts]:
        """Versions in order of quarter and number; of every quarter when none is given."""

    def latest(self, quarter: Quarter, known_at: dt.datetime) -> VersionFacts | None:
        """The last version that was recorded by a moment."""

    def version(self, quarter: Quarter, number: int) -> StatisticsVersion | None:
        """A version with its figures."""

    def add(self, facts: VersionFacts, statistics: QuarterStatistics) -> None:
        """Adds a version, whose number must be new."""


@dataclass(frozen=True, slots=True)
class SqlVersionStore(InstitutionRows):
    """The store on SQLite or PostgreSQL."""

    def versions(self, quarter: Quarter | None = None) -> list[VersionFacts]:
        """See the port."""
        query = sa.select(*_FACTS).where(self.mine(version_table))
        if quarter is not None:
            query = query.where(version_table.c.period == str(quarter))
        rows = self.connection.execute(query.order_by(version_table.c.period, version_table.c.version))
        return [_facts(row) for row in rows]

    def latest(self, quarter: Quarter, known_at: dt.datetime) -> VersionFacts | None:
        """See the port."""
        row = self.connection.execute(
            sa.select(*_FACTS)
            .where(self.mine(version_table, known_at), version_table.c.period == str(quarter))
            .order_by(version_table.c.version.desc())
            .limit(1)
        ).first()
        return None if row is None else _facts(row)

    def version(self, quarter: Quarter, number: int) -> StatisticsVersion | None:
        """See the port."""
        row = self.connection.execute(
            sa.select(*_FACTS, version_table.c.content).where(
                self.mine(version_table),
                version_table.c.period == str(quarter),
                version_table.c.version == number,
            )
        ).first()
        return None if row is None else StatisticsVersion(_facts(row), statistics_from_text(row.content))

    def add(self, facts: VersionFacts, statistics: QuarterStatistics) -> None:
        """See the port."""
        self.connection.execute(
            sa.insert(version_table).values(
                institution_id=self.institution_id,
                period=str(facts.quarter),
                version=facts.version,
                recorded_at=text_of_moment(facts.recorded_at),
                content_hash=facts.content_hash,
                content=statistics_to_text(statistics),
                accepted_breaks_reason=facts.accepted_breaks_reason,
            )
        )


def _facts(row: Any) -> VersionFacts:
    return VersionFacts(
        Quarter.read(row.period),
        row.version,
        dt.datetime.fromisoformat(row.recorded_at),
        row.content_hash,
        row.accepted_breaks_reason,
    )
