"""A real Dask cluster of two worker processes on loopback: order, faults, and a worker that is killed half-way."""

import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest
from distributed import LocalCluster

from services.runtime.errors import Cancelled, FailedPrecondition, ResourceExhausted, Unavailable
from services.runtime.workers import on_dask as dask_workers
from services.runtime.workers.on_dask import DaskWorkers


def squares(offset: int, first: int, n: int) -> list[int]:
    return [offset + path * path for path in range(first, first + n)]


def slow_squares(offset: int, first: int, n: int) -> list[int]:
    time.sleep(0.1)
    return squares(offset, first, n)


def process_id(_shared: None, _first: int, _n: int) -> int:
    time.sleep(0.05)
    return os.getpid()


def refuse(_shared: None, first: int, _n: int) -> None:
    raise LookupError(f"path {first}")


def end_worker(_shared: None, _first: int, _n: int) -> None:
    os._exit(1)


def local_cluster(n_workers: int) -> Any:
    make: Any = LocalCluster
    return make(
        n_workers=n_workers,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
    )


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with local_cluster(2) as running:
        yield running


@pytest.fixture
def workers(cluster: Any) -> Iterator[DaskWorkers]:
    workers = DaskWorkers(cluster.scheduler_address, n_ranges=7, no_workers_s=20.0)
    yield workers
    workers.close()


def found(workers: DaskWorkers, step: Any, n: int = 100) -> list[int]:
    return [value for _, _, part in workers.run(step, 10**6, n) for value in part]


def test_ranges_come_in_order_from_both_workers(workers: DaskWorkers) -> None:
    assert found(workers, squares) == squares(10**6, 0, 100)
    processes = {part for _, _, part in workers.run(process_id, None, 70)}
    assert len(processes) == 2
    assert os.getpid() not in processes


def test_a_killed_worker_costs_time_and_nothing_else(cluster: Any, workers: DaskWorkers) -> None:
    pids = [worker.pid for worker in cluster.workers.values()]
    values: list[int] = []
    for number, (_, _, part) in enumerate(workers.run(slow_squares, 10**6, 100)):
        values += part
        if number == 2:
            os.kill(pids[0], signal.SIGKILL)
    assert values == squares(10**6, 0, 100)


def test_what_a_range_raises_is_raised(workers: DaskWorkers) -> None:
    with pytest.raises(LookupError, match="path 0"):
        list(workers.run(refuse, None, 10))


def test_a_caller_who_leaves_ends_the_work(workers: DaskWorkers) -> None:
    def gone() -> None:
        raise Cancelled("the caller went away")

    with pytest.raises(Cancelled):
        list(workers.run(slow_squares, 0, 100, check_alive=gone))
    assert found(workers, squares) == squares(10**6, 0, 100)


def test_a_worker_of_other_code_is_refused(workers: DaskWorkers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_workers, "computing_platform", lambda: (("numpy", "0.1"),))
    with pytest.raises(FailedPrecondition, match=r"would compute other bits: numpy: found .*, expected 0\.1"):
        found(workers, squares)


def test_a_range_that_ends_every_worker_is_given_up(workers: DaskWorkers) -> None:
    with pytest.raises(ResourceExhausted, match="paths 0 to 9 ended worker after worker"):
        list(workers.run(end_worker, None, 10, multiple=10))


def test_no_scheduler_is_told() -> None:
    workers = DaskWorkers("tcp://127.0.0.1:9", connect_s=0.5)
    with pytest.raises(
        Unavailable, match=r"tcp://127\.0\.0\.1:9 \(ECOPLEDGE_DASK_SCHEDULER\): no connection.*dask scheduler"
    ):
        found(workers, squares)


def test_no_worker_is_told_in_time() -> None:
    with local_cluster(0) as empty:
        workers = DaskWorkers(empty.scheduler_address, no_workers_s=0.5)
        try:
            with pytest.raises(
                Unavailable, match=r"no worker for 0\.5 s; start workers with: dask worker tcp"
            ):
                found(workers, squares)
        finally:
            workers.close()
