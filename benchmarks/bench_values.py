"""The valuation kernels beside a bare matrix product of equal work, and the present values of a million schedules.

Run `python benchmarks/bench_values.py`. Every row is measured in a process of its own, so that its peak memory is its
own. The bare product is weights [n_schedules, n_cells] @ values of the cells [n_cells, n_paths] in float64, with the
same non-zeros, in the same blocks and on as many threads; its weights and cell values are ready before it starts.
What is valued starts from schedules: it draws the scenarios, fills the cells, multiplies, strikes the valuation error
and the loss of the right, takes the better alternative on every path, sorts, and reads quantiles and their errors.
Each time is the better of two, the scenarios drawn and the cells filled anew in each.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bench_valuation import detail
from quant.factors import FactorModel
from quant.market.curves import DiscountCurve
from quant.pledges.cell_bank import CellBank
from quant.pledges.distribution import REPORTED_PROBABILITIES, HorizonScenarios
from quant.pledges.pledge_values import AssetValues, value_assets
from quant.schedules import Array, ExposureSchedule, ScheduleBook
from services.runtime.bundled import bundled
from services.runtime.market import read_snapshot
from services.valuation.asset import Asset
from services.valuation.catalogue.catalogue import read_catalogue
from services.valuation.pricers import PricingContext, price_in

ROOT = Path(__file__).resolve().parents[1]
HORIZON_YEARS, SEED = 1.0, 20260101
ROWS_AT_ONCE, VALUES_AT_ONCE = 4096, 2**24  # as the engine cuts its blocks
SIZES, PATHS = (10_000, 30_000, 100_000), (1_024, 4_096)
SCHEDULES, SCHEDULES_AT_ONCE, SCHEDULES_PRICED = 1_000_000, 50_000, 20_000
MOST_RATIO, MOST_SECONDS, MOST_MB = 10.0, 5.0, 2048.0
MOST_DENSE_CELLS = 1_000
ROUNDS = 2
TERM_ENDS = {"years": 1, "days": 365}
"""On how many days of a year terms end; the pricers pay at whole years from today and at the end of the term.

With ends on any day few assets share the cell of their last payment, and most of the time goes into filling cells.
"""

Assets = Sequence[Sequence[ExposureSchedule]]
Report = dict[str, float]


@dataclass(frozen=True, slots=True)
class Market:
    """The bundled market and what its pricers need."""

    model: FactorModel
    curve: DiscountCurve
    context: PricingContext

    @classmethod
    def read(cls) -> "Market":
        """What the service has after its start."""
        snapshot = read_snapshot(bundled("market/standard.toml"))
        return cls(snapshot.factor_model(), snapshot.curve(), PricingContext(read_catalogue(), snapshot))

    def priced(self, n: int, ends_a_year: int = 1) -> list[list[ExposureSchedule]]:
        """The alternatives of n mixed assets from the pricers of the service, the ends of the terms spread out."""
        return [self._alternatives(i, (i * 7 % ends_a_year) / ends_a_year) for i in range(n)]

    def _alternatives(self, i: int, later_years: float) -> list[ExposureSchedule]:
        priced = price_in(Asset(f"asset-{i:07d}", f"资产 {i}", "张掖", detail(i)), self.context)
        schedules = [schedule for _, schedule in priced.alternatives]
        if later_years == 0.0:
            return schedules
        return [replace(s, times_years=_with_later_end(s.times_years, later_years)) for s in schedules]

    def bank(self, n_paths: int) -> CellBank:
        """Scenarios drawn, no cell filled."""
        scenarios = HorizonScenarios.draw(self.model, HORIZON_YEARS, n_paths, SEED)
        return CellBank(self.model, self.curve.discount_factors, scenarios)


def _with_later_end(times_years: Array, later_years: float) -> Array:
    return np.where(times_years == times_years.max(), times_years + later_years, times_years)


@dataclass(slots=True)
class Clock:
    """Wall and processor seconds; the latter of all threads together."""

    wall_s: float = 0.0
    cpu_s: float = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Adds the time that the block takes."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.wall_s += time.perf_counter() - wall
        self.cpu_s += time.process_time() - cpu


def blocks_of(assets: Assets, n_paths: int) -> list[slice]:
    """Consecutive assets with a bounded number of rows, as the engine values them."""
    most, starts, rows = min(ROWS_AT_ONCE, VALUES_AT_ONCE // n_paths), [0], 0
    for i, alternatives in enumerate(assets):
        n = sum(map(len, alternatives))
        if rows and rows + n > most:
            starts.append(i)
            rows = 0
        rows += n
    return [slice(a, b) for a, b in pairwise([*starts, len(assets)])]


def shares_of(assets: Assets, n_threads: int) -> list[Assets]:
    """Consecutive assets for each thread."""
    ends = [len(assets) * k // n_threads for k in range(n_threads + 1)]
    return [assets[a:b] for a, b in pairwise(ends)]


def in_threads(jobs: Sequence[Callable[[], bytes]]) -> bytes:
    """Every job in a thread of its own; what they bring, in order."""
    if len(jobs) == 1:
        return jobs[0]()
    with ThreadPoolExecutor(len(jobs)) as pool:
        return b"".join(pool.map(lambda job: job(), jobs))


def peak_mb() -> float:
    """The largest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def figures(values: AssetValues) -> bytes:
    """What is reported of every asset, by its bits."""
    of = values.at_horizon
    columns = (
        values.value, values.undiscounted, values.first_year,
        of.mean, of.sd, of.mean_error, *of.quantiles.T, *of.quantile_errors.T,
    )  # fmt: skip
    return np.column_stack(columns).tobytes()


def value_share(assets: Assets, bank: CellBank) -> bytes:
    """The figures of the assets, block by block."""
    blocks = blocks_of(assets, bank.scenarios.n_paths)
    return b"".join(figures(value_assets(assets[b], bank, REPORTED_PROBABILITIES)) for b in blocks)


def measure_values(n_assets: int, n_paths: int, term_ends: str) -> Report:
    """Values and distributions on one thread and on two, then the bare products."""
    market = Market.read()
    assets = market.priced(n_assets, TERM_ENDS[term_ends])
    value_share(assets[:16], market.bank(n_paths))  # loads the kernels
    report: Report = {"before_mb": peak_mb()}
    found = []
    for n_threads in (1, 2):
        clocks = [Clock() for _ in range(ROUNDS)]
        for clock in clocks:
            with clock.running():
                bank = market.bank(n_paths)
                shares = shares_of(assets, n_threads)
                found.append(in_threads([partial(value_share, share, bank) for share in shares]))
        best = min(clocks, key=lambda clock: clock.wall_s)
        report |= {f"wall_{n_threads}": best.wall_s, f"cpu_{n_threads}": best.cpu_s}
    assert len(set(found)) == 1, "two threads gave other figures than one"
    report["peak_mb"] = peak_mb()
    return report | measure_products(market, assets, n_paths)


def measure_products(market: Market, assets: Assets, n_paths: int) -> Report:
    """The same weights times the same cells, in the same blocks, on one thread and on two; dense on one."""
    states = market.bank(n_paths).scenarios.states
    flat = [schedule for alternatives in assets for schedule in alternatives]
    book = ScheduleBook.stack(flat, market.model)
    discount = market.curve.discount_factors
    cells = book.cell_values(market.model, discount, states=states, at_years=HORIZON_YEARS)
    weights = book.weights(HORIZON_YEARS)
    weights.eliminate_zeros()
    report: Report = {"schedules": len(flat), "cells": len(cells), "non_zeros": weights.nnz}
    first = np.concatenate([[0], np.cumsum([len(alternatives) for alternatives in assets])])
    for n_threads in (1, 2):
        shares = []
        for share, offset in _with_offsets(shares_of(assets, n_threads)):
            blocks = blocks_of(share, n_paths)
            shares.append([weights[first[offset + b.start] : first[offset + b.stop]] for b in blocks])
        report[f"sparse_{n_threads}"] = _seconds_of_product(shares, cells)
        if n_threads == 1 and len(cells) <= MOST_DENSE_CELLS:
            report["dense_1"] = _seconds_of_product([[one.toarray() for one in shares[0]]], cells)
    return report


def _seconds_of_product(shares: Sequence[Sequence[Any]], cells: Array) -> float:
    clocks = [Clock() for _ in range(ROUNDS)]
    for clock in clocks:
        with clock.running():
            in_threads([partial(multiply, share, cells) for share in shares])
    return min(clock.wall_s for clock in clocks)


def _with_offsets(shares: Sequence[Assets]) -> Iterator[tuple[Assets, int]]:
    offset = 0
    for share in shares:
        yield share, offset
        offset += len(share)


def multiply(blocks: Sequence[Any], cells: Array) -> bytes:
    """The bare product, block by block; nothing is kept."""
    for weights in blocks:
        weights @ cells
    return b""


def measure_present_values(n_schedules: int, at_once: int) -> Report:
    """V(0) alone: stacking and the product with today's cells. The schedules are there before, all different."""
    market = Market.read()
    pricing, clock = Clock(), Clock()
    with pricing.running():
        assets = market.priced(SCHEDULES_PRICED)
    flat = [schedule for alternatives in assets for schedule in alternatives]
    before, total = peak_mb(), 0.0
    for start in range(0, n_schedules, at_once):
        numbers = range(start, min(start + at_once, n_schedules))
        schedules = [_scaled(flat[k % len(flat)], 1.0 + k / n_schedules) for k in numbers]
        with clock.running():
            book = ScheduleBook.stack(schedules, market.model)
            total += float(book.present_values(market.model, market.curve.discount_factors).sum())
    assert np.isfinite(total)
    return {
        "wall_1": clock.wall_s, "cpu_1": clock.cpu_s, "before_mb": before, "peak_mb": peak_mb(),
        "pricing_us": 1e6 * pricing.wall_s / SCHEDULES_PRICED,
    }  # fmt: skip


def _scaled(schedule: ExposureSchedule, scale: float) -> ExposureSchedule:
    return replace(schedule, times_years=schedule.times_years.copy(), quantities=schedule.quantities * scale)


def measured(*arguments: object) -> Report:
    """What a process of its own measured. Its matrix products take no threads that they are not given."""
    command = [sys.executable, "-m", "benchmarks.bench_values", "--measure", *map(str, arguments)]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True)
    report: Report = json.loads(done.stdout)
    return report


def verdict(found: float, most: float) -> str:
    """Whether a target is met, in words."""
    return f"{'met' if found <= most else 'MISSED'} (at most {most:g})"


def print_values() -> None:
    """How time grows with assets and paths, and the largest case against the targets."""
    print(
        "mixed assets with quantiles; wall seconds, CPU seconds, ratio of wall to the bare sparse product's"
    )
    print(
        "  terms       assets  paths | 1 thread   CPU  bare  ratio | 2 threads   CPU  bare  ratio | dense 1  ratio"
        " |  peak MB (before)"
    )
    cases = [(n, paths, "years") for paths in PATHS for n in SIZES] + [(SIZES[1], PATHS[-1], "days")]
    for n, paths, ends in cases:
        r = measured("values", n, paths, ends)
        one, two = r["wall_1"] / r["sparse_1"], r["wall_2"] / r["sparse_2"]
        dense = (
            f"{r['dense_1']:7.2f} {r['wall_1'] / r['dense_1']:6.1f}"
            if "dense_1" in r
            else f"{'-':>7} {'-':>6}"
        )
        print(
            f"  {ends:<8} {n:>9,} {paths:>6,} | {r['wall_1']:8.2f} {r['cpu_1']:5.2f} {r['sparse_1']:5.2f} {one:6.1f}"
            f" | {r['wall_2']:9.2f} {r['cpu_2']:5.2f} {r['sparse_2']:5.2f} {two:6.1f} | {dense}"
            f" | {r['peak_mb']:8.0f} ({r['before_mb']:.0f})",
            flush=True,
        )
        if (n, paths) == (SIZES[-1], PATHS[-1]) or ends == "days":
            print(
                f"    {r['schedules']:,.0f} schedules, {r['cells']:,.0f} cells, {r['non_zeros']:,.0f} non-zeros; "
                f"bits equal on both; ratio on two threads {verdict(two, MOST_RATIO)}, "
                f"memory {verdict(r['peak_mb'], MOST_MB)} MB"
            )


def print_present_values() -> None:
    """A million V(0), stacking included."""
    r = measured("present", SCHEDULES, SCHEDULES_AT_ONCE)
    print(f"\n{SCHEDULES:,} single present values on one thread, {SCHEDULES_AT_ONCE:,} schedules in a book")
    print(
        f"  wall {r['wall_1']:.2f} s {verdict(r['wall_1'], MOST_SECONDS)}, CPU {r['cpu_1']:.2f} s, "
        f"peak {r['peak_mb']:.0f} MB {verdict(r['peak_mb'], MOST_MB)}"
    )
    print(f"  not in it: the pricers, which make the schedules of one asset in {r['pricing_us']:.0f} us")


def main() -> None:
    """Measure all, or one case for the process that asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measure", nargs="+", metavar="CASE", help="used by the benchmark itself")
    arguments = parser.parse_args()
    match arguments.measure:
        case None:
            print_values()
            print_present_values()
        case ["values", n_assets, n_paths, ends]:
            print(json.dumps(measure_values(int(n_assets), int(n_paths), ends)))
        case ["present", n_schedules, at_once]:
            print(json.dumps(measure_present_values(int(n_schedules), int(at_once))))


if __name__ == "__main__":
    main()
