"""Published values of pledges from published inputs, in a market where every price stays as it is and nothing is lost.

What the publications value is an undiscounted sum, one year's flow or a multiple; the schedules give the same figures
when they are read the same way. docs/models/gep-revenue.md, catalogued-rights.md and forest-carbon.md show them.
"""

from dataclasses import replace

import pytest

from quant.schedules import ScheduleBook
from services.runtime.market import CurvePoint, Evidence, MarketSnapshot, Source
from services.valuation.asset import (
    AssetDetail,
    CarbonInstrument,
    CarbonIssuance,
    CataloguedRight,
    ForestCarbonReceivable,
    GepRevenueRight,
    ServiceIncome,
    WaterRight,
)
from services.valuation.pricers import PricingContext, price_in
from tests.services.valuation.pricers.conftest import MakeAsset

WAN = 1e4
WUNING = ForestCarbonReceivable(
    CarbonIssuance(
        CarbonInstrument.CCER,
        20.0,
        tonnes_per_year=6_317.0,
        monitoring_period_years=5.0,
        risk_deduction=0.0,
        registration_probability=1.0,
        price_cny_per_t=157.0,
    )
)
ANJI = ForestCarbonReceivable(
    CarbonIssuance(
        CarbonInstrument.TICKET,
        1.0,
        tonnes_per_year=7_045.0,
        monitoring_period_years=1.0,
        risk_deduction=0.0,
        registration_probability=1.0,
        price_cny_per_t=52.8,
    )
)


def undiscounted_wan(detail: AssetDetail, context: PricingContext, make_asset: MakeAsset) -> float:
    """Sum of the expected amounts of every row, 万元."""
    [(_, schedule)] = price_in(make_asset(detail), context).alternatives
    model = context.snapshot.factor_model()
    book = ScheduleBook.stack([schedule], model)
    expected, _ = book.row_values(model, context.snapshot.curve().discount_factors)
    return float((expected * schedule.quantities).sum()) / WAN


@pytest.mark.parametrize(
    ("detail", "published_wan", "tolerance_wan"),
    [
        # C26 Wuning: "about 2000" for 6,317 t a year at 157 CNY/t over 20 years, a sum that is not discounted.
        (WUNING, 2_000.0, 20.0),
        # C12 Anji: 7,045 t of bamboo carbon at 52.8 CNY/t.
        (ANJI, 37.19, 0.01),
        # C13 Yunxi: one year's volume x price.
        (WaterRight(136e6, 1.0, price_cny_per_m3=0.15), 2_040.0, 0.01),
    ],
    ids=["C26", "C12", "C13"],
)
def test_a_published_value_is_reproduced_on_its_own_basis(
    context: PricingContext,
    make_asset: MakeAsset,
    detail: AssetDetail,
    published_wan: float,
    tolerance_wan: float,
) -> None:
    assert undiscounted_wan(detail, context, make_asset) == pytest.approx(published_wan, abs=tolerance_wan)


def test_the_multiple_of_lishui_is_an_annuity_of_25_years_at_4_4_per_cent(
    certain: MarketSnapshot, context: PricingContext, make_asset: MakeAsset
) -> None:
    """Compensation revenue rights in Lishui are lent against at up to 15 times a year's money."""
    point = CurvePoint(1.0, 0.044, Source("rate_annual", Evidence.DERIVED, "the multiple of Lishui"))
    market = replace(certain, discount_curve=(point,))
    right = CataloguedRight("public_forest_compensation", 1_000.0, 25.0, unit_price_cny=16.0)
    [(_, schedule)] = price_in(make_asset(right), PricingContext(context.catalogue, market)).alternatives
    model = market.factor_model()
    book = ScheduleBook.stack([schedule], model)
    value = float(book.present_values(model, market.curve().discount_factors)[0])
    assert value / 16_000.0 == pytest.approx(15.0, abs=0.05)


def test_the_account_of_garze_is_disclosed_whole_and_its_cash_is_apart(
    context: PricingContext, make_asset: MakeAsset
) -> None:
    """doi 10.5846/stxb201607011362: provisioning 632.64, regulating 6842.28, cultural 70.67, all 7545.59 (1e8 CNY)."""
    services = tuple(
        ServiceIncome(code, value * 1e8, share)
        for code, value, share in (
            ("water_supply", 632.64, 0.01), ("water_retention", 6_842.28, 0.0), ("recreation", 70.67, 0.0),
        )
    )  # fmt: skip
    account = price_in(make_asset(GepRevenueRight(services, 10.0)), context).account
    assert account is not None
    assert account.gross_cny_per_year / 1e8 == pytest.approx(7_545.59, abs=0.01)
    assert account.cash_to_pledgor_cny_per_year / 1e8 == pytest.approx(6.3264, abs=1e-9)


def test_the_error_of_the_account_of_garze(context: PricingContext, make_asset: MakeAsset) -> None:
    """The page's table: independence says 21 %, one common cause 40 %, the causes that services share 27 %."""
    from flows.accounts.gep_account import read_gep_account
    from services.runtime.bundled import bundled

    account = read_gep_account(bundled("gep_account_garze_2010.csv"))
    services = tuple(ServiceIncome(line.service, line.value_cny, 1.0) for line in account.lines)
    right = GepRevenueRight(services, 10.0, uncertainty_by_service=True)
    priced = price_in(replace(make_asset(right), terms=None), context)
    assert priced.account is not None
    assert priced.account.error is not None
    found = priced.account.error
    assert (found.cv, found.cv_if_independent, found.cv_if_one) == pytest.approx(
        (0.273, 0.210, 0.404), abs=5e-4
    )
