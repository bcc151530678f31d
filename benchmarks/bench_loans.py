"""The loss of a loan book beside its peers, and how its time grows.

    python benchmarks/bench_loans.py            every table, some minutes
    python benchmarks/bench_loans.py --quick    small sizes

Peers simulate one factor, one year and a fixed loss given default; ours reprices collateral of 15 yearly rows with a
valuation error, loss of the right, disposal and a guarantor that may fail. CPU seconds of one thread unless said, one
run after a warm-up; peers run in the same call, those of another package in their own environment.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numba
import numpy as np
from scipy.special import ndtr, ndtri

from benchmarks.loan_books import DISCOUNT, MODEL, book
from quant.draws.sparse_draws import philox
from quant.loan_losses.simulation import LossSummary
from quant.portfolio import loss_simulation

PEERS = Path(__file__).resolve().parents[1] / ".venv-peers" / "bin" / "python"
RHO, PD, LGD, EXPOSURE, CHUNK = 0.2, 0.03, 0.6, 1e6, 500
PEER_SCRIPT = """
import json, sys, time
import numpy as np, creditriskengine
from creditriskengine.portfolio.copula import simulate_single_factor
n, paths, chunk = map(int, sys.argv[1:4])
pd, lgd, ead = (np.full(n, value) for value in (0.03, 0.6, 1e6))
simulate_single_factor(pd, lgd, ead, 0.2, chunk, seed=1)
began = time.process_time()
losses = [simulate_single_factor(pd, lgd, ead, 0.2, chunk, seed=i) for i in range(paths // chunk)]
spent = time.process_time() - began
print(json.dumps({"cpu_s": spent, "version": creditriskengine.__version__,
                  "expected": float(np.concatenate(losses).mean())}))
"""


def ours(n_loans: int, n_paths: int, *, n_threads: int = 1, **kind: Any) -> tuple[float, float, LossSummary]:
    """CPU seconds, wall seconds and result of a simulation, the preparation of the book's tables included."""
    loans = book(n_loans, **kind)
    wall, cpu = time.perf_counter(), time.process_time()
    simulation = loss_simulation(
        loans, MODEL, DISCOUNT, n_paths=n_paths, seed=1, fans=False, n_threads=n_threads
    )
    for _ in simulation.run():
        pass
    found = simulation.summary()
    return time.process_time() - cpu, time.perf_counter() - wall, found


def conditional_baseline(n_loans: int, n_paths: int) -> float:
    """Plain numpy: every loan's uniform against its conditional probability, fixed loss."""
    generator = np.random.default_rng(1)
    began = time.process_time()
    for _ in range(0, n_paths, CHUNK):
        factor = generator.standard_normal((CHUNK, 1))
        chance = ndtr((ndtri(PD) - np.sqrt(RHO) * factor) / np.sqrt(1.0 - RHO))
        ((generator.random((CHUNK, n_loans)) < chance) * (LGD * EXPOSURE)).sum(axis=1)
    return time.process_time() - began


def latent_baseline(n_loans: int, n_paths: int) -> float:
    """Plain numpy: every loan's latent normal against its threshold, fixed loss."""
    generator = np.random.default_rng(1)
    began = time.process_time()
    for _ in range(0, n_paths, CHUNK):
        factor = generator.standard_normal((CHUNK, 1))
        own = generator.standard_normal((CHUNK, n_loans))
        value = np.sqrt(RHO) * factor + np.sqrt(1.0 - RHO) * own
        ((value < ndtri(PD)) * (LGD * EXPOSURE)).sum(axis=1)
    return time.process_time() - began


@numba.njit(nogil=True)
def _hash_and_gather(n: int, table: np.ndarray, seed: np.uint64) -> float:
    total, mask = 0.0, np.uint64(len(table) - 1)
    for i in range(n):
        words = philox(np.uint64(i), np.uint64(0), np.uint64(5), np.uint64(4), seed)
        total += table[words[0] & mask]
    return total


def bare_event_ns() -> float:
    """Nanoseconds of one hash and one random gather from a table of 128 MB."""
    table = np.random.default_rng(1).random(2**24)
    _hash_and_gather(1, table, np.uint64(1))
    began = time.process_time()
    _hash_and_gather(5_000_000, table, np.uint64(1))
    return (time.process_time() - began) / 5e6 * 1e9


def beside_peers(n_loans: int, n_paths: int) -> None:
    """One table: the same number of loans and paths over one year."""
    cpu, wall, found = ours(n_loans, n_paths)
    print(f"\n{n_loans:,} loans x {n_paths:,} paths, one year, probability of default {PD:.0%}")
    print(f"  ecopledge, collateral repriced {cpu:8.2f} CPU s {wall:8.2f} s wall")
    share = min(n_paths, 10_000)
    for name, baseline in (
        ("conditional probabilities", conditional_baseline),
        ("latent normals", latent_baseline),
    ):
        spent = baseline(n_loans, share) * n_paths / share
        print(f"  numpy, {name:<24} {spent:7.2f} CPU s   x {spent / cpu:.1f}   ({share:,} paths, scaled)")
    if PEERS.exists():
        peer = json.loads(
            subprocess.run(
                [PEERS, "-c", PEER_SCRIPT, str(n_loans), str(share), "1000"],
                check=True, capture_output=True, text=True,
            ).stdout
        )  # fmt: skip
        spent = peer["cpu_s"] * n_paths / share
        name = f"creditriskengine {peer['version']}"
        print(f"  {name:<31}{spent:7.2f} CPU s   x {spent / cpu:.1f}   ({share:,} paths, scaled)")
    else:
        print("  creditriskengine: the environment of the peers is not installed (make bench)")
    bare = bare_event_ns()
    event = cpu / found.n_defaults * 1e9
    print(
        f"  a default event {event:.0f} ns, one hash and one random gather {bare:.0f} ns: x {event / bare:.2f}"
    )


def growth(base_loans: int, base_paths: int) -> None:
    """How time grows with loans, paths and the default rate."""
    print(f"\n{'loans':>9} {'paths':>8} {'PD':>6} {'dates':>7} {'CPU s':>8} {'defaults':>12} {'ns each':>8}")
    for loans_by, paths_by, pd, own in (
        (1, 1, 0.03, False), (4, 1, 0.03, False), (1, 4, 0.03, False), (1, 1, 0.003, False), (1, 1, 0.01, False),
        (1, 1, 0.1, False), (1, 1, 0.03, True),
    ):  # fmt: skip
        n_loans, n_paths = base_loans * loans_by, base_paths * paths_by
        cpu, _, found = ours(n_loans, n_paths, default_probability=pd, own_days=own)
        print(
            f"{n_loans:9,d} {n_paths:8,d} {pd:6.1%} {'own' if own else 'shared':>7} {cpu:8.2f} "
            f"{found.n_defaults:12,d} {cpu / max(found.n_defaults, 1) * 1e9:8.0f}",
            flush=True,
        )


def many_loans(n_loans: int, n_paths: int, n_threads: int) -> None:
    """One line: the large book over 20 quarters, in a process of its own for its peak memory."""
    line = subprocess.run(
        [sys.executable, __file__, "--large", str(n_loans), str(n_paths), str(n_threads)],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    print(f"\n{line.strip()}")


def large(n_loans: int, n_paths: int, n_threads: int) -> str:
    """The large book: 1,000 kinds of schedule, a probability of default of 1 %."""
    kind: dict[str, Any] = {"n_quarters": 20, "n_schedules": 1_000, "default_probability": 0.01}
    ours(1_000, 1_000, **kind)
    cpu, wall, found = ours(n_loans, n_paths, n_threads=n_threads, **kind)
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return (
        f"{n_loans:,} loans x {n_paths:,} paths x 20 quarters on {n_threads} threads: {wall:.1f} s wall, "
        f"{cpu:.1f} CPU s, {peak_gb:.2f} GB, {found.n_defaults:,} defaults, "
        f"{cpu / found.n_defaults * 1e9:.0f} CPU ns each"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--large", nargs=3, type=int, metavar=("LOANS", "PATHS", "THREADS"))
    arguments = parser.parse_args()
    if arguments.large is not None:
        print(large(*arguments.large))
        return
    ours(100, 1_000)
    if arguments.quick:
        beside_peers(1_000, 10_000)
        growth(500, 5_000)
        many_loans(20_000, 1_000, 2)
    else:
        beside_peers(10_000, 100_000)
        growth(2_500, 25_000)
        many_loans(1_000_000, 10_000, 2)


if __name__ == "__main__":
    main()
