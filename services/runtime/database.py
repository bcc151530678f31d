"""Engines and transactions on SQLite (default) and PostgreSQL, with the same behaviour for the code above.

On SQLite a writing transaction begins with ``BEGIN IMMEDIATE``: two writers queue at the start, where waiting
is possible, rather than fail in the middle. Readers see one snapshot and never block a writer (write-ahead
log).
"""

import contextlib
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from services.runtime.errors import FailedPrecondition, InvalidInput, ResourceExhausted, Unavailable
from services.runtime.institution import guard_scope
from services.runtime.settings import Settings

_BEGIN_OPTION = "ecopledge_begin"
_READ = "BEGIN"
_WRITE = "BEGIN IMMEDIATE"
# PostgreSQL: deadlock, serialization, lock timeout, shutdown, too many connections: may succeed later.
_RETRIABLE_SQLSTATES = frozenset({"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53300"})
_RETRIABLE_SQLITE = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_UNUSABLE_SQLITE = frozenset(
    {
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_PERM,
    }
)
# A reader that writes is a fault of ours, a file that may not be written is the operator's.
_UNUSABLE_SQLITE_TO_WRITE = _UNUSABLE_SQLITE | {sqlite3.SQLITE_READONLY}
_DISK_FULL_SQLSTATE = "53100"


def engine_from(settings: Settings) -> sa.Engine:
    """The engine that the settings describe; see :func:`make_engine`."""
    return make_engine(
        settings.database_url.get_secret_value(),
        sqlite_synchronous=settings.sqlite_synchronous,
        wait_s=settings.database_wait_s,
        pool_size=settings.max_threads,
    )


def make_engine(
    database_url: str, *, sqlite_synchronous: str = "FULL", wait_s: float = 30.0, pool_size: int = 16
) -> sa.Engine:
    """An engine for ``sqlite:///path`` or ``postgresql://...``; connects at first use.

    Args:
        database_url: the folder of a SQLite file is made when missing.
        sqlite_synchronous: FULL or NORMAL.
        wait_s: how long a writer waits for another, and a caller for a connection.
        pool_size: connections kept.

    Raises:
        InvalidInput: another database, or an address that cannot be read. The password is never shown.
    """
    try:
        url = sa.make_url(database_url)
    except ArgumentError:
        raise InvalidInput(
            "ECOPLEDGE_DATABASE_URL: not a database address, expected sqlite:///path"
        ) from None
    backend = url.get_backend_name()
    if backend == "sqlite":
        engine = _sqlite_engine(url, sqlite_synchronous, wait_s, pool_size)
    elif backend == "postgresql":
        engine = _postgresql_engine(url, wait_s, pool_size)
    else:
        raise InvalidInput(f"ECOPLEDGE_DATABASE_URL: found {backend!r}, expected sqlite or postgresql")
    guard_scope(engine)
    return engine


@contextlib.contextmanager
def transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A writing transaction: all of it or nothing; commits at the end of the block.

    Raises:
        Unavailable: the database is busy beyond the wait, or gone; nothing was written.
        ResourceExhausted: its disk is full; nothing was written.
        FailedPrecondition: its file is no database, is damaged or may not be written.
    """
    with _database_errors_told(_UNUSABLE_SQLITE_TO_WRITE), engine.begin() as connection:
        yield connection


@contextlib.contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A reading transaction that sees one snapshot and takes no lock against writers.

    Raises:
        Unavailable: the database is gone.
        FailedPrecondition: its file is no database, is damaged or may not be read.
    """
    options: dict[str, Any] = (
        {_BEGIN_OPTION: _READ}
        if engine.dialect.name == "sqlite"
        else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    )
    with (
        _database_errors_told(_UNUSABLE_SQLITE),
        engine.connect().execution_options(**options) as connection,
        connection.begin(),
    ):
        yield connection


def wait_for_writers(connection: sa.Connection, store: int, institution_id: str) -> None:
    """Waits until no other transaction writes for an institution; what is read then stays as it is until the end.

    SQLite has one writer anyway. On PostgreSQL two who both found a row new would both add it.

    Args:
        connection: of the writing transaction.
        store: which one is written to, a number that no other store uses.
        institution_id: whose rows.
    """
    if connection.dialect.name == "postgresql":
        key = zlib.crc32(institution_id.encode()) - 2**31
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(store, key)))


@contextlib.contextmanager
def _database_errors_told(unusable: frozenset[int]) -> Iterator[None]:
    """What the database says that a caller can act on becomes an error of ours; the rest is a fault of ours."""
    try:
        yield
    except sa.exc.TimeoutError as error:
        raise Unavailable("the database has no free connection; try again later") from error
    except DBAPIError as error:
        cause = error.orig
        if error.connection_invalidated or _is_retriable(cause):
            raise Unavailable("the database is busy or gone; nothing was written, try again later") from error
        if "NUL (0x00)" in str(cause):  # SQLite looks such a text up and finds nothing, PostgreSQL refuses it
            raise InvalidInput("a text of the request holds a NUL character, expected none") from error
        if _is_disk_full(cause):
            raise ResourceExhausted("the disk of the database is full; nothing was written") from error
        if _sqlite_code(cause) in unusable:
            raise FailedPrecondition(
                f"the file of the database cannot be used: {cause}; expected a SQLite database that may be "
                "read and written (ECOPLEDGE_DATABASE_URL)"
            ) from error
        raise


def _sqlite_code(error: BaseException | None) -> int | None:
    """The primary code, which is the low byte: SQLITE_BUSY_SNAPSHOT and its kin extend it."""
    if not isinstance(error, sqlite3.Error):
        return None
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def _is_disk_full(error: BaseException | None) -> bool:
    return (
        _sqlite_code(error) == sqlite3.SQLITE_FULL or getattr(error, "sqlstate", None) == _DISK_FULL_SQLSTATE
    )


def _is_retriable(error: BaseException | None) -> bool:
    if isinstance(error, sqlite3.Error):
        return _sqlite_code(error) in _RETRIABLE_SQLITE
    sqlstate = getattr(error, "sqlstate", None)
    if sqlstate is None:
        return type(error).__name__ == "OperationalError"  # psycopg: could not connect
    return sqlstate in _RETRIABLE_SQLSTATES or sqlstate.startswith("08")


def _sqlite_engine(url: sa.URL, synchronous: str, wait_s: float, pool_size: int) -> sa.Engine:
    if url.database in {None, "", ":memory:"}:
        raise InvalidInput(
            "ECOPLEDGE_DATABASE_URL: an in-memory database is not shared, expected sqlite:///path"
        )
    folder = Path(str(url.database)).expanduser().absolute().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(
            f"ECOPLEDGE_DATABASE_URL: the folder {folder} cannot be made: {error.strerror}"
        ) from error
    engine = sa.create_engine(
        url.set(drivername="sqlite"),
        connect_args={"timeout": wait_s},
        pool_size=pool_size,
        pool_timeout=wait_s,
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        # The driver would open transactions of its own kind, too late; "begin" below does it.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={'NORMAL' if synchronous == 'NORMAL' else 'FULL'}")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        begin = connection.get_execution_options().get(_BEGIN_OPTION, _WRITE)
        # The mark is on the driver's connection, which outlives this use of it in the pool.
        if connection.info.get(_BEGIN_OPTION) != begin:
            connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if begin == _WRITE else 'ON'}")
            connection.info[_BEGIN_OPTION] = begin
        connection.exec_driver_sql(begin)

    return engine


def _postgresql_engine(url: sa.URL, wait_s: float, pool_size: int) -> sa.Engine:
    if url.drivername not in {"postgresql", "postgresql+psycopg"}:
        raise InvalidInput(f"ECOPLEDGE_DATABASE_URL: found {url.drivername!r}, expected postgresql")
    engine = sa.create_engine(
        url.set(drivername="postgresql+psycopg"), pool_size=pool_size, pool_timeout=wait_s, pool_pre_ping=True
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _entry: ConnectionPoolEntry) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", (f"{int(wait_s * 1000)}ms",))
        connection.commit()

    return engine
