"""`ecopledge flows serve` ends when it is told to: in a run, in its start, and with a server that answers nothing."""

import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.flows.prefect_calls import ask
from tests.processes import is_gone, wait_until

ROOT = Path(__file__).resolve().parents[3]
# The command promises 15 s at most; the rest is for a machine that does other things too.
LIMIT_S = 30.0
# A run that would go on for ten minutes, and says which process it is.
FLOWS = """
import os, time
from pathlib import Path
from prefect import flow

@flow(persist_result=False)
def long_one(pid_file: str = "") -> None:
    Path(pid_file).write_text(str(os.getpid()))
    time.sleep(600)
"""
DEPLOYMENTS = """
deployments:
  - name: long-one
    entrypoint: flows_here.py:long_one
  - name: nightly-one
    entrypoint: flows_here.py:long_one
    schedules:
      - {cron: "30 1 * * *", timezone: Asia/Shanghai}
"""


class Wire:
    """A way to the Prefect server that can go silent: connections stay, and nothing comes through any more."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.silent = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(near,), daemon=True).start()

    def _pass_on(self, near: socket.socket) -> None:
        with near, socket.create_connection(("127.0.0.1", self._to)) as far:
            other = {near: far, far: near}
            while True:
                ready, _, _ = select.select(list(other), [], [])
                if self.silent.is_set():
                    threading.Event().wait(120.0)  # longer than the command may take
                    return
                for end in ready:
                    try:
                        received = end.recv(65_536)
                        if not received:
                            return
                        other[end].sendall(received)
                    except OSError:
                        return


class Served:
    """The command, its output and the deployments that it registered."""

    def __init__(self, process: subprocess.Popen[str], api: str) -> None:
        self.process = process
        self.api = api

    def start_long_run(self, pid_file: Path) -> str:
        """Start a run and wait until it is in the middle of its work; returns its id."""
        found: dict[str, str] = {}
        while "long-one" not in found:
            found = {item["name"]: item["id"] for item in ask(self.api, "/deployments/filter", {})}
        body = {"parameters": {"pid_file": str(pid_file)}, "state": {"type": "SCHEDULED"}}
        run_id: str = ask(self.api, f"/deployments/{found['long-one']}/create_flow_run", body)["id"]
        wait_until(lambda: pid_file.exists() and pid_file.read_text() != "")
        return run_id

    def stop(self, number: int) -> tuple[int, str]:
        """Send a signal; returns the exit code and what was said on stderr."""
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=LIMIT_S)
        return self.process.returncode, said


def has_ended(pid_file: Path) -> bool:
    return is_gone(int(pid_file.read_text()))


@contextmanager
def started(home: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """The command in a session of its own, below which nothing is left."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    (home / "flows_here.py").write_text(FLOWS)
    (home / "prefect.yaml").write_text(DEPLOYMENTS)
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "flows", "serve", "--port", "0"],
        cwd=home,
        env=clean
        | {
            "PREFECT_HOME": str(home / "prefect"),
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "protos" / "gen"))),
            "PYTHONUNBUFFERED": "1",
        }
        | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture
def wire(prefect_api: str) -> Iterator[Wire]:
    made = Wire(int(prefect_api.removesuffix("/api").rsplit(":", 1)[1]))
    yield made
    made.close()


@pytest.fixture
def served(wire: Wire, prefect_api: str, tmp_path: Path) -> Iterator[Served]:
    """The command on the session's server, ready."""
    with started(tmp_path, PREFECT_API_URL=f"http://127.0.0.1:{wire.port}/api") as process:
        assert process.stdout is not None
        assert "Prefect: " in process.stdout.readline()
        yield Served(process, prefect_api)


def test_ctrl_c_cancels_the_run_in_progress_and_says_so(served: Served, tmp_path: Path) -> None:
    """A run that nobody told about would stay RUNNING and hold the place of its deployment after a restart."""
    pid_file = tmp_path / "pid"
    run_id = served.start_long_run(pid_file)
    assert served.stop(signal.SIGINT) == (
        0, "已停止，取消了 1 个运行中的流程 · stopped, runs in progress that were cancelled: 1\n"
    )  # fmt: skip
    assert has_ended(pid_file)
    run = ask(served.api, f"/flow_runs/{run_id}")
    assert run["state_type"] == "CANCELLED"
    assert "中断" in run["state"]["message"]
    nightly = next(
        item for item in ask(served.api, "/deployments/filter", {}) if item["name"] == "nightly-one"
    )
    assert nightly["paused"]


def test_sigterm_ends_it_where_the_server_answers_nothing(served: Served, wire: Wire, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    served.start_long_run(pid_file)
    wire.silent.set()
    code, said = served.stop(signal.SIGTERM)
    assert code == 0
    assert has_ended(pid_file)
    told, last = said.splitlines()
    assert "did not answer in time" in told
    assert last == "已停止 · stopped"


def test_a_second_ctrl_c_ends_it_at_once(served: Served, wire: Wire, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    served.start_long_run(pid_file)
    wire.silent.set()
    served.process.send_signal(signal.SIGINT)
    wait_until(lambda: has_ended(pid_file), LIMIT_S)  # the first one has come through
    code, said = served.stop(signal.SIGINT)
    assert code == 128 + signal.SIGINT
    assert said == ""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_can_be_stopped_while_its_server_starts(tmp_path: Path, number: int, code: int) -> None:
    with started(tmp_path) as process:
        wait_until((tmp_path / "prefect" / "server-start.log").exists)
        process.send_signal(number)
        _, said = process.communicate(timeout=LIMIT_S)
    assert process.returncode == code
    assert said.split() == ["已停止", "·", "stopped"]
