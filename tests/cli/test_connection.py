"""The services that a command starts for itself end with it, also when it is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import grpc
import pytest

from tests.processes import is_gone, wait_until

START = """
import sys, time
from cli.connection import own_services
with own_services(("fund",)) as address:
    print(address, flush=True)
    time.sleep(600)
"""


def answers(address: str) -> bool:
    with grpc.insecure_channel(address) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=1.0)
        except grpc.FutureTimeoutError:
            return False
        return True


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("moment", ["the services start", "the services work"])
def test_a_stop_is_said_once_and_takes_the_services_along(
    tmp_path: Path, number: int, code: int, moment: str
) -> None:
    """The signal goes to the whole group, as Ctrl-C does on a terminal."""
    environment = {**os.environ, "ECOPLEDGE_DATABASE_URL": f"sqlite:///{tmp_path / 'book.db'}"}
    arguments = ["fund", "grid", "examples/grids/fund.toml", "--paths", "1000000"]
    with subprocess.Popen(
        [sys.executable, "-m", "cli.main", *arguments],
        env=environment | {"ECOPLEDGE_LOG_LEVEL": "info"},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as command:
        assert command.stderr is not None
        deadline = time.monotonic() + 60.0
        while not children_of(command.pid):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        [service] = children_of(command.pid)
        if moment == "the services work":
            while "GetMarketSnapshot" not in command.stderr.readline():
                assert time.monotonic() < deadline
        os.killpg(command.pid, number)
        _, said = command.communicate(timeout=30.0)
    assert command.returncode == code
    assert [line for line in said.splitlines() if line and not line.startswith("{")] == ["已停止 · stopped"]
    assert is_gone(service)


def test_services_do_not_outlive_a_killed_command(tmp_path: Path) -> None:
    environment = {**os.environ, "ECOPLEDGE_DATABASE_URL": f"sqlite:///{tmp_path / 'book.db'}"}
    with subprocess.Popen(
        [sys.executable, "-c", START], stdout=subprocess.PIPE, env=environment, text=True
    ) as command:
        assert command.stdout is not None
        address = command.stdout.readline().strip()
        assert answers(address)
        command.send_signal(signal.SIGKILL)
        command.wait()
    wait_until(
        lambda: not answers(address), 30.0, f"the services at {address} outlive the command that started them"
    )
