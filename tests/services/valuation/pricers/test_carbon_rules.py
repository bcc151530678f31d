"""Methodology as a parameter, the buffer beside the carbon on site, tickets that may become CCER."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from services.runtime.errors import InvalidInput
from services.valuation.asset import (
    AssetDetail,
    CarbonAndTenure,
    CarbonInstrument,
    CarbonIssuance,
    ForestCarbonReceivable,
    ForestTenure,
    StandGrowth,
)
from services.valuation.catalogue.carbon_rules import CARBON_RULES_PATH
from services.valuation.catalogue.catalogue import read_catalogue
from services.valuation.pricers import PricedAsset, PricingContext, price_in
from tests.services.valuation.pricers.conftest import FLAT_RATE, MakeAsset, Value

CCER = CarbonIssuance(CarbonInstrument.CCER, 20.0, tonnes_per_year=1_000.0, registration_probability=1.0)
TICKET = CarbonIssuance(
    CarbonInstrument.TICKET, 20.0, tonnes_per_year=1_000.0, registration_probability=1.0, risk_deduction=0.1
)
DRAFT = "CCER-14-001-draft-2026-08"


def receivable(issuance: CarbonIssuance) -> AssetDetail:
    return ForestCarbonReceivable(issuance)


def codes(priced: PricedAsset) -> dict[str, str]:
    return {caution.code: caution.field for caution in priced.cautions}


def test_the_version_sets_the_deduction(context: PricingContext, make_asset: MakeAsset) -> None:
    issued = {
        version: price_in(make_asset(receivable(replace(CCER, methodology=version))), context)
        for version in ("", "CCER-14-001-V01", DRAFT)
    }
    tonnes = {version: priced.alternatives[0][1].quantities[0] for version, priced in issued.items()}
    # 5 years x 1,000 t x (1 - K): K 10 % in force, 20 % in the scenario
    assert tonnes == {"": 4_500.0, "CCER-14-001-V01": 4_500.0, DRAFT: 4_000.0}
    assert "METHODOLOGY_CHANGE" in codes(issued[""])
    assert "METHODOLOGY_SCENARIO" in codes(issued[DRAFT])
    assert any(f" · {DRAFT}: risk_deduction = 0.2" in line for line in issued[DRAFT].assumptions)
    assert any(
        "风险扣减 = 0.1 · CCER-14-001-V01: risk_deduction = 0.1" in line for line in issued[""].assumptions
    )


def test_an_own_deduction_comes_first(context: PricingContext, make_asset: MakeAsset) -> None:
    issuance = replace(CCER, methodology=DRAFT, risk_deduction=0.0)
    priced = price_in(make_asset(receivable(issuance)), context)
    assert priced.alternatives[0][1].quantities[0] == 5_000.0
    assert not any("risk_deduction" in line for line in priced.assumptions)


def test_an_unknown_version_is_refused_for_a_ccer_and_is_text_for_a_ticket(
    context: PricingContext, make_asset: MakeAsset
) -> None:
    with pytest.raises(InvalidInput, match=r"forest_carbon\.issuance\.methodology: .*'V9'.*CCER-14-001-V01"):
        price_in(make_asset(receivable(replace(CCER, methodology="V9"))), context)
    priced = price_in(make_asset(receivable(replace(TICKET, methodology="三明碳票"))), context)
    assert "METHODOLOGY_CHANGE" not in codes(priced)


@pytest.mark.parametrize(
    ("crediting", "monitoring", "expected"),
    [
        (20.0, 3.0, set()),
        (40.0, 10.0, set()),
        (19.5, 5.0, {"CREDITING_PERIOD_UNUSUAL"}),
        (20.0, 2.5, {"MONITORING_PERIOD_UNUSUAL"}),
        (41.0, 10.5, {"CREDITING_PERIOD_UNUSUAL", "MONITORING_PERIOD_UNUSUAL"}),
    ],
)
def test_periods_outside_the_methodology_are_said(
    context: PricingContext, make_asset: MakeAsset, crediting: float, monitoring: float, expected: set[str]
) -> None:
    issuance = replace(CCER, crediting_years=crediting, monitoring_period_years=monitoring)
    found = codes(price_in(make_asset(receivable(issuance)), context))
    assert {code for code in found if code.endswith("PERIOD_UNUSUAL")} == expected


def test_the_buffer_is_compared_with_all_the_carbon_on_site(
    context: PricingContext, make_asset: MakeAsset
) -> None:
    """Fire and pests take 0.5 % a year: of a stand that is old at the beginning K covers less than that."""
    young = StandGrowth("杉木", 100.0, 5.0, 300.0, 0.08, 2.5)
    old = replace(young, age_years=35.0)
    found = {}
    for name, growth in (("young", young), ("old", old)):
        issuance = replace(CCER, tonnes_per_year=None, growth=growth)
        priced = price_in(make_asset(receivable(issuance)), context)
        found[name] = codes(priced).get("BUFFER_BELOW_CARBON_AT_RISK")
    assert found == {"young": None, "old": "forest_carbon.issuance.risk_deduction"}


def test_what_the_caution_says_by_hand(context: PricingContext, make_asset: MakeAsset) -> None:
    """40 years of 1,000 t, K 1 %: buffer 400 t; expected reversal 0.005 integral of 1000 t e^(-0.005 t) dt."""
    issuance = replace(CCER, crediting_years=40.0, monitoring_period_years=1.0, risk_deduction=0.01)
    priced = price_in(make_asset(receivable(issuance)), context)
    [caution] = [c for c in priced.cautions if c.code == "BUFFER_BELOW_CARBON_AT_RISK"]
    h, years = 0.005, 40.0
    integral = 1_000.0 * (1.0 - math.exp(-h * years) * (1.0 + h * years)) / h**2
    assert f"is {400.0 / (h * integral):.2f} times" in caution.message_en
    assert "the stock at the beginning is not known" in caution.message_en


def test_a_ticket_that_may_become_a_ccer(
    context: PricingContext, value: Value, make_asset: MakeAsset
) -> None:
    issuance = replace(TICKET, conversion_probability=0.3, conversion_from_years=10.0)
    schedule = price_in(make_asset(receivable(issuance)), context).alternatives[0][1]
    # ticket 15.0, CCER 96.34; issued in years 6, 11, 16, 21, the last three may be converted
    mixed = 0.7 * 15.0 + 0.3 * 96.34
    by_hand = 4_500 * sum(
        price * (1 + FLAT_RATE) ** -t for t, price in ((6, 15.0), (11, mixed), (16, mixed), (21, mixed))
    )
    assert value(schedule) == pytest.approx(by_hand, rel=1e-12)


def test_a_certain_conversion_leaves_no_ticket(context: PricingContext, make_asset: MakeAsset) -> None:
    issuance = replace(TICKET, conversion_probability=1.0)
    schedule = price_in(make_asset(receivable(issuance)), context).alternatives[0][1]
    assert set(schedule.factors) == {"ccer_price"}


def test_only_a_ticket_can_be_converted(context: PricingContext, make_asset: MakeAsset) -> None:
    with pytest.raises(
        InvalidInput, match=r"forest_carbon\.issuance\.conversion_probability: found 0\.3 for ccer"
    ):
        price_in(make_asset(receivable(replace(CCER, conversion_probability=0.3))), context)


def test_converted_tickets_are_bought_back_as_what_they_are(
    context: PricingContext, value: Value, make_asset: MakeAsset
) -> None:
    tenure = ForestTenure(10.0, 12.0, 150.0, 500.0)
    issuance = replace(TICKET, conversion_probability=0.3, conversion_from_years=10.0)
    priced = price_in(make_asset(CarbonAndTenure(tenure, issuance)), context)
    mixed = 0.7 * 15.0 + 0.3 * 96.34

    def alive(t: float) -> float:
        return 4_500 * math.exp(-0.02 * t)  # unless the registry has stopped

    paid = alive(6) * 15.0 * (1 + FLAT_RATE) ** -6 + alive(11) * mixed * (1 + FLAT_RATE) ** -11
    back = (alive(6) + alive(11)) * mixed * (1 + FLAT_RATE) ** -12
    timber = 10.0 * 150.0 * 500.0 * (1 + FLAT_RATE) ** -12
    assert value(dict(priced.alternatives)["harvest"]) == pytest.approx(paid - back + timber, rel=1e-12)


@pytest.mark.parametrize(
    ("found", "wrong", "message"),
    [
        ("risk_deduction = 0.1", "risk_deduction = 1.1", r"V01\.risk_deduction: found 1\.1"),
        (
            "crediting_years_low = 20.0",
            "crediting_years_low = 50.0",
            r"V01\.crediting_years: found 50\.0 to 40\.0",
        ),
        ("monitoring_years_low = 3.0", "monitoring_low = 3.0", "monitoring_low"),
        ("severity = 1.0", "severity = 2.0", r"reversal\.severity: found 2\.0"),
        ("fire_intensity_annual = 0.004", "fire_intensity_annual = -1.0", r"reversal\.fire_intensity_annual"),
        ('in_force = "CCER-14-001-V01"', 'in_force = "V9"', "'V9' among them"),
        ('version = "CCER-14-001-draft-2026-08"', 'version = "CCER-14-001-V01"', "expected each once"),
        ('parameter = "risk_deduction"', 'parameter = "risk"', r"V01\.sources: none for risk_deduction"),
        ("[reversal]", "[reversal", "carbon_methodologies.toml"),
    ],
)
def test_wrong_rules_are_refused_with_their_place(
    tmp_path: Path, found: str, wrong: str, message: str
) -> None:
    copy = tmp_path / "carbon_methodologies.toml"
    text = CARBON_RULES_PATH.read_text("utf-8")
    assert found in text
    copy.write_text(text.replace(found, wrong, 1), "utf-8")
    with pytest.raises(InvalidInput, match=message):
        read_catalogue(rules_path=copy)


def test_the_rules_are_part_of_the_catalogues_hash(tmp_path: Path) -> None:
    copy = tmp_path / "carbon_methodologies.toml"
    copy.write_text(CARBON_RULES_PATH.read_text("utf-8").replace("0.2", "0.3", 1), "utf-8")
    assert read_catalogue(rules_path=copy).content_hash != read_catalogue().content_hash
