"""An import of a large book over gRPC into SQLite: time, memory of the server, and reading the book back.

    python benchmarks/bench_import.py                    100,000 loans and as many positions
    python benchmarks/bench_import.py --loans 1000000

The server is a process of its own on a new database in a temporary folder; rows are made as they are sent. Peak memory
is that of the server (VmHWM). The same rows are sent a second time, which must change nothing.
"""

import argparse
import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sized
from decimal import Decimal
from pathlib import Path

from services.loans.importing.client import ImportClient
from services.loans.loan import Loan, PutCounts, RepaymentKind, RepaymentTerms
from services.loans.reported.position import LoanPosition
from services.loans.repository import SqlLoanStore
from services.runtime.channel import open_channel
from services.runtime.database import make_engine, reading

DAY = dt.date(2026, 6, 30)
INSTITUTION = "bench"


def loans(n: int) -> Iterator[Loan]:
    for i in range(n):
        terms = RepaymentTerms(
            Decimal(100_000 + i),
            dt.date(2026, 1, 1 + i % 28),
            12 + i % 48,
            0.04,
            RepaymentKind.EQUAL_INSTALMENT,
        )
        yield Loan(
            f"L{i:08d}", f"B{i // 2:08d}", f"贷款 {i}", "甘州区", "农业", "water_right", terms, 0.02, 0.15, 0.4,
            purpose="5.2", guarantee_mode=None,
        )  # fmt: skip


def positions(n: int) -> Iterator[LoanPosition]:
    for i in range(n):
        yield LoanPosition(f"L{i:08d}", DAY, Decimal(90_000 + i), 0.04)


def peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loans", type=int, default=100_000)
    n: int = parser.parse_args().loans
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/book.db"
        environment = {**os.environ, "ECOPLEDGE_DATABASE_URL": url, "ECOPLEDGE_LOG_LEVEL": "error"}
        environment["ECOPLEDGE_LISTEN_ADDRESS"] = "127.0.0.1:0"
        server = subprocess.Popen(
            [sys.executable, "-m", "services.loans"], env=environment, stdout=subprocess.PIPE, text=True
        )
        try:
            assert server.stdout is not None
            address = json.loads(server.stdout.readline())["address"]
            print(f"{n:,} loans and as many positions, server at start {peak_mb(server.pid):.0f} MB")
            with open_channel(address, institution_id=INSTITUTION) as channel:
                client = ImportClient(channel)
                calls: dict[str, Callable[[], PutCounts]] = {
                    "loans": lambda: client.import_loans(DAY, loans(n)),
                    "the same loans again": lambda: client.import_loans(DAY, loans(n)),
                    "positions": lambda: client.import_positions(positions(n)),
                }
                for name, call in calls.items():
                    begun = time.perf_counter()
                    counts = call()
                    seconds = time.perf_counter() - begun
                    print(
                        f"  {name:22s} {seconds:7.1f} s {n / seconds:10,.0f} rows/s  server peak "
                        f"{peak_mb(server.pid):6.0f} MB  {counts}",
                        flush=True,
                    )
        finally:
            server.terminate()
            server.wait()
        size_mb = Path(folder, "book.db").stat().st_size / 1e6
        with reading(make_engine(url)) as connection:
            store = SqlLoanStore(connection, INSTITUTION)
            reads: dict[str, Callable[[], Sized]] = {
                "loans as columns": lambda: store.loan_columns_in_force(DAY),
                "loans as values": lambda: store.loans_in_force(DAY),
                "positions as values": lambda: store.positions_in_force(DAY),
            }
            for name, read in reads.items():
                begun, used = time.perf_counter(), time.process_time()
                n_read = len(read())
                print(
                    f"  {name:22s} {time.perf_counter() - begun:7.1f} s {time.process_time() - used:7.1f} CPU s  "
                    f"{n_read:,} read"
                )
        print(f"  database {size_mb:,.0f} MB")


if __name__ == "__main__":
    main()
