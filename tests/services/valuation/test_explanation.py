"""What explains a value: changes that agree with revaluation by hand, and a mean of what is paid that is V(0)."""

import datetime as dt
from dataclasses import replace

import pytest

from services.valuation.asset import Asset, CataloguedRight, TermsOverride
from services.valuation.catalogue.catalogue import read_catalogue
from services.valuation.client import ValuationClient
from services.valuation.engine import ValuationEngine
from services.valuation.prepared_market import PreparedMarket
from services.valuation.standard_market import read_standard_snapshot
from services.valuation.stored_form import valuation_from_json, valuation_to_json
from services.valuation.translate.valuation import valuation_from_wire, valuation_to_wire
from services.valuation.valuation import Bump, Failure, Simulation, Valuation
from tests.services.valuation.valuation_cases import DETAILS, asset, plain

STANDARD = read_standard_snapshot()
MARKET = PreparedMarket.of(STANDARD)
DATE = dt.date(2026, 9, 1)
ENGINE = ValuationEngine(read_catalogue())


def valued(
    of: Asset, market: PreparedMarket = MARKET, *, explain: bool = True, n_paths: int = 256
) -> Valuation:
    [outcome] = ENGINE.value([of], market, Simulation(n_paths=n_paths), DATE, explain=explain)
    assert isinstance(outcome, Valuation), outcome
    return outcome


def change(valuation: Valuation, driver: str, bump: Bump) -> float:
    [found] = [s for s in valuation.sensitivities if (s.driver, s.bump) == (driver, bump)]
    return found.change_cny


@pytest.mark.parametrize("name", [name for name in DETAILS if name != "carbon_and_tenure"])
def test_rate_and_intensity_agree_with_the_cash_flow_table(name: str) -> None:
    """Second method, from the printed table alone: -sum t PV / (1 + r) and sum PV (exp(-0.1 h s t) - 1)."""
    valuation = valued(asset(name))
    lines = valuation.cash_flows
    times = [line.time_years for line in lines]
    rates = MARKET.curve.zero_rates(times).tolist()
    duration = sum(
        line.time_years * line.present_value_cny / (1.0 + rate)
        for line, rate in zip(lines, rates, strict=True)
    )
    found = change(valuation, "discount_rate", Bump.DISCOUNT_RATE_100_BP)
    assert found == pytest.approx(-0.01 * duration, rel=1e-5)
    # First order of the losses at the terms of the case, 0.01 a year and 0.9: the second is below (0.1 h s t)^2 / 2.
    slope = -0.1 * 0.01 * 0.9 * sum(line.time_years * line.present_value_cny for line in lines)
    second = 0.5 * (0.1 * 0.01 * 0.9 * max(times)) ** 2 * sum(abs(line.present_value_cny) for line in lines)
    found = change(valuation, "loss_of_right", Bump.EVENT_INTENSITY_10_PERCENT)
    assert found == pytest.approx(slope, abs=second + 1e-9)


@pytest.mark.parametrize("name", ["forest_tenure", "gep_revenue", "vep_residual_income", "catalogued_right"])
def test_levels_add_up_to_one_percent_of_the_value_where_every_row_is_linear(name: str) -> None:
    valuation = valued(plain(name))
    levels = [found.change_cny for found in valuation.sensitivities if found.bump == Bump.LEVEL_1_PERCENT]
    assert sum(levels) == pytest.approx(0.01 * valuation.value_cny, rel=1e-9)


@pytest.mark.parametrize("name", ["water_right", "carbon_and_tenure"])
def test_a_volatility_point_is_the_asset_in_the_changed_snapshot(name: str) -> None:
    """Second method: a snapshot with that volatility, the rows priced anew; levels today are the same in both."""
    valuation = valued(plain(name))
    for found in valuation.sensitivities:
        if found.bump != Bump.VOLATILITY_1_POINT:
            continue
        factors = tuple(
            replace(factor, volatility_annual=factor.volatility_annual + 0.01)
            if factor.name == found.driver
            else factor
            for factor in STANDARD.primary_factors
        )
        changed = valued(
            plain(name), PreparedMarket.of(replace(STANDARD, primary_factors=factors)), explain=False
        )
        assert found.change_cny == pytest.approx(changed.value_cny - valuation.value_cny, rel=1e-6)


@pytest.mark.parametrize("name", DETAILS)
def test_the_main_drivers_are_at_most_five_and_ranked(name: str) -> None:
    valuation = valued(asset(name))
    sizes = [abs(found.change_cny) for found in valuation.main_drivers]
    assert 1 <= len(sizes) <= 5
    assert sizes == sorted(sizes, reverse=True)
    assert min(sizes) > 0.0
    assert {found.bump for found in valuation.main_drivers} == {Bump.ONE_STANDARD_DEVIATION}
    # The case states a valuation error of 10 %: its deviation is about a tenth of the value.
    [error] = [f.change_cny for f in valuation.main_drivers if f.driver == "valuation_error"]
    assert error == pytest.approx(0.1 * valuation.value_cny, rel=0.01)


def test_what_is_certain_is_no_driver() -> None:
    terms = TermsOverride(event_intensity_annual=0.0, quantity_cv=0.0)
    valuation = valued(replace(plain("gep_revenue"), terms=terms))
    assert [found.driver for found in valuation.main_drivers] == ["water_price"]
    assert "loss_of_right" not in {found.driver for found in valuation.sensitivities}


def test_the_mean_of_what_is_paid_is_the_value(client: ValuationClient) -> None:
    """Through the service: simulated payments against the closed form, within 4 standard errors."""
    outcomes = client.value_assets(
        [asset(name, f"{name}-1") for name in DETAILS] + [plain(name, f"{name}-2") for name in DETAILS],
        simulation=Simulation(n_paths=16_384),
        explain=True,
    )
    for valuation in outcomes:
        assert isinstance(valuation, Valuation)
        paid = valuation.realised_value_cny
        assert paid is not None
        assert abs(paid.mean - valuation.value_cny) < 4.0 * paid.mean_standard_error
        assert paid.mean_standard_error == pytest.approx(paid.standard_deviation / 128.0, rel=1e-12)
        points = [point.value for point in paid.quantiles]
        assert points == sorted(points)
        assert [point.probability for point in paid.quantiles] == [0.01, 0.05, 0.10, 0.50, 0.90, 0.95]


def test_an_explained_valuation_is_replayed_to_the_bit(client: ValuationClient) -> None:
    [valuation] = client.value_assets(
        [asset()], simulation=Simulation(n_paths=256), request_id="r", explain=True
    )
    assert isinstance(valuation, Valuation)
    assert valuation.sensitivities
    stored = client.get_valuation(valuation.valuation_id).valuation
    assert repr(stored) == repr(valuation)
    assert client.replay_valuation(valuation.valuation_id).identical


def test_it_survives_the_wire_and_the_store() -> None:
    valuation = valued(asset())
    assert valuation_from_wire(valuation_to_wire(valuation)) == valuation
    assert valuation_from_json(valuation_to_json(valuation)) == valuation


def test_nothing_is_explained_unasked() -> None:
    valuation = valued(asset(), explain=False)
    assert (valuation.sensitivities, valuation.main_drivers, valuation.realised_value_cny) == ((), (), None)


def test_a_right_that_is_lost_over_and_over_has_no_simulated_payments() -> None:
    often = replace(plain(), terms=TermsOverride(event_intensity_annual=1e6, event_severity=1e-6))
    valuation = valued(often)
    assert valuation.realised_value_cny is None
    assert valuation.sensitivities


def test_an_asset_that_overflows_fails_alone() -> None:
    huge = CataloguedRight("carbon_allowance", 1e304, 6.0)
    outcomes = ENGINE.value(
        [Asset("huge", "", "", huge), plain()], MARKET, Simulation(n_paths=256), DATE, explain=True
    )
    assert isinstance(outcomes[0], Failure)
    assert isinstance(outcomes[1], Valuation)
