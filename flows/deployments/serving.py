"""Runs the deployments of prefect.yaml on a standing Prefect server; starts one on loopback where none is named."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.deployments.entries import PREFECT_YAML, read_entries
from services.runtime.errors import FieldViolation, InvalidInput, Unavailable

if TYPE_CHECKING:
    from prefect.deployments.runner import RunnerDeployment

STARTUP_S = 120.0
_HEALTH_EVERY_S = 0.25


@contextmanager
def prefect_server(home: Path, port: int = 0) -> Iterator[str]:
    """The API address of a standing server: that of PREFECT_API_URL, else one of our own until the block ends.

    Its database is the SQLite file in `home`, or PREFECT_API_DATABASE_CONNECTION_URL, which may be PostgreSQL.

    Args:
        home: Prefect's folder.
        port: on loopback; 0 takes a free one.

    Raises:
        Unavailable: if the server does not come up.
    """
    named = os.environ.get("PREFECT_API_URL")
    if named:
        yield named
        return
    chosen = port or _free_port()
    environment = {**os.environ, "PREFECT_HOME": str(home.resolve())}
    # Our own process, so that nothing is left behind when this one ends. A session of its own: Ctrl-C reaches every
    # process of the terminal's at once, and who serves needs the server to the end, to say there that the runs stop.
    process = subprocess.Popen(
        [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(chosen)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait(process, f"http://127.0.0.1:{chosen}/api/health")
        yield f"http://127.0.0.1:{chosen}/api"
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def read_deployments(path: Path = PREFECT_YAML) -> "list[RunnerDeployment]":
    """The deployments of a prefect.yaml, ready to be served.

    Raises:
        InvalidInput: if the file is missing or a deployment is wrong, naming it.
    """
    from prefect import Flow  # noqa: PLC0415  # Prefect reads its settings at import
    from prefect.flows import load_flow_from_entrypoint  # noqa: PLC0415
    from prefect.schedules import Cron  # noqa: PLC0415

    entries = read_entries(path)
    deployments: list[RunnerDeployment] = []
    violations: list[FieldViolation] = []
    for i, entry in enumerate(entries):
        try:
            found: Flow[Any, Any] = load_flow_from_entrypoint(entry["entrypoint"])
            deployment = found.to_deployment(
                name=entry["name"],
                description=entry.get("description"),
                tags=entry.get("tags"),
                schedules=[
                    Cron(schedule["cron"], timezone=schedule.get("timezone"))
                    for schedule in entry.get("schedules", ())
                ],
                parameters=entry.get("parameters"),
                concurrency_limit=entry.get("concurrency_limit"),
            )
            found.validate_parameters(entry.get("parameters") or {})
            deployments.append(deployment)  # type: ignore[arg-type]  # synchronous outside of an event loop
        except Exception as error:  # noqa: BLE001  # whatever is wrong with one entry is told with the others
            violations.append(FieldViolation(f"{path}: deployments[{i}]", f"{type(error).__name__}: {error}"))
    if violations:
        raise InvalidInput.from_violations(violations)
    return deployments


def _wait(process: subprocess.Popen[bytes], health: str) -> None:
    deadline = time.monotonic() + STARTUP_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Unavailable(f"Prefect's server ended with code {process.returncode} before it was ready")
        try:
            with urllib.request.urlopen(health, timeout=2.0) as answer:  # noqa: S310  # loopback, http
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(_HEALTH_EVERY_S)
    raise Unavailable(f"Prefect's server was not ready after {STARTUP_S:.0f} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
