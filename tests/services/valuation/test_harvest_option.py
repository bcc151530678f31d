"""The choice of the date of felling: disclosed beside V(0), equal to the best date where nothing is uncertain."""

import datetime as dt
from dataclasses import replace

import pytest

from services.runtime.market import CurvePoint, Evidence, Source
from services.valuation.asset import (
    Asset,
    CarbonAndTenure,
    CarbonInstrument,
    CarbonIssuance,
    ForestTenure,
    StandGrowth,
    TermsOverride,
)
from services.valuation.catalogue.catalogue import read_catalogue
from services.valuation.engine import ValuationEngine
from services.valuation.prepared_market import PreparedMarket
from services.valuation.standard_market import read_standard_snapshot
from services.valuation.stored_form import valuation_from_json, valuation_to_json
from services.valuation.translate.valuation import valuation_from_wire, valuation_to_wire
from services.valuation.valuation import HarvestOption, Simulation, Valuation
from tests.services.valuation.valuation_cases import DETAILS, plain

STANDARD = read_standard_snapshot()
MARKET = PreparedMarket.of(STANDARD)
DATE = dt.date(2026, 9, 1)
ENGINE = ValuationEngine(read_catalogue())
TENURE = ForestTenure(50.0, 8.0, 180.0, 150.0, 300.0, 0.9, 30.0)
DECLARED = CarbonIssuance(
    CarbonInstrument.CCER, 20.0, 1_500.0, issuance_lag_years=1.5, cost_cny_per_issuance=20_000.0
)
TICKETS = CarbonIssuance(
    CarbonInstrument.TICKET, 20.0, growth=StandGrowth("杉木", 50.0, 6.0, 300.0, 0.08, 2.5),
    conversion_probability=0.5, conversion_from_years=7.0,
)  # fmt: skip


def joint(tenure: ForestTenure = TENURE, issuance: CarbonIssuance = DECLARED) -> Asset:
    return Asset("a", "", "", CarbonAndTenure(tenure, issuance))


def valued(
    asset: Asset, market: PreparedMarket = MARKET, *, explain: bool = True, n_paths: int = 4096
) -> Valuation:
    [outcome] = ENGINE.value([asset], market, Simulation(n_paths=n_paths), DATE, explain=explain)
    assert isinstance(outcome, Valuation), outcome
    return outcome


def option(valuation: Valuation) -> HarvestOption:
    assert valuation.harvest_option is not None
    return valuation.harvest_option


@pytest.mark.parametrize("issuance", [DECLARED, TICKETS])
def test_it_stands_between_the_alternatives_and_hindsight(issuance: CarbonIssuance) -> None:
    valuation = valued(joint(issuance=issuance))
    found = option(valuation)
    assert [alternative.name for alternative in found.alternatives] == ["harvest", "hold_and_credit"]
    better = max(found.alternatives, key=lambda alternative: alternative.value_cny)
    # The simulated choice is measured from the same V(0) as the schedules, by another road.
    assert better.name == valuation.best_alternative
    assert better.value_cny == pytest.approx(valuation.value_cny, rel=1e-12)
    assert found.value_cny - found.option_value_cny == pytest.approx(valuation.value_cny, rel=1e-12)
    assert found.option_value_cny >= -4 * found.standard_error_cny
    assert found.value_cny <= found.foresight_cny
    assert 0.0 <= found.felled_share <= 1.0


def test_it_touches_no_other_figure() -> None:
    with_option, without = valued(joint()), valued(joint(), explain=False)
    assert without.harvest_option is None
    bare = replace(with_option, harvest_option=None, cash_flows=(), sensitivities=(), main_drivers=())
    assert replace(bare, realised_value_cny=None) == without


@pytest.mark.parametrize("name", [name for name in DETAILS if name != "carbon_and_tenure"])
def test_other_kinds_have_none(name: str) -> None:
    assert valued(plain(name), n_paths=256).harvest_option is None


def test_no_choice_where_the_tenure_ends_before_the_felling() -> None:
    late = replace(TENURE, years_to_harvest=25.0, tenure_term_years=22.0)
    assert valued(joint(late), n_paths=256).harvest_option is None


def certain_market() -> PreparedMarket:
    """Prices that move as they will, without risk: timber rises 2 % a year, carbon falls 3 %."""
    growth = {"timber_price": 0.02, "ccer_price": -0.03}
    factors = tuple(
        replace(
            factor, volatility_annual=0.0, mean_reversion_annual=0.0, deviation=0.0,
            growth_annual=growth.get(factor.name, 0.0),
        )
        for factor in STANDARD.primary_factors
    )  # fmt: skip
    source = Source("rate_annual", Evidence.ASSUMPTION, "flat, so that the best date is inside the range")
    curve = (CurvePoint(1.0, 0.01, source),)
    return PreparedMarket.of(replace(STANDARD, primary_factors=factors, discount_curve=curve))


@pytest.mark.parametrize("price", [20.0, 150.0, 500.0])
@pytest.mark.parametrize("cost", [0.0, 300.0])
def test_without_risk_it_is_the_best_of_all_years(price: float, cost: float) -> None:
    """Second method: the asset valued with each year as the planned one."""
    market = certain_market()
    terms = TermsOverride(risk_premium_annual=0.005, event_intensity_annual=0.01, event_severity=0.6)
    tenure = replace(TENURE, net_price_cny_per_m3=price, cost_cny_per_ha_year=cost)
    by_year = []
    for year in range(8, 21):
        planned = replace(joint(replace(tenure, years_to_harvest=float(year))), terms=terms)
        by_year += [
            alternative.value_cny for alternative in option(valued(planned, market, n_paths=256)).alternatives
        ]
    found = option(valued(replace(joint(tenure), terms=terms), market, n_paths=256))
    assert found.value_cny == pytest.approx(max(by_year), rel=1e-9)


def test_it_survives_the_wire_and_the_store() -> None:
    valuation = valued(joint(), n_paths=256)
    assert valuation_from_wire(valuation_to_wire(valuation)) == valuation
    assert valuation_from_json(valuation_to_json(valuation)) == valuation
    never = replace(valuation, harvest_option=replace(option(valuation), mean_felling_years=None))
    assert valuation_from_wire(valuation_to_wire(never)) == never


def test_a_valuation_stored_before_there_was_one_can_be_read() -> None:
    valuation = valued(joint(), explain=False, n_paths=256)
    stored = (
        valuation_to_json(valuation)
        .replace(b',"harvest_option":null', b"")
        .replace(b'"harvest_option":null,', b"")
    )
    assert b"harvest_option" not in stored
    assert valuation_from_json(stored) == valuation
