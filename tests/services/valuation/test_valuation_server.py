import dataclasses
import datetime as dt
import math
import threading
from typing import Any

import grpc
import pytest
import sqlalchemy as sa

from ecopledge.valuation.v1 import valuation_pb2, valuation_pb2_grpc
from services.runtime.channel import calling
from services.runtime.database import transaction
from services.runtime.errors import Conflict, FailedPrecondition, InvalidInput, NotFound
from services.valuation.asset import Asset, WaterRight
from services.valuation.client import ValuationClient
from services.valuation.lending.loan_price import LoanPricing
from services.valuation.repository import valuations_table
from services.valuation.standard_market import read_standard_snapshot
from services.valuation.stored_form import valuation_to_json
from services.valuation.translate.asset import asset_to_wire
from services.valuation.valuation import Failure, LimitRule, LoanTerms, Simulation, Valuation
from tests.services.valuation.valuation_cases import asset, mixed, plain

SIMULATION = Simulation(n_paths=512)
STANDARD = read_standard_snapshot()


def n_stored(engine: sa.Engine) -> int:
    with transaction(engine) as connection:
        query = (
            sa.select(sa.func.count())
            .select_from(valuations_table)
            .where(valuations_table.c.institution_id == "bank")
        )
        return int(connection.scalar(query) or 0)


def stored_one(client: ValuationClient, request_id: str = "r1") -> Valuation:
    [outcome] = client.value_assets([asset()], simulation=SIMULATION, request_id=request_id, explain=True)
    assert isinstance(outcome, Valuation)
    return outcome


def test_assets_of_every_kind_go_from_client_to_store_and_back(client: ValuationClient) -> None:
    many = mixed(18)
    outcomes = client.value_assets(many, simulation=SIMULATION, request_id="r1", explain=True)
    for given, outcome in zip(many, outcomes, strict=True):
        assert isinstance(outcome, Valuation)
        assert outcome.asset_id == given.asset_id
        assert outcome.valuation_date == STANDARD.as_of
        stored = client.get_valuation(outcome.valuation_id)
        assert stored.asset == given
        assert repr(stored.valuation) == repr(outcome)
    assert len(list(client.all_valuations())) == 18


def test_every_stored_valuation_replays_to_the_last_bit(client: ValuationClient) -> None:
    simulation = Simulation(512, 42, 2.5, 0.98)
    outcomes = client.value_assets(mixed(18), simulation=simulation, request_id="r1")
    for outcome in outcomes:
        assert isinstance(outcome, Valuation)
        replay = client.replay_valuation(outcome.valuation_id)
        assert replay.identical
        assert replay.differences == ()
        assert repr(replay.recomputed) == repr(outcome)


def _overwrite(engine: sa.Engine, valuation: Valuation) -> None:
    """What nobody may do: change what is stored."""
    with transaction(engine) as connection:
        connection.execute(
            sa.update(valuations_table)
            .where(
                valuations_table.c.institution_id == "bank",
                valuations_table.c.valuation_id == valuation.valuation_id,
            )
            .values(valuation=valuation_to_json(valuation))
        )


def test_replay_names_a_figure_that_differs_in_one_bit(client: ValuationClient, engine: sa.Engine) -> None:
    found = stored_one(client)
    moved = float.fromhex(found.value_cny.hex()) * (1.0 + 2.0**-52)
    _overwrite(engine, dataclasses.replace(found, value_cny=moved))
    replay = client.replay_valuation(found.valuation_id)
    assert not replay.identical
    assert replay.differences == (f"value_cny: stored {moved!r}, recomputed {found.value_cny!r}",)


@pytest.mark.parametrize(
    ("field", "word"),
    [("engine_version", "engine version"), ("catalogue_hash", "catalogue"), ("snapshot_hash", "snapshot")],
)
def test_replay_says_what_has_changed_since(
    client: ValuationClient, engine: sa.Engine, field: str, word: str
) -> None:
    found = stored_one(client)
    change: dict[str, Any] = {field: "of-before"}
    manifest = dataclasses.replace(found.manifest, **change)
    _overwrite(engine, dataclasses.replace(found, manifest=manifest))
    with pytest.raises(FailedPrecondition, match=word):
        client.replay_valuation(found.valuation_id)


def test_a_preview_stores_nothing(client: ValuationClient, engine: sa.Engine) -> None:
    [outcome] = client.value_assets([asset()], simulation=SIMULATION)
    assert isinstance(outcome, Valuation)
    assert outcome.valuation_id == ""
    assert n_stored(engine) == 0


def test_a_repeated_request_gets_the_first_answer_and_stores_once(
    client: ValuationClient, engine: sa.Engine
) -> None:
    bad = dataclasses.replace(plain(asset_id="bad"), name="")
    many = [*mixed(9), dataclasses.replace(bad, detail=dataclasses.replace(plain().detail, renewals=99))]  # type: ignore[arg-type]  # a water right
    first = client.value_assets(many, simulation=SIMULATION, request_id="r1", explain=True)
    again = client.value_assets(many, simulation=SIMULATION, request_id="r1", explain=True)
    assert repr(again) == repr(first)
    assert isinstance(first[-1], Failure)
    assert n_stored(engine) == 9
    with pytest.raises(Conflict, match="r1"):
        client.value_assets(many[:3], simulation=SIMULATION, request_id="r1")
    assert n_stored(engine) == 9


def test_the_same_request_sent_at_once_is_stored_once(client: ValuationClient, engine: sa.Engine) -> None:
    answers: list[str] = []
    threads = [threading.Thread(target=lambda: answers.append(repr(stored_one(client)))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 6
    assert len(set(answers)) == 1
    assert n_stored(engine) == 1


def test_a_wrong_asset_fails_alone_with_the_path_of_every_wrong_field(channel: grpc.Channel) -> None:
    stub = valuation_pb2_grpc.ValuationServiceStub(channel)
    messages = [asset_to_wire(plain("forest_tenure", f"asset-{i}")) for i in range(4)]
    messages[2].forest_tenure.area_ha = float("nan")
    messages[2].forest_tenure.years_to_harvest = -1.0
    messages[3].asset_id = "asset-0"
    response = stub.ValueAssets(
        valuation_pb2.ValueAssetsRequest(assets=messages, simulation=valuation_pb2.Simulation(n_paths=256))
    )
    assert [outcome.WhichOneof("outcome") for outcome in response.outcomes] == [
        "valuation", "valuation", "failure", "failure",
    ]  # fmt: skip
    client = ValuationClient(channel)
    wrong = dataclasses.replace(plain("forest_tenure"), asset_id="")
    [failure] = client.value_assets([wrong], simulation=SIMULATION)
    assert isinstance(failure, Failure)
    assert failure.code == "INVALID_ARGUMENT"
    assert [violation.field for violation in failure.violations] == ["assets[0].asset_id"]
    assert response.outcomes[2].failure.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert "forest_tenure.area_ha" in response.outcomes[2].failure.message


def test_a_pricer_refusal_names_the_place_of_the_asset(client: ValuationClient) -> None:
    right = plain("catalogued_right", "right")
    wrong = dataclasses.replace(right, detail=dataclasses.replace(right.detail, kind="moon_dust"))  # type: ignore[arg-type]  # a catalogued right
    _, failure = client.value_assets([plain(), wrong], simulation=SIMULATION)
    assert isinstance(failure, Failure)
    assert all(violation.field.startswith("assets[1].") for violation in failure.violations)
    assert "moon_dust" in failure.message
    with pytest.raises(InvalidInput) as error:
        client.size_loan(wrong, LoanTerms(3.0, 0.04))
    assert [violation.field for violation in error.value.violations] == ["asset.catalogued_right.kind"]


@pytest.mark.parametrize(
    ("request_fields", "paths"),
    [
        ({}, ["assets"]),
        ({"simulation": {"n_paths": 3, "confidence": 2.0}}, ["simulation.n_paths", "simulation.confidence"]),
        ({"valuation_date": {"year": 2026}}, ["valuation_date"]),
        ({"request_id": "x" * 65}, ["request_id"]),
    ],
)
def test_a_wrong_request_fails_the_call(
    channel: grpc.Channel, request_fields: dict[str, Any], paths: list[str]
) -> None:
    stub = valuation_pb2_grpc.ValuationServiceStub(channel)
    with pytest.raises(InvalidInput) as error, calling():
        stub.ValueAssets(valuation_pb2.ValueAssetsRequest(**request_fields))
    assert [violation.field for violation in error.value.violations] == paths


def test_a_date_before_the_snapshot_is_refused(client: ValuationClient) -> None:
    with pytest.raises(InvalidInput, match="valuation_date"):
        client.value_assets([plain()], valuation_date=STANDARD.as_of - dt.timedelta(days=1))
    [outcome] = client.value_assets([plain()], valuation_date=STANDARD.as_of + dt.timedelta(days=1))
    assert isinstance(outcome, Valuation)


def test_snapshots_are_put_once_and_used_by_their_id(client: ValuationClient) -> None:
    assert client.get_market_snapshot() == STANDARD
    other = dataclasses.replace(STANDARD, snapshot_id="spring", as_of=STANDARD.as_of + dt.timedelta(days=30))
    assert client.put_market_snapshot(other, request_id="s1") == other.content_hash()
    assert client.put_market_snapshot(other, request_id="s1") == other.content_hash()
    assert client.get_market_snapshot("spring") == other
    changed = dataclasses.replace(other, as_of=other.as_of + dt.timedelta(days=1))
    with pytest.raises(Conflict):
        client.put_market_snapshot(changed, request_id="s2")
    [outcome] = client.value_assets([plain()], snapshot_id="spring", simulation=SIMULATION, request_id="r1")
    assert isinstance(outcome, Valuation)
    assert outcome.manifest.snapshot_id == "spring"
    assert outcome.manifest.snapshot_hash == other.content_hash()
    assert client.replay_valuation(outcome.valuation_id).identical
    with pytest.raises(NotFound, match="autumn"):
        client.value_assets([plain()], snapshot_id="autumn")
    with pytest.raises(InvalidInput) as error:
        client.put_market_snapshot(other, request_id="")
    assert [violation.field for violation in error.value.violations] == ["request_id"]


def test_exposures_carry_rows_and_terms(client: ValuationClient) -> None:
    many = mixed(9)
    for given, schedule in zip(many, client.get_exposures(many), strict=True):
        assert not isinstance(schedule, Failure)
        assert schedule.asset_id == given.asset_id
        assert len(schedule) > 0
        [valuation] = client.value_assets([given], simulation=SIMULATION, explain=True)
        assert isinstance(valuation, Valuation)
        assert schedule.times_years.tolist() == [line.time_years for line in valuation.cash_flows]
        assert schedule.quantities.tolist() == [line.quantity for line in valuation.cash_flows]


def test_a_loan_is_sized_with_every_rule_that_applies(client: ValuationClient) -> None:
    terms = LoanTerms(
        5.0, 0.04, 1.0, requested_cny=1e9, project_cost_cny=5e6, project_equity_cny=1e6, product_cap_cny=3e6
    )
    sized = client.size_loan(asset("gep_revenue"), terms, simulation=SIMULATION)
    assert {limit.rule for limit in sized.limits} >= {
        LimitRule.PLEDGE_VALUE, LimitRule.DEBT_SERVICE, LimitRule.PROJECT_COST, LimitRule.PRODUCT_CAP,
    }  # fmt: skip
    assert sized.limit_cny == min(limit.limit_cny for limit in sized.limits)
    assert sized.requested_within_limit is False
    assert sized.valuation.cash_flows
    assert sized.valuation.sensitivities
    assert [year.year for year in sized.years] == [1, 2, 3, 4, 5]
    # The first year ends at the horizon of the valuation, the third at that of one with another horizon.
    assert sized.years[0].pledge_value_cny == pytest.approx(sized.valuation.pledge_value_cny, rel=1e-12)
    three = dataclasses.replace(SIMULATION, horizon_years=3.0)
    [later] = client.value_assets([asset("gep_revenue")], simulation=three)
    assert isinstance(later, Valuation)
    assert sized.years[2].pledge_value_cny == pytest.approx(later.pledge_value_cny, rel=1e-12)
    assert {change.rule for change in sized.changes_needed} == {limit.rule for limit in sized.limits}
    with pytest.raises(InvalidInput) as error:
        client.size_loan(asset(), LoanTerms(0.0, -1.0))
    assert [violation.field for violation in error.value.violations] == [
        "terms.tenor_years", "terms.rate_annual",
    ]  # fmt: skip


def test_the_rate_of_a_sized_loan_is_built_up_where_it_can_be(client: ValuationClient) -> None:
    terms = LoanTerms(3.0, 0.04)
    assert client.size_loan(asset(), terms, simulation=SIMULATION).rate is None
    nothing = dataclasses.replace(terms, product_cap_cny=0.0)
    assert client.size_loan(asset(), nothing, simulation=SIMULATION, pricing=LoanPricing(0.02)).rate is None
    sized = client.size_loan(asset(), terms, simulation=SIMULATION, pricing=LoanPricing(0.02))
    assert sized.rate is not None
    assert sized.rate.amount_cny == sized.limit_cny
    assert sized.rate.total_rate_annual == pytest.approx(
        sum(part.rate_annual for part in sized.rate.components)
    )
    less = dataclasses.replace(terms, requested_cny=sized.limit_cny / 4.0)
    smaller = client.size_loan(asset(), less, simulation=SIMULATION, pricing=LoanPricing(0.02))
    assert smaller.rate is not None
    assert smaller.rate.amount_cny == less.requested_cny
    codes = {caution.code for caution in sized.rate.cautions}
    level = all(year.dscr is None or year.dscr >= 1.0 for year in sized.years)
    assert ("PRICED_ON_CASH_SCHEDULE" in codes) is not level
    assert [year.debt_service_cny for year in sized.years_following_cash] != []
    # A smaller loan against the same pledge loses less at default.
    assert smaller.rate.lgd < sized.rate.lgd
    with pytest.raises(InvalidInput) as error:
        client.size_loan(asset(), terms, pricing=LoanPricing(2.0, correlation=-1.0))
    assert [found.field for found in error.value.violations] == ["pricing.pd_annual", "pricing.correlation"]


def test_a_smaller_loan_is_priced_on_the_instalments_that_its_own_cash_pays(client: ValuationClient) -> None:
    # At the limit two instalments exceed the low cash of two years; a fifth of it is paid several times over.
    terms = LoanTerms(2.0, 0.04, min_dscr=0.3, ltv_cap=1.0)
    whole = client.size_loan(asset(), terms, simulation=SIMULATION, pricing=LoanPricing(0.02))
    assert whole.rate is not None
    assert not any(year.is_covered for year in whole.years)
    assert "PRICED_ON_CASH_SCHEDULE" in {caution.code for caution in whole.rate.cautions}
    fifth = dataclasses.replace(terms, requested_cny=whole.limit_cny / 5.0)
    priced = client.size_loan(asset(), fifth, simulation=SIMULATION, pricing=LoanPricing(0.02)).rate
    assert priced is not None
    assert "PRICED_ON_CASH_SCHEDULE" not in {caution.code for caution in priced.cautions}
    # Level instalments at 4 %: 1.04 / 2.04 of the loan is owed after the first of two.
    first, second = (year.exposure_cny for year in priced.loss_years)
    assert second / first == pytest.approx(1.04 / 2.04, rel=1e-12)


def test_a_loan_that_outlasts_its_pledge_is_told(client: ValuationClient) -> None:
    """The water permit of the case ends after 8 years, renewals apart; the GEP right pays for 12."""
    for name, tenor, expected in (
        ("water_right", 8.0, False),
        ("water_right", 8.5, True),
        ("gep_revenue", 12.0, False),
        ("gep_revenue", 13.0, True),
    ):
        sized = client.size_loan(asset(name), LoanTerms(tenor, 0.04), simulation=SIMULATION)
        assert ("LOAN_OUTLASTS_RIGHT" in {caution.code for caution in sized.cautions}) is expected


def test_a_pledge_that_the_loss_of_its_right_empties_is_told_with_the_probability(
    client: ValuationClient,
) -> None:
    """At 1 % a year the right is lost with 4.88 % by year 5 and 5.82 % by year 6: the P5 falls to 0 in one of them."""
    long = WaterRight(2e6, 30.0, transferable_share=0.9, conveyance_efficiency=0.53)
    sized = client.size_loan(Asset("w", "", "", long), LoanTerms(10.0, 0.04), simulation=SIMULATION)
    zero = [year.year for year in sized.years if year.pledge_value_cny == 0.0]
    first = zero[0]
    assert first in (5, 6)
    assert zero == list(range(first, 11))
    [caution] = [found for found in sized.cautions if found.code == "PLEDGE_BELOW_DEBT"]
    assert f"From year {first} on" in caution.message_en
    assert f"{100.0 * (1.0 - math.exp(-0.01 * first)):.2f} %" in caution.message_en
    assert "PLEDGE_BELOW_DEBT" not in {found.code for found in sized.valuation.cautions}


def test_listing_pages_and_refuses_a_wrong_token(client: ValuationClient) -> None:
    client.value_assets(mixed(5), simulation=SIMULATION, request_id="r1")
    page = client.list_valuations(page_size=3)
    rest = client.list_valuations(page_size=3, page_token=page.next_page_token)
    assert len(page.valuations) + len(rest.valuations) == 5
    assert rest.next_page_token == ""
    assert page.valuations[0].recorded_at.tzinfo is not None
    for wrong in ("x", "eDp5", "LTE6eQ=="):
        with pytest.raises(InvalidInput) as error:
            client.list_valuations(page_token=wrong)
        assert [violation.field for violation in error.value.violations] == ["page_token"]
    with pytest.raises(InvalidInput) as error:
        client.list_valuations(page_size=0, known_at=dt.datetime(2026, 1, 1))  # noqa: DTZ001  # the wrong value meant
    assert [violation.field for violation in error.value.violations] == ["page_size", "known_at"]


def test_what_does_not_exist_is_not_found(client: ValuationClient) -> None:
    for call in (client.get_valuation, client.replay_valuation, client.get_market_snapshot):
        with pytest.raises(NotFound, match="nothing"):
            call("nothing")


@pytest.mark.parametrize(
    ("rpc", "fields"),
    [
        ("GetValuation", {"valuation_id": "\0"}),
        ("ReplayValuation", {"valuation_id": "\0"}),
        ("GetMarketSnapshot", {"snapshot_id": "\0"}),
        ("GetExposures", {"snapshot_id": "\0", "assets": [{"asset_id": "a"}]}),
    ],
)
def test_an_id_that_no_database_holds_is_no_fault_of_the_server(
    channel: grpc.Channel, rpc: str, fields: dict[str, Any]
) -> None:
    """SQLite finds nothing under a NUL character, PostgreSQL refuses to look."""
    stub = valuation_pb2_grpc.ValuationServiceStub(channel)
    with pytest.raises((NotFound, InvalidInput)), calling():
        getattr(stub, rpc)(getattr(valuation_pb2, f"{rpc}Request")(**fields))


def test_the_kinds_of_the_catalogue_are_listed_with_sources(client: ValuationClient) -> None:
    kinds = client.list_asset_kinds()
    assert len({kind.kind for kind in kinds}) == len(kinds) > 5
    for kind in kinds:
        assert kind.name_zh
        assert kind.sources
        assert 0.0 <= kind.ltv_cap <= 1.0
