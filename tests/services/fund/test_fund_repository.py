"""States of projects on SQLite and PostgreSQL."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
import sqlalchemy as sa

from services.fund.pipeline.project import Project
from services.fund.pipeline.repository import SqlProjectRepository, migrate
from services.runtime.database import transaction
from services.runtime.errors import NotFound
from tests.services.fund.fund_cases import project

DAY = dt.date(2026, 8, 21)


@pytest.fixture
def database(engine: sa.Engine) -> sa.Engine:
    migrate(engine)
    return engine


def put(
    database: sa.Engine, *projects: Project, as_of: dt.date = DAY, institution: str = "bank"
) -> tuple[int, int, int]:
    repository = SqlProjectRepository(database)
    with transaction(database) as connection:
        return repository.put(connection, institution, as_of, projects)


def test_migrating_again_changes_nothing(database: sa.Engine) -> None:
    put(database, project())
    migrate(database)
    assert SqlProjectRepository(database).pipeline("bank", "p") == [project()]


def test_states_are_added_and_none_is_lost(database: sa.Engine) -> None:
    assert put(database, project("A"), project("B")) == (2, 0, 0)
    dearer = replace(project("A"), total_investment_cny=Decimal("900.55"))
    later = DAY + dt.timedelta(days=30)
    assert put(database, dearer, project("B"), project("C"), as_of=later) == (1, 1, 1)
    repository = SqlProjectRepository(database)
    assert repository.pipeline("bank", "p") == [dearer, project("B"), project("C")]
    history = repository.history("bank", "p", "A")
    assert [(state.as_of, state.project) for state in history] == [(DAY, project("A")), (later, dearer)]
    assert all(state.recorded_at.tzinfo == dt.UTC for state in history)


def test_a_state_of_an_earlier_day_is_kept_but_does_not_count_today(database: sa.Engine) -> None:
    put(database, project("A"))
    older = replace(project("A"), total_investment_cny=Decimal(1))
    assert put(database, older, as_of=DAY - dt.timedelta(days=1)) == (0, 1, 0)
    repository = SqlProjectRepository(database)
    assert repository.pipeline("bank", "p") == [project("A")]
    assert len(repository.history("bank", "p", "A")) == 2


def test_institutions_do_not_see_each_other(database: sa.Engine) -> None:
    put(database, project("A"))
    repository = SqlProjectRepository(database)
    assert repository.pipeline("other", "") == []
    assert repository.page("other", "", 10, None).total_count == 0
    assert repository.history("other", "p", "A") == []
    with pytest.raises(NotFound):
        repository.find("other", [("p", "A")])
    assert put(database, project("A"), institution="other") == (1, 0, 0)


def test_pages_cover_everything_once_with_exact_totals(database: sa.Engine) -> None:
    # Ten amounts that floats would not add up exactly.
    projects = [project(f"P{i:02d}", cny="0.1") for i in range(10)]
    put(database, *projects, replace(project("Z"), pipeline="q", total_investment_cny=Decimal(7)))
    repository = SqlProjectRepository(database)
    seen: list[Project] = []
    after = None
    while True:
        page = repository.page("bank", "p", 4, after)
        assert (page.total_count, page.total_investment_cny) == (10, Decimal(1))
        seen += page.projects
        after = page.next_after
        if after is None:
            break
    assert seen == projects
    both = repository.page("bank", "", 100, None)
    assert (both.total_count, both.total_investment_cny, both.next_after) == (11, Decimal(8), None)


def test_find_keeps_the_order_and_names_everything_missing(database: sa.Engine) -> None:
    put(database, project("A"), project("B"))
    repository = SqlProjectRepository(database)
    assert [p.project_id for p in repository.find("bank", [("p", "B"), ("p", "A")])] == ["B", "A"]
    with pytest.raises(NotFound, match="'C' of pipeline 'p', 'A' of pipeline 'q'"):
        repository.find("bank", [("p", "C"), ("p", "A"), ("q", "A")])


def test_a_failed_write_leaves_nothing(database: sa.Engine) -> None:
    repository = SqlProjectRepository(database)

    def write_and_fail() -> None:
        with transaction(database) as connection:
            repository.put(connection, "bank", DAY, [project("A")])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert repository.pipeline("bank", "p") == []
