"""Water rights against annuities and identities of the permit."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.errors import InvalidInput
from services.runtime.evidence import Evidence, Source
from services.runtime.market import MarketSnapshot
from services.runtime.scenarios.changed_market import apply
from services.runtime.scenarios.scenario import FloorShock, Scenario, VolatilityShock
from services.valuation.asset import WaterRight
from services.valuation.catalogue.catalogue import Catalogue
from services.valuation.pricers import PricingContext, price, price_in
from tests.services.valuation.pricers.conftest import FLAT_RATE, MakeAsset, Value

RIGHT = WaterRight(1_000_000.0, 5.0)
SCHEME = "allocation.heihe.irrigation"


def annuity(years: int) -> float:
    return (1.0 - (1.0 + FLAT_RATE) ** -years) / FLAT_RATE


def test_value_is_the_annuity_of_the_water_that_arrives(
    context: PricingContext, value: Value, make_asset: MakeAsset
) -> None:
    right = replace(
        RIGHT, transferable_share=0.4, conveyance_efficiency=0.53, reliability=0.9, price_cny_per_m3=0.2,
        cost_cny_per_m3=0.05,
    )  # fmt: skip
    priced = price_in(make_asset(right), context)
    by_hand = 1e6 * 0.4 * 0.53 * 0.9 * (0.2 - 0.05) * annuity(5)
    assert value(priced.alternatives[0][1]) == pytest.approx(by_hand, rel=1e-12)
    assert (priced.annual_quantity, priced.annual_quantity_unit) == (1e6, "m3")


def test_under_the_scheme_revenue_and_cost_follow_the_allocation(
    context: PricingContext, value: Value, make_asset: MakeAsset
) -> None:
    right = replace(RIGHT, allocation_factor=SCHEME, cost_cny_per_m3=0.05)
    share = context.level(SCHEME, "x")
    schedule = price_in(make_asset(right), context).alternatives[0][1]
    assert set(schedule.factors) == {"water_revenue.heihe.irrigation", SCHEME}
    assert value(schedule) == pytest.approx(1e6 * share * (0.15 - 0.05) * annuity(5), rel=1e-12)


def test_a_dry_river_moves_a_scheme_right_and_not_a_reliable_one(
    catalogue: Catalogue, standard: MarketSnapshot, make_asset: MakeAsset
) -> None:
    right = replace(RIGHT, allocation_factor=SCHEME)
    schedule = price(make_asset(right), catalogue, standard).alternatives[0][1]
    model = standard.factor_model()
    states = model.initial_states().repeat(2).reshape(-1, 2)
    # a wet and a dry start of the river; the scheme gives less to the middle reach when it is wet
    states[[f.name for f in standard.primary_factors].index("inflow.yingluoxia")] = (0.5, -0.3)
    forward = model.forward([0.01], states=states)[model.index(schedule.factors[0]), 0]
    assert forward[0] < forward[1]


@given(
    term=st.floats(0.1, 50.0),
    renewals=st.integers(0, 5),
    probability=st.floats(0.0, 1.0),
)
def test_no_row_after_expiry_without_renewal(
    context: PricingContext, make_asset: MakeAsset, term: float, renewals: int, probability: float
) -> None:
    right = replace(RIGHT, remaining_term_years=term, renewals=renewals, renewal_probability=probability)
    schedule = price_in(make_asset(right), context).alternatives[0][1]
    counted = renewals if probability > 0.0 else 0
    assert schedule.times_years.max() <= term + 5.0 * counted + 1e-9


@given(share=st.floats(0.01, 0.99), term=st.floats(0.5, 30.0))
def test_a_right_split_in_two_adds_up(
    context: PricingContext, value: Value, make_asset: MakeAsset, share: float, term: float
) -> None:
    def worth(volume: float) -> float:
        right = replace(RIGHT, volume_m3_per_year=volume, remaining_term_years=term, cost_cny_per_m3=0.03)
        return value(price_in(make_asset(right), context).alternatives[0][1])

    assert worth(1e6 * share) + worth(1e6 * (1.0 - share)) == pytest.approx(worth(1e6), rel=1e-9)


def test_price_zero_is_a_price_and_worth_nothing(
    context: PricingContext, value: Value, make_asset: MakeAsset
) -> None:
    priced = price_in(make_asset(replace(RIGHT, price_cny_per_m3=0.0)), context)
    assert value(priced.alternatives[0][1]) == 0.0


def test_cautions_of_a_permit(context: PricingContext, make_asset: MakeAsset) -> None:
    def codes(right: WaterRight) -> set[str]:
        return {caution.code for caution in price_in(make_asset(right), context).cautions}

    assert "PERMIT_ENDS" in codes(RIGHT)
    assert "PERMIT_ENDS" not in codes(replace(RIGHT, renewals=1, renewal_probability=0.5))
    assert "PERMIT_TERM_UNUSUAL" in codes(replace(RIGHT, remaining_term_years=25.0))
    assert "PRICE_FAR_ABOVE_MARKET" in codes(replace(RIGHT, price_cny_per_m3=10.0))
    assert "TRANSFER_NOT_LIMITED" in codes(replace(RIGHT, transferable_share=1.0))
    assert "TRANSFER_NOT_LIMITED" not in codes(replace(RIGHT, transferable_share=0.6))


@pytest.mark.parametrize("factor", ["allocation.nowhere", "water_price"])
def test_an_unknown_scheme_is_named(context: PricingContext, make_asset: MakeAsset, factor: str) -> None:
    with pytest.raises(InvalidInput) as error:
        price_in(make_asset(replace(RIGHT, allocation_factor=factor)), context)
    assert error.value.violations[0].field == "water_right.allocation_factor"
    assert factor in error.value.message


FLOOR = "buy_back.heihe"


@pytest.mark.parametrize(("cap", "covered"), [(300_000.0, 300_000.0), (5e6, 900_000.0)])
def test_a_floor_pays_the_larger_of_price_and_strike_on_the_capped_volume(
    catalogue: Catalogue, standard: MarketSnapshot, make_asset: MakeAsset, cap: float, covered: float
) -> None:
    # With a certain price of 0.15 and a floor of 0.20: 0.20 on the covered volume, 0.15 on the rest.
    certain = Scenario(
        "floor", "", "", (Source("floors", Evidence.ASSUMPTION, "a test"),),
        floors=(FloorShock(FLOOR, 0.20),), volatilities=(VolatilityShock("water_price", 0.0),),
    )  # fmt: skip
    market = apply(standard, certain)
    right = replace(RIGHT, reliability=0.9, buy_back_factor=FLOOR, buy_back_volume_m3_per_year=cap)
    schedule = price(make_asset(right), catalogue, market).alternatives[0][1]
    model = market.factor_model()
    first_year = sum(
        quantity * model.forward([1.0])[model.index(factor), 0]
        for time, factor, quantity in zip(
            schedule.times_years, schedule.factors, schedule.quantities, strict=True
        )
        if time == 1.0
    )
    market_price = model.forward([1.0])[model.index("water_price"), 0]
    assert first_year == pytest.approx(0.20 * covered + market_price * (900_000.0 - covered), rel=1e-12)


def test_no_floor_by_default(context: PricingContext, make_asset: MakeAsset) -> None:
    with_none = price_in(make_asset(RIGHT), context).alternatives[0][1]
    assert set(with_none.factors) == {"water_price"}
    assert context.level(FLOOR, "x") == 0.0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"buy_back_factor": FLOOR}, "water_right.buy_back_volume_m3_per_year"),
        ({"buy_back_volume_m3_per_year": 1.0}, "water_right.buy_back_factor"),
        (
            {"buy_back_factor": FLOOR, "buy_back_volume_m3_per_year": 1.0, "price_cny_per_m3": 0.2},
            "water_right.buy_back_factor",
        ),
        ({"buy_back_factor": SCHEME, "buy_back_volume_m3_per_year": 1.0}, "water_right.buy_back_factor"),
        (
            {"buy_back_factor": "buy_back.x", "buy_back_volume_m3_per_year": 1.0},
            "water_right.buy_back_factor",
        ),
    ],
)
def test_a_floor_that_makes_no_sense_is_refused(
    context: PricingContext, make_asset: MakeAsset, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        price_in(make_asset(replace(RIGHT, **changes)), context)  # type: ignore[arg-type]  # fields by name
    assert [violation.field for violation in refusal.value.violations] == [field]
