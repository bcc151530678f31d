"""Simulation of a fund: stored projects and assumptions in, distributions of every recipient's outcome out."""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from quant.factors import FactorModel
from quant.fund_paths import PATH_GROUP, FundBlock, FundRules, blocks, run_block
from quant.path_summary import PathMoments, PathSummary
from services.fund.measures import SimulatedPaths, measure
from services.fund.outcome import FundOutcome, FundSimulation
from services.fund.project import Project
from services.fund.simulation_rules import rules_of
from services.runtime.results import Progress

PATHS_PER_BLOCK = 4 * PATH_GROUP


def simulate(
    request: FundSimulation,
    projects: Sequence[Project],
    *,
    paths_per_block: int = PATHS_PER_BLOCK,
    threads: int | None = None,
) -> Iterator[Progress | FundOutcome]:
    """Simulate the fund in blocks of paths; whoever stops iterating stops the work.

    Args:
        request: what is to be simulated.
        projects: of the investments, in their order.
        paths_per_block: a multiple of `quant.fund_paths.PATH_GROUP`; the result does not depend on it.
        threads: at work at the same time; None for one a processor. The result does not depend on it.

    Yields:
        progress after each block of paths, then the outcome.

    Raises:
        InvalidInput: with the path of each field that is wrong.
    """
    model = request.snapshot.factor_model()
    rules = rules_of(request, projects, model)
    paths = SimulatedPaths(PathSummary(request.n_paths), PathMoments())
    for first, n_paths, block in _run(request, rules, model, paths_per_block, threads or os.cpu_count() or 1):
        paths.add(first, block)
        yield Progress(first + n_paths, request.n_paths)
    yield measure(request, projects, rules, paths)


def _run(
    request: FundSimulation, rules: FundRules, model: FactorModel, paths_per_block: int, threads: int
) -> Iterator[tuple[int, int, FundBlock]]:
    """The blocks in order; no more are under way than there are threads, so that leaving stops the work."""
    waiting: deque[tuple[int, int, Future[FundBlock]]] = deque()
    pool = ThreadPoolExecutor(threads)
    try:
        for first, n_paths in blocks(request.n_paths, paths_per_block):
            if len(waiting) > threads:
                oldest, size, block = waiting.popleft()
                yield oldest, size, block.result()
            run = pool.submit(run_block, rules, model, n_paths, request.seed, first_path=first)
            waiting.append((first, n_paths, run))
        for oldest, size, block in waiting:
            yield oldest, size, block.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
