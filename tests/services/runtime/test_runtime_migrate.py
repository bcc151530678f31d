import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.runtime.database import make_engine
from services.runtime.errors import InvalidInput
from services.runtime.idempotency import idempotency_table
from services.runtime.migrate import upgrade, upgrade_runtime

ROOT = Path(__file__).resolve().parents[3]

REVISION = """
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {down_revision!r}


def upgrade():
    op.create_table("{table}", sa.Column("id", sa.Integer, primary_key=True))
    {after}
"""


def write_revision(
    folder: Path, revision: str, down_revision: str | None, table: str, after: str = "pass"
) -> None:
    versions = folder / "versions"
    versions.mkdir(parents=True, exist_ok=True)
    text = REVISION.format(revision=revision, down_revision=down_revision, table=table, after=after)
    (versions / f"{revision}.py").write_text(text)


@pytest.fixture
def empty_engine(database_url: str) -> sa.Engine:
    return make_engine(database_url)


def test_the_runtime_migration_makes_the_table_that_the_code_uses(empty_engine: sa.Engine) -> None:
    upgrade_runtime(empty_engine)
    columns = sa.inspect(empty_engine).get_columns("idempotency")
    assert {(column["name"], column["nullable"]) for column in columns} == {
        (column.name, column.nullable) for column in idempotency_table.columns
    }
    key = sa.inspect(empty_engine).get_pk_constraint("idempotency")["constrained_columns"]
    assert key == ["institution_id", "method", "request_id"]


def test_services_share_a_database_each_with_its_own_versions(
    empty_engine: sa.Engine, tmp_path: Path
) -> None:
    write_revision(tmp_path / "loans 100%", "loans1", None, "loan")
    write_revision(tmp_path / "fund", "fund1", None, "project")
    for _ in range(2):  # the second round finds nothing to do
        upgrade_runtime(empty_engine)
        upgrade(empty_engine, tmp_path / "loans 100%", "alembic_version_loans")
        upgrade(empty_engine, str(tmp_path / "fund"), "alembic_version_fund")
    assert set(sa.inspect(empty_engine).get_table_names()) == {
        "alembic_version_runtime",
        "alembic_version_loans",
        "alembic_version_fund",
        "idempotency",
        "loan",
        "project",
    }


def test_a_revision_added_later_runs_alone(empty_engine: sa.Engine, tmp_path: Path) -> None:
    write_revision(tmp_path / "m", "first", None, "loan")
    upgrade(empty_engine, tmp_path / "m", "alembic_version_m")
    write_revision(tmp_path / "m", "second", "first", "guarantee")
    upgrade(empty_engine, tmp_path / "m", "alembic_version_m")
    assert {"loan", "guarantee"} < set(sa.inspect(empty_engine).get_table_names())


def test_a_failed_revision_leaves_nothing_of_the_run(empty_engine: sa.Engine, tmp_path: Path) -> None:
    write_revision(tmp_path / "m", "first", None, "loan")
    write_revision(tmp_path / "m", "second", "first", "guarantee", after="raise RuntimeError('half-way')")
    with pytest.raises(RuntimeError, match="half-way"):
        upgrade(empty_engine, tmp_path / "m", "alembic_version_m")
    assert sa.inspect(empty_engine).get_table_names() == []


def test_a_location_without_versions_is_named(empty_engine: sa.Engine, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="nowhere"):
        upgrade(empty_engine, tmp_path / "nowhere", "alembic_version_m")


def test_processes_that_upgrade_at_once_queue(database_url: str, tmp_path: Path) -> None:
    write_revision(tmp_path / "m", "first", None, "loan", after="import time; time.sleep(0.3)")
    code = (
        "import sys; from pathlib import Path\n"
        "from services.runtime.database import make_engine\n"
        "from services.runtime.migrate import upgrade\n"
        "upgrade(make_engine(sys.argv[1]), Path(sys.argv[2]), 'alembic_version_m')\n"
    )
    arguments = [sys.executable, "-c", code, database_url, str(tmp_path / "m")]
    processes = [subprocess.Popen(arguments, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    assert "loan" in sa.inspect(make_engine(database_url)).get_table_names()
