import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.runtime.database import engine_from, make_engine, reading, transaction
from services.runtime.errors import FailedPrecondition, InvalidInput, ResourceExhausted, Unavailable
from services.runtime.settings import load_settings

ROOT = Path(__file__).resolve().parents[3]

metadata = sa.MetaData()
counter = sa.Table("counter", metadata, sa.Column("value", sa.Integer, nullable=False))
pledge = sa.Table("pledge", metadata, sa.Column("id", sa.Integer, primary_key=True))
note = sa.Table("note", metadata, sa.Column("pledge_id", sa.ForeignKey(pledge.c.id), nullable=False))


@pytest.fixture
def tables(engine: sa.Engine) -> sa.Engine:
    metadata.create_all(engine)
    with transaction(engine) as connection:
        connection.execute(sa.insert(counter).values(value=0))
    return engine


def value_of(engine: sa.Engine) -> int:
    with reading(engine) as connection:
        return int(connection.execute(sa.select(counter.c.value)).scalar_one())


def test_a_transaction_is_all_or_nothing(tables: sa.Engine) -> None:
    def fail() -> None:
        with transaction(tables) as connection:
            connection.execute(sa.update(counter).values(value=5))
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert value_of(tables) == 0


def test_writers_queue_and_none_is_lost(tables: sa.Engine) -> None:
    def increment(_index: int) -> None:
        with transaction(tables) as connection:
            locked = connection.execute(sa.select(counter.c.value).with_for_update()).scalar_one()
            connection.execute(sa.update(counter).values(value=locked + 1))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(increment, range(40)))
    assert value_of(tables) == 40


def test_a_reader_sees_one_snapshot_and_does_not_stop_a_writer(tables: sa.Engine) -> None:
    with reading(tables) as connection:
        assert connection.execute(sa.select(counter.c.value)).scalar_one() == 0
        with transaction(tables) as writer:
            writer.execute(sa.update(counter).values(value=1))
        assert connection.execute(sa.select(counter.c.value)).scalar_one() == 0
    assert value_of(tables) == 1


def test_a_reader_does_not_write(tables: sa.Engine) -> None:
    with pytest.raises(sa.exc.DBAPIError, match=r"(?i)read.?only"), reading(tables) as connection:
        connection.execute(sa.update(counter).values(value=9))
    with transaction(tables) as connection:  # the connection that comes back from the pool writes again
        connection.execute(sa.update(counter).values(value=2))
    assert value_of(tables) == 2


def test_foreign_keys_hold(tables: sa.Engine) -> None:
    with pytest.raises(sa.exc.IntegrityError), transaction(tables) as connection:
        connection.execute(sa.insert(note).values(pledge_id=77))


def test_a_writer_that_waits_too_long_is_told_so(tables: sa.Engine, database_url: str) -> None:
    impatient = make_engine(database_url, wait_s=0.2)
    with transaction(tables) as connection:
        connection.execute(sa.update(counter).values(value=3))
        with pytest.raises(Unavailable, match="nothing was written"), transaction(impatient) as other:
            other.execute(sa.update(counter).values(value=4))
    assert value_of(tables) == 3


def test_a_full_pool_is_told_so(tables: sa.Engine, database_url: str) -> None:
    narrow = make_engine(database_url, wait_s=0.1, pool_size=1)
    held = [narrow.connect() for _ in range(11)]  # one kept and ten that overflow
    with pytest.raises(Unavailable, match="no free connection"), reading(narrow):
        pass
    for connection in held:
        connection.close()


KILLED = """
import sys, time
from google.type.date_pb2 import Date
import sqlalchemy as sa
from services.runtime.call import acting_for
from services.runtime.database import make_engine
from services.runtime.idempotency import IdempotentWrites

class Request:
    request_id = "r1"
    def SerializeToString(self, *, deterministic=None):
        return b"same"

def write(connection):
    connection.execute(sa.text("UPDATE counter SET value = value + 1"))
    connection.execute(sa.text("INSERT INTO pledge (id) VALUES (1)"))
    if sys.argv[2] == "hang":
        print("half-way", flush=True)
        time.sleep(60)
    return Date(year=2026)

with acting_for("demo", method="/t.S/Put"):
    print(IdempotentWrites(make_engine(sys.argv[1])).run(Request(), Date, write).year, flush=True)
"""


def test_a_process_killed_in_a_write_leaves_nothing_and_the_repeat_writes_once(
    tables: sa.Engine, database_url: str
) -> None:
    arguments = [sys.executable, "-c", KILLED, database_url]
    victim = subprocess.Popen([*arguments, "hang"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert victim.stdout is not None
    assert victim.stdout.readline() == "half-way\n"
    os.kill(victim.pid, signal.SIGKILL)
    victim.communicate(timeout=10)
    assert value_of(tables) == 0

    for _ in range(2):
        repeat = subprocess.run(
            [*arguments, "go"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
        assert (repeat.returncode, repeat.stdout) == (0, "2026\n"), repeat.stderr
    assert value_of(tables) == 1
    with reading(tables) as connection:
        assert list(connection.scalars(sa.select(pledge.c.id))) == [1]


def test_a_waiting_writer_goes_on_when_the_first_commits(tables: sa.Engine) -> None:
    inside = threading.Event()

    def slow() -> None:
        with transaction(tables) as connection:
            connection.execute(sa.update(counter).values(value=1))
            inside.set()
            time.sleep(0.3)

    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(slow)
        assert inside.wait(5)
        with transaction(tables) as connection:
            connection.execute(sa.update(counter).values(value=counter.c.value + 10))
        first.result()
    assert value_of(tables) == 11


def test_sqlite_is_set_up_as_asked(tmp_path: Path) -> None:
    path = tmp_path / "a new folder" / "x.db"
    for synchronous, number in (("FULL", 2), ("NORMAL", 1)):
        settings = load_settings(database_url=f"sqlite:///{path}", sqlite_synchronous=synchronous)
        with reading(engine_from(settings)) as connection:
            asked = [
                connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            ]
        assert asked == ["wal", number, 1, 30_000]


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("nonsense", "not a database address"),
        ("mysql://u:hidden@h/d", "found 'mysql'"),
        ("postgresql+asyncpg://u:hidden@h/d", r"found 'postgresql\+asyncpg'"),
        ("sqlite://", "in-memory"),
        ("sqlite:///:memory:", "in-memory"),
    ],
)
def test_another_database_is_refused(url: str, complaint: str) -> None:
    with pytest.raises(InvalidInput, match=complaint) as caught:
        make_engine(url)
    assert "hidden" not in caught.value.message


def test_a_database_that_is_not_there_is_unavailable() -> None:
    absent = make_engine("postgresql://u:hidden@127.0.0.1:1/d?connect_timeout=2")
    with pytest.raises(Unavailable) as caught, reading(absent):
        pass
    assert "hidden" not in caught.value.message


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_bytes(b"these are notes, not pages of a database\n" * 100)
    with (
        pytest.raises(FailedPrecondition, match="expected a SQLite database"),
        transaction(make_engine(f"sqlite:///{path}")),
    ):
        pass
    assert path.read_bytes().startswith(b"these are notes")


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"ECOPLEDGE_DATABASE_URL: the folder .* cannot be made"):
        make_engine(f"sqlite:///{tmp_path / 'file' / 'x.db'}")


def test_a_full_disk_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'small.db'}")
    with transaction(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE notes (text TEXT)")
    with pytest.raises(ResourceExhausted, match="disk of the database is full"):
        _write_more_than_fits(engine)
    with reading(engine) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM notes").scalar_one() == 0


def _write_more_than_fits(engine: sa.Engine) -> None:
    with transaction(engine) as connection:
        # SQLite answers a page count that is reached as it answers a disk that is full.
        connection.exec_driver_sql("PRAGMA max_page_count = 4")
        for _ in range(100):
            connection.exec_driver_sql("INSERT INTO notes VALUES (?)", ("x" * 4096,))
