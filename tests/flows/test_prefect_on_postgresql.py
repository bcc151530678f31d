"""Prefect's own server on a real PostgreSQL of the machine, where it has one with `pg_trgm`."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.flows.refresh.refresh_processes import free_port
from tests.flows.running_book import AS_OF, EXAMPLE

ROOT = Path(__file__).resolve().parents[2]


def _program(name: str) -> str | None:
    """A program of PostgreSQL, on the path or where distributions keep it."""
    kept = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(kept[-1]) if kept else None)


@pytest.fixture
def database_url() -> Iterator[str]:
    """An empty database; PostgreSQL refuses to run as root, so root becomes the user that the package made."""
    initdb, pg_ctl = _program("initdb"), _program("pg_ctl")
    as_user = (
        ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
    )
    if (
        initdb is None
        or pg_ctl is None
        or not list(Path("/usr/share/postgresql").glob("*/extension/pg_trgm.control"))
    ):
        pytest.skip("no PostgreSQL with pg_trgm on this machine")
    with tempfile.TemporaryDirectory(prefix="ecopledge-pg-") as name:
        folder, port = Path(name), free_port()
        if as_user:
            shutil.chown(folder, "postgres")
        data, options = folder / "data", f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
        quiet = subprocess.DEVNULL
        subprocess.run(
            [*as_user, initdb, "-D", str(data), "-A", "trust", "-U", "postgres"],
            check=True,
            stdout=quiet,
            cwd="/",
        )
        start = [*as_user, pg_ctl, "-D", str(data), "-o", options, "-w", "-l", str(folder / "log"), "start"]
        subprocess.run(start, check=True, stdout=quiet, cwd="/")
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            stop = [*as_user, pg_ctl, "-D", str(data), "-m", "immediate", "stop"]
            subprocess.run(stop, check=True, stdout=quiet, cwd="/")


@pytest.mark.slow
def test_a_refresh_runs_on_postgresql(database_url: str, tmp_path: Path) -> None:
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("ECOPLEDGE_", "PREFECT_"))
    }
    options = [
        "--accounts",
        str(EXAMPLE),
        "--out",
        str(tmp_path / "out"),
        "--as-of",
        AS_OF.isoformat(),
        "--json",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "refresh", *options],
        cwd=tmp_path,
        env=clean
        | {
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'protos' / 'gen'}",
            "PREFECT_API_DATABASE_CONNECTION_URL": database_url.replace("postgresql:", "postgresql+asyncpg:"),
            "ECOPLEDGE_DATABASE_URL": f"sqlite:///{tmp_path / 'services.db'}",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=240.0,
    )
    assert done.returncode == 0, done.stderr
    with psycopg.connect(database_url) as connection:
        states = connection.execute("SELECT state_type::text FROM flow_run").fetchall()
        tasks = connection.execute(
            "SELECT count(*) FROM task_run WHERE state_type::text = 'COMPLETED'"
        ).fetchone()
    assert states == [("COMPLETED",)]
    # Read, value, push, report: twelve pledges are one batch.
    assert tasks == (4,)
    assert not (tmp_path / "var" / "prefect" / "prefect.db").exists()
