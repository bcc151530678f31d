"""The fund service end to end: a real server in the process, the client, both databases."""

import datetime as dt
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from google.type.money_pb2 import Money

from ecopledge.fund.v1 import fund_pb2 as pb
from ecopledge.fund.v1 import fund_pb2_grpc, terms_pb2, waterfall_pb2
from flows.pipeline.project_files import RESERVE_2026, read_projects
from quant.waterfall.steps import CarrySplit, CedeTier, GrassrootsShare
from services.fund.__main__ import registration
from services.fund.client import FundClient
from services.fund.fund_terms.terms import CedeExcess, FundTerms, PartnerClass, ReturnOfCapital
from services.fund.simulation.outcome import FundOutcome, FundSimulation
from services.fund.simulation.simulating import simulate
from services.fund.waterfall.result import FundCashFlow
from services.runtime.channel import calling, open_channel, receiving
from services.runtime.errors import Conflict, DeadlineExceeded, InvalidInput, NotFound
from services.runtime.results import Progress
from services.runtime.server import build_server
from services.runtime.settings import Settings
from tests.services.fund.fund_cases import EUROPEAN, investment, market, partner, project, terms

DATA = Path(__file__).parents[3] / "data"
DAY = dt.date(2026, 8, 21)


@pytest.fixture
def address(engine: sa.Engine) -> Iterator[str]:
    settings = Settings(listen_address="127.0.0.1:0", log_level="error")
    with build_server(settings, [registration(engine)]) as server:
        yield server.address


@pytest.fixture
def client(address: str) -> Iterator[FundClient]:
    with FundClient(open_channel(address, institution_id="bank")) as connected:
        yield connected


def flow(year: int, called: int | str, paid: int | str) -> FundCashFlow:
    return FundCashFlow(year, Decimal(called), Decimal(paid))


def test_the_reserve_list_is_kept_listed_and_flagged(client: FundClient) -> None:
    projects = read_projects(DATA / "zhangye_reserve_projects_2026.csv", RESERVE_2026)
    put = client.put_projects("put-1", DAY, projects)
    assert (put.created, put.updated, put.unchanged) == (20, 0, 0)
    listed = client.list_projects("reserve_2026", page_size=7)
    assert sorted(listed.projects, key=lambda p: p.project_id) == list(projects)
    assert listed.total_count == 20
    assert listed.total_investment_cny == Decimal("1169155.01") * 10_000
    assert {flag.project_id for flag in listed.flags} == {"R13"}
    assert listed.flags == put.flags
    assert client.list_projects("none").total_count == 0


def test_a_repeated_request_gets_the_first_answer_and_another_content_is_a_conflict(
    client: FundClient,
) -> None:
    first = client.put_projects("put-1", DAY, [project("A")])
    assert client.put_projects("put-1", DAY, [project("A")]) == first
    assert client.put_projects("put-2", DAY, [project("A")]).unchanged == 1
    with pytest.raises(Conflict):
        client.put_projects("put-1", DAY, [project("B")])


def test_writers_at_the_same_moment_create_a_project_once(address: str) -> None:
    def put(request_id: str) -> int:
        with FundClient(open_channel(address, institution_id="bank")) as writer:
            return writer.put_projects(request_id, DAY, [project(f"P{i}") for i in range(20)]).created

    with ThreadPoolExecutor(8) as threads:
        created = list(threads.map(put, [f"put-{i}" for i in range(8)]))
    assert sorted(created) == [0] * 7 + [20]


def test_wrong_projects_are_refused_together_and_nothing_is_stored(client: FundClient) -> None:
    wrong = [
        project("A"),
        replace(project("B"), end_year=2025),
        replace(project("C"), total_investment_cny=Decimal(0)),
        replace(project("D"), project_id="x" * 65),
        project("A"),
        replace(project("E"), name=" "),
        replace(project("F"), start_year=0, end_year=0),
    ]
    with pytest.raises(InvalidInput) as caught:
        client.put_projects("put-1", DAY, wrong)
    assert [violation.field for violation in caught.value.violations] == [
        "projects[1].end_year",
        "projects[2].total_investment",
        "projects[3].project_id",
        "projects[5].name",
        "projects[6].start_year",
        "projects[6].end_year",
        "projects[4].project_id",
    ]
    assert client.list_projects().total_count == 0
    with pytest.raises(InvalidInput, match="projects: is empty"):
        client.put_projects("put-2", DAY, [])
    with pytest.raises(InvalidInput, match="request_id"):
        client.put_projects("", DAY, [project("A")])


def test_pages_that_cannot_be_are_refused(client: FundClient, address: str) -> None:
    with pytest.raises(InvalidInput, match="page_size: found 0"):
        client.list_projects(page_size=0)
    with open_channel(address, institution_id="bank") as channel:
        stub = fund_pb2_grpc.FundServiceStub(channel)
        for token in ("x", "W10=", "WzEsMl0=", "\u4e00"):
            with pytest.raises(InvalidInput, match="page_token"), calling():
                stub.ListProjects(pb.ListProjectsRequest(page_token=token))


def test_the_waterfall_of_the_published_case(client: FundClient) -> None:
    # 1000 in, 2000 out after one year, 8 %, full catch-up, 20 %: 1800 and 200 (data/reference/fund.csv).
    result = client.run_waterfall(terms(), [flow(0, 1000, 0), flow(1, 0, 2000)])
    investor, manager = result.partners
    assert investor.recipient_id == "investor"
    assert (investor.paid_in_cny, investor.received_cny) == (Decimal(1000), Decimal(1800))
    assert investor.irr_annual == pytest.approx(0.8)
    assert investor.tvpi == pytest.approx(1.8)
    assert (manager.paid_in_cny, manager.received_cny) == (Decimal(0), Decimal(200))
    assert (manager.irr_annual, manager.tvpi) == (None, None)
    # 1000; 80; catch-up 20; 900 split 720 and 180.
    assert [(p.year, p.step, p.recipient_id, int(p.amount_cny)) for p in result.payments] == [
        (1, 0, "investor", 1000),
        (1, 1, "investor", 80),
        (1, 2, "manager", 20),
        (1, 3, "investor", 720),
        (1, 3, "manager", 180),
    ]


def test_ceding_and_grass_roots_over_the_wire(client: FundClient) -> None:
    # 1000 above capital: 100 to the grass roots; of 900, the city's 40 % = 360 less 40 % ceded = 144.
    sharing = FundTerms(
        "T",
        (
            partner("city", 400, PartnerClass.CITY_FINANCE),
            partner("social", 600, PartnerClass.SOCIAL_CAPITAL),
        ),
        (
            ReturnOfCapital(),
            GrassrootsShare(0.1),
            CedeExcess("city", (CedeTier(2.0, 0.2), CedeTier(2.5, 0.4), CedeTier(3.0, 0.6)), 2.6),
            CarrySplit(0.0),
        ),
        0.0,
        5,
    )
    result = client.run_waterfall(sharing, [flow(0, 1000, 0), flow(2, 0, 2000)])
    assert {p.recipient_id: p.received_cny for p in result.partners} == {
        "city": 400 + 360 - 144,
        "social": 600 + 540 + 144,
        "grassroots": 100,
    }
    assert [(p.recipient_id, p.amount_cny) for p in result.payments if p.step == 2] == [
        ("social", Decimal(144))
    ]


def test_wrong_terms_and_flows_are_refused_with_their_paths(client: FundClient, address: str) -> None:
    bad = replace(terms(steps=EUROPEAN[:3]), life_years=0)
    with pytest.raises(InvalidInput) as caught:
        client.run_waterfall(bad, [flow(0, 1, 0)])
    assert {violation.field for violation in caught.value.violations} == {
        "terms.steps[2]",
        "terms.life_years",
    }
    with pytest.raises(InvalidInput) as caught:
        client.run_waterfall(terms(), [flow(0, 600, 0), flow(0, 600, "-1"), flow(3, 0, "0.005")])
    assert [violation.field for violation in caught.value.violations] == [
        "flows[1].year",
        "flows[1].distributable",
        "flows[1].called",
        "flows[2].distributable",
    ]
    with pytest.raises(InvalidInput, match=r"flows\[0\].year: found 4000000000, expected at most 100"):
        client.run_waterfall(terms(), [flow(4_000_000_000, 1, 0)])
    with open_channel(address, institution_id="bank") as channel:
        stub = fund_pb2_grpc.FundServiceStub(channel)
        dollars = Money(currency_code="USD", units=1)
        request = waterfall_pb2.RunWaterfallRequest(
            terms=terms_pb2.FundTerms(
                name="T",
                life_years=1,
                partners=[terms_pb2.Partner(partner_id="a", commitment=dollars)],
                steps=[terms_pb2.WaterfallStep()],
            ),
        )
        with pytest.raises(InvalidInput) as caught, calling():
            stub.RunWaterfall(request)
    assert [violation.field for violation in caught.value.violations] == [
        "terms.partners[0].partner_class",
        "terms.partners[0].commitment.currency_code",
        "terms.steps[0]",
        "flows",
    ]


def test_a_simulation_over_the_wire_equals_the_one_in_the_process(client: FundClient) -> None:
    client.put_projects("put-1", DAY, [project("A"), project("B", start=2027, end=2027)])
    told: list[Progress] = []
    investments = (investment("A"), investment("B"))
    got = client.simulate_fund(
        market(0.3), terms(), investments, 2026, n_paths=3000, seed=5, on_progress=told.append
    )
    request = FundSimulation(market(0.3), terms(), investments, 2026, 3000, 5)
    *_, expected = simulate(request, [project("A"), project("B", start=2027, end=2027)])
    assert isinstance(expected, FundOutcome)
    assert got == expected
    assert [progress.paths_done for progress in told] == [1024, 2048, 3000]


def test_stored_terms_are_simulated_by_their_name(client: FundClient) -> None:
    client.put_projects("put-1", DAY, [project("A")])
    client.put_terms("terms-1", DAY, "sheet", terms())
    named = client.simulate_fund(market(0.3), "sheet", [investment("A")], 2026, n_paths=256)
    assert named == client.simulate_fund(market(0.3), terms(), [investment("A")], 2026, n_paths=256)
    with pytest.raises(NotFound, match="nowhere"):
        client.simulate_fund(market(), "nowhere", [investment("A")], 2026)


def test_who_commits_too_little_is_told_what_would_do(client: FundClient) -> None:
    # A quarter of 800 is called and 160 committed: 0.8 of every share would do, and does.
    client.put_projects("put-1", DAY, [project("A")])
    with pytest.raises(InvalidInput, match=r"fund allocate.*at most 0\.8000 of what it is"):
        client.simulate_fund(market(), terms(commitment=160), [investment("A")], 2026)
    scaled = investment("A", share=0.25 * 0.8)
    assert client.simulate_fund(market(), terms(commitment=160), [scaled], 2026).called_cny == pytest.approx(
        160
    )


def test_wrong_simulations_are_refused_with_their_paths(client: FundClient) -> None:
    client.put_projects("put-1", DAY, [project("A")])
    with pytest.raises(NotFound, match="'B' of pipeline 'p'"):
        client.simulate_fund(market(), terms(), [investment("B")], 2026)
    with pytest.raises(InvalidInput) as caught:
        client.simulate_fund(
            market(), terms(), [investment("A", share=2.0, rate=-1.0)], 2026, n_paths=255, seed=2**63
        )
    assert [violation.field for violation in caught.value.violations] == [
        "investments[0].fund_equity_share",
        "investments[0].debt_rate_annual",
        "n_paths",
        "seed",
    ]
    with pytest.raises(InvalidInput) as caught:
        client.simulate_fund(market(), terms(commitment=10), [investment("A")], 2026)
    assert [violation.field for violation in caught.value.violations] == ["terms.partners"]
    with pytest.raises(InvalidInput, match="investments: is empty"):
        client.simulate_fund(market(), terms(), [], 2026)


def test_another_institution_does_not_find_the_projects(client: FundClient, address: str) -> None:
    client.put_projects("put-1", DAY, [project("A")])
    with FundClient(open_channel(address, institution_id="other")) as other:
        assert other.list_projects().total_count == 0
        with pytest.raises(NotFound):
            other.simulate_fund(market(), terms(), [investment("A")], 2026)


def test_a_caller_who_leaves_stops_the_simulation(engine: sa.Engine) -> None:
    settings = Settings(listen_address="127.0.0.1:0", log_level="error")
    with build_server(settings, [registration(engine)]) as server:
        with FundClient(open_channel(server.address, institution_id="bank")) as client:
            client.put_projects("put-1", DAY, [project("A")])

            class EnoughError(Exception):
                pass

            def leave(_progress: Progress) -> None:
                raise EnoughError

            with pytest.raises(EnoughError):
                client.simulate_fund(
                    market(0.3), terms(), [investment("A")], 2026, n_paths=1_000_000, on_progress=leave
                )
        began = time.monotonic()
        # stop() says whether every handler has returned: a million paths would take much longer than this.
        assert server.stop(1.0)
        assert time.monotonic() - began < 2.5


def test_a_deadline_ends_a_long_simulation(address: str, client: FundClient) -> None:
    client.put_projects("put-1", DAY, [project("A")])
    with (
        FundClient(open_channel(address, institution_id="bank", timeout_s=0.3)) as hurried,
        pytest.raises(DeadlineExceeded),
    ):
        hurried.simulate_fund(market(0.3), terms(), [investment("A")], 2026, n_paths=1_000_000)


def test_a_stream_of_one_block_is_its_progress_and_its_result(address: str, client: FundClient) -> None:
    client.put_projects("put-1", DAY, [project("A")])
    from services.fund.simulation.translate import simulation_to_wire

    request = simulation_to_wire(FundSimulation(market(), terms(), (investment("A"),), 2026, 256, 1))
    with open_channel(address, institution_id="bank") as channel:
        events = list(receiving(fund_pb2_grpc.FundServiceStub(channel).SimulateFund(request)))
    assert [event.WhichOneof("event") for event in events] == ["progress", "result"]


def test_the_service_runs_as_a_program_of_its_own(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "ECOPLEDGE_DATABASE_URL": f"sqlite:///{tmp_path / 'fund.db'}",
        "ECOPLEDGE_LISTEN_ADDRESS": "127.0.0.1:0",
        "ECOPLEDGE_LOG_LEVEL": "error",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "services.fund"],
        cwd=DATA.parent,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        try:
            assert program.stdout is not None
            announced = json.loads(program.stdout.readline())
            assert announced["services"] == ["ecopledge.fund.v1.FundService"]
            with FundClient(open_channel(announced["address"], institution_id="bank")) as connected:
                assert connected.put_projects("put-1", DAY, [project()]).created == 1
        finally:
            program.terminate()
        assert program.wait(20) == 0
