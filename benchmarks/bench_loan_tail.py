"""How many plain paths a weighted one is worth in the 99.9 % tail, by the spread of estimates over repeated seeds.

    python benchmarks/bench_loan_tail.py [--quick]

The same book, the same number of paths, many seeds: the ratio of the variances of an estimate is the ratio of the paths
that both ways of drawing need for the same standard error. CPU seconds include the pilot that finds the direction.
"""

import argparse
import time

import numpy as np

from benchmarks.loan_books import DISCOUNT, MODEL, book
from quant.loan_losses.book import LoanBook
from quant.portfolio import simulate_losses


def measure(loans: LoanBook, n_paths: int, n_seeds: int, *, towards_tail: bool) -> tuple[np.ndarray, float]:
    """Estimates [n_seeds, 3] of expected loss, value at risk and shortfall at 99.9 %, and CPU seconds a run."""
    found, began = np.empty((n_seeds, 3)), time.process_time()
    for seed in range(n_seeds):
        run = simulate_losses(
            loans, MODEL, DISCOUNT, n_paths=n_paths, seed=seed, towards_tail=towards_tail, fans=False
        )
        found[seed] = run.expected_loss, run.tail[-1].value_at_risk, run.tail[-1].expected_shortfall
    return found, (time.process_time() - began) / n_seeds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    n_seeds = 20 if parser.parse_args().quick else 60
    print(
        f"{n_seeds} seeds; a ratio of variances is known to some {100 * (2 / n_seeds) ** 0.5:.0f} % of itself"
    )
    print(f"{'book':<34} {'paths':>6} {'figure':>10} {'plain sd':>9} {'weighted':>9} {'paths saved':>12}")
    for label, loans, n_paths in (
        ("1,000 loans, one year", book(1_000), 5_000),
        ("1,000 loans, 12 quarters", book(1_000, n_quarters=12), 2_000),
        ("30 loans, one year", book(30), 5_000),
    ):
        (plain, plain_s), (weighted, weighted_s) = (
            measure(loans, n_paths, n_seeds, towards_tail=tail) for tail in (False, True)
        )
        for i, figure in enumerate(("mean", "VaR 99.9", "ES 99.9")):
            centre = plain[:, i].mean()
            ratio = plain[:, i].var(ddof=1) / weighted[:, i].var(ddof=1)
            print(
                f"{label:<34} {n_paths:6,d} {figure:>10} {plain[:, i].std(ddof=1) / centre:9.2%} "
                f"{weighted[:, i].std(ddof=1) / centre:9.2%} {'x ' + format(ratio, '.1f'):>12}"
            )
        print(f"{'':<34} {'':6} CPU seconds a run {plain_s:.2f} plain, {weighted_s:.2f} weighted")


if __name__ == "__main__":
    main()
