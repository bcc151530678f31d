"""A service killed with SIGKILL during a write: nothing half-written, and the repeated request is the first one."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.runtime.channel import RetryPolicy, open_channel
from services.runtime.errors import EcopledgeError
from services.valuation.asset import Asset, WaterRight
from services.valuation.client import ValuationClient
from services.valuation.valuation import Valuation

N_ASSETS = 3_000
REQUEST_ID = "killed-write"


@contextlib.contextmanager
def service(database: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The valuation service as a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "serve", "--only", "valuation", "--listen", "127.0.0.1:0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "ECOPLEDGE_DATABASE_URL": f"sqlite:///{database}"},
    )
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())["address"]
    finally:
        process.kill()
        process.wait()


def assets() -> list[Asset]:
    return [Asset(f"W{i:05d}", "", "", WaterRight(1000.0 + i, 5.0)) for i in range(N_ASSETS)]


def value(address: str) -> list[str]:
    with open_channel(address, institution_id="test", retry=RetryPolicy(max_attempts=1)) as channel:
        outcomes = ValuationClient(channel).value_assets(assets(), request_id=REQUEST_ID)
    return [outcome.valuation_id for outcome in outcomes if isinstance(outcome, Valuation)]


def stored(address: str) -> list[str]:
    with open_channel(address, institution_id="test") as channel:
        return [summary.valuation_id for summary in ValuationClient(channel).all_valuations()]


@pytest.mark.parametrize("delay_s", [0.05, 0.3, 0.6, 0.9])
def test_a_killed_write_is_whole_or_absent_and_its_repeat_is_the_first(
    tmp_path: Path, delay_s: float
) -> None:
    database = tmp_path / "killed.db"
    with service(database) as (process, address):

        def attempt() -> None:
            with contextlib.suppress(EcopledgeError):
                value(address)

        caller = threading.Thread(target=attempt)
        caller.start()
        time.sleep(delay_s)
        process.send_signal(signal.SIGKILL)
        caller.join(60)
    with service(database) as (_, address):
        survived = stored(address)
        assert len(survived) in {0, N_ASSETS}
        first = value(address)
        again = value(address)
        assert again == first
        assert len(first) == N_ASSETS
        assert sorted(stored(address)) == sorted(first)
        if survived:
            assert sorted(survived) == sorted(first)
