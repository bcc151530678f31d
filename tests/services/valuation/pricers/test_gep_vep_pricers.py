"""GEP revenue rights and VEP projects against annuities and the formulas of their methods."""

from dataclasses import replace

import pytest

from services.runtime.errors import InvalidInput
from services.valuation.asset import (
    GepRevenueRight,
    ResidualIncome,
    ServiceChange,
    ServiceIncome,
    StatedValue,
    ValueBasis,
    VepProject,
    VepYear,
    WithWithout,
)
from services.valuation.pricers import PricingContext, price_in
from tests.services.valuation.pricers.conftest import FLAT_RATE, MakeAsset, Value

GEP = GepRevenueRight(
    (
        ServiceIncome("water_supply", 2_000_000.0, 0.1, 10_000.0),
        ServiceIncome("water_retention", 9_000_000.0, 0.0),
        ServiceIncome("recreation", 1_000_000.0, 0.5, 50_000.0),
    ),
    10.0,
)
YEARS = (VepYear(1, 900.0, 200.0, 100.0, 1_000.0), VepYear(2, 1_000.0, 250.0, 100.0, 800.0))


def annuity(years: int) -> float:
    return (1.0 - (1.0 + FLAT_RATE) ** -years) / FLAT_RATE


def test_only_cash_makes_value_and_the_total_is_disclosed(
    context: PricingContext, value: Value, make_asset: MakeAsset
) -> None:
    priced = price_in(make_asset(GEP), context)
    cash = 2e6 * 0.1 + 1e6 * 0.5 - 60_000.0
    schedule = priced.alternatives[0][1]
    assert value(schedule) == pytest.approx(cash * annuity(10), rel=1e-12)
    assert priced.disclosed_value_cny == 12_000_000.0
    assert set(schedule.factors) == {"water_price", "tourism_demand", "cny"}
    codes = {caution.code for caution in priced.cautions}
    assert {"TOTAL_NOT_CASH", "DOMINANT_SERVICE"} <= codes


def test_a_gep_without_cash_is_worth_nothing_and_says_so(
    context: PricingContext, value: Value, make_asset: MakeAsset
) -> None:
    priced = price_in(make_asset(replace(GEP, services=(GEP.services[1],))), context)
    assert value(priced.alternatives[0][1]) == 0.0
    assert "NO_CASH" in {caution.code for caution in priced.cautions}


def test_a_regulating_service_that_is_paid_for_is_questioned(
    context: PricingContext, make_asset: MakeAsset
) -> None:
    services = (replace(GEP.services[1], realisable_share=0.5),)
    priced = price_in(make_asset(replace(GEP, services=services)), context)
    found = [caution for caution in priced.cautions if caution.code == "REGULATING_CASH_HIGH"]
    assert [caution.field for caution in found] == ["gep_revenue.services[0].realisable_share"]


def test_an_unknown_service_is_named(context: PricingContext, make_asset: MakeAsset) -> None:
    services = (*GEP.services, ServiceIncome("水源", 1.0, 1.0))
    with pytest.raises(InvalidInput, match=r"gep_revenue\.services\[3\]\.service: .*'水源'.*water_supply"):
        price_in(make_asset(replace(GEP, services=services)), context)


def test_residual_income_by_hand(context: PricingContext, value: Value, make_asset: MakeAsset) -> None:
    method = ResidualIncome(YEARS, "tourism_demand", capital_return_annual=0.05, ecological_share=0.8)
    project = VepProject(3.0, method, restoration_cost_cny_per_year=20.0)
    priced = price_in(make_asset(project), context)
    first = 0.8 * (900 - 200 - 100 - 0.05 * 1000) / 1.06
    second = 0.8 * (1000 - 250 - 100 - 0.05 * 800) / 1.06**2
    assert value(priced.alternatives[0][1]) == pytest.approx(first + second - 20 * annuity(3), rel=1e-12)
    assert priced.kind == "vep_project.residual_income"


def test_a_year_that_the_term_cuts_short_counts_in_part(
    context: PricingContext, value: Value, make_asset: MakeAsset
) -> None:
    project = VepProject(1.5, ResidualIncome((VepYear(2, 1_000.0),), "cny"))
    found = value(price_in(make_asset(project), context).alternatives[0][1])
    assert found == pytest.approx(500.0 * 1.06**-1.5, rel=1e-12)


@pytest.mark.parametrize(
    ("years", "field"),
    [
        ((VepYear(4, 1.0),), "vep_project.residual_income.years[0].year"),
        ((VepYear(1, 1.0), VepYear(1, 2.0)), "vep_project.residual_income.years[1].year"),
        ((), "vep_project.residual_income.years"),
    ],
)
def test_years_are_within_the_term_and_each_once(
    context: PricingContext, make_asset: MakeAsset, years: tuple[VepYear, ...], field: str
) -> None:
    with pytest.raises(InvalidInput) as error:
        price_in(make_asset(VepProject(3.0, ResidualIncome(years, "cny"))), context)
    assert error.value.violations[0].field == field


def test_an_unknown_revenue_factor_is_named(context: PricingContext, make_asset: MakeAsset) -> None:
    with pytest.raises(InvalidInput, match=r"residual_income\.revenue_factor: .*'oil'.*tourism_demand"):
        price_in(make_asset(VepProject(3.0, ResidualIncome(YEARS, "oil"))), context)


def test_with_and_without_by_hand(context: PricingContext, value: Value, make_asset: MakeAsset) -> None:
    changes = (
        ServiceChange("carbon_sequestration", 500.0, 200.0, 90.0, 0.5),
        ServiceChange("water_purification", 100.0, 120.0, 1_000.0, 0.05),
    )
    project = VepProject(8.0, WithWithout(changes), restoration_cost_cny_per_year=2_000.0)
    priced = price_in(make_asset(project), context)
    yearly = 300.0 * 90.0 * 0.5 - 20.0 * 1_000.0 * 0.05 - 2_000.0
    assert value(priced.alternatives[0][1]) == pytest.approx(yearly * annuity(8), rel=1e-12)
    assert priced.disclosed_value_cny == pytest.approx(300.0 * 90.0 - 20.0 * 1_000.0)
    assert priced.kind == "vep_project.with_without"


@pytest.mark.parametrize(
    ("basis", "code"),
    [
        (ValueBasis.ANNUAL_FLOW, "ANNUAL_FLOW_NOT_STOCK"),
        (ValueBasis.PERIOD_SUM_UNDISCOUNTED, "UNDISCOUNTED_SUM"),
        (ValueBasis.UNSTATED, "UNSTATED_BASIS"),
    ],
)
def test_the_basis_of_a_stated_value_is_questioned(
    context: PricingContext, make_asset: MakeAsset, basis: ValueBasis, code: str
) -> None:
    project = VepProject(3.0, ResidualIncome(YEARS, "cny"))
    stated = StatedValue(1e8, basis, "somewhere")
    priced = price_in(replace(make_asset(project), stated_value=stated), context)
    assert code in {caution.code for caution in priced.cautions}
    assert priced.disclosed_value_cny == 1e8
    present = replace(stated, basis=ValueBasis.PRESENT_VALUE)
    sound = price_in(replace(make_asset(project), stated_value=present), context)
    assert code not in {caution.code for caution in sound.cautions}
