"""The bundled market: published levels, long-run means, and a source for every parameter."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from services.runtime.market import read_snapshot

DATA = Path(__file__).resolve().parents[3] / "data"
SNAPSHOT = read_snapshot(DATA / "market" / "standard.toml")
FACTORS = {factor.name: factor for factor in SNAPSHOT.primary_factors}
MEAN_AT_TODAY = sorted(FACTORS.keys() - {"inflow.yingluoxia", "credit_cycle"})


def test_the_factors_of_the_model_are_all_there() -> None:
    assert set(FACTORS) == {
        "water_price", "inflow.yingluoxia", "ccer_price", "cea_price", "carbon_ticket_price", "timber_price",
        "farm_price", "tourism_demand", "ecosystem_yield", "green_certificate_price", "policy_rate",
        "credit_cycle", "cny",
    }  # fmt: skip


def test_carbon_levels_are_the_published_ones() -> None:
    with (DATA / "carbon_prices_published.csv").open(encoding="utf-8") as file:
        published = {
            (row["market"], row["date"]): float(row["price_cny_per_t"]) for row in csv.DictReader(file)
        }
    assert FACTORS["ccer_price"].level == published["CCER", "2026-08-21"]
    assert FACTORS["cea_price"].level == published["CEA", "2026-08-21"]
    assert FACTORS["carbon_ticket_price"].level == published["SANMING_CARBON_TICKET", "2023"]


def test_the_inflow_has_the_mean_and_spread_of_the_baseline_regime() -> None:
    factor = FACTORS["inflow.yingluoxia"]
    variance = factor.volatility_annual**2 / (2.0 * factor.mean_reversion_annual)
    assert math.sqrt(math.expm1(variance)) == pytest.approx(0.15, abs=1e-6)
    model = SNAPSHOT.factor_model()
    assert model.forward([50.0])[model.index(factor.name), 0] == pytest.approx(15.8, abs=1e-4)


@pytest.mark.parametrize("name", MEAN_AT_TODAY)
def test_no_drift_is_priced_in(name: str) -> None:
    model = SNAPSHOT.factor_model()
    forward = model.forward([0.0, 1.0, 5.0, 100.0])[model.index(name)] / FACTORS[name].level
    factor = FACTORS[name]
    speed = factor.mean_reversion_annual
    bound = 0.0 if speed == 0.0 else factor.volatility_annual**2 / (16.0 * speed)
    assert forward[[0, -1]] == pytest.approx(1.0, abs=1e-6)
    assert np.all(np.log(forward) <= bound + 1e-9)


def test_every_parameter_that_is_not_zero_has_a_source() -> None:
    for factor in SNAPSHOT.primary_factors:
        sourced = {name.strip() for source in factor.sources for name in source.parameter.split(",")}
        used = {"level"} | {
            name
            for name in ("growth_annual", "mean_reversion_annual", "volatility_annual", "deviation")
            if getattr(factor, name) != 0.0
        }
        assert used <= sourced, factor.name


def test_money_is_without_risk() -> None:
    assert FACTORS["cny"].volatility_annual == 0.0
    assert FACTORS["cny"].level == 1.0
