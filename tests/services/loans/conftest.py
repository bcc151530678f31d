"""A small book of made-up loans, a store on each database, and a real server in the process."""

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import grpc
import numpy as np
import pytest
import sqlalchemy as sa

from quant.schedules import CollateralTerms, ExposureSchedule
from services.loans.__main__ import MIGRATIONS, VERSION_TABLE, registration
from services.loans.client import LoansClient
from services.loans.collateral import Collateral
from services.loans.loan import Loan, RepaymentKind, RepaymentTerms
from services.runtime.channel import open_channel
from services.runtime.market import (
    CurvePoint,
    Evidence,
    MarketSnapshot,
    QuotedCorrelation,
    QuotedFactor,
    Source,
)
from services.runtime.migrate import upgrade
from services.runtime.server import RunningServer, build_server
from services.runtime.settings import load_settings

DAY = dt.date(2026, 6, 30)


@pytest.fixture
def loan() -> Callable[..., Loan]:
    def make(loan_id: str = "L1", **changes: Any) -> Loan:
        terms = RepaymentTerms(
            Decimal("1000000.00"), dt.date(2026, 1, 15), 36, 0.045, RepaymentKind.EQUAL_INSTALMENT
        )
        given: dict[str, Any] = {
            "borrower_id": f"B-{loan_id}",
            "name": "甘州区节水贷款",
            "county": "甘州区",
            "industry": "农业",
            "product": "water_right",
            "terms": terms,
            "default_probability_annual": 0.05,
            "asset_correlation": 0.2,
            "unsecured_lgd": 0.6,
        }
        return Loan(loan_id=loan_id, **(given | changes))

    return make


@pytest.fixture
def collateral() -> Callable[..., Collateral]:
    def make(collateral_id: str = "C1", loan_id: str = "L1", **changes: Any) -> Collateral:
        schedule = ExposureSchedule(
            f"asset-{collateral_id}",
            np.arange(1.0, 6.0),
            ("water_price",) * 5,
            np.full(5, 200_000.0),
            ("用水收入",) * 5,
            CollateralTerms(risk_premium_annual=0.02, quantity_cv=0.2, disposal_cost=0.05),
        )
        given: dict[str, Any] = {"schedule": schedule, "valuation_date": DAY, "snapshot_id": "S1"}
        return Collateral(collateral_id, loan_id, **(given | changes))

    return make


@pytest.fixture
def snapshot() -> MarketSnapshot:
    source = Source("all", Evidence.ASSUMPTION, "assumption of the tests")
    return MarketSnapshot(
        "S1",
        DAY,
        (
            QuotedFactor(
                "credit_cycle", 1.0, "1", "信用周期", "credit cycle", (source,),
                mean_reversion_annual=0.5, volatility_annual=1.0,
            ),
            QuotedFactor(
                "water_price", 0.8, "CNY/m3", "水价", "water price", (source,), volatility_annual=0.3
            ),
        ),
        (),
        (QuotedCorrelation("credit_cycle", "water_price", 0.6, source),),
        (CurvePoint(1.0, 0.02, source), CurvePoint(5.0, 0.025, source)),
    )  # fmt: skip


@pytest.fixture
def loans_engine(engine: sa.Engine) -> sa.Engine:
    upgrade(engine, MIGRATIONS, VERSION_TABLE)
    return engine


@pytest.fixture
def server(engine: sa.Engine) -> Iterator[RunningServer]:
    settings = load_settings(listen_address="127.0.0.1:0", log_level="error")
    with build_server(settings, [registration(engine)]) as running:
        yield running


@pytest.fixture
def channel(server: RunningServer) -> Iterator[grpc.Channel]:
    with open_channel(server.address, institution_id="bank-a", timeout_s=60.0) as opened:
        yield opened


@pytest.fixture
def client(channel: grpc.Channel) -> LoansClient:
    return LoansClient(channel)
