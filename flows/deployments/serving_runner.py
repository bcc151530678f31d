"""Deployments on Prefect's runner, which ends when it is told to, whether or not the server answers.

Left to itself the runner ends by telling the server to pause every deployment, one call after the other, each tried
again for minutes where the server is slow or its database locked; Ctrl-C then seems to do nothing. Runs in progress it
kills without a word, so that they stay "running" and hold the one place of their deployment. Here runs end first, the
server is told, and the time for all of it is limited.

Importing this module imports Prefect; call `flows.prefect_environment.prepare_prefect` before.
"""

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from prefect import get_client
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas import OrchestrationResult
from prefect.client.schemas.responses import SetStateStatus
from prefect.deployments.runner import RunnerDeployment
from prefect.runner import Runner
from prefect.states import Cancelled

TELL_S = 5.0
"""How long the server has to take note that runs and schedules end."""
_LEAVE_S = 1.0
WHY = "停止定时流程时中断 · interrupted when `ecopledge flows serve` was stopped"


@dataclass(frozen=True, slots=True)
class Ending:
    """How serving ended.

    Attributes:
        cancelled: runs in progress that were ended and that the server shows as cancelled.
        server_knows: whether the server took note of every run and every schedule in time.
    """

    cancelled: int
    server_knows: bool


def serve_until(
    asked: threading.Event, deployments: Sequence[RunnerDeployment], on_ready: Callable[[], None]
) -> Ending:
    """Register the deployments and run them until `asked` is set, at most `TELL_S` and a little longer.

    Call it in the main thread, where signals set `asked`: the runner works in another one, so nothing that it waits
    for keeps a signal waiting.

    Args:
        asked: to stop.
        deployments: as `flows.deployments.serving` reads them.
        on_ready: called once the server knows all of them.

    Raises:
        Exception: whatever ended the runner before it was asked to.
    """
    serving = _Serving(deployments, on_ready)
    threading.Thread(target=serving.run, name="runner", daemon=True).start()
    while not asked.wait(0.2):
        if serving.ended.done():
            return serving.ended.result()
    serving.stop()
    try:
        return serving.ended.result(TELL_S + _LEAVE_S)
    except TimeoutError:
        # The runner's thread hangs, for one on an output that nobody reads.
        serving.kill_runs()
        return Ending(0, server_knows=False)


class _Serving:
    """The runner in its thread; `ended` holds how it went."""

    def __init__(self, deployments: Sequence[RunnerDeployment], on_ready: Callable[[], None]) -> None:
        self.ended: Future[Ending] = Future()
        self._deployments = deployments
        self._on_ready = on_ready
        self._registered: list[UUID] = []
        self._loop = asyncio.new_event_loop()
        self._asked = asyncio.Event()
        self._runner = _StoppableRunner(name="ecopledge", pause_on_shutdown=False)

    def run(self) -> None:
        # Ctrl-C reaches every process of a terminal. Runs inherit this, and are ended in order instead.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        asyncio.set_event_loop(self._loop)
        try:
            self.ended.set_result(self._loop.run_until_complete(self._serve()))
        except BaseException as error:  # noqa: BLE001  # it belongs to the thread that waits
            self.ended.set_exception(error)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._asked.set)

    def kill_runs(self) -> None:
        self._runner.kill_runs()

    async def _serve(self) -> Ending:
        work = asyncio.create_task(self._register_and_run())
        asked = asyncio.create_task(self._asked.wait())
        await asyncio.wait({work, asked}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            asked.cancel()
            await work
            return Ending(0, server_knows=True)
        under_way = self._runner.end_runs()
        work.cancel()
        cancelled: list[UUID] = []
        telling = asyncio.create_task(_tell(under_way, self._registered, cancelled))
        await asyncio.wait({telling}, timeout=TELL_S)
        await _cancelled_within(
            _LEAVE_S, {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}
        )
        told = telling.done() and not telling.cancelled() and telling.exception() is None
        return Ending(len(cancelled), server_knows=told)

    async def _register_and_run(self) -> None:
        for deployment in self._deployments:
            self._registered.append(await self._runner.aadd_deployment(deployment))
        self._on_ready()
        await self._runner.start()


class _StoppableRunner(Runner):
    """Prefect's runner with a way to end runs that asks nobody."""

    def end_runs(self) -> set[UUID]:
        """Take up no further run, kill those in progress, and say which they were."""
        if not self.started:
            return set()
        self._scheduled_run_poller.stopping = True
        under_way = set(self._scheduled_run_poller._submitting_flow_run_ids)  # noqa: SLF001  # nothing else knows them
        # Cancelling its task kills the process of a run, and proposes no state of its own to the server.
        self._runs_task_group.cancel_scope.cancel()
        return under_way

    def kill_runs(self) -> None:
        """Kill the processes of runs from another thread than the runner's."""
        for run_id in self._process_manager.flow_run_ids():
            handle = self._process_manager.get(run_id)
            if handle is not None:
                with contextlib.suppress(ProcessLookupError):
                    handle.hard_kill()


async def _cancelled_within(limit_s: float, tasks: set[asyncio.Task[Any]]) -> None:
    """What is left is closed in the loop that it belongs to: connections complain where that has gone."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=limit_s)


async def _tell(runs: set[UUID], deployments: Sequence[UUID], cancelled: list[UUID]) -> None:
    """Tell the server that runs are cancelled and schedules pause: what falls due meanwhile is not made up for.

    One after the other: an SQLite file takes one writer at a time, and Prefect's client waits seconds before it asks
    a server again whose database was locked.

    Args:
        runs: that were in progress.
        deployments: that were served.
        cancelled: takes each run that the server agreed to.
    """
    async with get_client() as client:
        for run_id in runs:
            # Each one as it is done: time may run out between two of them.
            await _cancel(client, run_id, cancelled)
        for deployment_id in deployments:
            await client.pause_deployment(deployment_id)


async def _cancel(client: PrefectClient, run_id: UUID, cancelled: list[UUID]) -> None:
    run = await client.read_flow_run(run_id)
    if run.state is None or not (run.state.is_running() or run.state.is_pending()):
        return
    answer: OrchestrationResult[Any] = await client.set_flow_run_state(run_id, Cancelled(message=WHY))
    if answer.status == SetStateStatus.ACCEPT:
        cancelled.append(run_id)
