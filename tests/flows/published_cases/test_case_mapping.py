"""Every case becomes an asset with its assumptions marked, or is refused with the missing inputs named."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from google.protobuf.descriptor import Descriptor

from ecopledge.valuation.v1 import asset_pb2
from flows.published_cases.assumptions import Assumption, Assumptions, read_assumptions
from flows.published_cases.case import PublishedCase
from flows.published_cases.case_file import PUBLISHED_CASE_IDS
from flows.published_cases.mapping import CaseMapping, Sufficiency, map_case
from services.runtime.errors import InvalidInput
from services.valuation.asset import (
    CarbonAndTenure,
    CarbonInstrument,
    CataloguedRight,
    ForestCarbonReceivable,
    GepRevenueRight,
    ResidualIncome,
    ValueBasis,
    VepProject,
    WaterRight,
)

NOT_VALUED = {"C04", "C08"}
# Cases in which nothing tells the size of the pledge: no quantity, no value, no investment in their rows.
ILLUSTRATIVE = {"C10", "C11", "C17", "C19", "C20", "C21", "C22", "C24", "C28", "C29"}


@pytest.fixture(scope="module")
def mappings(cases: dict[str, PublishedCase], assumptions: Assumptions) -> dict[str, CaseMapping]:
    return {case_id: map_case(case, assumptions) for case_id, case in cases.items()}


@pytest.mark.parametrize("case_id", PUBLISHED_CASE_IDS)
def test_every_case_is_mapped_or_refused_with_named_inputs(
    mappings: dict[str, CaseMapping], case_id: str
) -> None:
    mapping = mappings[case_id]
    assert mapping.missing, "no published case states everything, least of all its loan"
    for missing in mapping.missing:
        assert missing.text_zh.startswith("缺：")
        assert missing.text_en.startswith("missing: ")
    names = [missing.case_input.name for missing in mapping.missing]
    assert len(names) == len(set(names))
    if mapping.sufficiency is Sufficiency.NOT_VALUED:
        assert mapping.asset is None
        assert mapping.terms is None
        assert all(missing.assumption is None for missing in mapping.missing)
    else:
        assert mapping.asset is not None
        assert mapping.terms is not None
        assert all(missing.assumption is not None for missing in mapping.missing)


def test_which_facts_suffice(mappings: dict[str, CaseMapping]) -> None:
    """Only Wuning publishes tonnes a year, price and term together."""
    by = {kind: {key for key, entry in mappings.items() if entry.sufficiency is kind} for kind in Sufficiency}
    assert by[Sufficiency.SUFFICIENT] == {"C26"}
    assert by[Sufficiency.NOT_VALUED] == NOT_VALUED
    assert len(by[Sufficiency.UNDER_ASSUMPTION]) == 26
    assert {key for key, entry in mappings.items() if entry.is_illustrative} == ILLUSTRATIVE


def test_assumed_fields_exist_in_the_contract(mappings: dict[str, CaseMapping]) -> None:
    checked = 0
    for mapping in mappings.values():
        if mapping.asset is None:
            continue
        assert len(set(mapping.asset.assumed_fields)) == len(mapping.asset.assumed_fields)
        for path in mapping.asset.assumed_fields:
            message: Descriptor | None = asset_pb2.Asset.DESCRIPTOR
            for part in path.split("."):
                name = re.sub(r"\[\d+\]$", "", part)
                assert message is not None
                assert name in message.fields_by_name, path
                message = message.fields_by_name[name].message_type
            checked += 1
    assert checked > 100


def test_published_facts_arrive_untouched(mappings: dict[str, CaseMapping]) -> None:
    """Figures of data/published_pledge_cases.csv, each in its unit of the contract."""
    yunxi = mappings["C13"].asset
    assert yunxi is not None
    assert isinstance(yunxi.detail, WaterRight)
    assert yunxi.detail.volume_m3_per_year == 136_000_000
    assert yunxi.detail.price_cny_per_m3 == 0.15
    assert yunxi.stated_value is not None
    assert yunxi.stated_value.value_cny == 20_400_000
    assert yunxi.stated_value.basis is ValueBasis.ANNUAL_FLOW
    assert "water_right.volume_m3_per_year" not in yunxi.assumed_fields
    assert "water_right.remaining_term_years" in yunxi.assumed_fields

    wuning = mappings["C26"].asset
    assert wuning is not None
    assert isinstance(wuning.detail, ForestCarbonReceivable)
    issuance = wuning.detail.issuance
    assert (issuance.tonnes_per_year, issuance.price_cny_per_t, issuance.crediting_years) == (6317, 157, 20)
    assert issuance.area_ha == pytest.approx(20800 / 15)
    assert mappings["C26"].terms is not None
    assert mappings["C26"].terms.requested_cny == 3_000_000

    ganzhou = mappings["C23"]
    assert ganzhou.terms is not None
    assert (ganzhou.terms.tenor_years, ganzhou.terms.grace_years) == (30, 8)
    assert ganzhou.terms.requested_cny == 897_000_000
    assert ganzhou.terms.project_cost_cny == 1_131_000_000
    assert ganzhou.terms.project_equity_cny == pytest.approx(0.2 * 1_131_000_000)

    zixi = mappings["C11"].terms
    assert zixi is not None
    assert zixi.rate_annual == pytest.approx(0.0415)
    assert "loan_rate_annual" not in [entry.case_input.name for entry in mappings["C11"].missing]


def test_totals_are_spread_over_the_crediting_period(mappings: dict[str, CaseMapping]) -> None:
    for case_id, total in (("C12", 7045), ("C27", 719_680)):
        asset = mappings[case_id].asset
        assert asset is not None
        assert isinstance(asset.detail, ForestCarbonReceivable)
        issuance = asset.detail.issuance
        assert issuance.tonnes_per_year is not None
        assert issuance.tonnes_per_year * issuance.crediting_years == pytest.approx(total)


def test_kinds_become_their_assets(mappings: dict[str, CaseMapping]) -> None:
    expected = {
        "C01": GepRevenueRight, "C03": VepProject, "C09": VepProject, "C11": VepProject,
        "C12": ForestCarbonReceivable, "C14": WaterRight, "C22": CarbonAndTenure, "C23": ForestCarbonReceivable,
        "C25": CataloguedRight, "C29": ForestCarbonReceivable,
    }  # fmt: skip
    for case_id, kind in expected.items():
        asset = mappings[case_id].asset
        assert asset is not None
        assert isinstance(asset.detail, kind)


def test_a_gep_total_is_disclosed_and_only_a_part_is_cash(mappings: dict[str, CaseMapping]) -> None:
    guimen = mappings["C01"].asset
    assert guimen is not None
    assert isinstance(guimen.detail, GepRevenueRight)
    services = guimen.detail.services
    assert sum(service.account_value_cny_per_year for service in services) == pytest.approx(3_774_000_000)
    cash = sum(service.account_value_cny_per_year * service.realisable_share for service in services)
    # 28 % are not regulating, 5 % of that reach the pledgor: both assumptions of the file.
    assert cash == pytest.approx(3_774_000_000 * 0.28 * 0.05)


def test_a_vep_sum_becomes_level_cash_over_its_years(mappings: dict[str, CaseMapping]) -> None:
    xishanyang = mappings["C03"].asset
    assert xishanyang is not None
    assert isinstance(xishanyang.detail, VepProject)
    method = xishanyang.detail.method
    assert isinstance(method, ResidualIncome)
    assert [year.year for year in method.years] == list(range(1, 21))
    assert sum(year.revenue_cny for year in method.years) == pytest.approx(3_500_000_000 * 0.28)
    # Income of Qimen: 8 % of the published investment of 38,800 wan a year.
    qimen = mappings["C09"].asset
    assert qimen is not None
    assert isinstance(qimen.detail, VepProject)
    assert isinstance(qimen.detail.method, ResidualIncome)
    assert qimen.detail.method.years[0].revenue_cny == pytest.approx(0.08 * 388_000_000)


def test_the_market_twin_differs_in_the_price_alone(mappings: dict[str, CaseMapping]) -> None:
    twins = {key: entry for key, entry in mappings.items() if entry.asset_at_market is not None}
    # The cases with a price in column price_used_cny.
    assert set(twins) == {"C12", "C13", "C23", "C26"}
    for case_id, entry in twins.items():
        assert entry.asset is not None
        assert entry.asset_at_market is not None
        assert entry.asset_at_market.asset_id == f"{case_id}.market"
        assert replace(entry.asset_at_market, asset_id=case_id, detail=entry.asset.detail) == entry.asset
    twin = twins["C26"].asset_at_market
    assert twin is not None
    assert isinstance(twin.detail, ForestCarbonReceivable)
    assert twin.detail.issuance.price_cny_per_t is None


def test_a_stated_instrument_is_not_assumed(mappings: dict[str, CaseMapping]) -> None:
    linked, ticket = mappings["C29"].asset, mappings["C24"].asset
    assert linked is not None
    assert ticket is not None
    assert isinstance(linked.detail, ForestCarbonReceivable)
    assert isinstance(ticket.detail, ForestCarbonReceivable)
    assert linked.detail.issuance.instrument is CarbonInstrument.CCER
    assert "forest_carbon.issuance.instrument" not in linked.assumed_fields
    assert ticket.detail.issuance.instrument is CarbonInstrument.TICKET
    assert "forest_carbon.issuance.instrument" in ticket.assumed_fields


def test_an_edited_assumption_reaches_the_asset(
    cases: dict[str, PublishedCase], assumptions_toml: Path, tmp_path: Path
) -> None:
    text = assumptions_toml.read_text(encoding="utf-8")
    edited = tmp_path / "assumptions.toml"
    permit = "[defaults.water_right.permit_term_years]\nvalue = "
    assert permit + "5.0" in text
    edited.write_text(text.replace(permit + "5.0", permit + "9.5"), encoding="utf-8")
    asset = map_case(cases["C13"], read_assumptions(edited)).asset
    assert asset is not None
    assert isinstance(asset.detail, WaterRight)
    assert asset.detail.remaining_term_years == 9.5


def _with_input(assumptions: Assumptions, case_id: str, name: str, assumption: Assumption) -> Assumptions:
    treatment = assumptions.cases[case_id]
    changed = type(treatment)(
        treatment.treatment,
        treatment.note_zh,
        treatment.note_en,
        treatment.missing,
        {**treatment.inputs, name: assumption},
    )
    return Assumptions(assumptions.defaults, {**assumptions.cases, case_id: changed})


def test_a_published_fact_cannot_be_overridden(
    cases: dict[str, PublishedCase], assumptions: Assumptions
) -> None:
    volume = Assumption(1.0, "m3/yr", "理由", "reason")
    with pytest.raises(InvalidInput, match=r"cases\.C13\.inputs\.volume_m3_per_year.*136000000"):
        map_case(cases["C13"], _with_input(assumptions, "C13", "volume_m3_per_year", volume))


def test_an_input_that_changes_nothing_is_refused(
    cases: dict[str, PublishedCase], assumptions: Assumptions
) -> None:
    years = Assumption(20.0, "yr", "理由", "reason")
    with pytest.raises(InvalidInput, match=r"cases\.C13\.inputs\.crediting_years.*does not use"):
        map_case(cases["C13"], _with_input(assumptions, "C13", "crediting_years", years))
    with pytest.raises(InvalidInput, match=r"cases\.C08\.inputs\.crediting_years"):
        map_case(cases["C08"], _with_input(assumptions, "C08", "crediting_years", years))


def test_a_case_without_section_or_assumption_is_refused(
    cases: dict[str, PublishedCase], assumptions: Assumptions
) -> None:
    with pytest.raises(InvalidInput, match=r"cases\.C14: found nothing"):
        map_case(cases["C14"], Assumptions(assumptions.defaults, {}))
    with pytest.raises(InvalidInput, match=r"cases\.C14\.inputs\.renewal_probability: found nothing"):
        map_case(cases["C14"], Assumptions({}, assumptions.cases))
