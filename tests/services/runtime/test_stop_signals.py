"""A process that is told to stop stops: also where what the signal raised is lost, and where it hangs."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
START = """
import signal
import time
from services.runtime.stop_signals import StopSignals, Terminated

def told():
    print("ready", flush=True)
    time.sleep(600)

with StopSignals(limit_s={limit_s}) as signals:
"""
LOST = """
    try:
        told()
    except BaseException as error:
        print(type(error).__name__, flush=True)
    try:
        signals.serving()
    except KeyboardInterrupt as error:
        print("again", type(error).__name__, flush=True)
"""
ASKED = """
    signals.serving()
    print("ready", flush=True)
    assert signals.asked.wait(600)
    print("asked", flush=True)
"""
HANGING = """
    signals.serving()
    print("ready", flush=True)
    while True:
        time.sleep(600)
"""

WITHIN_THE_WAIT = """
    signals.serving()
    print("ready", flush=True)
    with signals.asked._cond:  # as `wait` holds it for some instructions
        signal.raise_signal(signal.SIGTERM)
    assert signals.asked.wait(600)
    print("asked", flush=True)
"""

Start = Callable[[str, float], "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """``start(body, limit_s)`` runs a program until it is ready."""
    running: list[subprocess.Popen[str]] = []

    def begin(body: str, limit_s: float) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", START.format(limit_s=limit_s) + body],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield begin
    for process in running:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("number", "name"), [(signal.SIGINT, "KeyboardInterrupt"), (signal.SIGTERM, "Terminated")]
)
def test_an_ask_that_was_swallowed_is_raised_again(start: Start, number: int, name: str) -> None:
    process = start(LOST, 60.0)
    process.send_signal(number)
    said, _ = process.communicate(timeout=30.0)
    assert said == f"{name}\nagain {name}\n"
    assert process.returncode == 0


def test_while_serving_a_signal_only_asks(start: Start) -> None:
    process = start(ASKED, 60.0)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=30.0)
    assert said == "asked\n"
    assert process.returncode == 0


def test_a_signal_that_breaks_into_the_wait_for_it_is_heard(start: Start) -> None:
    process = start(WITHIN_THE_WAIT, 60.0)
    said, _ = process.communicate(timeout=30.0)
    assert said == "asked\n"
    assert process.returncode == 0


def test_a_process_that_hangs_is_ended_after_its_limit(start: Start) -> None:
    process = start(HANGING, 0.5)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30.0) == 128 + signal.SIGTERM


def test_a_second_signal_does_not_wait_for_the_limit(start: Start) -> None:
    process = start(HANGING, 600.0)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    # Two signals at once come in the order of their numbers, or one finds the other noted: either way the end.
    assert process.wait(30.0) in {128 + signal.SIGINT, 128 + signal.SIGTERM}


def test_what_handled_signals_before_does_so_after() -> None:
    program = (
        "import signal\n"
        "from services.runtime.stop_signals import StopSignals\n"
        "before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)\n"
        "with StopSignals(60.0): pass\n"
        "assert before == (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=60.0)
