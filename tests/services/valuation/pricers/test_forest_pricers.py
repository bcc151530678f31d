"""Forest carbon, tenure and the two combined, against hand computation and LY/T 2407-2015."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant.forestry import harvest_present_value, land_expectation_value
from services.runtime.errors import InvalidInput
from services.valuation.asset import (
    CarbonAndTenure,
    CarbonInstrument,
    CarbonIssuance,
    ForestCarbonReceivable,
    ForestTenure,
    GrowthCurve,
    StandGrowth,
)
from services.valuation.pricers import PricingContext, price_in
from tests.services.valuation.pricers.conftest import FLAT_RATE, MakeAsset, Value

DECLARED = CarbonIssuance(
    CarbonInstrument.CCER, 20.0, tonnes_per_year=1_000.0, risk_deduction=0.1, registration_probability=0.8
)
GROWTH = StandGrowth("杉木", 10.0, 5.0, 300.0, 0.08, 2.5)
TENURE = ForestTenure(10.0, 12.0, 150.0, 500.0, cost_cny_per_ha_year=300.0, stand_adjustment=0.9)


def discount(years: float) -> float:
    return float((1.0 + FLAT_RATE) ** -years)


def test_declared_credits_by_hand(context: PricingContext, value: Value, make_asset: MakeAsset) -> None:
    issuance = replace(DECLARED, cost_cny_per_issuance=50_000.0)
    priced = price_in(make_asset(ForestCarbonReceivable(issuance)), context)
    # 5 years x 1,000 t x 0.9 = 4,500 t one year after each of four periods, sold at 96.34 if registered
    by_hand = 0.8 * (4_500 * 96.34 - 50_000) * sum(discount(t) for t in (6, 11, 16, 21))
    assert value(priced.alternatives[0][1]) == pytest.approx(by_hand, rel=1e-12)
    assert priced.annual_quantity == 1_000.0


def test_the_last_monitoring_period_may_be_short(context: PricingContext, make_asset: MakeAsset) -> None:
    issuance = replace(DECLARED, crediting_years=12.0)
    schedule = price_in(make_asset(ForestCarbonReceivable(issuance)), context).alternatives[0][1]
    assert schedule.times_years.tolist() == [6.0, 11.0, 13.0]
    assert schedule.quantities.tolist() == pytest.approx([3600.0, 3600.0, 0.8 * 1800])


def test_grown_credits_by_the_biomass_formula(context: PricingContext, make_asset: MakeAsset) -> None:
    issuance = replace(DECLARED, tonnes_per_year=None, growth=GROWTH, crediting_years=10.0)
    schedule = price_in(make_asset(ForestCarbonReceivable(issuance)), context).alternatives[0][1]

    def stock(age: float) -> float:
        # Chinese fir: V SVD BEF (1 + RSR) CF 44/12, parameters of data/forest_species.csv
        volume = 300.0 * math.pow(1.0 - math.exp(-0.08 * age), 2.5)
        return volume * 0.307 * 1.634 * 1.246 * 0.520 * 44.0 / 12.0

    by_hand = [0.8 * math.floor((stock(a + 5) - stock(a)) * 10.0 * 0.9) for a in (5.0, 10.0)]
    assert schedule.quantities.tolist() == pytest.approx(by_hand, rel=1e-12)


@given(
    tonnes=st.floats(0.1, 1e6), ratio=st.floats(0.0, 1.0), period=st.floats(1.0, 10.0), years=st.floats(1.0, 40.0)
)  # fmt: skip
def test_issuances_are_whole_tonnes_and_never_more_than_declared(
    context: PricingContext,
    make_asset: MakeAsset,
    *,
    tonnes: float,
    ratio: float,
    period: float,
    years: float,
) -> None:
    issuance = replace(
        DECLARED, tonnes_per_year=tonnes, verification_ratio=ratio, monitoring_period_years=period,
        crediting_years=years, registration_probability=1.0,
    )  # fmt: skip
    schedule = price_in(make_asset(ForestCarbonReceivable(issuance)), context).alternatives[0][1]
    assert all(quantity == math.floor(quantity) for quantity in schedule.quantities)
    assert schedule.quantities.sum() <= tonnes * 0.9 * ratio * years + 1e-6 * len(schedule)


def test_catalogue_terms_fill_what_the_asset_leaves_open(
    context: PricingContext, make_asset: MakeAsset
) -> None:
    open_terms = replace(DECLARED, risk_deduction=None, registration_probability=None)
    priced = price_in(make_asset(ForestCarbonReceivable(open_terms)), context)
    assert priced.alternatives[0][1].quantities[0] == pytest.approx(0.7 * 4500)
    assert any("registration_probability = 0.7" in line for line in priced.assumptions)
    stated = price_in(make_asset(ForestCarbonReceivable(DECLARED)), context)
    assert not any("registration_probability" in line for line in stated.assumptions)


def test_published_oddities_are_flagged(context: PricingContext, make_asset: MakeAsset) -> None:
    def codes(issuance: CarbonIssuance) -> dict[str, str]:
        priced = price_in(make_asset(ForestCarbonReceivable(issuance)), context)
        return {caution.code: caution.severity.value for caution in priced.cautions}

    # Wuning (C26): 6,317 t a year at 157 CNY/t
    wuning = replace(DECLARED, tonnes_per_year=6_317.0, price_cny_per_t=157.0)
    assert codes(wuning)["PRICE_FAR_ABOVE_MARKET"] == "warning"
    # Ganzhou (C23): 350,000 t a year, 92.8 tCO2/ha on phase 1 and 13.8 on the whole
    ganzhou = replace(DECLARED, tonnes_per_year=350_000.0, area_ha=350_000.0 / 92.8)
    assert codes(ganzhou)["YIELD_IMPLAUSIBLE"] == "implausible"
    assert codes(replace(ganzhou, area_ha=350_000.0 / 13.8))["YIELD_IMPLAUSIBLE"] == "warning"
    # Sanming: 0.40 t/mu a year is 6 t/ha
    assert "YIELD_IMPLAUSIBLE" not in codes(replace(ganzhou, area_ha=350_000.0 / 6.0))


def test_an_own_price_in_the_quantity_is_told_in_the_label(
    context: PricingContext, make_asset: MakeAsset
) -> None:
    """C26: 31,585 t an issuance at 157 CNY/t are 31,585 x 157 / 96.34 units of the CCER price."""

    def first_row(price: float | None) -> tuple[float, str]:
        issuance = CarbonIssuance(
            CarbonInstrument.CCER,
            20.0,
            6_317.0,
            risk_deduction=0.0,
            registration_probability=1.0,
            price_cny_per_t=price,
        )
        [(_, schedule)] = price_in(make_asset(ForestCarbonReceivable(issuance)), context).alternatives
        return float(schedule.quantities[0]), schedule.labels[0]

    quantity, label = first_row(157.0)
    assert quantity == pytest.approx(31_585.0 * 157.0 / 96.34, rel=1e-12)
    assert "自有价 157 元/t，数量按市价 96.34 折算" in label
    assert "own price 157 CNY/t; quantity restated at the market 96.34" in label
    assert first_row(None) == (31_585.0, "第1期碳汇签发 Issuance 1")


def test_growth_refuses_an_unknown_species(context: PricingContext, make_asset: MakeAsset) -> None:
    issuance = replace(DECLARED, tonnes_per_year=None, growth=replace(GROWTH, species="oak"))
    with pytest.raises(InvalidInput, match=r"forest_carbon\.issuance\.growth\.species: .*'oak'.*杉木"):
        price_in(make_asset(ForestCarbonReceivable(issuance)), context)


def test_credits_need_exactly_one_origin(context: PricingContext, make_asset: MakeAsset) -> None:
    for issuance in (replace(DECLARED, growth=GROWTH), replace(DECLARED, tonnes_per_year=None)):
        with pytest.raises(InvalidInput, match="exactly one of tonnes_per_year, growth and inventory"):
            price_in(make_asset(ForestCarbonReceivable(issuance)), context)


@given(
    to_harvest=st.integers(1, 60), adjustment=st.floats(0.2, 2.0), cost=st.floats(0.0, 2_000.0)
)  # fmt: skip
def test_tenure_is_the_harvest_present_value_of_the_standard(
    context: PricingContext,
    value: Value,
    make_asset: MakeAsset,
    *,
    to_harvest: int,
    adjustment: float,
    cost: float,
) -> None:
    tenure = replace(
        TENURE, years_to_harvest=float(to_harvest), stand_adjustment=adjustment, cost_cny_per_ha_year=cost
    )
    # years_to_harvest is u - n + 1
    expected = harvest_present_value(
        10.0 * 150.0 * 500.0,
        stand_age_years=20,
        rotation_years=20 + to_harvest - 1,
        rate_annual=FLAT_RATE,
        annual_costs_cny=10.0 * cost,
        stand_quality=adjustment,
    )
    found = value(price_in(make_asset(tenure), context).alternatives[0][1])
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-6)


def test_bare_land_comes_back_with_the_felling(
    context: PricingContext, value: Value, make_asset: MakeAsset
) -> None:
    """Timber, then the land at its expectation value: by Faustmann the present value of all rotations to come."""
    land = land_expectation_value(
        150.0 * 500.0, rotation_years=30, rate_annual=FLAT_RATE, planting_cost_cny=9_000.0
    )
    bare = replace(TENURE, bare_land_value_cny_per_ha=land)
    for detail in (TENURE, CarbonAndTenure(TENURE, DECLARED)):
        with_land = bare if isinstance(detail, ForestTenure) else CarbonAndTenure(bare, DECLARED)
        before = price_in(make_asset(detail), context).alternatives
        after = price_in(make_asset(with_land), context).alternatives
        gains = [value(new) - value(old) for (_, new), (_, old) in zip(after, before, strict=True)]
        felled = [12, 20][: len(gains)]
        assert gains == pytest.approx([10.0 * land * discount(year) for year in felled], rel=1e-9)


def test_harvest_must_fall_within_the_tenure(context: PricingContext, make_asset: MakeAsset) -> None:
    with pytest.raises(InvalidInput, match=r"forest_tenure\.years_to_harvest: found 12, expected at most"):
        price_in(make_asset(replace(TENURE, tenure_term_years=10.0)), context)


def test_the_two_decisions_by_hand(context: PricingContext, value: Value, make_asset: MakeAsset) -> None:
    both = CarbonAndTenure(replace(TENURE, cost_cny_per_ha_year=0.0), DECLARED)
    worth = {name: value(schedule) for name, schedule in price_in(make_asset(both), context).alternatives}
    timber = 10.0 * 150.0 * 0.9 * 500.0

    def issued(year: float) -> float:
        # still issued unless the registry has stopped, 2 % a year
        return 0.8 * 4_500 * 96.34 * math.exp(-0.02 * year)

    # felled in year 12: the credits of years 6 and 11 are sold and bought back, none follows
    harvest = timber * discount(12) + sum(issued(t) * (discount(t) - discount(12)) for t in (6, 11))
    # held: four issuances, the timber when the crediting period is over
    hold = sum(issued(t) * discount(t) for t in (6, 11, 16, 21)) + timber * discount(20)
    assert worth == pytest.approx({"harvest": harvest, "hold_and_credit": hold}, rel=1e-12)


def test_credits_are_bought_back_at_the_market_whatever_a_contract_paid(
    context: PricingContext, make_asset: MakeAsset
) -> None:
    """0.8 x 4,500 t in years 6 and 11, unless the registry has stopped; sold at 50 CNY/t, bought at 96.34."""
    both = CarbonAndTenure(TENURE, replace(DECLARED, price_cny_per_t=50.0))
    harvest = dict(price_in(make_asset(both), context).alternatives)["harvest"]
    [bought] = [
        q for q, label in zip(harvest.quantities, harvest.labels, strict=True) if "bought back" in label
    ]
    assert bought == pytest.approx(-0.8 * 4_500 * (math.exp(-0.12) + math.exp(-0.22)), rel=1e-12)


def test_the_better_decision_is_below_the_sum_of_both_rights(
    context: PricingContext, value: Value, make_asset: MakeAsset
) -> None:
    alone = value(price_in(make_asset(TENURE), context).alternatives[0][1])
    carbon = value(price_in(make_asset(ForestCarbonReceivable(DECLARED)), context).alternatives[0][1])
    joint = price_in(make_asset(CarbonAndTenure(TENURE, DECLARED)), context)
    assert max(value(schedule) for _, schedule in joint.alternatives) < alone + carbon


def test_carbon_never_makes_the_forest_worth_less(
    context: PricingContext, value: Value, make_asset: MakeAsset
) -> None:
    # under the catalogue's terms: the felling may still go ahead as planned
    alone = replace(make_asset(TENURE), terms=None)
    both = replace(make_asset(CarbonAndTenure(TENURE, DECLARED)), terms=None)
    worth = [value(schedule) for _, schedule in price_in(both, context).alternatives]
    assert max(worth) >= value(price_in(alone, context).alternatives[0][1])


def test_both_decisions_share_one_fire(context: PricingContext, make_asset: MakeAsset) -> None:
    asset = replace(make_asset(CarbonAndTenure(TENURE, DECLARED)), terms=None)
    terms = [schedule.terms for _, schedule in price_in(asset, context).alternatives]
    assert terms[0] is terms[1]
    assert terms[0].event_intensity > 0.0


def test_no_timber_where_the_tenure_ends_with_the_crediting(
    context: PricingContext, make_asset: MakeAsset
) -> None:
    both = CarbonAndTenure(replace(TENURE, years_to_harvest=25.0, tenure_term_years=20.0), DECLARED)
    alternatives = dict(price_in(make_asset(both), context).alternatives)
    assert list(alternatives) == ["hold_and_credit"]
    assert "timber_price" not in alternatives["hold_and_credit"].factors
    late = CarbonAndTenure(replace(TENURE, tenure_term_years=15.0), DECLARED)
    with pytest.raises(InvalidInput, match=r"carbon_and_tenure\.issuance\.crediting_years: found crediting"):
        price_in(make_asset(late), context)


@pytest.mark.parametrize(
    ("curve", "rate", "shape", "volume"),
    [
        (GrowthCurve.LOGISTIC, 0.1, 30.0, lambda t: 300.0 / (1.0 + 30.0 * math.exp(-0.1 * t))),
        (GrowthCurve.GOMPERTZ, 0.06, 4.0, lambda t: 300.0 * math.exp(-4.0 * math.exp(-0.06 * t))),
        (GrowthCurve.KORF, 0.9, 12.0, lambda t: 300.0 * math.exp(-12.0 * t**-0.9)),
        (GrowthCurve.SCHUMACHER, 1.0, 15.0, lambda t: 300.0 * math.exp(-15.0 / t)),
    ],
)
def test_each_curve_grows_its_credits(
    context: PricingContext,
    make_asset: MakeAsset,
    *,
    curve: GrowthCurve,
    rate: float,
    shape: float,
    volume: Callable[[float], float],
) -> None:
    growth = replace(GROWTH, curve=curve, rate_per_year=rate, shape=shape)
    issuance = replace(DECLARED, tonnes_per_year=None, growth=growth, crediting_years=10.0)
    schedule = price_in(make_asset(ForestCarbonReceivable(issuance)), context).alternatives[0][1]
    fir = 0.307 * 1.634 * 1.246 * 0.520 * 44.0 / 12.0
    by_hand = [0.8 * math.floor((volume(t + 5.0) - volume(t)) * fir * 10.0 * 0.9) for t in (5.0, 10.0)]
    assert schedule.quantities.tolist() == pytest.approx(by_hand, rel=1e-12)


def test_schumacher_has_no_rate(context: PricingContext, make_asset: MakeAsset) -> None:
    growth = replace(GROWTH, curve=GrowthCurve.SCHUMACHER)
    issuance = replace(DECLARED, tonnes_per_year=None, growth=growth)
    with pytest.raises(
        InvalidInput, match=r"forest_carbon\.issuance\.growth\.rate_per_year: found 0\.08, expected 1"
    ):
        price_in(make_asset(ForestCarbonReceivable(issuance)), context)
