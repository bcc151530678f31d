"""Rates of return beside peers: 100,000 series of 41 flows at equal steps and at dates, and every rate of one series.

numpy-financial finds the roots of one series at a time: it is timed on the first 500 and scaled. The other peer runs in
the environment of the peers (benchmarks/requirements-peers.lock), on the same flows, one call a series: it has no call
for many. Run:

    python benchmarks/bench_cash_flows.py
"""

import json
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy_financial as npf

from quant.cashflows import all_rates, irr, xirr

N_SERIES, N_FLOWS, N_BY_ROOTS = 100_000, 41, 500
PEERS = Path(__file__).resolve().parents[1] / ".venv-peers" / "bin" / "python"
PEER_SCRIPT = """
import json, sys, time
import numpy as np, pyxirr
flows = np.load(sys.argv[1])
days = np.datetime64("2010-01-01") + np.load(sys.argv[3])
best, dated = [], []
for _ in range(2):
    began = time.process_time()
    rates = [pyxirr.irr(row) for row in flows]
    best.append(time.process_time() - began)
    began = time.process_time()
    at_dates = [pyxirr.xirr(days, row) for row in flows]
    dated.append(time.process_time() - began)
np.save(sys.argv[2], np.array([np.nan if rate is None else rate for rate in rates]))
np.save(sys.argv[4], np.array([np.nan if rate is None else rate for rate in at_dates]))
print(json.dumps({"seconds": min(best), "dated_seconds": min(dated), "version": pyxirr.__version__}))
"""


def series() -> np.ndarray:
    """Calls in the first years, noisy distributions later: what a fund's partners see."""
    rng = np.random.default_rng(20_261_121)
    flows = rng.lognormal(0.0, 0.6, size=(N_SERIES, N_FLOWS))
    flows[:, :5] *= -rng.uniform(2.0, 6.0, size=(N_SERIES, 1))
    return flows


def beside_numpy_financial(flows: np.ndarray, rates: np.ndarray, ours: float) -> None:
    """One line: the same rates from the roots of each series' polynomial."""
    began = time.process_time()
    found = np.array([npf.irr(row) for row in flows[:N_BY_ROOTS]])
    spent = (time.process_time() - began) * N_SERIES / N_BY_ROOTS
    difference = np.nanmax(np.abs(found - rates[:N_BY_ROOTS]))
    print(
        f"numpy-financial: {spent:.1f} s ({N_BY_ROOTS} series, scaled), {spent / ours:.0f} times ours; "
        f"largest difference {difference:.1e}"
    )


def main() -> None:
    flows = series()
    irr(flows[:1000])
    seconds = []
    for _ in range(3):
        began = time.process_time()
        rates = irr(flows)
        seconds.append(time.process_time() - began)
    ours = min(seconds)
    print(f"ecopledge: {N_SERIES:,} x {N_FLOWS} rates in {ours:.3f} s of one processor")
    days = np.sort(np.random.default_rng(7).choice(15 * 365, N_FLOWS, replace=False))
    days -= days[0]
    xirr(flows[:1000], days / 365.0)
    seconds = []
    for _ in range(3):
        began = time.process_time()
        dated_rates = xirr(flows, days / 365.0)
        seconds.append(time.process_time() - began)
    dated = min(seconds)
    print(f"ecopledge: {N_SERIES:,} x {N_FLOWS} rates at dates in {dated:.3f} s of one processor")
    began = time.process_time()
    for row in flows[:200]:
        all_rates(row)
    print(f"ecopledge: every rate of a series, {(time.process_time() - began) / 200 * 1e3:.2f} ms a series")
    beside_numpy_financial(flows, rates, ours)
    if not PEERS.exists():
        print("pyxirr: the environment of the peers is not installed (benchmarks/requirements-peers.lock)")
        return
    with tempfile.TemporaryDirectory() as folder:
        given, told, at, told_at = (
            Path(folder) / name for name in ("flows.npy", "rates.npy", "days.npy", "dated.npy")
        )
        np.save(given, flows)
        np.save(at, days)
        done = subprocess.run(
            [PEERS, "-c", PEER_SCRIPT, given, told, at, told_at], capture_output=True, text=True, check=True
        )
        peer = json.loads(done.stdout)
        difference = np.nanmax(np.abs(np.load(told) - rates))
        dated_difference = np.nanmax(np.abs(np.load(told_at) - dated_rates))
    print(
        f"pyxirr {peer['version']}: {peer['seconds']:.3f} s, {peer['seconds'] / ours:.1f} times ours; "
        f"largest difference {difference:.1e}"
    )
    print(
        f"pyxirr {peer['version']}, at dates: {peer['dated_seconds']:.3f} s, "
        f"{peer['dated_seconds'] / dated:.1f} times ours; largest difference {dated_difference:.1e}"
    )


if __name__ == "__main__":
    main()
