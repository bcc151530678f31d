"""Faults while `ecopledge refresh` runs, with real processes: a plain message, nothing half, and a repeat finishes."""

import json
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.flows.refresh.refresh_processes import Refreshing, ServiceProcess
from tests.flows.running_book import EXAMPLE, LOANS_WAN
from tests.processes import wait_until

PLEDGES = 12


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    """Services of the tests that leave them alone; each test is an institution of its own."""
    running = ServiceProcess(tmp_path_factory.mktemp("services"))
    running.start()
    yield running
    running.kill()


@pytest.fixture
def fragile(tmp_path: Path) -> Iterator[ServiceProcess]:
    """Services that a test may kill; they have the loans and are not running yet."""
    services = ServiceProcess(tmp_path)
    services.start()
    services.put_loans("fragile")
    services.kill()
    yield services
    services.kill()


def finished(services: ServiceProcess, refreshing: Refreshing) -> None:
    """Everything is stored once, and the report is there."""
    stored = services.stored(refreshing.institution_id)
    assert {asset_id: len(ids) for asset_id, ids in stored.items()} == dict.fromkeys(stored, 1)
    assert len(stored) == PLEDGES
    assert services.collateral(refreshing.institution_id) == sorted(LOANS_WAN)
    summary = json.loads((refreshing.out / "summary.json").read_text(encoding="utf-8"))
    assert (summary["valued"], sorted(summary["valuation_ids"])) == (
        PLEDGES,
        sorted(ids[0] for ids in stored.values()),
    )
    assert (refreshing.out / "refresh.xlsx").stat().st_size > 0


def test_services_that_come_late_die_and_come_back(
    fragile: ServiceProcess, prefect_api: str, tmp_path: Path
) -> None:
    refreshing = Refreshing(tmp_path / "run", fragile.address, prefect_api, "fragile")
    with refreshing.started(batch=1) as run:
        time.sleep(2.0)
        assert run.process.poll() is None, run.said
        fragile.start()
        wait_until(lambda: len(fragile.stored("fragile")) >= 3)
        fragile.kill()
        before = fragile.stored("fragile")
        assert 3 <= len(before) < PLEDGES
        fragile.start()
        assert run.ended() == 0, run.said
    finished(fragile, refreshing)
    assert before.items() <= fragile.stored("fragile").items()


@pytest.mark.slow
def test_services_that_stay_away_are_named_and_the_repeat_finishes(
    fragile: ServiceProcess, prefect_api: str, tmp_path: Path
) -> None:
    """One run finds them down, another loses them on the way; both give up at about the same time."""
    fragile.start()
    lost = Refreshing(tmp_path / "lost", fragile.address, prefect_api, "fragile")
    down = Refreshing(tmp_path / "down", fragile.address, prefect_api, "fragile")
    with ExitStack() as stack:
        losing = stack.enter_context(lost.started(batch=1))
        wait_until(lambda: len(fragile.stored("fragile")) >= 3)
        fragile.kill()
        kept = fragile.stored("fragile")
        finding = stack.enter_context(down.started())
        assert (losing.ended(), finding.ended()) == (3, 3)
        for run in (losing, finding):
            assert "Traceback" not in run.said
            assert "the services cannot be reached" in run.said
            assert fragile.address in run.said
            assert "ecopledge serve" in run.said
    assert not lost.out.exists()
    assert not down.out.exists()
    fragile.start()
    assert fragile.stored("fragile") == kept
    assert lost.run()[0] == 0
    finished(fragile, lost)
    assert kept.items() <= fragile.stored("fragile").items()


def test_a_database_that_another_program_writes_to_is_waited_for(
    shared: ServiceProcess, prefect_api: str, tmp_path: Path
) -> None:
    """Held beyond the second that the service waits, so the service says no and the flow asks again."""
    shared.put_loans("locked")
    refreshing = Refreshing(tmp_path, shared.address, prefect_api, "locked")
    release = threading.Event()

    def hold() -> None:
        with shared.write_lock():
            release.wait(60.0)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        with refreshing.started() as run:
            time.sleep(7.0)
            assert run.process.poll() is None, run.said
            assert shared.stored("locked") == {}
            release.set()
            assert run.ended() == 0, run.said
    finally:
        release.set()
        holder.join()
    finished(shared, refreshing)


def test_no_room_for_the_report_leaves_the_one_before(
    shared: ServiceProcess, prefect_api: str, tmp_path: Path
) -> None:
    """The system refuses a file beyond 4 kB, as a full disk does: the old report stays, the valuations are there."""
    shared.put_loans("full")
    refreshing = Refreshing(tmp_path, shared.address, prefect_api, "full")
    refreshing.out.mkdir()
    before = {"refresh.html": b"the report before", "valuations.csv": b"its table", "summary.json": b"{}"}
    for name, content in before.items():
        (refreshing.out / name).write_bytes(content)
    code, said = refreshing.run(largest_file_bytes=4_096)
    assert (code, "Traceback" in said) == (1, False), said
    assert "磁盘空间不足" in said
    assert {path.name: path.read_bytes() for path in refreshing.out.iterdir()} == before
    assert len(shared.stored("full")) == PLEDGES
    assert refreshing.run()[0] == 0
    finished(shared, refreshing)


@pytest.mark.slow
def test_one_malformed_account_among_good_ones_stores_nothing(
    shared: ServiceProcess, prefect_api: str, tmp_path: Path
) -> None:
    shared.put_loans("malformed")
    refreshing = Refreshing(tmp_path, shared.address, prefect_api, "malformed")
    accounts = tmp_path / "accounts"
    shutil.copytree(EXAMPLE, accounts)
    inventory = accounts / "forest_inventory.csv"
    good = inventory.read_bytes()
    inventory.write_bytes(good.replace(b"ccer,350000", b"ccer,many"))
    code, said = refreshing.run(accounts=accounts)
    assert (code, "Traceback" in said) == (2, False), said
    assert "forest_inventory.csv, row 3, column tonnes_per_year: found 'many', expected a number > 0" in said
    assert shared.stored("malformed") == {}
    assert shared.collateral("malformed") == []
    [kept] = (refreshing.out / "quarantine").iterdir()
    assert "many" in (kept / "rows.csv").read_text(encoding="utf-8-sig")
    inventory.write_bytes(good)
    assert refreshing.run(accounts=accounts)[0] == 0
    finished(shared, refreshing)


def test_two_at_once_make_one(shared: ServiceProcess, prefect_api: str, tmp_path: Path) -> None:
    """The same folder, day and report folder, at the same moment."""
    shared.put_loans("twice")
    refreshing = Refreshing(tmp_path / "one", shared.address, prefect_api, "twice")
    (tmp_path / "two").mkdir()
    other = Refreshing(tmp_path / "two", shared.address, prefect_api, "twice")
    (tmp_path / "one" / "out").mkdir(parents=True)
    (tmp_path / "two" / "out").symlink_to(tmp_path / "one" / "out")
    with refreshing.started(batch=2) as first, other.started(batch=2) as second:
        assert (first.ended(), second.ended()) == (0, 0), first.said + second.said
    finished(shared, refreshing)


@pytest.mark.slow
def test_killed_again_and_again_it_finishes(
    fragile: ServiceProcess, prefect_api: str, tmp_path: Path
) -> None:
    """SIGKILL at the start, within every few batches and while the report is written; each run goes on from there."""
    fragile.start()
    refreshing = Refreshing(tmp_path / "run", fragile.address, prefect_api, "fragile")
    seen: dict[str, list[str]] = {}
    for reached in (0, 1, 4, 7, 10):
        with refreshing.started(batch=1) as run:
            wait_until(lambda n=reached: len(fragile.stored("fragile")) > n or run.process.poll() is not None)  # type: ignore[misc]
            run.kill()
        stored = fragile.stored("fragile")
        assert seen.items() <= stored.items()
        seen = stored
    with refreshing.started(batch=1) as run:
        wait_until(refreshing.out.exists)
        run.kill()
    assert not any(
        path.name.startswith("refresh.") and path.stat().st_size == 0 for path in refreshing.out.iterdir()
    )
    assert refreshing.run()[0] == 0
    finished(fragile, refreshing)
