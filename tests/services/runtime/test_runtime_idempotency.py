import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
import sqlalchemy as sa
from google.type.date_pb2 import Date

from ecopledge.loans.v1.loans_pb2 import PutLoansRequest
from services.runtime.call import acting_for
from services.runtime.database import reading, transaction
from services.runtime.errors import Conflict, InvalidInput
from services.runtime.idempotency import IdempotencyStore, IdempotentWrites, hash_request

ledger = sa.Table("ledger", sa.MetaData(), sa.Column("entry", sa.String(32)))


@pytest.fixture
def ledger_engine(engine: sa.Engine) -> sa.Engine:
    ledger.metadata.create_all(engine)
    return engine


def entries(engine: sa.Engine) -> list[str]:
    with reading(engine) as connection:
        return list(connection.scalars(sa.select(ledger.c.entry).order_by(ledger.c.entry)))


def putting(request_id: str, day: int) -> PutLoansRequest:
    return PutLoansRequest(request_id=request_id, as_of=Date(year=2026, month=1, day=day))


def put(engine: sa.Engine, request_id: str, day: int, answer: int, institution_id: str = "demo") -> Date:
    def write(connection: sa.Connection) -> Date:
        connection.execute(sa.insert(ledger).values(entry=f"{institution_id}-{answer}"))
        return Date(year=answer)

    with acting_for(institution_id, method="/t.Ledger/Put"):
        return IdempotentWrites(engine).run(putting(request_id, day), Date, write)


def test_the_repeat_of_a_request_gets_the_first_answer_and_writes_nothing(ledger_engine: sa.Engine) -> None:
    assert put(ledger_engine, "r1", day=1, answer=1).year == 1
    assert put(ledger_engine, "r1", day=1, answer=2).year == 1
    assert entries(ledger_engine) == ["demo-1"]


def test_other_content_under_a_used_request_id_is_a_conflict(ledger_engine: sa.Engine) -> None:
    put(ledger_engine, "r1", day=1, answer=1)
    with pytest.raises(Conflict, match=r"request_id 'r1' was used before for /t\.Ledger/Put"):
        put(ledger_engine, "r1", day=2, answer=2)
    assert entries(ledger_engine) == ["demo-1"]


def test_request_ids_of_two_institutions_do_not_meet(ledger_engine: sa.Engine) -> None:
    put(ledger_engine, "r1", day=1, answer=1, institution_id="bank-a")
    put(ledger_engine, "r1", day=2, answer=2, institution_id="bank-b")
    assert entries(ledger_engine) == ["bank-a-1", "bank-b-2"]


def test_request_ids_of_two_methods_do_not_meet(ledger_engine: sa.Engine) -> None:
    store = IdempotencyStore()
    for method, answer in (("/t.Ledger/Put", b"put"), ("/t.Ledger/Drop", b"drop")):
        with transaction(ledger_engine) as connection:
            found = store.once(
                connection,
                institution_id="demo",
                method=method,
                request_id="r1",
                request_hash=method,
                write=partial(bytes, answer),
            )
        assert found == answer


def test_a_failed_write_leaves_the_request_id_free(ledger_engine: sa.Engine) -> None:
    def fail(connection: sa.Connection) -> Date:
        connection.execute(sa.insert(ledger).values(entry="half"))
        raise InvalidInput("the engine refuses")

    with acting_for("demo", method="/t.Ledger/Put"), pytest.raises(InvalidInput, match="refuses"):
        IdempotentWrites(ledger_engine).run(putting("r1", 1), Date, fail)
    assert entries(ledger_engine) == []
    assert put(ledger_engine, "r1", day=1, answer=7).year == 7


@pytest.mark.parametrize("request_id", ["", "x" * 65])
def test_a_request_id_that_cannot_be_kept_is_refused(ledger_engine: sa.Engine, request_id: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        put(ledger_engine, request_id, day=1, answer=1)
    assert [violation.field for violation in caught.value.violations] == ["request_id"]
    assert entries(ledger_engine) == []


def test_two_equal_requests_at_once_give_one_write_and_one_answer(ledger_engine: sa.Engine) -> None:
    together = threading.Barrier(8)

    def racer(answer: int) -> int:
        together.wait()
        return int(put(ledger_engine, "r1", day=1, answer=answer).year)

    with ThreadPoolExecutor(8) as threads:
        answers = set(threads.map(racer, range(1, 9)))
    assert len(answers) == 1
    assert entries(ledger_engine) == [f"demo-{answers.pop()}"]


def test_the_second_request_waits_for_the_first_and_takes_over_when_it_fails(
    ledger_engine: sa.Engine,
) -> None:
    inside, finish = threading.Event(), threading.Event()

    def slow_failure(_connection: sa.Connection) -> Date:
        inside.set()
        assert finish.wait(10)
        raise InvalidInput("late refusal")

    def first() -> None:
        with acting_for("demo", method="/t.Ledger/Put"):
            IdempotentWrites(ledger_engine).run(putting("r1", 1), Date, slow_failure)

    with ThreadPoolExecutor(2) as threads:
        failing = threads.submit(first)
        assert inside.wait(10)
        second = threads.submit(put, ledger_engine, "r1", 1, 5)
        assert not second.done()
        finish.set()
        with pytest.raises(InvalidInput, match="late refusal"):
            failing.result(10)
        assert second.result(10).year == 5
    assert entries(ledger_engine) == ["demo-5"]


def test_the_hash_depends_on_the_content_alone() -> None:
    assert hash_request(putting("a", 1)) == hash_request(putting("a", 1))
    assert hash_request(putting("a", 1)) != hash_request(putting("a", 2))
