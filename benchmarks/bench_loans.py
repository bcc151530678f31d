"""Wall and CPU time of the portfolio simulation, and how it grows with loans and paths.

    python benchmarks/bench_loans.py            the table below, one process, one thread
    python benchmarks/bench_loans.py --quick    small sizes, a few seconds

Every loan has its own borrower, a guarantee whose guarantor may fail, and one collateral of 15 yearly rows with a
valuation error, loss of the right, disposal cost and lag: nothing is switched off. Every figure is one run after a
warm-up run of 1,000 paths; peak memory is that of a process of its own for each row.
"""

import argparse
import json
import resource
import subprocess
import sys
import time

import numpy as np

from quant.curves import DiscountCurve
from quant.factors import FactorModel, PrimaryFactor
from quant.portfolio import LoanBook, simulate_losses
from quant.schedules import CollateralTerms, ExposureSchedule

# Loans, paths, whether every asset was valued on a day of its own, so that no two share a date of payment.
SIZES = [
    (100, 100_000, 0), (1_000, 10_000, 0), (1_000, 100_000, 0), (1_000, 300_000, 0), (10_000, 10_000, 0),
    (10_000, 100_000, 0), (1_000, 100_000, 1), (10_000, 10_000, 1),
]  # fmt: skip
QUICK = [(100, 10_000, 0), (1_000, 10_000, 0), (1_000, 10_000, 1)]
ROWS = 15
DEFAULT_PROBABILITY = 0.03


def book(n: int, own_days: int = 0) -> LoanBook:
    generator = np.random.default_rng(1)
    terms = CollateralTerms(0.02, 0.01, 1.0, 0.2, 0.05, 1.0, 0.1)
    schedules = tuple(
        ExposureSchedule(
            f"a{i}",
            np.arange(1.0, ROWS + 1.0) + own_days * i / n,
            ("water_price",) * ROWS,
            generator.uniform(0.5, 1.5, ROWS) * 1e5,
            ("",) * ROWS,
            terms,
        )
        for i in range(n)
    )
    each = np.arange(n)
    return LoanBook(
        exposure_cny=np.full(n, 1e6),
        default_probability=np.full(n, DEFAULT_PROBABILITY),
        asset_correlation=np.full(n, 0.2),
        index_of_loan=np.zeros(n, dtype=np.intp),
        borrower_of_loan=each,
        unsecured_lgd=np.full(n, 0.6),
        guarantee_share=np.full(n, 0.3),
        guarantor_of_loan=each,
        guarantor_default_probability=np.full(n, 0.01),
        index_weights=np.array([[1.0, 0.0]]),
        collateral=schedules,
        loan_of_collateral=each,
        pledged_share=np.ones(n),
    )


def measure(n_loans: int, n_paths: int, own_days: int) -> dict[str, float]:
    model = FactorModel(
        (
            PrimaryFactor("credit_cycle", 0.0, mean_reversion_annual=0.5, volatility_annual=1.0),
            PrimaryFactor("water_price", 0.0, volatility_annual=0.3),
        ),
        (),
        np.array([[1.0, 0.5], [0.5, 1.0]]),
    )
    discount = DiscountCurve.flat(0.03).discount_factors
    loans = book(n_loans, own_days)
    simulate_losses(loans, model, discount, horizon_years=1.0, n_paths=1_000, seed=1)
    wall, cpu = time.perf_counter(), time.process_time()
    found = simulate_losses(loans, model, discount, horizon_years=1.0, n_paths=n_paths, seed=1)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "n_loans": n_loans,
        "n_paths": n_paths,
        "wall_s": wall,
        "cpu_s": cpu,
        "million_loan_paths_per_cpu_s": n_loans * n_paths / 1e6 / cpu,
        "peak_mib": peak_mib,
        "expected_loss_cny": found.expected_loss,
        "var_999_cny": found.tail[2].value_at_risk,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--one", nargs=3, type=int, metavar=("LOANS", "PATHS", "OWN_DAYS"))
    arguments = parser.parse_args()
    if arguments.one is not None:
        print(json.dumps(measure(*arguments.one)))
        return
    print(
        f"{'loans':>7} {'paths':>8} {'dates':>7} {'wall s':>8} {'CPU s':>8} {'M loan-paths/CPU s':>19} {'peak MiB':>9}"
    )
    for n_loans, n_paths, own_days in QUICK if arguments.quick else SIZES:
        line = subprocess.run(
            [sys.executable, __file__, "--one", str(n_loans), str(n_paths), str(own_days)],
            check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
        row = json.loads(line)
        print(
            f"{n_loans:7,d} {n_paths:8,d} {('shared', 'own')[own_days]:>7} {row['wall_s']:8.2f} {row['cpu_s']:8.2f} "
            f"{row['million_loan_paths_per_cpu_s']:19.1f} {row['peak_mib']:9.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
