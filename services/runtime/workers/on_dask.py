"""Ranges of paths on a Dask cluster: other processes or machines that stand on the same code.

A range is a pure function, so that one whose worker dies is simulated again on another. What all ranges share is sent
once and kept by the scheduler: a worker that joins later, or takes the place of one that died, gets it from there.
"""

import contextlib
import logging
import pickle
import threading
import time
import uuid
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from typing import Any

from services.runtime.computing_platform import computing_platform, differences
from services.runtime.errors import FailedPrecondition, ResourceExhausted, Unavailable
from services.runtime.workers.port import Part, Shared, Step, path_ranges

RANGES_PER_THREAD = 4
"""So that a worker that is slow, or joins late, holds nobody up for long."""
CONNECT_S = 10.0
NO_WORKERS_S = 20.0
"""How long a simulation waits for a worker to come back before it gives up."""
_POLL_S = 0.5
_ALONE = "unset ECOPLEDGE_DASK_SCHEDULER to compute on the service alone"
_START_SCHEDULER = f"start it with: dask scheduler (docs/scaling.md), or {_ALONE}"


class DaskWorkers:
    """The workers of a scheduler; connects at the first simulation and stays connected.

    Args:
        address: of the scheduler, such as `tcp://127.0.0.1:8786` or `tls://10.0.0.5:8786`.
        n_ranges: into which paths are cut; a few for each thread of the cluster when absent.
        connect_s: how long to wait for the scheduler.
        no_workers_s: how long to wait for a worker.
    """

    def __init__(
        self,
        address: str,
        *,
        n_ranges: int | None = None,
        connect_s: float = CONNECT_S,
        no_workers_s: float = NO_WORKERS_S,
    ) -> None:
        self._address, self._n_ranges = address, n_ranges
        self._connect_s, self._no_workers_s = connect_s, no_workers_s
        self._lock = threading.Lock()
        self._client: Any = None

    def run(
        self,
        step: "Step[Shared, Part]",
        shared: Shared,
        n_paths: int,
        *,
        multiple: int = 1,
        largest: int | None = None,
        check_alive: Callable[[], None] = lambda: None,
    ) -> Iterator[tuple[int, int, Part]]:
        """Simulate on the cluster; see `PathWorkers`."""
        client = self._connected()
        threads = self._wait_for_threads(client, check_alive)
        ranges = path_ranges(
            n_paths, self._n_ranges or RANGES_PER_THREAD * threads, multiple=multiple, largest=largest
        )
        name = f"ecopledge-{uuid.uuid4().hex}"
        # A task and no scattered value: the scheduler can make it again when the workers that hold it are gone.
        everything = client.submit(pickle.loads, pickle.dumps(shared), key=f"{name}-shared")
        waiting: deque[tuple[int, int, Any]] = deque()
        try:
            # A range goes to a worker that has what it needs; so all of them have it before the first one is sent.
            self._await(client, everything, check_alive)
            with contextlib.suppress(OSError, TimeoutError, ValueError):  # a worker that dies meanwhile
                client.replicate([everything])
            for number, (first, n) in enumerate(ranges):
                # What has been found waits in the workers' memory until its turn comes: not more than is needed.
                if len(waiting) > 2 * threads:
                    yield self._found(client, waiting.popleft(), check_alive)
                future = client.submit(_simulated, step, everything, first, n, key=f"{name}-{number}")
                waiting.append((first, n, future))
            while waiting:
                yield self._found(client, waiting.popleft(), check_alive)
        finally:
            left = [future for _, _, future in waiting]
            with contextlib.suppress(Exception):  # a cluster that is gone has nothing to cancel
                client.cancel([*left, everything], asynchronous=False)

    def close(self) -> None:
        """Leave the cluster."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close(timeout=2.0)

    def _connected(self) -> Any:
        import distributed  # noqa: PLC0415  # takes half a second, and few installations need it

        connect: Any = distributed.Client
        with self._lock:
            if self._client is not None and self._client.status == "running":
                return self._client
            # What goes wrong is raised; a worker that dies is the scheduler's to tell, its ranges are simulated again.
            logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
            # What the ranges share is meant to travel as it is, once.
            warnings.filterwarnings("ignore", message="Sending large graph", category=UserWarning)
            try:
                self._client = connect(
                    self._address,
                    timeout=self._connect_s,
                    set_as_default=False,
                    direct_to_workers=True,
                    name="ecopledge",
                )
            except (OSError, TimeoutError, ValueError) as error:
                raise Unavailable(
                    f"{self._cluster}: no connection to its scheduler: {error}; {_START_SCHEDULER}"
                ) from error
            return self._client

    @property
    def _cluster(self) -> str:
        return f"Dask cluster {self._address} (ECOPLEDGE_DASK_SCHEDULER)"

    def _wait_for_threads(self, client: Any, check_alive: Callable[[], None]) -> int:
        """Threads of all workers, at least one.

        Raises:
            Unavailable: no worker came in time.
        """
        deadline = time.monotonic() + self._no_workers_s
        while True:
            check_alive()
            threads = sum(self._asked(client.nthreads).values())
            if threads > 0:
                return int(threads)
            if time.monotonic() >= deadline:
                raise Unavailable(
                    f"{self._cluster}: no worker for {self._no_workers_s:g} s; start workers with: "
                    f"dask worker {self._address}, or {_ALONE}"
                )
            time.sleep(_POLL_S)

    def _asked(self, question: Callable[[], Any]) -> Any:
        try:
            return question()
        except (OSError, TimeoutError, CancelledError) as error:
            raise Unavailable(
                f"{self._cluster}: its scheduler went away: {error}; {_START_SCHEDULER}"
            ) from error

    def _found(
        self, client: Any, task: tuple[int, int, Any], check_alive: Callable[[], None]
    ) -> tuple[int, int, Any]:
        first, n, future = task
        self._await(client, future, check_alive)
        platform, part = self._result(future, first, n)
        differs = differences(computing_platform(), platform)
        if differs:
            raise FailedPrecondition(f"{self._cluster}: a worker would compute other bits: {differs}")
        return first, n, part

    def _await(self, client: Any, future: Any, check_alive: Callable[[], None]) -> None:
        done = threading.Event()
        future.add_done_callback(lambda _: done.set())
        while not done.wait(_POLL_S):
            self._wait_for_threads(client, check_alive)

    def _result(self, future: Any, first: int, n: int) -> Any:
        from distributed import KilledWorker  # noqa: PLC0415

        try:
            return future.result()
        except KilledWorker as error:
            raise ResourceExhausted(
                f"{self._cluster}: paths {first} to {first + n - 1} ended worker after worker, most likely for want of "
                "memory: give workers more of it, or fewer threads each"
            ) from error
        except (CancelledError, OSError) as error:
            raise Unavailable(f"{self._cluster}: it went away: {error}; {_START_SCHEDULER}") from error


def _simulated(
    step: Callable[[Any, int, int], Any], shared: Any, first: int, n: int
) -> tuple[tuple[tuple[str, str], ...], Any]:
    """A range on a worker, and on what it was computed."""
    return computing_platform(), step(shared, first, n)
