"""Where projects are kept: the port, and its SQL adapter for SQLite and PostgreSQL.

The table is append-only. The state of a project in force on a day is the one with the latest `as_of` not after that
day, and among those the one recorded last.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

import sqlalchemy as sa

from services.fund.pipeline.project import Project, ProjectPage, ProjectState
from services.runtime.database import reading, wait_for_writers
from services.runtime.errors import NotFound
from services.runtime.institution import institution_column
from services.runtime.migrate import upgrade, upgrade_runtime
from services.runtime.moments import stored_moment

_PROJECTS = 0x0F_0D
_CONTENT = (
    "name",
    "sector",
    "county",
    "start_year",
    "end_year",
    "owner",
    "content",
    "progress",
)

states_table = sa.Table(
    "fund_project_states",
    sa.MetaData(),
    sa.Column("state_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    institution_column(),
    sa.Column("pipeline", sa.String(64), nullable=False),
    sa.Column("project_id", sa.String(64), nullable=False),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("sector", sa.Text, nullable=False),
    sa.Column("county", sa.Text, nullable=False),
    sa.Column("start_year", sa.Integer, nullable=False),
    sa.Column("end_year", sa.Integer, nullable=False),
    # Digits as text: a decimal column of SQLite is a float.
    sa.Column("total_investment_cny", sa.String(64), nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("progress", sa.Text, nullable=False),
)


class ProjectRepository(Protocol):
    """What the service needs of its store; every method is scoped by the institution."""

    def put(
        self,
        connection: sa.Connection,
        institution_id: str,
        as_of: dt.date,
        projects: Sequence[Project],
    ) -> tuple[int, int, int]:
        """Add states; returns how many projects are new, got a new state, were the same already."""

    def in_pipelines(
        self, connection: sa.Connection, institution_id: str, pipelines: Collection[str]
    ) -> list[Project]:
        """The latest states of all projects of some pipelines, within a transaction, in order of the key."""

    def page(
        self, institution_id: str, pipeline: str, page_size: int, after: tuple[str, str] | None
    ) -> ProjectPage:
        """A page of the latest states of a pipeline ("" for all), in order of the key."""

    def pipeline(self, institution_id: str, pipeline: str) -> list[Project]:
        """The latest states of all projects of a pipeline ("" for all), in order of the key."""

    def find(self, institution_id: str, keys: Sequence[tuple[str, str]]) -> list[Project]:
        """The latest states of some projects, in the order asked.

        Raises:
            NotFound: naming every project that is not stored.
        """

    def history(self, institution_id: str, pipeline: str, project_id: str) -> list[ProjectState]:
        """Every state of a project in the order recorded."""


class SqlProjectRepository:
    """The adapter for SQLAlchemy engines from `services.runtime.database`."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def put(
        self,
        connection: sa.Connection,
        institution_id: str,
        as_of: dt.date,
        projects: Sequence[Project],
    ) -> tuple[int, int, int]:
        """See `ProjectRepository.put`."""
        wait_for_writers(connection, _PROJECTS, institution_id)
        pipelines = {project.pipeline for project in projects}
        known = {p.key for p in self.in_pipelines(connection, institution_id, pipelines)}
        in_force = _by_key(_projects(connection, _in_force(institution_id, pipelines, as_of)))
        changed = [project for project in projects if in_force.get(project.key) != project]
        if changed:
            recorded_at = dt.datetime.now(dt.UTC)
            rows = [_row(institution_id, as_of, recorded_at, project) for project in changed]
            connection.execute(sa.insert(states_table), rows)
        created = sum(project.key not in known for project in changed)
        return created, len(changed) - created, len(projects) - len(changed)

    def in_pipelines(
        self, connection: sa.Connection, institution_id: str, pipelines: Collection[str]
    ) -> list[Project]:
        """See `ProjectRepository.in_pipelines`."""
        return _projects(connection, _in_force(institution_id, pipelines))

    def page(
        self, institution_id: str, pipeline: str, page_size: int, after: tuple[str, str] | None
    ) -> ProjectPage:
        """See `ProjectRepository.page`."""
        latest = _in_force(institution_id, [pipeline] if pipeline else None).subquery()
        key = (latest.c.pipeline, latest.c.project_id)
        rows = sa.select(latest).order_by(*key).limit(page_size + 1)
        if after is not None:
            rows = rows.where(sa.tuple_(*key) > sa.tuple_(sa.literal(after[0]), sa.literal(after[1])))
        with reading(self._engine) as connection:
            found = [_project(row) for row in connection.execute(rows).mappings()]
            amounts = connection.scalars(sa.select(latest.c.total_investment_cny)).all()
        projects = tuple(found[:page_size])
        next_after = projects[-1].key if len(found) > page_size else None
        return ProjectPage(projects, next_after, len(amounts), sum(map(Decimal, amounts), Decimal(0)))

    def pipeline(self, institution_id: str, pipeline: str) -> list[Project]:
        """See `ProjectRepository.pipeline`."""
        with reading(self._engine) as connection:
            return _projects(connection, _in_force(institution_id, [pipeline] if pipeline else None))

    def find(self, institution_id: str, keys: Sequence[tuple[str, str]]) -> list[Project]:
        """See `ProjectRepository.find`."""
        with reading(self._engine) as connection:
            stored = _by_key(self.in_pipelines(connection, institution_id, {key[0] for key in keys}))
        missing = [f"{project_id!r} of pipeline {pipeline!r}" for pipeline, project_id in keys
                   if (pipeline, project_id) not in stored]  # fmt: skip
        if missing:
            raise NotFound(
                f"project {', '.join(missing)}: not stored, expected projects that were stored in their pipeline first"
            )
        return [stored[key] for key in keys]

    def history(self, institution_id: str, pipeline: str, project_id: str) -> list[ProjectState]:
        """See `ProjectRepository.history`."""
        columns = states_table.c
        query = (
            sa.select(states_table)
            .where(
                columns.institution_id == institution_id,
                columns.pipeline == pipeline,
                columns.project_id == project_id,
            )
            .order_by(columns.state_id)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
        return [ProjectState(row["as_of"], stored_moment(row["recorded_at"]), _project(row)) for row in rows]


def migrate(engine: sa.Engine) -> None:
    """Bring the runtime's and the fund's tables to the newest version."""
    upgrade_runtime(engine)
    upgrade(engine, "services.fund:migrations", "alembic_version_fund")


def _in_force(
    institution_id: str, pipelines: Collection[str] | None, as_of: dt.date | None = None
) -> sa.Select[Any]:
    """Query for the states in force on a day, None for the latest; all pipelines where none are named."""
    columns = states_table.c
    newest_first = sa.func.row_number().over(
        partition_by=(columns.pipeline, columns.project_id),
        order_by=(columns.as_of.desc(), columns.state_id.desc()),
    )
    ranked = sa.select(states_table, newest_first.label("age")).where(
        columns.institution_id == institution_id
    )
    if pipelines is not None:
        ranked = ranked.where(columns.pipeline.in_(sorted(pipelines)))
    if as_of is not None:
        ranked = ranked.where(columns.as_of <= as_of)
    states = ranked.subquery()
    return sa.select(states).where(states.c.age == 1).order_by(states.c.pipeline, states.c.project_id)


def _projects(connection: sa.Connection, query: sa.Select[Any]) -> list[Project]:
    return [_project(row) for row in connection.execute(query).mappings()]


def _by_key(projects: Iterable[Project]) -> dict[tuple[str, str], Project]:
    return {project.key: project for project in projects}


def _row(institution_id: str, as_of: dt.date, recorded_at: dt.datetime, project: Project) -> dict[str, Any]:
    return {
        "institution_id": institution_id,
        "pipeline": project.pipeline,
        "project_id": project.project_id,
        "as_of": as_of,
        "recorded_at": recorded_at,
        "total_investment_cny": str(project.total_investment_cny),
        **{name: getattr(project, name) for name in _CONTENT},
    }


def _project(row: Mapping[Any, Any]) -> Project:
    return Project(
        project_id=row["project_id"],
        pipeline=row["pipeline"],
        total_investment_cny=Decimal(row["total_investment_cny"]),
        **{name: row[name] for name in _CONTENT},
    )
