"""What a process starts for itself is gone when the block ends, also where a stop comes while it starts."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from services.runtime.child_process import child_process
from services.runtime.stop_signals import signals_held
from tests.processes import is_gone

ROOT = Path(__file__).resolve().parents[3]
SLEEP = [sys.executable, "-c", "import time; print('ready', flush=True); time.sleep(600)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)",
]
# The stop comes when the process has been made and nobody holds it yet.
TOLD_AT_THE_START = """
import os, signal, subprocess, sys
from services.runtime.child_process import child_process
from services.runtime.stop_signals import Terminated, interrupt_on_sigterm

interrupt_on_sigterm()

class Told(subprocess.Popen):
    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        print(self.pid, flush=True)
        signal.raise_signal(signal.{name})

subprocess.Popen = Told
try:
    with child_process({command!r}, stop_s=30.0, environment={{}}, stdout=subprocess.DEVNULL):
        print("entered")
except {raised}:
    print("{raised}")
"""


@pytest.mark.parametrize("command", [SLEEP, DEAF], ids=["ends when told", "deaf to it"])
def test_it_is_gone_after_the_block(command: list[str]) -> None:
    with child_process(command, stop_s=0.5, environment={}, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
    assert is_gone(process.pid)
    assert process.returncode == (-signal.SIGTERM if command is SLEEP else -signal.SIGKILL)


def test_it_is_gone_after_an_error() -> None:
    with (
        pytest.raises(RuntimeError),
        child_process(SLEEP, stop_s=30.0, environment={}, stdout=subprocess.DEVNULL) as process,
    ):
        raise RuntimeError
    assert is_gone(process.pid)


def test_a_command_that_is_not_there_is_the_error_it_was() -> None:
    with (
        pytest.raises(FileNotFoundError),
        child_process(["/nowhere"], stop_s=30.0, environment={}, stdout=subprocess.DEVNULL),
    ):
        pass


@pytest.mark.parametrize(("name", "raised"), [("SIGINT", "KeyboardInterrupt"), ("SIGTERM", "Terminated")])
def test_a_stop_while_it_starts_leaves_nothing_behind(name: str, raised: str) -> None:
    program = TOLD_AT_THE_START.format(name=name, command=SLEEP, raised=raised)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=60.0
    )
    pid, said = done.stdout.splitlines()
    assert said == raised
    assert is_gone(int(pid))


def test_held_signals_come_after_the_block_in_their_order() -> None:
    heard: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: heard.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        with signals_held():
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGINT)
            assert heard == []
        assert heard == [signal.SIGTERM, signal.SIGINT]
        signal.raise_signal(signal.SIGTERM)
        assert heard[2:] == [signal.SIGTERM]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with signals_held():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_nothing_is_held_outside_the_main_thread() -> None:
    seen: list[object] = []

    def look() -> None:
        with signals_held():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGTERM)]
