import dataclasses
import datetime as dt
import time

import pytest
import sqlalchemy as sa

from services.runtime.database import transaction
from services.runtime.errors import Conflict, NotFound
from services.valuation.asset import Asset
from services.valuation.catalogue.catalogue import read_catalogue
from services.valuation.engine import ValuationEngine
from services.valuation.prepared_market import PreparedMarket
from services.valuation.repository import (
    SqlValuationRepository,
    snapshots_table,
    upgrade_valuation,
    valuations_table,
)
from services.valuation.standard_market import read_standard_snapshot
from services.valuation.valuation import Simulation, Valuation
from tests.services.valuation.valuation_cases import mixed

STANDARD = read_standard_snapshot()
OTHER = dataclasses.replace(STANDARD, snapshot_id="other")
MARKET = PreparedMarket.of(STANDARD)
ENGINE = ValuationEngine(read_catalogue())


@pytest.fixture
def repository(engine: sa.Engine) -> SqlValuationRepository:
    upgrade_valuation(engine)
    return SqlValuationRepository(engine, STANDARD)


def values(n: int, batch_id: str) -> list[tuple[Asset, Valuation]]:
    assets = mixed(n)
    outcomes = ENGINE.value(
        assets, MARKET, Simulation(n_paths=256), STANDARD.as_of, explain=True, batch_id=batch_id
    )
    return [
        (asset, outcome)
        for asset, outcome in zip(assets, outcomes, strict=True)
        if isinstance(outcome, Valuation)
    ]


def add(
    engine: sa.Engine, repository: SqlValuationRepository, n: int, batch: str, institution: str = "bank"
) -> list[tuple[Asset, Valuation]]:
    valued = values(n, batch)
    with transaction(engine) as connection:
        repository.add_valuations(connection, institution, f"request-{batch}", valued)
    return valued


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("table", [snapshots_table, valuations_table])
def test_the_migration_makes_the_tables_that_the_code_uses(engine: sa.Engine, table: sa.Table) -> None:
    found = sa.inspect(engine).get_columns(table.name)
    assert {(column["name"], column["nullable"]) for column in found} == {
        (column.name, column.nullable) for column in table.columns
    }
    key = sa.inspect(engine).get_pk_constraint(table.name)["constrained_columns"]
    assert key == [column.name for column in table.primary_key]


def test_a_valuation_comes_back_to_the_last_bit(
    engine: sa.Engine, repository: SqlValuationRepository
) -> None:
    for asset, valuation in add(engine, repository, 18, "b"):
        stored = repository.valuation("bank", valuation.valuation_id)
        assert stored.asset == asset
        assert repr(stored.valuation) == repr(valuation)
    of_request = repository.valuations_of("bank", "request-b")
    assert len(of_request) == 18
    assert repository.valuations_of("bank", "request-c") == {}


def test_nobody_sees_the_rows_of_another_institution(
    engine: sa.Engine, repository: SqlValuationRepository
) -> None:
    [(_, valuation)] = add(engine, repository, 1, "b")
    with pytest.raises(NotFound, match=valuation.valuation_id):
        repository.valuation("other-bank", valuation.valuation_id)
    assert repository.valuations("other-bank").valuations == ()
    assert repository.valuations_of("other-bank", "request-b") == {}
    with transaction(engine) as connection:
        repository.put_market(connection, "bank", OTHER)
    assert repository.market("bank", "other").snapshot == OTHER
    with pytest.raises(NotFound, match="other"):
        repository.market("other-bank", "other")


def test_pages_hold_every_valuation_once_newest_first(
    engine: sa.Engine, repository: SqlValuationRepository
) -> None:
    expected = [[v.valuation_id for _, v in add(engine, repository, 7, batch)] for batch in "abc"]
    found, after = [], None
    while True:
        page = repository.valuations("bank", page_size=4, after=after)
        found += [summary.valuation_id for summary in page.valuations]
        after = page.next_key
        if after is None:
            break
        assert len(page.valuations) == 4
    assert found == [valuation_id for batch in reversed(expected) for valuation_id in reversed(batch)]
    by_asset = repository.valuations("bank", asset_id="asset-3")
    assert [summary.valuation_id for summary in by_asset.valuations] == ["c-00003", "b-00003", "a-00003"]


def test_a_list_says_what_was_known_when(engine: sa.Engine, repository: SqlValuationRepository) -> None:
    add(engine, repository, 2, "a")
    time.sleep(0.002)
    between = dt.datetime.now(dt.UTC)
    time.sleep(0.002)
    add(engine, repository, 2, "b")
    then = repository.valuations("bank", known_at=between)
    assert [summary.valuation_id for summary in then.valuations] == ["a-00001", "a-00000"]
    assert len(repository.valuations("bank").valuations) == 4
    assert all(summary.recorded_at <= between for summary in then.valuations)
    exactly = then.valuations[0].recorded_at
    assert len(repository.valuations("bank", known_at=exactly).valuations) == 2


def test_a_snapshot_is_never_replaced(engine: sa.Engine, repository: SqlValuationRepository) -> None:
    for _ in range(2):
        with transaction(engine) as connection:
            repository.put_market(connection, "bank", OTHER)
    changed = dataclasses.replace(OTHER, as_of=OTHER.as_of + dt.timedelta(days=1))
    with pytest.raises(Conflict, match="other content"), transaction(engine) as connection:
        repository.put_market(connection, "bank", changed)
    with transaction(engine) as connection:  # its id is free for another institution
        repository.put_market(connection, "other-bank", changed)
    assert repository.market("bank", "other").snapshot == OTHER
    assert repository.market("other-bank", "other").snapshot == changed
    assert repository.market("bank", "other").content_hash == OTHER.content_hash()


def test_the_standard_snapshot_is_there_and_keeps_its_id(
    engine: sa.Engine, repository: SqlValuationRepository
) -> None:
    assert repository.market("bank", "").snapshot == STANDARD
    assert repository.market("bank", STANDARD.snapshot_id).snapshot == STANDARD
    with transaction(engine) as connection:
        repository.put_market(connection, "bank", STANDARD)
    changed = dataclasses.replace(STANDARD, as_of=STANDARD.as_of + dt.timedelta(days=1))
    with pytest.raises(Conflict), transaction(engine) as connection:
        repository.put_market(connection, "bank", changed)
