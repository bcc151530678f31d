"""Real services in this process for grids of scenarios: a small book of loans, the fund, and who simulates."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import grpc
import numpy as np

from quant.schedules import CollateralTerms, ExposureSchedule
from services.fund import __main__ as fund_main
from services.fund.client import FundClient
from services.loans import __main__ as loans_main
from services.loans.client import LoansClient
from services.loans.collateral import Collateral
from services.loans.loan import IndexWeight, Loan, RepaymentKind, RepaymentTerms
from services.loans.simulation.client import BookStressClient
from services.runtime.channel import open_channel
from services.runtime.database import make_engine
from services.runtime.market import MarketSnapshot
from services.runtime.migrate import upgrade_runtime
from services.runtime.server import build_server
from services.runtime.settings import load_settings
from services.runtime.workers.port import PathWorkers
from services.valuation import __main__ as valuation_main
from services.valuation.standard_market import read_standard_snapshot

INSTITUTION = "grid-test"
DAY = dt.date(2026, 8, 21)
PRODUCTS = {"water_right": "inflow.yingluoxia", "forest_carbon": "ccer_price"}
COUNTIES = ("甘州区", "肃南县")


@dataclass(frozen=True)
class ScenarioServices:
    """Clients of services that run, and the market."""

    address: str
    channel: grpc.Channel
    market: MarketSnapshot

    @property
    def fund(self) -> FundClient:
        return FundClient(self.channel)

    @property
    def loans(self) -> LoansClient:
        return LoansClient(self.channel)

    @property
    def stresser(self) -> BookStressClient:
        return BookStressClient(self.channel)


@contextmanager
def scenario_services(folder: Path, workers: PathWorkers | None = None) -> Iterator[ScenarioServices]:
    """All services on one server, on a SQLite file in the folder that is filled at the first time."""
    path = folder / "scenarios.db"
    is_new = not path.exists()
    engine = make_engine(f"sqlite:///{path}", sqlite_synchronous="NORMAL", wait_s=20.0)
    upgrade_runtime(engine)
    settings = load_settings(listen_address="127.0.0.1:0", log_level="error")
    registrations = [
        valuation_main.registration(engine),
        loans_main.registration(engine, workers),
        fund_main.registration(engine, workers),
    ]
    with (
        build_server(settings, registrations) as server,
        open_channel(server.address, institution_id=INSTITUTION) as channel,
    ):
        running = ScenarioServices(server.address, channel, read_standard_snapshot())
        if is_new:
            _fill(running.loans)
        yield running
    engine.dispose()


def _fill(client: LoansClient) -> None:
    """Twenty loans, half on water and half on carbon, in two counties; every figure is the test's own."""
    loans, pledges = [], []
    for i in range(20):
        product = list(PRODUCTS)[i % 2]
        terms = RepaymentTerms(Decimal(1_000_000), DAY, 60, 0.0415, RepaymentKind.EQUAL_INSTALMENT)
        index = (IndexWeight("credit_cycle", 0.6), IndexWeight(PRODUCTS[product], 0.4))
        loans.append(
            Loan(
                f"L{i:02d}", f"B{i:02d}", "", COUNTIES[i % 4 // 2], "", product, terms, 0.04, 0.2, 0.6,
                index_weights=index,
            )
        )  # fmt: skip
        schedule = ExposureSchedule(
            f"A{i:02d}", np.arange(1.0, 8.0), ("water_price" if i % 2 == 0 else "ccer_price",) * 7,
            np.full(7, 800_000.0 if i % 2 == 0 else 3_000.0), ("",) * 7, CollateralTerms(quantity_cv=0.2),
        )  # fmt: skip
        pledges.append(Collateral(f"C{i:02d}", f"L{i:02d}", schedule, DAY, "standard"))
    client.put_loans(DAY, loans, request_id="loans-of-the-grid")
    client.put_collateral(pledges, request_id="pledges-of-the-grid")
