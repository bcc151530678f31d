"""How time and memory grow with assets, loans, paths, projects and workers; the table of docs/scaling.md.

    python benchmarks/bench_scaling.py              small sizes, two to three minutes
    python benchmarks/bench_scaling.py --large      the sizes of a province, the better part of an hour

Each row is a process of its own, after a warm-up that loads compiled code, so that its peak memory is its own. A size
stands beside half of it: the ratio of the two says how it grows. Workers are processes of a Dask cluster on loopback;
what they find is compared with the threads' result, bit by bit.
"""

import argparse
import json
import pickle
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from distributed import LocalCluster

from benchmarks.bench_fund import all_projects, simulation, terms
from benchmarks.bench_valuation import assets as some_assets
from benchmarks.loan_books import DISCOUNT, MODEL, book
from quant.loan_losses.path_range import simulate_part
from quant.portfolio import loss_simulation, simulate_losses
from services.fund.simulation.market import with_fund_factors
from services.fund.simulation.simulating import simulate
from services.runtime.bundled import bundled
from services.runtime.market import read_snapshot
from services.runtime.workers.on_dask import DaskWorkers
from services.valuation.catalogue.catalogue import read_catalogue
from services.valuation.engine import ValuationEngine
from services.valuation.prepared_market import PreparedMarket
from services.valuation.valuation import Simulation

ROOT = Path(__file__).resolve().parents[1]
QUARTERS, SCHEDULES = 12, 1_000
SMALL = {
    "assets": ((2_000, 4_000, 8_000),),
    "loans": ((25_000, 50_000, 100_000), 2_000),
    "paths": ((1_000, 2_000, 4_000), 50_000),
    "projects": ((25, 50, 100), 10_000),
    "fund_paths": ((10_000, 20_000, 40_000), 100),
    "workers": ((1, 2), 50_000, 4_000),
    "fund_workers": ((1, 2), 40_000),
}
LARGE = {
    "assets": ((25_000, 50_000, 100_000),),
    "loans": ((250_000, 500_000, 1_000_000), 10_000),
    "paths": ((2_500, 5_000, 10_000), 500_000),
    "projects": ((25, 50, 100), 100_000),
    "fund_paths": ((100_000, 200_000, 400_000), 100),
    "workers": ((1, 2), 500_000, 10_000),
    "fund_workers": ((1, 2), 200_000),
}


def assets(n: int) -> dict[str, float]:
    """Values n mixed assets with their distributions, in one call of the engine."""
    snapshot = read_snapshot(bundled("market/standard.toml"))
    engine, market = ValuationEngine(read_catalogue()), PreparedMarket.of(snapshot)
    many = some_assets(n)
    engine.value(some_assets(64), market, Simulation(), snapshot.as_of)
    return timed(lambda: engine.value(many, market, Simulation(), snapshot.as_of))


def loans(n_loans: int, n_paths: int) -> dict[str, float]:
    """Simulates a book over 12 quarters on two threads, with its fans."""

    def run(n: int, paths: int) -> Callable[[], object]:
        made = book(n, n_quarters=QUARTERS, n_schedules=min(SCHEDULES, n))
        return lambda: simulate_losses(made, MODEL, DISCOUNT, n_paths=paths, seed=1, n_threads=2)

    run(2_000, 64)()
    return timed(run(n_loans, n_paths))


def fund(n_projects: int, n_paths: int) -> dict[str, float]:
    """Simulates a fund of so many projects over 15 years on two threads."""
    request, projects = a_fund(n_projects, n_paths)
    warm, few = a_fund(5, 512)

    list(simulate(warm, few))
    return timed(lambda: list(simulate(request, projects, threads=2)))


def workers(n_workers: int, n_loans: int, n_paths: int) -> dict[str, float]:
    """The book on worker processes of one thread each; and what travels."""
    made = book(n_loans, n_quarters=QUARTERS, n_schedules=min(SCHEDULES, n_loans))
    small = loss_simulation(book(2_000), MODEL, DISCOUNT, n_paths=2_048, seed=1)
    parts: list[int] = []
    with cluster_workers(n_workers) as cluster:
        list(cluster.run(simulate_part, small.work, 2_048))  # every worker loads its compiled code
        began = time.perf_counter()
        prepared = loss_simulation(made, MODEL, DISCOUNT, n_paths=n_paths, seed=1)
        for _, _, part in cluster.run(simulate_part, prepared.work, n_paths):
            prepared.add(part)
            parts.append(len(pickle.dumps(part)))
        found = prepared.summary()
        wall = time.perf_counter() - began
    here = simulate_losses(made, MODEL, DISCOUNT, n_paths=n_paths, seed=1, n_threads=2)
    for field in fields(here):
        a, b = getattr(found, field.name), getattr(here, field.name)
        if isinstance(a, np.ndarray):
            assert a.tobytes() == b.tobytes(), field.name
    return {
        "wall_s": wall,
        "shared_mb": len(pickle.dumps(prepared.work)) / 1e6,
        "parts": len(parts),
        "part_mb": sum(parts) / len(parts) / 1e6,
    }


def fund_workers(n_workers: int, n_paths: int) -> dict[str, float]:
    """The fund on worker processes of one thread each."""
    request, projects = a_fund(100, n_paths)
    warm, few = a_fund(5, 4_096)
    with cluster_workers(n_workers) as cluster:
        list(simulate(warm, few, workers=cluster))
        began = time.perf_counter()
        *_, found = simulate(request, projects, workers=cluster)
        wall = time.perf_counter() - began
    *_, here = simulate(request, projects, threads=2)
    assert repr(found) == repr(here)
    return {"wall_s": wall}


def a_fund(n_projects: int, n_paths: int) -> tuple[Any, Any]:
    """A question to a fund of both lists' first projects, and the projects."""
    projects = all_projects()[:n_projects]
    market = with_fund_factors(read_snapshot(bundled("market/standard.toml")))
    return simulation(market, terms(), projects, n_paths), projects


@contextmanager
def cluster_workers(n_workers: int) -> Iterator[DaskWorkers]:
    """Workers of a local cluster."""
    make: Any = LocalCluster
    with make(
        n_workers=n_workers, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as cluster:
        connected = DaskWorkers(cluster.scheduler_address)
        try:
            yield connected
        finally:
            connected.close()


def timed(work: Callable[[], object]) -> dict[str, float]:
    """Seconds on the clock and on the processors, and megabytes beyond what was there before."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu = time.perf_counter(), time.process_time()
    kept = work()
    found = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    del kept
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {**found, "peak_mb": peak / 1024, "grown_mb": (peak - before) / 1024}


def in_a_process(case: str, *sizes: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--case", case, *map(str, sizes)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, cwd=ROOT)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def table(title: str, sizes: tuple[int, ...], run: Callable[[int], dict[str, float]]) -> None:
    print(f"\n{title}")
    print(f"{'size':>10} {'wall s':>8} {'cpu s':>8} {'x half':>7} {'peak MB':>8} {'grown MB':>9}")
    before = None
    for size in sizes:
        found = run(size)
        ratio = "" if before is None else f"{found['cpu_s'] / before:7.2f}"
        print(
            f"{size:10,d} {found['wall_s']:8.2f} {found['cpu_s']:8.2f} {ratio:>7} "
            f"{found['peak_mb']:8.0f} {found['grown_mb']:9.0f}",
            flush=True,
        )
        before = found["cpu_s"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--case", nargs="+")
    asked = parser.parse_args()
    if asked.case:
        name, *numbers = asked.case
        cases: dict[str, Callable[..., dict[str, float]]] = {
            "assets": assets, "loans": loans, "fund": fund, "workers": workers, "fund_workers": fund_workers,
        }  # fmt: skip
        print(json.dumps(cases[name](*map(int, numbers))))
        return
    plan: dict[str, Any] = LARGE if asked.large else SMALL
    table("assets valued, with distributions", plan["assets"][0], lambda n: in_a_process("assets", n))
    sizes, paths = plan["loans"]
    table(
        f"loans, {paths:,} paths, {QUARTERS} quarters, 2 threads",
        sizes,
        lambda n: in_a_process("loans", n, paths),
    )
    sizes, n_loans = plan["paths"]
    table(f"paths of a book of {n_loans:,} loans", sizes, lambda n: in_a_process("loans", n_loans, n))
    sizes, paths = plan["projects"]
    table(f"projects of a fund, {paths:,} paths, 2 threads", sizes, lambda n: in_a_process("fund", n, paths))
    sizes, projects = plan["fund_paths"]
    table(f"paths of a fund of {projects} projects", sizes, lambda n: in_a_process("fund", projects, n))
    counts, n_loans, paths = plan["workers"]
    print(f"\nworkers of one thread: {n_loans:,} loans, {paths:,} paths; equal to the bit to threads")
    for n in counts:
        found = in_a_process("workers", n, n_loans, paths)
        print(
            f"{n:10,d} {found['wall_s']:8.2f} s; shared {found['shared_mb']:.0f} MB once a worker, "
            f"{found['parts']:.0f} parts of {found['part_mb']:.1f} MB",
            flush=True,
        )
    counts, paths = plan["fund_workers"]
    print(f"\nworkers of one thread: a fund of 100 projects, {paths:,} paths; equal to the bit to threads")
    for n in counts:
        print(f"{n:10,d} {in_a_process('fund_workers', n, paths)['wall_s']:8.2f} s", flush=True)


if __name__ == "__main__":
    main()
