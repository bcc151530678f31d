"""Forest formulas: year-by-year cash flows as the second method, limits of the growth curves, the bundled tables."""

import csv
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant import forestry
from quant.arguments import FloatArray
from quant.forestry import PowerEquation, Thinning
from quant.published_figures.recompute import DATONG_SPRUCE

DATA = Path(__file__).parents[2] / "data"


def _table(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_land_expectation_is_the_present_value_of_many_rotations() -> None:
    u, p = 30, 0.06
    got = forestry.land_expectation_value(
        30_000, rotation_years=u, rate_annual=p, thinnings=[Thinning(20, 1000)], planting_cost_cny=1000,
        annual_cost_cny=300,
    )  # fmt: skip
    year = np.arange(0, 20 * u)  # 600 years: the rest is below 1e-11
    flows = np.where(year % u == 0, -1000.0, 0.0) + np.where(year % u == 20, 1000.0, 0.0)
    flows += np.where((year % u == 0) & (year > 0), 30_000.0, 0.0) - np.where(year > 0, 300.0, 0.0)
    assert got == pytest.approx((flows * (1 + p) ** -year).sum(), abs=1e-6)


def test_harvest_present_value_discounts_each_flow_as_the_standard_writes_it() -> None:
    n, u, p = 12, 20, 0.08
    costs = [50.0 + i for i in range(u - n)]
    got = forestry.harvest_present_value(
        9000, stand_age_years=n, rotation_years=u, rate_annual=p, annual_costs_cny=costs, stand_quality=0.9,
        thinnings=[Thinning(10, 700), Thinning(15, 800)],
    )  # fmt: skip
    # The thinning at 10 is past. Everything is discounted to one year before the stand's age n.
    by_hand = 0.9 * (9000 / 1.08 ** (u - n + 1) + 800 / 1.08 ** (15 - n + 1))
    by_hand -= sum(cost / 1.08 ** (i + 1) for i, cost in enumerate(costs))
    assert got == pytest.approx(by_hand, rel=1e-13)


def test_harvest_at_the_rotation_age_is_one_year_away() -> None:
    got = forestry.harvest_present_value(5000, stand_age_years=20, rotation_years=20, rate_annual=0.1)
    assert got == pytest.approx(5000 / 1.1)


@given(age=st.floats(0, 200), step=st.floats(0.1, 50))
def test_growth_curves_rise_towards_their_asymptote(age: float, step: float) -> None:
    curves: tuple[Callable[[float], FloatArray], ...] = (
        lambda t: forestry.richards(t, 20.0, 0.05, 1.4),
        lambda t: forestry.logistic(t, 20.0, 30.0, 0.08),
        lambda t: forestry.gompertz(t, 20.0, 4.0, 0.06),
        lambda t: forestry.korf(t, 20.0, 12.0, 0.9),
        lambda t: forestry.schumacher(t, 20.0, 15.0),
    )
    for curve in curves:
        assert 0.0 <= curve(age) <= curve(age + step) <= 20.0
        assert curve(1e9) == pytest.approx(20.0, rel=1e-6)


def test_growth_curves_at_age_zero() -> None:
    assert forestry.richards(0.0, 20.0, 0.05, 1.4) == 0.0
    assert forestry.korf(0.0, 20.0, 12.0, 0.9) == forestry.schumacher(0.0, 20.0, 15.0) == 0.0
    assert forestry.logistic(0.0, 20.0, 3.0, 0.08) == 5.0


def test_carbon_chain_in_units() -> None:
    # 100 m3/ha x 0.4 t/m3 x 1.5 x (1 + 0.25) = 75 t; half of it carbon; 44/12 of that is CO2.
    biomass = forestry.stand_biomass_t(100.0, svd=0.4, bef=1.5, rsr=0.25)
    assert biomass == pytest.approx(75.0)
    assert forestry.carbon_dioxide_t(forestry.carbon_tc(biomass, 0.5)) == pytest.approx(137.5)


def test_credits_are_whole_tonnes_rounded_down_and_never_negative() -> None:
    credits_t = forestry.period_credits_t(
        [10.0, 10.0, -3.0, 0.1 + 0.2], [12.0, 12.349, 5.0, 10.0], uncertainty_deduction=0.0,
        risk_deduction=[0.1, 0.1, 0.1, 0.0],
    )  # fmt: skip
    assert credits_t.tolist() == [108, 111, 0, 3]


def test_bundled_equations_are_those_of_the_published_figure() -> None:
    rows = _table("tree_biomass_equations.csv")
    assert tuple(PowerEquation(float(row["a"]), float(row["b"])) for row in rows) == DATONG_SPRUCE


def test_bundled_species_have_plausible_parameters_and_say_that_they_are_unconfirmed() -> None:
    rows = _table("forest_species.csv")
    assert [row["species_zh"] for row in rows] == ["杉木", "马尾松", "云杉", "杨树"]
    for row in rows:
        assert row["status"] == "to be confirmed"
        assert 1.0 < float(row["bef"]) < 2.5
        assert 0.2 < float(row["svd"]) < 0.8
        assert 0.1 < float(row["rsr"]) < 0.6
        assert 0.4 < float(row["cf"]) < 0.6


def test_refusals() -> None:
    with pytest.raises(ValueError, match="stand_age_years: found 31, expected at most rotation_years 30"):
        forestry.harvest_present_value(1, stand_age_years=31, rotation_years=30, rate_annual=0.06)
    with pytest.raises(ValueError, match=r"rate_annual: found 0\.0"):
        forestry.land_expectation_value(1, rotation_years=30, rate_annual=0.0)
    with pytest.raises(ValueError, match=r"thinnings\[0\].age_years: found 40"):
        forestry.land_expectation_value(1, rotation_years=30, rate_annual=0.05, thinnings=[Thinning(40, 1)])
    with pytest.raises(ValueError, match="equations: found none"):
        forestry.tree_biomass_kg(20.0, 12.0, [])
    with pytest.raises(ValueError, match=r"risk_deduction: found 10.0"):
        forestry.period_credits_t(1.0, 1.0, uncertainty_deduction=0.0, risk_deduction=10.0)


def test_curves_by_name_are_the_curves() -> None:
    assert sorted(forestry.GROWTH_CURVES) == ["gompertz", "korf", "logistic", "richards", "schumacher"]
    for name in ("richards", "logistic", "gompertz", "korf"):
        assert forestry.GROWTH_CURVES[name](12.0, 300.0, 0.8, 1.5) == getattr(forestry, name)(
            12.0, 300.0, 0.8, 1.5
        )
    assert forestry.GROWTH_CURVES["schumacher"](12.0, 300.0, 15.0, 1.0) == 300.0 * math.exp(-15.0 / 12.0)
    with pytest.raises(ValueError, match="c: found 2, expected 1: schumacher has no shape"):
        forestry.GROWTH_CURVES["schumacher"](12.0, 300.0, 15.0, 2)


@given(carbon=st.floats(1.0, 1e6), intensity=st.floats(1e-4, 0.2), severity=st.floats(0.01, 1.0))
def test_buffer_cover_of_a_constant_stock_is_the_exponential(
    carbon: float, intensity: float, severity: float
) -> None:
    """With C constant the expected reversal is C (1 - e^(-h s T)); the trapezoid on 2,000 steps meets it."""
    times = np.linspace(3.0, 43.0, 2_001)
    expected = carbon * -math.expm1(-intensity * severity * 40.0)
    got = forestry.buffer_cover(
        times.tolist(), [carbon] * len(times), buffer_t=0.1 * carbon, reversal_intensity_annual=intensity,
        reversal_severity=severity,
    )  # fmt: skip
    assert got == pytest.approx(0.1 * carbon / expected, rel=1e-5)


def test_buffer_cover_at_its_edges() -> None:
    def cover(times: list[float], carbon: list[float], intensity: float = 0.01) -> float:
        return forestry.buffer_cover(
            times, carbon, buffer_t=1.0, reversal_intensity_annual=intensity, reversal_severity=1.0
        )

    assert cover([0.0, 20.0], [5.0, 9.0], intensity=0.0) == math.inf
    for times, carbon in (([0.0], [1.0]), ([0.0, 0.0], [1.0, 1.0]), ([0.0, 1.0], [1.0])):
        with pytest.raises(ValueError, match="times_years: found"):
            cover(times, carbon)
