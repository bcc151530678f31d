"""Prefect's server of our own: two at once on a new folder, and none left behind by a process that is killed."""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_PROGRAM = """
import sys, time
from pathlib import Path
from flows.prefect_environment import prepare_prefect
from flows.prefect_server import prefect_server
home = Path(sys.argv[1])
prepare_prefect(home=home)
with prefect_server(home) as api:
    print(api, flush=True)
    time.sleep(600)
"""


def _answers(api: str) -> bool:
    try:
        with urllib.request.urlopen(f"{api}/health", timeout=5.0) as answer:  # noqa: S310  # loopback
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def test_two_start_at_once_and_end_with_who_started_them(tmp_path: Path) -> None:
    """Both make the same new database; then their starters are killed, which asks nobody to tidy up."""
    command = [sys.executable, "-c", _PROGRAM, str(tmp_path / "prefect")]
    with ExitStack() as stack:
        started = [
            stack.enter_context(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True))
            for _ in range(2)
        ]
        try:
            addresses = [
                process.stdout.readline().strip() for process in started if process.stdout is not None
            ]
            assert [_answers(api) for api in addresses] == [True, True]
        finally:
            for process in started:
                process.kill()
    deadline = time.monotonic() + 30.0
    while any(map(_answers, addresses)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert [_answers(api) for api in addresses] == [False, False]
