"""Both grids on a real Dask cluster of two worker processes on loopback, one of which is killed half-way.

Every figure is compared by its text, which for floats says every bit, with what threads of the server give.
"""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed import LocalCluster

from flows.book_scenarios.question import BookGridQuestion, BookSetting
from flows.book_scenarios.run import run_book_grid
from flows.fund_scenarios.question import FundGridQuestion
from flows.fund_scenarios.run import run_fund_grid
from services.runtime.results import Progress
from services.runtime.workers.on_dask import DaskWorkers
from tests.flows.scenario_services import INSTITUTION, ScenarioServices, scenario_services

N_PATHS = 3_000
FUND = FundGridQuestion(term_sheets=("qilian", "american"), worlds=("delay",), n_paths=N_PATHS)
BOOK = BookGridQuestion(
    worlds=("dry-run", "ccer-crash"),
    settings=(BookSetting("whole"), BookSetting("water", products=("water_right",))),
    n_quarters=8,
    n_paths=N_PATHS,
)
Watch = Callable[[Progress], None]


def fund_grid(running: ScenarioServices, watch: Watch | None = None) -> str:
    grid = run_fund_grid(
        running.fund, running.market, FUND, Path(), institution_id=INSTITUTION, on_progress=watch
    )
    return repr(grid.variants)


def book_grid(running: ScenarioServices, watch: Watch | None = None) -> str:
    grid = run_book_grid(
        running.loans, running.stresser, running.market, BOOK, Path(), institution_id=INSTITUTION,
        on_progress=watch,
    )  # fmt: skip
    return repr(grid.variants)


GRIDS: dict[str, Callable[..., str]] = {"fund": fund_grid, "book": book_grid}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cluster")


@pytest.fixture(scope="module")
def on_threads(folder: Path) -> dict[str, str]:
    with scenario_services(folder) as running:
        return {name: run(running) for name, run in GRIDS.items()}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    make: Any = LocalCluster
    with make(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as running:
        yield running


@pytest.mark.parametrize("n_ranges", [1, 2, 3])
def test_any_number_of_ranges_gives_the_bits_of_the_threads(
    folder: Path, cluster: Any, on_threads: dict[str, str], n_ranges: int
) -> None:
    workers = DaskWorkers(cluster.scheduler_address, n_ranges=n_ranges)
    try:
        with scenario_services(folder, workers) as running:
            for name, run in GRIDS.items():
                assert run(running) == on_threads[name]
    finally:
        workers.close()


@pytest.mark.parametrize("name", list(GRIDS))
def test_a_worker_that_is_killed_half_way_changes_no_bit(
    folder: Path, cluster: Any, on_threads: dict[str, str], name: str
) -> None:
    victim = next(iter(cluster.workers.values())).pid
    killed: list[Progress] = []

    def kill_half_way(event: Progress) -> None:
        if not killed and event.paths_done >= event.paths_total / 2:
            os.kill(victim, signal.SIGKILL)
            killed.append(event)

    workers = DaskWorkers(cluster.scheduler_address, n_ranges=6)
    try:
        with scenario_services(folder, workers) as running:
            assert GRIDS[name](running, kill_half_way) == on_threads[name]
    finally:
        workers.close()
    assert killed[0].paths_done < killed[0].paths_total
