"""Brings the tables of a service to the newest version, at the start of its server.

All services may share one database: each has its own folder of revisions and its own version table.
Processes that start at the same moment queue: on PostgreSQL at an advisory lock, on SQLite at ``BEGIN
IMMEDIATE``.
"""

import importlib.resources
import threading
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from services.runtime.database import transaction
from services.runtime.errors import InvalidInput

RUNTIME_LOCATION = "services.runtime:migrations"
RUNTIME_VERSION_TABLE = "alembic_version_runtime"
# Any number, the same in every process of ecopledge.
_ADVISORY_LOCK_KEY = 0x45C0_71ED_6E00
# alembic.context and alembic.op are globals of the process.
_one_at_a_time = threading.Lock()


def upgrade(engine: sa.Engine, script_location: str | Path, version_table: str) -> None:
    """Runs the missing revisions in one transaction: all of them or none.

    Args:
        engine: from :func:`services.runtime.database.make_engine`.
        script_location: ``package:folder``, for example ``services.loans:migrations``, or a path; the
            revisions are the files in its ``versions`` folder.
        version_table: for example ``alembic_version_loans``.

    Raises:
        InvalidInput: the location has no folder ``versions``.
        Unavailable: another process holds the database beyond the wait.
    """
    versions = _resolve(script_location) / "versions"
    if not versions.is_dir():
        raise InvalidInput(f"migrations {script_location}: found no folder {versions}")
    config = Config()
    config.set_main_option("script_location", _escaped(_resolve(RUNTIME_LOCATION)))
    config.set_main_option("version_locations", _escaped(versions))
    config.set_main_option("path_separator", "newline")
    config.attributes["version_table"] = version_table
    with _one_at_a_time, transaction(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY_LOCK_KEY)))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def upgrade_runtime(engine: sa.Engine) -> None:
    """Brings the tables that every service stands on to the newest version; to be called first."""
    upgrade(engine, RUNTIME_LOCATION, RUNTIME_VERSION_TABLE)


def _resolve(location: str | Path) -> Path:
    if isinstance(location, Path):
        return location
    package, found, folder = location.partition(":")
    if not found:
        return Path(location)
    with importlib.resources.as_file(importlib.resources.files(package)) as root:
        return root / folder


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")  # the option goes through configparser
