"""Valuation over loopback gRPC: 10,000 mixed assets in one call, and the rate of calls about one asset.

Run `python benchmarks/bench_valuation.py`. The server is a process of its own with the interceptors, limits and
database of production; an empty handler on the same server shows what a call costs that does nothing.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import grpc
from google.protobuf.empty_pb2 import Empty

from ecopledge.valuation.v1 import valuation_pb2 as pb
from ecopledge.valuation.v1 import valuation_pb2_grpc
from services.runtime.channel import open_channel
from services.runtime.database import engine_from
from services.runtime.server import Registration, serve
from services.runtime.settings import load_settings
from services.valuation.__main__ import registration
from services.valuation.asset import (
    Asset,
    AssetDetail,
    CarbonAndTenure,
    CarbonInstrument,
    CarbonIssuance,
    CataloguedRight,
    ForestCarbonReceivable,
    ForestTenure,
    GepRevenueRight,
    ResidualIncome,
    ServiceIncome,
    VepProject,
    VepYear,
    WaterRight,
)
from services.valuation.client import ValuationClient
from services.valuation.translate.asset import asset_to_wire
from services.valuation.valuation import Valuation

ROOT = Path(__file__).resolve().parents[1]
EMPTY_SERVICE = "ecopledge.benchmark.Empty"
CALLER_THREADS = 4
ROUNDS = 5


def detail(i: int) -> AssetDetail:
    """One of seven kinds, with figures that differ from asset to asset and terms in whole years."""
    size, term = 1.0 + i % 97 / 10.0, 3.0 + i % 18
    issuance = CarbonIssuance(CarbonInstrument.CCER, 10.0 + i % 21, tonnes_per_year=1000.0 * size)
    tenure = ForestTenure(100.0 * size, 5.0 + i % 20, 180.0, 600.0)
    years = tuple(VepYear(k, 1e6 * size, 3e5) for k in range(1, int(term) + 1))
    kinds: tuple[AssetDetail, ...] = (
        WaterRight(1e5 * size, term, allocation_factor="allocation.heihe.irrigation"),
        WaterRight(1e5 * size, term, reliability=0.9, cost_cny_per_m3=0.02),
        ForestCarbonReceivable(issuance),
        tenure,
        CarbonAndTenure(tenure, issuance),
        GepRevenueRight((ServiceIncome("water_supply", 1e6 * size, 0.2, 1e4),), term),
        VepProject(term, ResidualIncome(years, "tourism_demand")),
        CataloguedRight("carbon_allowance", 1e4 * size, term),
    )  # fmt: skip
    return kinds[i % len(kinds)]


def assets(n: int) -> list[Asset]:
    """N assets of mixed kinds."""
    return [Asset(f"asset-{i:06d}", f"资产 {i}", "张掖", detail(i)) for i in range(n)]


def run_server(folder: str) -> None:
    """What the child process does: the real service and an empty one beside it."""
    settings = load_settings(
        listen_address="127.0.0.1:0",
        database_url=f"sqlite:///{folder}/bench.db",
        log_level="info",
        ready_path=Path(folder) / "ready",
    )
    engine = engine_from(settings)
    handler = grpc.unary_unary_rpc_method_handler(
        lambda _request, _context: Empty(), Empty.FromString, Empty.SerializeToString
    )
    generic = grpc.method_handlers_generic_handler(EMPTY_SERVICE, {"Call": handler})
    empty = Registration(EMPTY_SERVICE, lambda server: server.add_generic_rpc_handlers((generic,)))
    serve(settings, [registration(engine), empty])


@contextmanager
def served() -> Iterator[str]:
    """The address of a server in a process of its own."""
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("w") as log:
        command = [sys.executable, __file__, "--serve", folder]
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        try:
            ready = Path(folder) / "ready"
            while not ready.exists():
                assert process.poll() is None, (Path(folder) / "log").read_text()
                time.sleep(0.05)
            yield ready.read_text().split('"')[3]
        finally:
            process.terminate()
            process.wait()


def seconds(call: Callable[[], object]) -> float:
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def rate(call: Callable[[], object], span_s: float, n_threads: int) -> float:
    """Calls a second over a span, from some threads at once."""
    done = [0] * n_threads
    until = time.perf_counter() + span_s

    def keep_calling(slot: int) -> None:
        while time.perf_counter() < until:
            call()
            done[slot] += 1

    threads = [threading.Thread(target=keep_calling, args=(slot,)) for slot in range(n_threads)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - begin)


def bench_batch(channel: grpc.Channel, n: int) -> None:
    many = assets(n)
    client, stub = ValuationClient(channel), valuation_pb2_grpc.ValuationServiceStub(channel)
    outcomes = client.value_assets(many)
    bad = [outcome for outcome in outcomes if not isinstance(outcome, Valuation)]
    assert not bad, bad[0]
    request = pb.ValueAssetsRequest(assets=[asset_to_wire(asset) for asset in many])

    def stored() -> None:
        request.request_id = uuid.uuid4().hex
        stub.ValueAssets(request)
        request.request_id = ""

    rows: tuple[tuple[str, Callable[[], object]], ...] = (
        ("call, not stored", lambda: stub.ValueAssets(request)),
        ("call, stored", stored),
        ("typed client, not stored", lambda: client.value_assets(many)),
        ("typed client, stored", lambda: client.value_assets(many, request_id=uuid.uuid4().hex)),
    )
    print(f"\n{n} mixed assets in one call, 2,048 paths, best and worst of 3")
    for name, call in rows:
        times = [seconds(call) for _ in range(3)]
        print(f"  {name:<28} {min(times):6.2f} s  {max(times):6.2f} s")


def bench_unary(channel: grpc.Channel, span_s: float) -> None:
    stub = valuation_pb2_grpc.ValuationServiceStub(channel)
    call_empty = channel.unary_unary(f"/{EMPTY_SERVICE}/Call", Empty.SerializeToString, Empty.FromString)
    one = [asset_to_wire(asset) for asset in assets(8)]
    turn = iter(range(10**9))

    def value() -> None:
        stub.ValueAssets(pb.ValueAssetsRequest(assets=[one[next(turn) % len(one)]]))

    def store() -> None:
        request_id = uuid.uuid4().hex
        stub.ValueAssets(pb.ValueAssetsRequest(assets=[one[next(turn) % len(one)]], request_id=request_id))

    print(
        f"\ncalls a second about one asset, mean over the kinds; median of {ROUNDS} rounds in turn, {span_s:g} s each"
    )
    for n_threads in (1, CALLER_THREADS):
        calls: dict[str, Callable[[], object]] = {
            "empty handler": partial(call_empty, Empty()),
            "ValueAssets": value,
            "ValueAssets, stored": store,
        }
        rates: dict[str, list[float]] = {name: [] for name in calls}
        for round_ in range(ROUNDS + 1):
            for name, call in calls.items():
                measured = rate(call, span_s, n_threads)
                if round_ > 0:  # the first one warms up
                    rates[name].append(measured)
        for name, found in rates.items():
            ratio = statistics.median(a / b for a, b in zip(found, rates["empty handler"], strict=True))
            print(f"  {n_threads} callers  {name:<22} {statistics.median(found):8.0f}  ratio {ratio:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", metavar="FOLDER", help="used by the benchmark itself")
    parser.add_argument("--assets", type=int, default=10_000)
    parser.add_argument("--span", type=float, default=1.0, help="seconds of each rate measurement")
    arguments = parser.parse_args()
    if arguments.serve is not None:
        run_server(arguments.serve)
        return
    with served() as address, open_channel(address, institution_id="bench") as channel:
        bench_batch(channel, arguments.assets)
        bench_unary(channel, arguments.span)


if __name__ == "__main__":
    main()
