"""A refresh of many pledges: wall time after Prefect has started, and how much of it is the flow's own.

Run `python benchmarks/bench_flows.py`. A folder of water permits is made, each pledged to a loan of its own; services
and Prefect's server run in processes of their own. "Own" is the time outside calls of the services: reading and
checking the folder, Prefect, reports. The second run finds everything valued; the third finds one permit in a hundred
changed.
"""

# Prefect reads its settings when it is imported.
# ruff: noqa: PLC0415

import csv
import datetime as dt
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from cli.connection import own_services

SIZES = (10_000, 20_000)
TARGET_S = 60.0
TARGET_GROWTH = 2.2
AS_OF = dt.date(2026, 8, 21)
EXAMPLE = Path(__file__).resolve().parents[1] / "data" / "example_accounts"
CHANGED_EVERY = 100


class Timed:
    """A client whose calls are timed."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)

        def timed(*arguments: Any, **options: Any) -> Any:
            began = time.perf_counter()
            try:
                answer = call(*arguments, **options)
                # A listing is read as it comes; its time is the service's.
                return list(answer) if name in {"list_loans", "events"} else answer
            finally:
                self.seconds += time.perf_counter() - began

        return timed


def write_folder(folder: Path, n: int, *, changed: bool = False) -> None:
    """An accounts folder with n water permits, each pledged to the loan of its own number."""
    folder.mkdir()
    for name in ("gep_account.csv", "forest_inventory.csv"):
        shutil.copy(EXAMPLE / name, folder / name)
    permits = [
        {
            "permit_id": f"W{i}", "place": "民乐县",
            "volume_m3_per_year": 20_000 + i + (changed and i % CHANGED_EVERY == 0),
            "expires_on": f"20{31 + i % 5}-08-21", "price_cny_per_m3": 0.15, "source": "benchmark",
        }
        for i in range(n)
    ]  # fmt: skip
    pledges = [
        {
            "asset_id": f"A{i}", "kind": "water_right", "name": f"permit {i}", "place": "民乐县",
            "reference": f"W{i}", "loan_id": f"L{i}", "pledged_share": 1, "source": "benchmark",
        }
        for i in range(n)
    ]  # fmt: skip
    for name, rows in (("water_account.csv", permits), ("pledges.csv", pledges)):
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            lines = csv.DictWriter(file, list(rows[0]))
            lines.writeheader()
            lines.writerows(rows)


def put_loans(address: str, n: int) -> None:
    """The loans L0 to L<n - 1>."""
    from services.loans.client import LoansClient
    from services.loans.loan import Loan, RepaymentKind, RepaymentTerms
    from services.runtime.channel import open_channel

    terms = RepaymentTerms(Decimal(100_000), AS_OF, 36, 0.0415, RepaymentKind.EQUAL_INSTALMENT)
    loans = [Loan(f"L{i}", f"B{i}", "", "", "", "", terms, 0.02, 0.15, 0.45) for i in range(n)]
    with open_channel(address, institution_id="demo") as channel:
        LoansClient(channel).put_loans(AS_OF, loans, request_id="bench")


def refresh(folder: Path, out: Path, address: str) -> tuple[float, float, Any]:
    """Wall seconds, seconds within service calls, and the summary of one refresh inside a Prefect flow."""
    from prefect import flow

    from flows.refresh.flow import compose
    from flows.refresh.request import RefreshRequest
    from flows.service_ports import Services, Targets, connect_services

    timed: list[Timed] = []

    @contextmanager
    def connect(targets: Targets) -> Iterator[Services]:
        with connect_services(targets) as services:
            timed.extend(map(Timed, (services.valuation, services.loans, services.pledges)))
            yield Services(*timed)

    request = RefreshRequest(folder, AS_OF, out, "demo")

    @flow(name="bench-refresh", persist_result=False)
    def run() -> Any:
        return compose(request, Targets(address, address, "demo"), connect)

    began = time.perf_counter()
    summary = run()
    return time.perf_counter() - began, sum(client.seconds for client in timed), summary


def measure(n: int, home: Path) -> float:
    """Print the three refreshes of n pledges; the first one's wall time."""
    os.environ["ECOPLEDGE_DATABASE_URL"] = f"sqlite:///{home}/bench-{n}.db"
    with own_services(("valuation", "loans")) as address:
        put_loans(address, n)
        write_folder(home / f"first-{n}", n)
        write_folder(home / f"changed-{n}", n, changed=True)
        runs = {}
        for name, folder in (("all new", "first"), ("nothing changed", "first"), ("1 % changed", "changed")):
            wall, within, summary = refresh(home / f"{folder}-{n}", home / f"out-{n}", address)
            runs[name] = wall
            print(
                f"{n:7,d} {name:16s} {wall:8.1f} {within:10.1f} {wall - within:8.1f} "
                f"{summary.valued - summary.reused:9,d} {summary.collateral_updated + summary.collateral_created:9,d}"
            )
        return runs["all new"]


def main() -> None:
    from flows.prefect_environment import prepare_prefect

    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        prepare_prefect(home=home / "prefect")
        from flows.prefect_server import prefect_server

        began = time.perf_counter()
        with prefect_server(home / "prefect") as api:
            os.environ["PREFECT_API_URL"] = api
            print(f"Prefect's server ready after {time.perf_counter() - began:.1f} s (not counted below)")
            print(
                f"{'pledges':>7s} {'run':16s} {'wall s':>8s} {'services s':>10s} {'own s':>8s} "
                f"{'valued':>9s} {'pushed':>9s}"
            )
            first, second = (measure(n, home) for n in SIZES)
    print(
        f"{SIZES[0]:,} pledges: {first:.1f} s, target {TARGET_S:.0f} s; "
        f"twice as many: x {second / first:.2f}, target {TARGET_GROWTH}"
    )


if __name__ == "__main__":
    main()
