"""Stored valuations are found by their inputs: any change of one asks for a new valuation, nothing else does."""

import dataclasses
import datetime as dt

import pytest
import sqlalchemy as sa

from services.runtime.channel import open_channel
from services.runtime.errors import NotFound
from services.runtime.server import build_server
from services.runtime.settings import load_settings
from services.valuation.__main__ import registration
from services.valuation.asset import TermsOverride
from services.valuation.client import ValuationClient
from services.valuation.standard_market import read_standard_snapshot
from services.valuation.valuation import Simulation, Valuation
from tests.services.valuation.valuation_cases import asset, mixed

SIMULATION = Simulation(n_paths=256)
STANDARD = read_standard_snapshot()


def test_what_was_stored_is_found_to_the_last_bit(client: ValuationClient) -> None:
    many = mixed(18)
    stored = client.value_assets(many[::2], simulation=SIMULATION, request_id="r1")
    found = client.find_valuations(many, simulation=SIMULATION)
    assert [repr(item) for item in found[::2]] == [repr(item) for item in stored]
    assert found[1::2] == [None] * 9


def test_nothing_is_found_that_was_not_stored(client: ValuationClient) -> None:
    client.value_assets([asset()], simulation=SIMULATION)
    assert client.find_valuations([asset()], simulation=SIMULATION) == [None]


def test_any_other_input_is_another_valuation(client: ValuationClient) -> None:
    client.value_assets([asset()], simulation=SIMULATION, request_id="r1")
    other_asset = dataclasses.replace(asset(), terms=TermsOverride(quantity_cv=0.3))
    assert client.find_valuations([other_asset], simulation=SIMULATION) == [None]
    assert client.find_valuations([asset()], simulation=Simulation(n_paths=512)) == [None]
    assert client.find_valuations([asset()], simulation=dataclasses.replace(SIMULATION, seed=1)) == [None]
    later = STANDARD.as_of + dt.timedelta(days=1)
    assert client.find_valuations([asset()], simulation=SIMULATION, valuation_date=later) == [None]
    assert client.find_valuations([asset()], simulation=SIMULATION, explain=True) == [None]


def test_another_market_is_another_valuation(client: ValuationClient) -> None:
    client.value_assets([asset()], simulation=SIMULATION, request_id="r1")
    client.put_market_snapshot(dataclasses.replace(STANDARD, snapshot_id="other"), request_id="m")
    assert client.find_valuations([asset()], simulation=SIMULATION, snapshot_id="other") == [None]
    with pytest.raises(NotFound):
        client.find_valuations([asset()], snapshot_id="unknown")


def test_another_institution_finds_nothing(engine: sa.Engine) -> None:
    settings = load_settings(listen_address="127.0.0.1:0", log_level="error")
    with build_server(settings, [registration(engine)]) as server:
        with open_channel(server.address, institution_id="bank") as channel:
            ValuationClient(channel).value_assets([asset()], simulation=SIMULATION, request_id="r1")
        with open_channel(server.address, institution_id="other") as channel:
            assert ValuationClient(channel).find_valuations([asset()], simulation=SIMULATION) == [None]


def test_of_two_the_newest_is_found(client: ValuationClient) -> None:
    for request_id in ("r1", "r2"):
        [last] = client.value_assets([asset()], simulation=SIMULATION, request_id=request_id)
    [found] = client.find_valuations([asset()], simulation=SIMULATION)
    assert isinstance(last, Valuation)
    assert found is not None
    assert found.valuation_id == last.valuation_id


def test_a_wrong_asset_has_none(client: ValuationClient) -> None:
    wrong = dataclasses.replace(asset(), asset_id="")
    client.value_assets([asset()], simulation=SIMULATION, request_id="r1")
    found = client.find_valuations([wrong, asset()], simulation=SIMULATION)
    assert found[0] is None
    assert found[1] is not None
