"""The services that a command starts for itself end with it, also when it is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import grpc

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
    deadline = time.monotonic() + 30.0
    while answers(address):
        assert time.monotonic() < deadline, f"the services at {address} outlive the command that started them"
        time.sleep(0.2)
