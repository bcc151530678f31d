"""Term sheets kept by the service, cash of deals shared over the wire, ledgers measured, commitments paced."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
import sqlalchemy as sa

from ecopledge.fund.v1 import fund_pb2_grpc
from quant.waterfall.steps import CarrySplit, CedeTier, Clawback, GrassrootsShare, Recycling
from services.fund.__main__ import registration
from services.fund.client import FundClient
from services.fund.fund_terms.terms import (
    CedeExcess,
    Distribution,
    FeeBase,
    FundTerms,
    PartnerClass,
    PreferredReturn,
    ReturnOfCapital,
)
from services.fund.performance.ledger import EntryKind, IndexLevel, LedgerEntry
from services.fund.performance.pacing import ObservedFlows, PacingParameters, PacingQuestion
from services.fund.simulation.outcome import FundSimulation
from services.fund.simulation.translate import simulation_to_wire
from services.fund.simulation.translate_outcome import outcome_from_wire
from services.fund.waterfall.result import CountyBenefit, Deal, DealCashFlow, FundCashFlow
from services.runtime.channel import calling, open_channel, receiving
from services.runtime.errors import Conflict, InvalidInput, NotFound
from services.runtime.server import build_server
from services.runtime.settings import Settings
from tests.services.fund.fund_cases import EUROPEAN, investment, market, partner, project, terms

DAY = dt.date(2026, 8, 21)
EVERYTHING = FundTerms(
    "全部条款",
    (
        partner("social", "600.50", PartnerClass.SOCIAL_CAPITAL),
        partner("city", 400, PartnerClass.CITY_FINANCE),
        partner("manager", 0, PartnerClass.MANAGER),
    ),
    (
        ReturnOfCapital(("social",)),
        PreferredReturn(0.06, is_simple=True, partner_ids=("social",)),
        ReturnOfCapital(),
        GrassrootsShare(0.05),
        CedeExcess("city", (CedeTier(2.0, 0.2, 2.5), CedeTier(2.5, 0.4)), 2.0),
        CarrySplit(0.2),
    ),
    0.02,
    10,
    ("an assumption",),
    fee_base=FeeBase.INVESTED,
    investment_period_years=5,
    fee_rate_after_annual=0.01,
    extension_years=2,
    distribution=Distribution.DEAL_BY_DEAL,
    carries_losses=False,
    clawback=Clawback(0.2, 0.3),
    recycling=Recycling(1.0, 0.2, 4),
)


@pytest.fixture
def address(engine: sa.Engine) -> Iterator[str]:
    settings = Settings(listen_address="127.0.0.1:0", log_level="error")
    with build_server(settings, [registration(engine)]) as server:
        yield server.address


@pytest.fixture
def client(address: str) -> Iterator[FundClient]:
    with FundClient(open_channel(address, institution_id="bank")) as connected:
        yield connected


def flow(year: int, called: int | str, paid: int | str, *deals: DealCashFlow) -> FundCashFlow:
    return FundCashFlow(year, Decimal(called), Decimal(paid), deals)


def deal(name: str, called: int, paid: int, *, realised: bool = False) -> DealCashFlow:
    return DealCashFlow(name, Decimal(called), Decimal(paid), realised)


def test_versions_of_terms_are_kept_and_found_by_day(client: FundClient, address: str) -> None:
    assert client.put_terms("put-1", DAY, "ours", EVERYTHING)
    assert client.put_terms("put-1", DAY, "ours", EVERYTHING)  # the first answer again
    assert not client.put_terms("put-2", DAY, "ours", EVERYTHING)  # the same terms are in force
    later = replace(EVERYTHING, fee_rate_annual=0.015)
    assert client.put_terms("put-3", DAY + dt.timedelta(30), "ours", later)
    assert client.get_terms("ours").terms == later
    assert client.get_terms("ours", DAY + dt.timedelta(29)).terms == EVERYTHING
    assert [(stored.terms_id, stored.terms) for stored in client.list_terms()] == [("ours", later)]
    with pytest.raises(NotFound, match="on 2026-08-20"):
        client.get_terms("ours", DAY - dt.timedelta(1))
    with pytest.raises(Conflict):
        client.put_terms("put-1", DAY, "ours", later)
    with pytest.raises(InvalidInput) as caught:
        client.put_terms("put-4", DAY, "", replace(EVERYTHING, extension_years=11, fee_rate_after_annual=0.5))
    assert [violation.field for violation in caught.value.violations] == [
        "terms_id",
        "terms.fee_rate_after_annual",
        "terms.extension_years",
    ]
    with FundClient(open_channel(address, institution_id="other")) as other:
        assert other.list_terms() == ()
        with pytest.raises(NotFound):
            other.run_waterfall("ours", [flow(0, 1, 0)])


def test_stored_terms_share_cash_of_deals(client: FundClient) -> None:
    # The case of tests/quant/test_waterfall_worked_cases.py: carry 20, of which 12 are given back.
    american = replace(
        terms(), distribution=Distribution.DEAL_BY_DEAL, carries_losses=False, clawback=Clawback()
    )
    client.put_terms("put-1", DAY, "american", american)
    result = client.run_waterfall(
        "american",
        [
            flow(0, 200, 0, deal("a", 100, 0), deal("b", 100, 0)),
            flow(1, 0, 200, deal("a", 0, 200, realised=True)),
            flow(2, 0, 40, deal("b", 0, 40, realised=True)),
        ],
    )
    assert result.carry_cny == 20
    assert result.given_back_cny == 12
    assert [partner.received_cny for partner in result.partners] == [232, 8]
    assert [(p.year, p.recipient_id, p.amount_cny) for p in result.payments if p.step == len(EUROPEAN)] == [
        (2, "investor", Decimal(12)),
        (2, "manager", Decimal(-12)),
    ]
    with pytest.raises(InvalidInput, match=r"flows\[0\]\.deals"):
        client.run_waterfall("american", [flow(0, 200, 0)])
    with pytest.raises(InvalidInput, match=r"flows\[1\]\.year: found 6, expected at most 5"):
        client.run_waterfall(terms(), [flow(0, 1, 0), flow(6, 0, 1)])


def test_a_simulation_uses_stored_terms(client: FundClient, address: str) -> None:
    client.put_projects("put-1", DAY, [project("A")])
    client.put_terms("put-2", DAY, "ours", terms())
    given = client.simulate_fund(market(0.3), terms(), [investment("A")], 2026, n_paths=256)
    request = simulation_to_wire(FundSimulation(market(0.3), terms(), (investment("A"),), 2026, 256))
    request.stored_terms_id = "ours"
    with open_channel(address, institution_id="bank") as channel:
        stub = fund_pb2_grpc.FundServiceStub(channel)
        with pytest.raises(InvalidInput, match="stored_terms_id: found 'ours' beside terms"), calling():
            list(receiving(stub.SimulateFund(request)))
        request.ClearField("terms")
        *_, last = receiving(stub.SimulateFund(request))
    assert outcome_from_wire(last.result) == given


def test_the_grass_roots_by_county_and_what_they_cost(client: FundClient) -> None:
    # 1000 above capital; 100 to the grass roots, of which deal a earned 600 / 1000 in Minle and b 400 / 1000 in Linze.
    # Carry 20 % of 900 = 180 instead of 200: it costs the manager 20 and the investor 80.
    sharing = terms(steps=(ReturnOfCapital(), GrassrootsShare(0.1), CarrySplit(0.2)))
    flows = [
        flow(0, 1000, 0, deal("a", 500, 0), deal("b", 500, 0)),
        flow(2, 0, 2000, deal("a", 0, 1100), deal("b", 0, 900)),
    ]
    result = client.run_waterfall(sharing, flows, [Deal("a", "民乐县"), Deal("b", "临泽县")])
    assert result.counties == (CountyBenefit("民乐县", Decimal(60)), CountyBenefit("临泽县", Decimal(40)))
    assert [(p.recipient_id, p.grassroots_cost_cny) for p in result.partners] == [
        ("investor", Decimal(80)),
        ("manager", Decimal(20)),
        ("grassroots", Decimal(0)),
    ]
    with pytest.raises(InvalidInput, match=r"deals\[1\]\.deal_id"):
        client.run_waterfall(sharing, flows, [Deal("a", "x"), Deal("a", "y")])


def test_the_fee_that_terms_allow_steps_down_on_what_is_still_invested(client: FundClient) -> None:
    stepping = replace(
        terms(fee=0.02), fee_base=FeeBase.INVESTED, investment_period_years=2, fee_rate_after_annual=0.01
    )
    # Year 1: 2 % of 1000. Its 400 return capital: year 2: 1 % of 600. Year 3 likewise.
    result = client.run_waterfall(stepping, [flow(0, 1000, 0), flow(1, 0, 400), flow(2, 0, 0), flow(3, 0, 0)])
    assert [fee.base_cny for fee in result.fees] == [0, 1000, 600, 600]
    assert [fee.fee_cny for fee in result.fees] == [0, 20, 6, 6]


def test_the_fee_runs_through_years_without_a_flow(client: FundClient) -> None:
    # Nothing flows in years 1, 2 and 4, and the fee is due: 2 % of 1000 in years 1 and 2, 1 % of it in year 3, in which
    # 400 return, then 1 % of 600.
    stepping = replace(
        terms(fee=0.02), fee_base=FeeBase.INVESTED, investment_period_years=3, fee_rate_after_annual=0.01
    )
    result = client.run_waterfall(stepping, [flow(0, 1000, 0), flow(3, 0, 400), flow(5, 0, 600)])
    assert [fee.year for fee in result.fees] == [0, 1, 2, 3, 4, 5]
    assert [fee.base_cny for fee in result.fees] == [0, 1000, 1000, 1000, 600, 600]
    assert [fee.fee_cny for fee in result.fees] == [0, 20, 20, 10, 6, 6]


def test_flows_after_the_last_value_are_warned_of(client: FundClient) -> None:
    # Worth 120 on 1 January 2024; 110 of it is paid out in June and stands in the value once more: 2.3 times paid-in.
    paid = LedgerEntry(dt.date(2023, 1, 1), "a", EntryKind.CONTRIBUTION, Decimal(100))
    value = LedgerEntry(dt.date(2024, 1, 1), "a", EntryKind.NET_ASSET_VALUE, Decimal(120))
    received = LedgerEntry(dt.date(2024, 6, 1), "a", EntryKind.DISTRIBUTION, Decimal(110))

    def codes(*entries: LedgerEntry) -> list[list[str]]:
        return [
            [c.code for c in account.cautions] for account in client.measure_performance(entries).accounts
        ]

    assert codes(paid, value, received) == [["NET_ASSET_VALUE_IS_OLDER", "FLOWS_AFTER_NET_ASSET_VALUE"]] * 2
    after = replace(value, date=dt.date(2024, 6, 1), amount_cny=Decimal(12))
    assert codes(paid, value, received, after) == [[], []]
    # A value alone is older than a later account's flows, which it does not hold.
    other = replace(paid, account_id="b", date=dt.date(2024, 3, 1))
    assert codes(paid, value, other)[0] == ["NET_ASSET_VALUE_IS_OLDER"]


def test_a_ledger_over_the_wire(client: FundClient) -> None:
    # 100 on 1 January 2023, 121 two years (731 days, 2024 is a leap year) later.
    entries = [
        LedgerEntry(dt.date(2023, 1, 1), "a", EntryKind.CONTRIBUTION, Decimal(100)),
        LedgerEntry(dt.date(2025, 1, 1), "a", EntryKind.DISTRIBUTION, Decimal(121)),
        LedgerEntry(dt.date(2025, 1, 1), "a", EntryKind.NET_ASSET_VALUE, Decimal(0)),
    ]
    index = [IndexLevel(dt.date(2022, 12, 31), 50.0), IndexLevel(dt.date(2024, 12, 31), 55.0)]
    found = client.measure_performance(entries, index)
    whole, account = found.accounts
    assert whole.irr_annual == pytest.approx(1.21 ** (365 / 731) - 1.0)
    assert whole.equivalents is not None
    assert whole.equivalents.ks_pme == pytest.approx(1.21 / 1.1)
    assert whole.equivalents.direct_alpha == pytest.approx(1.1 ** (365 / 731) - 1.0)
    assert replace(account, account_id="") == whole
    assert [caution.code for caution in whole.cautions] == ["INDEX_ACCOUNT_EMPTIED"]
    with pytest.raises(InvalidInput, match="index_levels: found no level for 2023-01-01"):
        client.measure_performance(entries, [IndexLevel(dt.date(2022, 11, 1), 50.0)])
    with pytest.raises(InvalidInput, match="as_of: found 2024-01-01"):
        client.measure_performance(entries, as_of=dt.date(2024, 1, 1))
    with pytest.raises(InvalidInput, match="no contribution"):
        client.measure_performance(entries[1:])


def test_a_ledger_with_two_rates_tells_both(client: FundClient) -> None:
    # -100, 230, -132 a year of 365 days apart: 10 % and 20 %.
    days = [dt.date(2021, 1, 1), dt.date(2022, 1, 1), dt.date(2023, 1, 1)]
    kinds = [EntryKind.CONTRIBUTION, EntryKind.DISTRIBUTION, EntryKind.CONTRIBUTION]
    entries = [
        LedgerEntry(day, "a", kind, Decimal(amount))
        for day, kind, amount in zip(days, kinds, (100, 230, 132), strict=True)
    ]
    whole = client.measure_performance(entries).accounts[0]
    assert whole.irr_annual is None
    assert whole.rates == pytest.approx((0.1, 0.2))
    assert "SEVERAL_RATES" in [caution.code for caution in whole.cautions]


def test_a_commitment_over_the_wire(client: FundClient) -> None:
    rates = (0.25, 1 / 3, 0.5)
    given = client.pace_commitment(PacingQuestion(100.0, 12, PacingParameters(rates, 2.5, 0.13)))
    # The schedule of data/reference/fund.csv.
    assert [y.contribution_cny for y in given.years[:6]] == pytest.approx([25, 25, 25, 12.5, 6.25, 3.125])
    assert given.precision is None
    observed = ObservedFlows(
        tuple(year.contribution_cny for year in given.years[:8]),
        tuple(year.distribution_cny for year in given.years[:8]),
    )
    fitted = client.pace_commitment(PacingQuestion(100.0, 12, observed))
    assert fitted.parameters.contribution_rates == pytest.approx(rates)
    assert (fitted.parameters.bow, fitted.parameters.growth_annual) == pytest.approx((2.5, 0.13), abs=1e-4)
    assert fitted.precision is not None
    assert fitted.precision.is_identified
    told = client.pace_commitment(PacingQuestion(100.0, 10, ObservedFlows((50.0, 0.0), (0.0, 2.0))))
    assert [caution.code for caution in told.cautions] == ["PACING_NOT_IDENTIFIED"]
    with pytest.raises(InvalidInput) as caught:
        client.pace_commitment(PacingQuestion(-1.0, 0, PacingParameters((), 0.0, 9.0)))
    assert [violation.field for violation in caught.value.violations] == [
        "commitment_cny",
        "life_years",
        "parameters.contribution_rates",
        "parameters.bow",
        "parameters.growth_annual",
    ]
    with pytest.raises(InvalidInput, match="contributions: found"):
        client.pace_commitment(PacingQuestion(100.0, 10, ObservedFlows((90.0, 20.0), (0.0, 2.0))))
