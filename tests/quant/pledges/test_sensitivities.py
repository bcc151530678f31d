"""Changes of V(0) against derivatives in closed form, and against simulated dispersion."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant.factors import DerivedFactor, FactorModel, PrimaryFactor
from quant.market.curves import DiscountCurve
from quant.market.piecewise import PiecewiseLinear
from quant.pledges.sensitivities import (
    Revaluation,
    behind_rows,
    right_loss_deviation,
    valuation_error_deviation,
)
from quant.schedules import CollateralTerms, ExposureSchedule, ScheduleBook

CURVE = DiscountCurve((1.0, 10.0), (0.02, 0.03))
TERMS = CollateralTerms(0.03, 0.02, 0.7, 0.2)
MODEL = FactorModel(
    (
        PrimaryFactor("unused", 1.0, 0.0, 0.0, 0.5),
        PrimaryFactor("price", math.log(3.0), 0.01, 0.2, 0.25, 0.1),
        PrimaryFactor("brownian", math.log(2.0), 0.0, 0.0, 0.3),
        PrimaryFactor("cny", 0.0),
    ),
    (
        DerivedFactor("revenue", "brownian", PiecewiseLinear((1.0, 2.0, 3.0), (0.0, 1.0, 1.5)), "price"),
        DerivedFactor("other", "unused", PiecewiseLinear((1.0, 2.0), (0.0, 1.0))),
    ),
    np.array([[1.0, 0.2, 0.1, 0.0], [0.2, 1.0, 0.4, 0.0], [0.1, 0.4, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]]),
)
TIMES = [1.0, 2.5, 6.0, 1.0, 4.0, 3.0]
FACTORS = ("price", "price", "price", "brownian", "brownian", "cny")


def schedule(
    factors: tuple[str, ...] = FACTORS, terms: CollateralTerms = TERMS, scale: float = 1.0
) -> ExposureSchedule:
    quantities = scale * np.array([5.0, 6.0, 7.0, 2.0, 3.0, -4.0])[: len(factors)]
    return ExposureSchedule(
        "a", np.array(TIMES[: len(factors)]), factors, quantities, ("",) * len(factors), terms
    )


def revaluation(*schedules: ExposureSchedule) -> Revaluation:
    return Revaluation.of(schedules or (schedule(),), MODEL, CURVE)


def row_values(of: ExposureSchedule) -> np.ndarray:
    return ScheduleBook.stack([of], MODEL).row_values(MODEL, CURVE.discount_factors)[1]


def test_only_the_factors_behind_the_rows_are_kept_and_price_alike() -> None:
    of = schedule(("revenue", "cny", "revenue"))
    behind = behind_rows([of], MODEL)
    assert behind.names == ("price", "brownian", "cny", "revenue")
    assert behind.correlation[0, 1] == 0.4
    full = ScheduleBook.stack([of], MODEL).present_values(MODEL, CURVE.discount_factors)[0]
    assert revaluation(of).value == full


@given(share=st.floats(-0.5, 2.0))
def test_a_linear_factor_changes_its_share_of_the_value(share: float) -> None:
    values = row_values(schedule())
    for factor in ("price", "brownian", "cny"):
        of_factor = values[[name == factor for name in FACTORS]].sum()
        assert revaluation().level(factor, share) == pytest.approx(share * of_factor, rel=1e-9, abs=1e-12)


def test_volatility_raises_the_mean_of_a_given_median() -> None:
    """E f(t) = median exp(v / 2) with v = s^2 (1 - exp(-2 k t)) / (2 k), or s^2 t without reversion."""
    values, times = row_values(schedule()), np.array(TIMES)
    for factor, was, speed in (("price", 0.25, 0.2), ("brownian", 0.3, 0.0)):
        rows = np.array([name == factor for name in FACTORS])
        span = times[rows] if speed == 0.0 else (1.0 - np.exp(-2.0 * speed * times[rows])) / (2.0 * speed)
        expected = values[rows] @ np.expm1(0.5 * ((was + 0.01) ** 2 - was**2) * span)
        assert revaluation().volatility(factor, 0.01) == pytest.approx(expected, rel=1e-9)


def test_discount_rate_is_the_duration_of_annual_rates() -> None:
    """d (1 + r)^-t / dr = -t (1 + r)^-t / (1 + r)."""
    times = np.array(TIMES)
    expected = -0.01 * (row_values(schedule()) @ (times / (1.0 + CURVE.zero_rates(times))))
    # Half of the difference is off by (h t)^2 / 6 with h a basis point.
    assert revaluation().discount_rate(0.01) == pytest.approx(expected, rel=1e-6)


@given(intensity=st.floats(0.0, 2.0), severity=st.floats(0.0, 1.0))
def test_event_intensity_is_minus_severity_times_duration(intensity: float, severity: float) -> None:
    of = schedule(terms=CollateralTerms(0.03, intensity, severity))
    values, times = row_values(of), np.array(TIMES)
    small = 1e-5
    # The derivative by the intensity is -severity sum t PV; the second order is bounded by (small h s t)^2 / 2.
    slope = -severity * (values @ times)
    second = 0.5 * (small * intensity * severity * 6.0) ** 2 * np.abs(values).sum()
    change = revaluation(of).event_intensity(small)
    assert change == pytest.approx(slope * small * intensity, abs=second + 1e-11)
    # And exactly: the same asset with the higher intensity.
    higher = schedule(terms=CollateralTerms(0.03, 1.1 * intensity, severity))
    expected = revaluation(higher).value - revaluation(of).value
    assert revaluation(of).event_intensity(0.1) == pytest.approx(expected, rel=1e-9, abs=1e-10)


def test_the_better_alternative_is_taken_before_and_after() -> None:
    in_price, in_brownian = schedule(("price",) * 3), schedule(("brownian",) * 3)
    in_price = replace(in_price, quantities=in_price.quantities * 1.01)
    ratio = revaluation(in_price).value / revaluation(in_brownian).value
    close = replace(in_brownian, quantities=in_brownian.quantities * ratio * 0.995)
    both = revaluation(in_price, close)
    assert both.value == revaluation(in_price).value
    # 1 % more of the second passes the first by 0.995 x 1.01 - 1.
    assert both.level("brownian", 0.01) == pytest.approx(both.value * (0.995 * 1.01 - 1.0), rel=1e-9)
    assert revaluation(in_price).model.names == ("price",)


def test_a_standard_deviation_of_brownian_motion_moves_all_rows_alike() -> None:
    found = revaluation(schedule(("brownian",) * 4)).standard_deviations(2.0)
    values = row_values(schedule(("brownian",) * 4))
    assert found == {"brownian": pytest.approx(values.sum() * math.sinh(0.3 * math.sqrt(2.0)), rel=1e-12)}


def test_a_standard_deviation_fades_with_mean_reversion_and_leaves_out_certain_factors() -> None:
    found = revaluation().standard_deviations(1.0)
    sd = 0.25 * math.sqrt((1.0 - math.exp(-0.4)) / 0.4)
    rows = [name == "price" for name in FACTORS]
    expected = row_values(schedule())[rows] @ np.sinh(sd * np.exp(-0.2 * np.array(TIMES)[rows]))
    assert set(found) == {"price", "brownian"}
    assert found["price"] == pytest.approx(expected, rel=1e-12)


@given(intensity=st.floats(0.0, 3.0), severity=st.floats(0.0, 1.0), span=st.floats(0.0, 5.0))
def test_deviation_of_what_is_left_of_a_right_is_that_of_the_poisson_sum(
    intensity: float, severity: float, span: float
) -> None:
    mean_events, events = intensity * span, np.arange(100)
    log_factorial = np.array([math.lgamma(n + 1.0) for n in events])
    weights = np.exp(-mean_events + events * math.log(max(mean_events, 1e-300)) - log_factorial)
    left = (1.0 - severity) ** events
    mean = weights @ left
    expected = math.sqrt(weights @ (left - mean) ** 2)
    assert right_loss_deviation(intensity, severity, span) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_deviation_of_what_is_left_never_overflows() -> None:
    assert right_loss_deviation(1e308, 1.0, 30.0) == 0.0
    assert right_loss_deviation(1e308, 0.0, 30.0) == 0.0


def test_one_deviation_of_the_valuation_error() -> None:
    """Lognormal with mean 1: (exp(s - s^2 / 2) - exp(-s - s^2 / 2)) / 2 with s^2 = ln(1 + cv^2)."""
    s = math.sqrt(math.log(1.0 + 0.3**2))
    expected = (math.exp(s - 0.5 * s * s) - math.exp(-s - 0.5 * s * s)) / 2.0
    assert valuation_error_deviation(0.3) == pytest.approx(expected, rel=1e-14)
    assert valuation_error_deviation(0.0) == 0.0
