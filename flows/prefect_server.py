"""A Prefect server on loopback for as long as a block lasts; it never outlives the process that started it."""

import fcntl
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from services.runtime.child_process import child_process
from services.runtime.errors import Unavailable

STARTUP_S = 120.0
# Ending it in the middle of its housekeeping harms nothing: what it wrote, it wrote in transactions.
_STOP_S = 5.0
_HEALTH_EVERY_S = 0.1


@contextmanager
def prefect_server(home: Path, port: int = 0) -> Iterator[str]:
    """The API address of a standing server: that of PREFECT_API_URL, else one of our own until the block ends.

    Its database is the SQLite file in `home`, or PREFECT_API_DATABASE_CONNECTION_URL, which may be PostgreSQL.

    Args:
        home: Prefect's folder; made if need be.
        port: on loopback; 0 takes a free one.

    Raises:
        Unavailable: if the server does not come up.
    """
    named = os.environ.get("PREFECT_API_URL")
    if named:
        yield named
        return
    home.mkdir(parents=True, exist_ok=True)
    port = port or _free_port()
    # What goes wrong at its start is kept, whatever the user wants to see on the terminal.
    log = home / "server-start.log"
    with ExitStack() as running:
        with _one_start_at_a_time(home), log.open("wb") as said:
            process = running.enter_context(
                child_process(
                    [sys.executable, "-m", "flows.bound_prefect_server", str(port)],
                    stop_s=_STOP_S,
                    environment={
                        "PREFECT_HOME": str(home.resolve()),
                        "PREFECT_SERVER_LOGGING_LEVEL": "ERROR",
                    },
                    stdout=said,
                    stderr=said,
                )
            )
            api = f"http://127.0.0.1:{port}/api"
            _wait(process, f"{api}/health", log)
        yield api


@contextmanager
def _one_start_at_a_time(home: Path) -> Iterator[None]:
    """Servers of one folder start one after the other: of two that make its database at once, one fails."""
    with (home / "starting.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def prefect_server_for_flows() -> Iterator[str]:
    """The server that Prefect's settings name, else one of our own; flows run on it within the block.

    Call `flows.prefect_environment.prepare_prefect` before.

    Raises:
        Unavailable: if the server does not come up.
    """
    from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings  # noqa: PLC0415

    named = PREFECT_API_URL.value()
    if named:
        yield named
        return
    with prefect_server(PREFECT_HOME.value()) as api, temporary_settings({PREFECT_API_URL: api}):
        yield api


def _wait(process: subprocess.Popen[bytes], health: str, log: Path) -> None:
    deadline = time.monotonic() + STARTUP_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Unavailable(
                f"Prefect's server ended with code {process.returncode} before it was ready{_reason(log)}; see {log}"
            )
        try:
            with urllib.request.urlopen(health, timeout=2.0) as answer:  # noqa: S310  # loopback, http
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(_HEALTH_EVERY_S)
    raise Unavailable(f"Prefect's server was not ready after {STARTUP_S:.0f} s")


def _reason(log: Path) -> str:
    """The last line that names an error, as far as one is found."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    errors = [line.strip() for line in lines if "Error" in line and not line.startswith(" ")]
    return f": {errors[-1]}" if errors else ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
