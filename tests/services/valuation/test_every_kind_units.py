"""A value does not depend on the units in which it was stated: for every kind, under any size of assets.

Money and the market's prices in 万元 give a value in 万元; an area in 亩 with yields per 亩 and a volume in 万m3 with
a price per 万m3 give the same value. Carbon is issued in whole tonnes, which is the one thing that knows its unit.
"""

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quant.market.piecewise import PiecewiseLinear
from quant.schedules import Array, ScheduleBook
from services.valuation.asset import (
    AssetDetail,
    CarbonAndTenure,
    CarbonIssuance,
    CataloguedRight,
    ForestCarbonReceivable,
    ForestTenure,
    VepProject,
    WaterRight,
    WithWithout,
)
from services.valuation.prepared_market import PreparedMarket
from services.valuation.pricers import PricingContext, price_in
from services.valuation.pricers.units import _IN_ONE, conversion_factor
from tests.services.valuation.every_kind import CATALOGUE, DETAILS, asset_of, with_detail
from tests.services.valuation.test_every_kind import MARKET

MU_PER_HA = 15.0
CARBON = {ForestCarbonReceivable, CarbonAndTenure}
UNITS = [
    (code, prefix + unit)
    for code, kind in CATALOGUE.kinds.items()
    if kind.quantity_times_factor
    for unit in _IN_ONE.get(kind.unit, {kind.unit: 1})
    for prefix in ("", "万", "亿")
]


def market_in(unit: float) -> PreparedMarket:
    """The market with every price in another unit of money: levels, and the pay-offs that are written on prices."""
    snapshot = MARKET.snapshot
    prices = {factor.name for factor in snapshot.primary_factors if factor.unit.startswith("CNY/")}
    primaries = tuple(
        replace(factor, level=factor.level * unit) if factor.name in prices else factor
        for factor in snapshot.primary_factors
    )
    derived = tuple(
        replace(factor, payoff=_scaled(factor.payoff, unit)) if factor.driver in prices else factor
        for factor in snapshot.derived_factors
    )
    return PreparedMarket.of(replace(snapshot, primary_factors=primaries, derived_factors=derived))


def _scaled(payoff: PiecewiseLinear, unit: float) -> PiecewiseLinear:
    """A pay-off in money on a price in money."""
    knots, values = (tuple(figure * unit for figure in figures) for figures in (payoff.knots, payoff.values))
    return replace(payoff, knots=knots, values=values)


def values(name: str, detail: AssetDetail, market: PreparedMarket = MARKET) -> Array:
    """V(0) of every alternative."""
    priced = price_in(with_detail(asset_of(name), detail), PricingContext(CATALOGUE, market.snapshot))
    book = ScheduleBook.stack([schedule for _, schedule in priced.alternatives], market.model)
    return book.present_values(market.model, market.curve.discount_factors)


def money_times(detail: Any, factor: float) -> Any:
    """Every amount and every price of a detail times a factor, found by its unit in the name of the field."""
    changed: dict[str, Any] = {}
    for field in fields(detail):
        value = getattr(detail, field.name)
        if isinstance(value, float) and "_cny" in field.name:
            changed[field.name] = value * factor
        elif isinstance(value, tuple):
            changed[field.name] = tuple(
                money_times(item, factor) if is_dataclass(item) else item for item in value
            )
        elif is_dataclass(value):
            changed[field.name] = money_times(value, factor)
    if isinstance(detail, CataloguedRight) and CATALOGUE.kinds[detail.kind].unit == "CNY":
        # An amount in CNY already: the quantity is the money.
        changed = {
            "quantity_per_year": detail.quantity_per_year * factor,
            "cost_cny_per_year": detail.cost_cny_per_year * factor,
        }
    return replace(detail, **changed)


@pytest.mark.parametrize("name", DETAILS)
@settings(max_examples=10)
@given(factor=st.sampled_from([1e-4, 1e-8, 1e4]) | st.floats(1e-6, 1e6))
def test_money_in_another_unit_gives_the_value_in_that_unit(name: str, factor: float) -> None:
    before = values(name, DETAILS[name])
    after = values(name, money_times(DETAILS[name], factor), market_in(factor))
    assert after == pytest.approx(before * factor, rel=1e-9, abs=1e-9 * factor * abs(before).max())


def water_in(detail: WaterRight, unit: float) -> WaterRight:
    price = detail.price_cny_per_m3
    return replace(
        detail,
        price_cny_per_m3=None if price is None else price * unit,
        volume_m3_per_year=detail.volume_m3_per_year / unit,
        cost_cny_per_m3=detail.cost_cny_per_m3 * unit,
    )


def tenure_in(detail: ForestTenure, unit: float) -> ForestTenure:
    return replace(
        detail,
        area_ha=detail.area_ha / unit,
        harvest_volume_m3_per_ha=detail.harvest_volume_m3_per_ha * unit,
        cost_cny_per_ha_year=detail.cost_cny_per_ha_year * unit,
        bare_land_value_cny_per_ha=detail.bare_land_value_cny_per_ha * unit,
    )


def issuance_in(issuance: CarbonIssuance, unit: float) -> CarbonIssuance:
    """A stand in another unit of area; a declared mass stays as it is."""
    growth, inventory = issuance.growth, issuance.inventory
    if inventory is not None:
        classes = tuple(replace(found, trees_per_ha=found.trees_per_ha * unit) for found in inventory.classes)
        return replace(
            issuance, inventory=replace(inventory, area_ha=inventory.area_ha / unit, classes=classes)
        )
    if growth is None:
        return issuance
    volume = growth.asymptotic_volume_m3_per_ha * unit
    return replace(
        issuance, growth=replace(growth, area_ha=growth.area_ha / unit, asymptotic_volume_m3_per_ha=volume)
    )


RESTATED: dict[type, Callable[[Any, float], Any]] = {
    WaterRight: water_in,
    ForestTenure: tenure_in,
    ForestCarbonReceivable: lambda detail, unit: replace(detail, issuance=issuance_in(detail.issuance, unit)),
    CarbonAndTenure: lambda detail, unit: replace(
        detail, tenure=tenure_in(detail.tenure, unit), issuance=issuance_in(detail.issuance, unit)
    ),
}
"""Kinds with a physical quantity beside a price or a yield; the others have money alone, or a unit of their own."""


@pytest.mark.parametrize("name", [name for name, detail in DETAILS.items() if type(detail) in RESTATED])
@settings(max_examples=10)
@given(unit=st.sampled_from([1.0 / MU_PER_HA, 1e4, 100.0]) | st.floats(1e-3, 1e3))
def test_a_quantity_in_another_unit_with_its_price_per_that_unit_is_worth_the_same(
    name: str, unit: float
) -> None:
    detail = DETAILS[name]
    if isinstance(detail, WaterRight):
        # The market's price is per m3, and so is a floor: the right has a price of its own.
        detail = replace(detail, price_cny_per_m3=0.15, buy_back_volume_m3_per_year=0.0, buy_back_factor="")
    before = values(name, detail)
    # A tonne more or less where rounding to whole tonnes tips over, at no more than 100 CNY and eight issues.
    whole_tonnes = 800.0 if type(detail) in CARBON else 0.0
    after = values(name, RESTATED[type(detail)](detail, unit))
    assert after == pytest.approx(before, rel=1e-9, abs=whole_tonnes + 1e-9 * abs(before).max())


@pytest.mark.parametrize(("code", "unit"), UNITS)
def test_every_admitted_unit_of_a_catalogued_right_is_worth_the_same(code: str, unit: str) -> None:
    detail = DETAILS[code]
    assert isinstance(detail, CataloguedRight)
    size = conversion_factor(unit, CATALOGUE.kinds[code].unit, "unit")
    restated = replace(detail, quantity_per_year=detail.quantity_per_year / size, unit=unit)
    assert values(code, restated) == pytest.approx(values(code, detail), rel=1e-12)


@pytest.mark.parametrize(
    ("unit", "expected", "size"), [("ha", "mu", 15.0), ("公顷", "mu", 15.0), ("万亩", "mu", 1e4)]
)
def test_the_units_that_chinese_files_mix(unit: str, expected: str, size: float) -> None:
    assert conversion_factor(unit, expected, "unit") == size


def quantity_times(detail: Any, factor: float) -> Any:
    """The part of a right: everything that grows with it, which is its quantity or, without one, its money."""
    if isinstance(detail, WaterRight):
        volumes = ("volume_m3_per_year", "buy_back_volume_m3_per_year")
        return replace(detail, **{name: getattr(detail, name) * factor for name in volumes})
    if isinstance(detail, CataloguedRight):
        amounts = ("quantity_per_year", "cost_cny_per_year")
        return replace(detail, **{name: getattr(detail, name) * factor for name in amounts})
    if isinstance(detail, ForestTenure):
        return replace(detail, area_ha=detail.area_ha * factor)
    if isinstance(detail, ForestCarbonReceivable):
        return replace(detail, issuance=_issuance_times(detail.issuance, factor))
    if isinstance(detail, CarbonAndTenure):
        tenure, issuance = quantity_times(detail.tenure, factor), _issuance_times(detail.issuance, factor)
        return replace(detail, tenure=tenure, issuance=issuance)
    if isinstance(detail, VepProject) and isinstance(detail.method, WithWithout):
        changes = tuple(
            replace(
                change,
                quantity_with=change.quantity_with * factor,
                quantity_without=change.quantity_without * factor,
            )
            for change in detail.method.changes
        )
        cost = detail.restoration_cost_cny_per_year * factor
        return replace(
            detail, method=replace(detail.method, changes=changes), restoration_cost_cny_per_year=cost
        )
    return money_times(detail, factor)


def _issuance_times(issuance: CarbonIssuance, factor: float) -> CarbonIssuance:
    growth, tonnes, inventory = issuance.growth, issuance.tonnes_per_year, issuance.inventory
    return replace(
        issuance,
        growth=None if growth is None else replace(growth, area_ha=growth.area_ha * factor),
        inventory=None if inventory is None else replace(inventory, area_ha=inventory.area_ha * factor),
        tonnes_per_year=None if tonnes is None else tonnes * factor,
        cost_cny_per_issuance=issuance.cost_cny_per_issuance * factor,
    )


@pytest.mark.parametrize("name", DETAILS)
@settings(max_examples=8)
@given(parts=st.lists(st.floats(0.05, 1.0), min_size=2, max_size=4))
def test_parts_of_a_right_are_worth_the_whole(name: str, parts: list[float]) -> None:
    """Conservation: a right is split into parts, and the parts are worth what the whole is."""
    detail = DETAILS[name]
    shares = np.array(parts) / np.sum(parts)
    apart = sum(values(name, quantity_times(detail, float(share))) for share in shares)
    whole = values(name, detail)
    # A tonne is lost to rounding for each part and issue, at no more than 100 CNY and eight issues.
    whole_tonnes = 800.0 * len(parts) if type(detail) in CARBON else 0.0
    assert apart == pytest.approx(whole, rel=1e-9, abs=whole_tonnes + 1e-9 * abs(whole).max())
