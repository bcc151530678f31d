"""The service as a process of its own: it announces itself, keeps what it was told, and stops on SIGTERM."""

import contextlib
import datetime as dt
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from services.loans.client import LoansClient
from services.loans.loan import Loan, PutCounts
from services.runtime.channel import open_channel

ROOT = Path(__file__).resolve().parents[3]


@contextlib.contextmanager
def serving(database_url: str, ready: Path) -> Iterator[str]:
    environment = {
        **os.environ,
        "ECOPLEDGE_DATABASE_URL": database_url,
        "ECOPLEDGE_LISTEN_ADDRESS": "127.0.0.1:0",
        "ECOPLEDGE_READY_PATH": str(ready),
        "ECOPLEDGE_LOG_LEVEL": "error",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "services.loans"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        give_up_s = time.monotonic() + 60.0
        while not ready.exists():
            assert process.poll() is None, "the server ended before it was ready"
            assert time.monotonic() < give_up_s, "the server is not ready after a minute"
            time.sleep(0.05)
        yield json.loads(ready.read_text())["address"]
    finally:
        process.terminate()
        assert process.wait(30) == 0


def test_what_was_stored_outlives_the_process(
    database_url: str, tmp_path: Path, loan: Callable[..., Loan]
) -> None:
    day = dt.date(2026, 6, 30)
    for expected in (PutCounts(1, 0, 0), PutCounts(0, 0, 1)):
        with (
            serving(database_url, tmp_path / "ready.json") as address,
            open_channel(address, institution_id="bank-a") as channel,
        ):
            client = LoansClient(channel)
            assert client.put_loans(day, [loan("L1")]) == expected
            assert [record.loan for record in client.list_loans()] == [loan("L1")]
