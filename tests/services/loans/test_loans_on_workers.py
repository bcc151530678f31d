"""The book simulated in ranges by others than the server's threads: no figure changes by a bit."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from services.loans.__main__ import registration
from services.loans.client import LoansClient
from services.loans.collateral import Collateral
from services.loans.loan import IndexWeight, Loan
from services.loans.portfolio import PortfolioQuestion, Sampling
from services.loans.simulation.client import BookStressClient
from services.loans.simulation.stress import StressQuestion
from services.runtime.channel import open_channel
from services.runtime.evidence import Evidence, Source
from services.runtime.market import MarketSnapshot
from services.runtime.scenarios.scenario import LevelShock, Scenario
from services.runtime.server import build_server
from services.runtime.settings import load_settings
from tests.services.loans.conftest import DAY
from tests.services.runtime.path_cases import RangesHere

CRASH = Scenario(
    "crash", "水价腰斩", "half", (Source("all", Evidence.ASSUMPTION, "a test"),),
    levels=(LevelShock("water_price", 0.5),),
)  # fmt: skip
ON_WATER = (IndexWeight("credit_cycle", 1.0), IndexWeight("water_price", 1.0))


def answers(engine: sa.Engine, snapshot: MarketSnapshot, workers: RangesHere | None) -> tuple[Any, Any]:
    """A simulation with a compensation fund that is used up, and a stress test."""
    settings = load_settings(listen_address="127.0.0.1:0", log_level="error")
    with (
        build_server(settings, [registration(engine, workers)]) as server,
        open_channel(server.address, institution_id="bank") as channel,
    ):
        loss = LoansClient(channel).simulate_portfolio(
            snapshot, n_paths=1_500, n_quarters=6, sampling=Sampling.TOWARDS_TAIL, fund_cap_cny=100_000.0
        )
        stress = BookStressClient(channel).stress(
            StressQuestion(PortfolioQuestion(snapshot, n_paths=1_500, n_quarters=6), scenarios=(CRASH,))
        )
    return loss, stress


@pytest.fixture
def filled(engine: sa.Engine, loan: Callable[..., Loan], collateral: Callable[..., Collateral]) -> sa.Engine:
    settings = load_settings(listen_address="127.0.0.1:0", log_level="error")
    with (
        build_server(settings, [registration(engine)]) as server,
        open_channel(server.address, institution_id="bank") as channel,
    ):
        client = LoansClient(channel)
        numbers = [f"L{i}" for i in range(12)]
        client.put_loans(
            DAY, [loan(number, index_weights=ON_WATER, compensation_share=0.5) for number in numbers]
        )
        client.put_collateral([collateral(f"C{number}", number) for number in numbers])
    return engine


def test_ranges_change_no_bit(filled: sa.Engine, snapshot: MarketSnapshot) -> None:
    expected = answers(filled, snapshot, None)
    assert expected[0].fund.exhausted_probability > 0.0
    for n_ranges in (1, 2, 3):
        workers = RangesHere(n_ranges)
        assert repr(answers(filled, snapshot, workers)) == repr(expected)
        assert len(workers.ranges) == n_ranges
