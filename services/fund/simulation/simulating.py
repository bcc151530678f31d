"""Simulation of a fund: stored projects and assumptions in, distributions of every recipient's outcome out."""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from quant.factors import FactorModel
from quant.fund_paths.simulation import PATH_GROUP, FundBlock, FundRules, blocks, joined, run_block
from quant.pledges.path_summary import PathMoments, PathSummary
from services.fund.pipeline.project import Project
from services.fund.simulation.measures import SimulatedPaths, measure
from services.fund.simulation.outcome import FundOutcome, FundSimulation
from services.fund.simulation.rules import rules_of
from services.runtime.results import Progress
from services.runtime.workers.port import PathWorkers

PATHS_PER_BLOCK = 4 * PATH_GROUP
MOST_PATHS_PER_RANGE = 16 * PATH_GROUP
"""Of a range that a worker simulates; its columns take some ten megabytes."""


def simulate(
    request: FundSimulation,
    projects: Sequence[Project],
    *,
    paths_per_block: int = PATHS_PER_BLOCK,
    threads: int | None = None,
    workers: PathWorkers | None = None,
) -> Iterator[Progress | FundOutcome]:
    """Simulate the fund in blocks of paths; whoever stops iterating stops the work.

    Args:
        request: what is to be simulated.
        projects: of the investments, in their order.
        paths_per_block: a multiple of `quant.fund_paths.simulation.PATH_GROUP`; the result does not depend on it.
        threads: at work at the same time; None for one a processor. The result does not depend on it.
        workers: simulate in place of this process's threads; the result does not depend on them.

    Yields:
        progress after each block of paths, then the outcome.

    Raises:
        InvalidInput: with the path of each field that is wrong.
        Unavailable: the workers went away.
    """
    model = request.snapshot.factor_model()
    rules = rules_of(request, projects, model)
    paths = SimulatedPaths(PathSummary(request.n_paths), PathMoments())
    work = _PathWork(rules, model, request.seed, paths_per_block)
    done = (
        _run(work, request.n_paths, threads or os.cpu_count() or 1)
        if workers is None
        else workers.run(
            _simulate_range, work, request.n_paths, multiple=PATH_GROUP, largest=MOST_PATHS_PER_RANGE
        )
    )
    for first, n_paths, block in done:
        paths.add(first, block)
        yield Progress(first + n_paths, request.n_paths)
    yield measure(request, projects, rules, paths)


@dataclass(frozen=True, slots=True, eq=False)
class _PathWork:
    """What every block of paths is simulated with."""

    rules: FundRules
    model: FactorModel
    seed: int
    paths_per_block: int


def _simulate_range(work: _PathWork, first_path: int, n_paths: int) -> FundBlock:
    """A range of paths, whose first one is a multiple of PATH_GROUP; block by block, to stay in the cache."""
    parts = [
        run_block(work.rules, work.model, n, work.seed, first_path=first_path + first)
        for first, n in blocks(n_paths, work.paths_per_block)
    ]
    return joined(parts)


def _run(work: _PathWork, n_paths: int, threads: int) -> Iterator[tuple[int, int, FundBlock]]:
    """The blocks in order; no more are under way than there are threads, so that leaving stops the work."""
    waiting: deque[tuple[int, int, Future[FundBlock]]] = deque()
    pool = ThreadPoolExecutor(threads)
    try:
        for first, n in blocks(n_paths, work.paths_per_block):
            if len(waiting) > threads:
                oldest, size, block = waiting.popleft()
                yield oldest, size, block.result()
            waiting.append((first, n, pool.submit(_simulate_range, work, first, n)))
        for oldest, size, block in waiting:
            yield oldest, size, block.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
