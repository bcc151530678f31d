"""Rights that are a quantity times a factor, their units, and what all kinds have in common."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.errors import InvalidInput
from services.runtime.market import MarketSnapshot
from services.valuation.asset import Asset, CataloguedRight, TermsOverride, WaterRight
from services.valuation.catalogue.catalogue import Catalogue, read_catalogue
from services.valuation.pricers import PRICERS, PricingContext, price, price_in
from services.valuation.pricers.units import conversion_factor
from tests.services.valuation.pricers.conftest import FLAT_RATE, MakeAsset, Value

CATALOGUED = [kind.code for kind in read_catalogue().kinds.values() if kind.quantity_times_factor]
COMPENSATION = CataloguedRight("public_forest_compensation", 1_500.0, 10.0, unit_price_cny=16.0)
NAMED = {
    "public_forest_compensation", "grassland_subsidy", "green_certificate", "carbon_allowance", "carbon_ticket",
    "forest_ticket", "pollution_right", "energy_use_right", "water_surface_operation", "eod_concession",
    "carbon_inclusion_credit",
}  # fmt: skip


def annuity(years: int) -> float:
    return (1.0 - (1.0 + FLAT_RATE) ** -years) / FLAT_RATE


def test_every_small_right_is_in_the_catalogue() -> None:
    assert set(CATALOGUED) == NAMED


@pytest.mark.parametrize("code", CATALOGUED)
def test_every_catalogued_kind_prices_at_the_price_that_is_stated(
    context: PricingContext, value: Value, make_asset: MakeAsset, catalogue: Catalogue, code: str
) -> None:
    price = 1.0 if catalogue.kinds[code].unit == "CNY" else 12.0
    right = CataloguedRight(code, 100.0, 7.0, unit_price_cny=price, cost_cny_per_year=50.0)
    priced = price_in(make_asset(right), context)
    by_hand = (100.0 * price - 50.0) * annuity(7)
    assert value(priced.alternatives[0][1]) == pytest.approx(by_hand, rel=1e-12)
    assert priced.kind == code


@pytest.mark.parametrize("code", CATALOGUED)
def test_a_kind_without_a_market_price_asks_for_one(
    context: PricingContext, value: Value, make_asset: MakeAsset, catalogue: Catalogue, code: str
) -> None:
    right = CataloguedRight(code, 100.0, 7.0)
    if catalogue.kinds[code].price_required:
        with pytest.raises(InvalidInput, match=r"catalogued_right\.unit_price_cny: is absent"):
            price_in(make_asset(right), context)
    else:
        level = context.level(catalogue.kinds[code].factor, "x")
        found = value(price_in(make_asset(right), context).alternatives[0][1])
        assert found == pytest.approx(100.0 * level * annuity(7), rel=1e-12)


@pytest.mark.parametrize(("unit", "units_in_it"), [("亩", 1.0), ("ha", 15.0), ("公顷", 15.0), ("万亩", 1e4)])
def test_area_in_any_unit_is_the_same_right(
    context: PricingContext, value: Value, make_asset: MakeAsset, unit: str, units_in_it: float
) -> None:
    converted = replace(COMPENSATION, quantity_per_year=1_500.0 / units_in_it, unit=unit)
    expected = value(price_in(make_asset(COMPENSATION), context).alternatives[0][1])
    found = value(price_in(make_asset(converted), context).alternatives[0][1])
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("unit", "expected", "factor"),
    [
        ("万吨", "tCO2e", 1e4), ("t", "tCO2e", 1.0), ("张", "MWh", 1.0), ("kWh", "MWh", 1e-3),
        ("万千瓦时", "MWh", 10.0),
        ("万m3", "m3", 1e4), ("亿立方米", "m3", 1e8), ("万元", "CNY", 1e4), ("吨标准煤", "tce", 1.0),
        ("hm2", "mu", 15.0), ("m2", "mu", 1.5e-3), ("km2", "mu", 1500.0), ("ton", "tCO2e", 1.0), ("方", "m3", 1.0),
    ],
)  # fmt: skip
def test_units_people_use(unit: str, expected: str, factor: float) -> None:
    assert conversion_factor(unit, expected, "unit") == pytest.approx(factor, rel=1e-12)


@pytest.mark.parametrize(
    "unit", ["m3", "tC", "nonsense unit", "", "2 ha", "亩/", "万", "t/0", "~t!|", "t\n", "mt", "(" * 5000]
)
def test_a_unit_that_does_not_convert_is_named(unit: str) -> None:
    with pytest.raises(InvalidInput, match=r"catalogued_right\.unit: found unit .* expected 'tCO2e'"):
        conversion_factor(unit, "tCO2e", "catalogued_right.unit")


def test_an_amount_of_money_has_no_price(context: PricingContext, make_asset: MakeAsset) -> None:
    """Income of 1,000 CNY a year is not 2,000 because somebody put a 2 into the price."""
    income = CataloguedRight("eod_concession", 1_000.0, 5.0, unit_price_cny=2.0)
    with pytest.raises(InvalidInput, match=r"catalogued_right\.unit_price_cny: found 2, expected none or 1"):
        price_in(make_asset(income), context)
    [(_, schedule)] = price_in(make_asset(replace(income, unit_price_cny=1.0)), context).alternatives
    assert schedule.quantities.tolist() == [1_000.0] * 5


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("km3", "m3"),
        ("dm3", "m3"),
        ("km3", "mu"),
        ("MWh", "tce"),
        ("mWh", "MWh"),
        ("tCO2e", "t"),
        ("mu", "m3"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(unit: str, expected: str) -> None:
    """A cubic kilometre is 1e9 m3 and no kilo-m3; coal equivalent of power has two conventions; CO2 is no pollutant."""
    with pytest.raises(InvalidInput, match=r"unit: found unit .* expected "):
        conversion_factor(unit, expected, "unit")


def test_every_unit_of_the_catalogue_converts_to_itself(catalogue: Catalogue) -> None:
    units = {kind.unit for kind in catalogue.kinds.values() if kind.quantity_times_factor}
    assert {conversion_factor(unit, unit, "unit") for unit in units} == {1.0}
    assert {conversion_factor(f"亿{unit}", unit, "unit") for unit in units} == {1e8}


def test_unknown_kinds_are_named_with_the_known_ones(context: PricingContext, make_asset: MakeAsset) -> None:
    for kind in ("moon_rock", "water_right"):
        with pytest.raises(InvalidInput, match=rf"catalogued_right\.kind: .*'{kind}'.*green_certificate"):
            price_in(make_asset(replace(COMPENSATION, kind=kind)), context)


def test_a_detail_that_no_pricer_knows_is_refused(context: PricingContext) -> None:
    stray: object = dt.date(2026, 1, 1)
    with pytest.raises(InvalidInput, match=r"detail: found date, expected one of .*WaterRight"):
        price_in(Asset("A", "x", "y", stray), context)  # type: ignore[arg-type]  # what the test is about


def test_every_kind_of_detail_has_a_pricer() -> None:
    assert len(PRICERS) == 8


@given(share=st.floats(0.0, 1.0), term=st.floats(0.5, 70.0), start=st.floats(0.0, 5.0))
def test_the_share_scales_the_income(
    context: PricingContext, value: Value, make_asset: MakeAsset, *, share: float, term: float, start: float
) -> None:
    right = replace(COMPENSATION, term_years=term, start_years=start)
    whole = value(price_in(make_asset(right), context).alternatives[0][1])
    part = value(price_in(make_asset(replace(right, realisable_share=share)), context).alternatives[0][1])
    assert part == pytest.approx(share * whole, rel=1e-9, abs=1e-9)


def test_a_later_start_is_worth_the_discount(
    context: PricingContext, value: Value, make_asset: MakeAsset
) -> None:
    now = value(price_in(make_asset(COMPENSATION), context).alternatives[0][1])
    later = value(price_in(make_asset(replace(COMPENSATION, start_years=3.0)), context).alternatives[0][1])
    assert later == pytest.approx(now / 1.06**3, rel=1e-12)


def test_price_above_market_and_old_quantities_are_flagged(
    context: PricingContext, make_asset: MakeAsset
) -> None:
    right = CataloguedRight(
        "carbon_ticket", 10.0, 5.0, unit_price_cny=90.0, quantity_as_of=dt.date(2020, 1, 1)
    )
    codes = {caution.code for caution in price_in(make_asset(right), context).cautions}
    assert {"PRICE_FAR_ABOVE_MARKET", "QUANTITY_OUTDATED"} <= codes
    fresh = replace(right, unit_price_cny=15.0, quantity_as_of=dt.date(2026, 1, 1))
    codes = {caution.code for caution in price_in(make_asset(fresh), context).cautions}
    assert codes.isdisjoint({"PRICE_FAR_ABOVE_MARKET", "QUANTITY_OUTDATED"})


def test_own_terms_replace_the_catalogues_one_by_one(catalogue: Catalogue, standard: MarketSnapshot) -> None:
    override = TermsOverride(liquidity_discount=0.0, ltv_cap=0.35)
    asset = Asset("A", "x", "y", WaterRight(1.0, 5.0), assumed_fields=("water_right.x",), terms=override)
    priced = price(asset, catalogue, standard)
    terms = priced.alternatives[0][1].terms
    kind = catalogue.kinds["water_right"]
    assert terms.liquidity_discount == 0.0
    assert terms.quantity_cv == kind.terms.quantity_cv
    assert (priced.lending.ltv_cap, priced.lending.min_dscr) == (0.35, kind.min_dscr)
    assert "water_right.x" in priced.assumptions
    assert "ASSUMED_INPUT" in {caution.code for caution in priced.cautions}
    with pytest.raises(InvalidInput, match="terms: event_severity: found 2"):
        price(replace(asset, terms=TermsOverride(event_severity=2.0)), catalogue, standard)


def test_a_number_that_is_not_finite_makes_no_schedule(
    context: PricingContext, make_asset: MakeAsset
) -> None:
    with pytest.raises(InvalidInput, match="must be finite"):
        price_in(make_asset(replace(COMPENSATION, quantity_per_year=float("nan"))), context)
