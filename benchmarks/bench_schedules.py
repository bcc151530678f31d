"""Repayment schedules of many loans beside a bare loop that does the same arithmetic without rounding.

    python benchmarks/bench_schedules.py            100,000 loans of 120 months
    python benchmarks/bench_schedules.py --quick    10,000 loans, a second

Ours gives whole cents, clears the last balance and knows grace, steps of the rate, prepayments and four rules of
repayment; the bare loop is compiled by numba as ours is, rolls float balances by a level payment and keeps the same six
columns. Both are run in turn in one process on one thread, each seven times after a warm-up; the table shows the best.
Target: at most 3 times the bare loop. The last rows time what the bare loop cannot do.
"""

import argparse
import time
from collections.abc import Callable

import numba
import numpy as np
import numpy_financial as npf

from quant.repayment.amortisation import amortise, check_amortisation
from quant.repayment.payment_plan import NO_CENTS, NO_CHOICE, NO_GROWTH, PaymentPlan, Rule, balances_after

MONTHS = 120
REPEATS = 7


@numba.njit(nogil=True)
def bare(balances, rates, payments, rows):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  # compiled
    opening, interest, principal, prepaid, payment, closing = rows
    for i in range(balances.size):
        balance, rate, level = balances[i], rates[i], payments[i]
        for k in range(opening.shape[1]):
            due = balance * rate
            paid = level - due
            opening[i, k] = balance
            interest[i, k] = due
            principal[i, k] = paid
            prepaid[i, k] = 0.0
            payment[i, k] = level
            balance -= paid
            closing[i, k] = balance


def best_s(calls: dict[str, Callable[[], object]]) -> dict[str, float]:
    for call in calls.values():
        call()
    times: dict[str, float] = dict.fromkeys(calls, np.inf)
    for _ in range(REPEATS):
        for name, call in calls.items():
            begun = time.perf_counter()
            call()
            times[name] = min(times[name], time.perf_counter() - begun)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    n = 10_000 if parser.parse_args().quick else 100_000
    generator = np.random.default_rng(1)
    cents = generator.integers(10**6, 10**10, n)
    rates = generator.uniform(0.03, 0.08, n)
    steps = np.repeat(rates[:, None] + generator.uniform(-0.01, 0.01, (n, MONTHS // 12)), 12, axis=1)
    level = -npf.pmt(rates / 12, MONTHS, cents.astype(np.float64))
    unequal = np.tile([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], MONTHS // 12)[None, :] / 360.0

    def bare_loop() -> object:
        rows = tuple(np.zeros((n, MONTHS)) for _ in range(6))
        bare(cents.astype(np.float64), rates / 12, level, rows)
        return rows

    def balances() -> object:
        column = np.full(n, MONTHS)
        plan = PaymentPlan(
            cents, np.full(n, Rule.EQUAL_INSTALMENT), column, np.zeros_like(column), rates[:, None] / 12,
            rates[:, None], np.full((1, 1), 1 / 12), NO_CENTS, NO_CENTS, NO_GROWTH, NO_CHOICE,
        )  # fmt: skip
        return balances_after(plan, column // 2)

    check_amortisation(amortise(Rule.EQUAL_INSTALMENT, cents, rates, MONTHS), cents)
    calls: dict[str, Callable[[], object]] = {
        "bare numba loop, no rounding": bare_loop,
        "equal instalments, to the cent": lambda: amortise(Rule.EQUAL_INSTALMENT, cents, rates, MONTHS),
        "equal principal, to the cent": lambda: amortise(Rule.EQUAL_PRINCIPAL, cents, rates, MONTHS),
        "the rate reset every year": lambda: amortise(Rule.EQUAL_INSTALMENT, cents, steps, MONTHS),
        "months of unequal length": lambda: amortise(
            Rule.EQUAL_INSTALMENT, cents, rates, MONTHS, period_years=unequal
        ),
        "balance after half the term alone": balances,
    }
    times = best_s(calls)
    base = times["bare numba loop, no rounding"]
    print(f"{n:,} loans of {MONTHS} months, one thread, best of {REPEATS}")
    for name, seconds in times.items():
        print(f"  {name:36s} {seconds * 1e3:9.1f} ms {seconds / base:7.2f} x bare")


if __name__ == "__main__":
    main()
