"""Water within the year: what the months of use get, when it is paid, and that nothing changes without months."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from services.runtime.errors import InvalidInput
from services.runtime.evidence import Evidence, Source
from services.runtime.market import MarketSnapshot, SeasonalProfile
from services.runtime.violations import Violations
from services.runtime.wire.market import snapshot_from_wire, snapshot_to_wire
from services.valuation.asset import Asset, WaterRight
from services.valuation.catalogue.catalogue import Catalogue
from services.valuation.pricers import PricedAsset, PricingContext, price_in
from services.valuation.pricers.calendar import permit_intervals, permit_years
from services.valuation.stored_form import asset_from_json, asset_to_json
from services.valuation.translate.asset import asset_from_wire, asset_to_wire

SCHEME = "allocation.heihe.irrigation"
RIGHT = WaterRight(1e6, 3.0, allocation_factor=SCHEME)
SEASON = (5, 6, 7, 8, 9)
# 6.3 + 12.0 + 19.2 + 19.6 + 15.6 of 99.8 at Yingluoxia from May to September.
SEASON_SHARE = 72.7 / 99.8
NEW_YEAR = dt.date(2027, 1, 1)


def asset(right: WaterRight) -> Asset:
    return Asset("w", "w", "", right)


@pytest.fixture
def at_new_year(catalogue: Catalogue, standard: MarketSnapshot) -> PricingContext:
    return PricingContext(catalogue, standard, NEW_YEAR)


def rows(priced: PricedAsset) -> tuple[list[float], list[float]]:
    schedule = priced.alternatives[0][1]
    return schedule.times_years.tolist(), schedule.quantities.tolist()


def test_without_months_nothing_changes_to_the_bit(
    catalogue: Catalogue, standard: MarketSnapshot, at_new_year: PricingContext
) -> None:
    right = replace(
        RIGHT, remaining_term_years=4.3, renewal_probability=0.5, renewals=2, cost_cny_per_m3=0.01
    )
    bare = PricingContext(catalogue, replace(standard, seasonal_profiles=()))
    assert rows(price_in(asset(right), bare)) == rows(price_in(asset(right), at_new_year))
    schedule = price_in(asset(right), bare).alternatives[0][1]
    revenue = [
        q for q, name in zip(schedule.quantities.tolist(), schedule.factors, strict=True) if name != SCHEME
    ]
    assert revenue == [1e6 * share for _, share in permit_years(4.3, 0.5, 5.0, 2)]


def test_a_season_gets_its_share_of_every_year(at_new_year: PricingContext) -> None:
    times, quantities = rows(price_in(asset(replace(RIGHT, use_months=SEASON)), at_new_year))
    assert times == [1.0, 2.0, 3.0]
    assert quantities == pytest.approx([1e6 * SEASON_SHARE] * 3, rel=1e-7)


def test_storage_carries_the_rest_over(at_new_year: PricingContext) -> None:
    half = replace(RIGHT, use_months=SEASON, carry_over_share=0.5)
    expected = 1e6 * (SEASON_SHARE + 0.5 * (1.0 - SEASON_SHARE))
    assert rows(price_in(asset(half), at_new_year))[1] == pytest.approx([expected] * 3, rel=1e-7)
    whole = replace(RIGHT, use_months=SEASON, carry_over_share=1.0)
    assert rows(price_in(asset(whole), at_new_year))[1] == pytest.approx([1e6] * 3, rel=1e-12)


def test_monthly_payments_follow_the_river_and_keep_the_year(at_new_year: PricingContext) -> None:
    """From 1 January the twelfths of a year are the months; August brings 19.6 of 99.8."""
    times, quantities = rows(price_in(asset(replace(RIGHT, monthly_payments=True)), at_new_year))
    assert times == [month / 12.0 for month in range(1, 37)]
    assert quantities[7] == pytest.approx(1e6 * 19.6 / 99.8, rel=1e-7)
    for year in range(3):
        assert sum(quantities[12 * year : 12 * year + 12]) == pytest.approx(1e6, rel=1e-12)


def test_a_season_pays_in_its_months_alone(at_new_year: PricingContext) -> None:
    right = replace(RIGHT, monthly_payments=True, use_months=SEASON, carry_over_share=1.0)
    times, quantities = rows(price_in(asset(right), at_new_year))
    assert times[:5] == [month / 12.0 for month in SEASON]
    assert sum(quantities[:5]) == pytest.approx(1e6, rel=1e-12)


def test_a_part_of_a_year_gets_what_flows_in_it(catalogue: Catalogue, standard: MarketSnapshot) -> None:
    """Half a year from July holds 70.3 of 99.8; of a flat profile one half."""
    context = PricingContext(catalogue, standard, dt.date(2027, 7, 1))
    half = replace(RIGHT, remaining_term_years=0.5, use_months=tuple(range(1, 13)))
    assert rows(price_in(asset(half), context))[1] == pytest.approx([1e6 * 70.3 / 99.8], rel=1e-7)
    flat = replace(half, monthly_shares=(1.0 / 12.0,) * 12)
    assert rows(price_in(asset(flat), context))[1] == pytest.approx([0.5e6], rel=1e-12)


def test_renewals_count_with_their_probability(at_new_year: PricingContext) -> None:
    """The year in which the permit ends: the first half is sure, of the second the renewal's 40 % counts."""
    right = WaterRight(
        1e6, 1.5, 0.4, 2.0, 1, reliability=1.0, monthly_shares=(1.0 / 12.0,) * 12, allocation_factor=""
    )
    times, quantities = rows(price_in(asset(right), at_new_year))
    assert times == [1.0, 2.0, 3.0, 3.5]
    assert quantities == pytest.approx([1e6, 0.7e6, 0.4e6, 0.2e6], rel=1e-12)


def test_intervals_are_the_permit_years_cut_finer() -> None:
    for term, probability, renewals in ((2.5, 0.5, 2), (3.0, 0.0, 3), (0.4, 0.3, 1)):
        yearly = permit_intervals(term, probability, 1.7, renewals, payments_per_year=1)
        weighed = [(end, sum(w * (until - since) for since, until, w in parts)) for end, parts in yearly]
        expected = permit_years(term, probability, 1.7, renewals)
        assert np.array(weighed) == pytest.approx(np.array(expected), abs=1e-12)
        monthly = permit_intervals(term, probability, 1.7, renewals, payments_per_year=12)
        total = sum(w * (until - since) for _, parts in monthly for since, until, w in parts)
        assert total == pytest.approx(sum(share for _, share in expected), abs=1e-9)


def test_a_profile_that_is_not_known_is_flat_and_called_an_assumption(at_new_year: PricingContext) -> None:
    reliable = WaterRight(1e6, 2.0, reliability=0.9, use_months=(6, 7, 8))
    priced = price_in(asset(reliable), at_new_year)
    assert rows(priced)[1] == pytest.approx([1e6 * 0.9 * 0.25] * 2, rel=1e-12)
    assert any("flat" in line for line in priced.assumptions)
    known = price_in(asset(replace(RIGHT, use_months=(6, 7, 8))), at_new_year)
    assert not any("monthly" in line for line in known.assumptions)


@pytest.mark.parametrize(
    ("right", "field"),
    [
        (replace(RIGHT, remaining_term_years=0.2, use_months=(9,)), "use_months"),
        (replace(RIGHT, use_months=(6,), monthly_shares=(1.0, *(0.0,) * 11)), "use_months"),
        (replace(RIGHT, monthly_payments=True, remaining_term_years=50.0, renewal_probability=0.5,
                 renewal_term_years=50.0, renewals=2), "monthly_payments"),
        (replace(RIGHT, monthly_shares=(0.1,) * 12), "monthly_shares"),
    ],
)  # fmt: skip
def test_what_makes_no_season_is_refused(at_new_year: PricingContext, right: WaterRight, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        price_in(asset(right), at_new_year)
    assert refused.value.violations[0].field == f"water_right.{field}"


def test_a_season_survives_wire_and_store() -> None:
    given = asset(
        replace(
            RIGHT,
            use_months=SEASON,
            carry_over_share=0.4,
            monthly_payments=True,
            monthly_shares=(1.0 / 12.0,) * 12,
        )
    )
    violations = Violations()
    assert asset_from_wire(asset_to_wire(given), violations) == given
    assert asset_from_json(asset_to_json(given)) == given
    wrong = replace(RIGHT, use_months=(5, 5, 13), monthly_shares=(0.5,) * 3, carry_over_share=2.0)
    assert asset_from_wire(asset_to_wire(asset(wrong)), violations) is None
    assert {found.field.partition(".")[2] for found in violations.found} == {
        "use_months[1]", "use_months[2]", "monthly_shares", "carry_over_share",
    }  # fmt: skip


def test_a_snapshot_keeps_its_profile_and_one_without_keeps_its_hash(standard: MarketSnapshot) -> None:
    violations = Violations()
    assert snapshot_from_wire(snapshot_to_wire(standard), violations) == standard
    [profile] = standard.seasonal_profiles
    assert sum(profile.monthly_shares) == pytest.approx(1.0, abs=1e-9)
    assert profile.monthly_shares[7] == pytest.approx(19.6 / 99.8, abs=1e-9)
    assert standard.content_hash() != replace(standard, seasonal_profiles=()).content_hash()
    for wrong in (replace(profile, factor="nobody's"), profile):
        with pytest.raises(ValueError, match="seasonal profile"):
            replace(standard, seasonal_profiles=(profile, wrong))
    with pytest.raises(ValueError, match="seasonal profile"):
        SeasonalProfile("inflow.yingluoxia", (0.5,) * 12, (Source("x", Evidence.ASSUMPTION, "x"),))
    message = snapshot_to_wire(standard)
    message.seasonal_profiles[0].monthly_shares[0] = 0.9
    assert snapshot_from_wire(message, violations) is None
    assert violations.found[-1].field == "seasonal_profiles[0].monthly_shares"
