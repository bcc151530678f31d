"""The refresh as a Prefect flow, against real services and a real Prefect server."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from flows.prefect_environment import prepare_prefect
from flows.refresh.request import RefreshRequest
from flows.reports.refresh_report.summary import RefreshSummary
from flows.service_ports import Services, Targets
from services.runtime.errors import InvalidInput, Unavailable
from services.valuation.asset import Asset
from services.valuation.client import ValuationClient
from services.valuation.valuation import Failure, Simulation, Valuation
from tests.flows.running_book import AS_OF, EXAMPLE, INSTITUTION, LOANS_WAN, Book

ROOT = Path(__file__).resolve().parents[3]
PLEDGES = 12


@pytest.fixture
def run(prefect_url: str, book: Book, tmp_path: Path) -> Any:
    """Runs the flow in this process."""
    from flows.refresh.flow import refresh_valuations

    def start(accounts_dir: Path = EXAMPLE) -> Any:
        return refresh_valuations(
            str(accounts_dir),
            book.address,
            AS_OF,
            str(tmp_path / "out"),
            institution_id=INSTITUTION,
            batch_size=5,
            n_paths=256,
        )

    return start


def test_started_twice_it_gives_the_same_valuations(run: Any, book: Book, tmp_path: Path) -> None:
    first, second = run(), run()
    assert (first.valued, first.collateral_created) == (PLEDGES, len(LOANS_WAN))
    assert second.valuation_ids == first.valuation_ids
    assert sorted(first.valuation_ids) == sorted(ids for [ids] in book.stored().values())
    assert json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))["key"] == first.key


def test_an_artifact_is_published(run: Any) -> None:
    from prefect.artifacts import Artifact

    from flows.refresh.flow import ARTIFACT_KEY

    run()
    artifact: Any = Artifact.get(ARTIFACT_KEY)
    assert "7,545.60 亿元" in str(artifact.data)


def test_a_wrong_folder_is_refused_at_once(run: Any, book: Book, tmp_path: Path) -> None:
    folder = tmp_path / "accounts"
    shutil.copytree(EXAMPLE, folder)
    (folder / "pledges.csv").unlink()
    began = time.monotonic()
    with pytest.raises(InvalidInput, match=r"pledges\.csv: found no such file"):
        run(folder)
    # A retry would wait for half a second, then two, five and ten.
    assert time.monotonic() - began < 15.0
    assert book.stored() == {}
    # Nothing but what was refused, kept for the one who mends it.
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["quarantine"]


class _AwayOnce(ValuationClient):
    """The valuation service, which is not there when it is called for the first time."""

    calls = 0

    def value_assets(self, assets: Sequence[Asset], **options: Any) -> list[Valuation | Failure]:
        self.calls += 1
        if self.calls == 1:
            raise Unavailable("connection refused")
        return super().value_assets(assets, **options)


@pytest.mark.usefixtures("prefect_url")
def test_a_service_that_is_away_for_a_moment_is_asked_again(book: Book, tmp_path: Path) -> None:
    from prefect import flow

    from flows.refresh.flow import compose
    from services.runtime.channel import open_channel

    clients = []

    @contextmanager
    def connect(targets: Targets) -> Iterator[Services]:
        with open_channel(targets.valuation, institution_id=targets.institution_id) as channel:
            clients.append(_AwayOnce(channel))
            yield Services(clients[0], book.loans, book.pledges)

    request = RefreshRequest(
        EXAMPLE, AS_OF, tmp_path / "out", INSTITUTION, batch_size=20, simulation=Simulation(n_paths=256)
    )
    targets = Targets(book.address, book.address, INSTITUTION)

    @flow(name="away-once")
    def refresh() -> RefreshSummary:
        return compose(request, targets, connect)

    summary = refresh()
    assert (clients[0].calls, summary.valued) == (2, PLEDGES)


_PROGRAM = """
import datetime, sys
from pathlib import Path
from flows.refresh.entry import refresh_valuations
address, accounts, out = sys.argv[1:]
summary = refresh_valuations(
    Path(accounts), address, datetime.date(2026, 8, 21), Path(out),
    institution_id="refresh-test", batch_size=1, n_paths=256,
)
print(summary.key, summary.valued, summary.collateral_created)
"""
# A run that waits for ever once it has stored four of its pledges, so that killing it finds it half-way on any machine.
_HELD_HALF_WAY = """
import threading
from services.valuation.client import ValuationClient
places, value = threading.Semaphore(4), ValuationClient.value_assets
def value_four(client, *assets, **options):
    places.acquire()
    return value(client, *assets, **options)
ValuationClient.value_assets = value_four
"""
_HELD_AT = 4


@contextmanager
def _started(
    book: Book, folder: Path, program: str = _PROGRAM, **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    """The refresh in a process of its own, which writes to files: Prefect's temporary server outlives a killed run."""
    folder.mkdir(exist_ok=True)
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "ECOPLEDGE_"))
    }
    with (folder / "stdout").open("wb") as stdout, (folder / "stderr").open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-c", program, book.address, str(EXAMPLE), str(folder / "out")],
            cwd=folder,
            env=clean | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'protos' / 'gen'}"} | environment,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        # The session is the test's own: the run and Prefect's temporary server below it.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_killed_and_started_again_it_finishes_with_nothing_doubled(
    prefect_url: str, book: Book, tmp_path: Path
) -> None:
    """Killed while it runs on a temporary Prefect server of its own; finished on a standing one."""
    with _started(book, tmp_path / "killed", _HELD_HALF_WAY + _PROGRAM) as killed:
        deadline = time.monotonic() + 90.0
        while len(book.stored()) < _HELD_AT and killed.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        killed.kill()
        assert killed.wait() == -signal.SIGKILL, (tmp_path / "killed" / "stderr").read_text()
        before = book.stored()
        assert len(before) == _HELD_AT
    folder = tmp_path / "finished"
    with _started(book, folder, PREFECT_API_URL=prefect_url) as finished:
        assert finished.wait(timeout=90) == 0, (folder / "stderr").read_text()
    after = book.stored()
    assert {asset_id: len(ids) for asset_id, ids in after.items()} == dict.fromkeys(after, 1)
    assert len(after) == PLEDGES
    assert {asset_id: after[asset_id] for asset_id in before} == before
    assert book.collateral() == {loan_id: (loan_id,) for loan_id in LOANS_WAN}
    # Quiet unless asked: the program's own line and nothing else.
    assert (folder / "stdout").read_text().split()[1:2] == [str(PLEDGES)]
    assert (folder / "stderr").read_text() == ""


def test_the_environment_keeps_what_the_user_set(tmp_path: Path) -> None:
    home = str(tmp_path / "somewhere")
    environment = {"PREFECT_HOME": home, "PREFECT_SERVER_ANALYTICS_ENABLED": "true"}
    prepare_prefect(environment=environment)
    assert environment["PREFECT_HOME"] == home
    assert Path(home).is_dir()
    assert environment["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert environment["DO_NOT_TRACK"] == "1"


def test_importing_the_entry_imports_no_prefect() -> None:
    program = (
        "import sys, flows.refresh.entry as _; "
        "print([name for name in ('prefect', 'pandas', 'grpc') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
