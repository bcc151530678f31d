"""The valuation service on loopback, on each database, as one bank sees it."""

from collections.abc import Iterator

import grpc
import pytest
import sqlalchemy as sa

from services.runtime.channel import open_channel
from services.runtime.server import build_server
from services.runtime.settings import load_settings
from services.valuation.__main__ import registration
from services.valuation.client import ValuationClient


@pytest.fixture
def channel(engine: sa.Engine) -> Iterator[grpc.Channel]:
    settings = load_settings(listen_address="127.0.0.1:0", log_level="error")
    with (
        build_server(settings, [registration(engine)]) as server,
        open_channel(server.address, institution_id="bank") as opened,
    ):
        yield opened


@pytest.fixture
def client(channel: grpc.Channel) -> ValuationClient:
    return ValuationClient(channel)
