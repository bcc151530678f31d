"""Exact likelihood, invariances, errors and coverage of the calibration; the sample is simulated by exact steps."""

import csv
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binom, norm

from quant.market.calibration import Fit, fit_brownian_motion, fit_mean_reversion, speed_bias
from quant.market.transition_likelihood import LogSeries, brownian, concentrated, log_likelihood

Array = NDArray[np.float64]
LOG_LEVEL, GROWTH, SPEED, VOLATILITY = math.log(50.0), 0.03, 2.0, 0.3
SPAN_YEARS, N_STEPS = 100.0, 600
Z95 = float(norm.ppf(0.975))


def uneven_times(rng: np.random.Generator, span: float = SPAN_YEARS, n: int = N_STEPS) -> Array:
    gaps = rng.gamma(2.0, 1.0, n)
    times: Array = np.concatenate([[0.0], np.cumsum(gaps)]) * span / gaps.sum() - span
    return times


def simulated(rng: np.random.Generator, times: Array, speed: float, growth: float = 0.0) -> Array:
    """A path of the model by its definition; starts in its stationary distribution, or at its level for speed 0."""
    x = np.empty(len(times))
    x[0] = VOLATILITY / math.sqrt(2.0 * speed) * rng.normal() if speed > 0.0 else 0.0
    for i, step in enumerate(np.diff(times)):
        sd = VOLATILITY * math.sqrt(
            (1.0 - math.exp(-2.0 * speed * step)) / (2.0 * speed) if speed > 0.0 else step
        )
        x[i + 1] = math.exp(-speed * step) * x[i] + sd * rng.normal()
    return np.exp(LOG_LEVEL + growth * times + x)


def log_series(seed: int = 1, speed: float = SPEED, n: int = 40) -> LogSeries:
    rng = np.random.default_rng(seed)
    times = uneven_times(rng, 10.0, n)
    return LogSeries(times, np.log(simulated(rng, times, speed)))


def inside(estimate: float, truth: float, error: float) -> bool:
    return abs(estimate - truth) <= Z95 * error


def reversion_hits(fit: Fit, growth: float | None) -> dict[str, bool]:
    errors = fit.errors
    if errors is None or errors.log_mean_reversion is None:
        return dict.fromkeys(("level", "speed", "volatility", "growth"), False)
    hits = {
        "level": inside(fit.log_level, LOG_LEVEL, errors.log_level),
        "speed": inside(math.log(fit.mean_reversion_annual), math.log(SPEED), errors.log_mean_reversion),
        "volatility": inside(math.log(fit.volatility_annual), math.log(VOLATILITY), errors.log_volatility),
    }
    if growth is not None:
        hits["growth"] = inside(fit.growth_annual, growth, errors.growth_annual)
    return hits


def one_reversion(rng: np.random.Generator) -> dict[str, bool]:
    times = uneven_times(rng)
    return reversion_hits(fit_mean_reversion(times, simulated(rng, times, SPEED)), None)


def one_trended_reversion(rng: np.random.Generator) -> dict[str, bool]:
    times = uneven_times(rng)
    return reversion_hits(
        fit_mean_reversion(times, simulated(rng, times, SPEED, GROWTH), fit_trend=True), GROWTH
    )


def one_brownian(rng: np.random.Generator) -> dict[str, bool]:
    times = uneven_times(rng)
    fit = fit_brownian_motion(times, simulated(rng, times, 0.0, GROWTH), fit_trend=True)
    assert fit.errors is not None
    return {
        "growth": inside(fit.growth_annual, GROWTH, fit.errors.growth_annual),
        "volatility": inside(
            math.log(fit.volatility_annual), math.log(VOLATILITY), fit.errors.log_volatility
        ),
    }


MODELS: dict[str, Callable[[np.random.Generator], dict[str, bool]]] = {
    "mean reversion": one_reversion,
    "mean reversion with trend": one_trended_reversion,
    "Brownian motion": one_brownian,
}


def coverage(model: str, repeats: int, seed: int) -> dict[str, int]:
    rng = np.random.default_rng(seed)
    hits = [MODELS[model](rng) for _ in range(repeats)]
    return {name: sum(hit[name] for hit in hits) for name in hits[0]}


@pytest.mark.parametrize("model", MODELS)
def test_the_truth_lies_in_the_interval_as_often_as_it_says(model: str) -> None:
    # Binomial: an interval that holds the truth in 95 % of samples leaves this range once in ten thousand.
    low, high = (float(binom.ppf(p, 200, 0.95)) for p in (5e-5, 1.0 - 5e-5))
    for name, hits in coverage(model, 200, seed=11).items():
        assert low <= hits <= high, f"{model}, {name}: {hits} of 200"


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_coverage_of_a_thousand_repeats_is_93_to_97_percent(model: str) -> None:
    for name, hits in coverage(model, 1000, seed=20260821).items():
        assert 930 <= hits <= 970, f"{model}, {name}: {hits} of 1000"


@pytest.mark.parametrize("speed", [0.0, 0.3, 5.0])
def test_the_likelihood_is_the_sum_of_the_densities_of_exact_steps(speed: float) -> None:
    series = log_series()
    expected = 0.0
    for i in range(len(series.logs) - 1):
        t0, t1 = float(series.times_years[i]), float(series.times_years[i + 1])
        y0, y1 = float(series.logs[i]), float(series.logs[i + 1])
        step = t1 - t0
        decay = math.exp(-speed * step)
        variance = 0.04 * (step if speed == 0.0 else (1.0 - decay**2) / (2.0 * speed))
        mean = 3.8 + 0.02 * t1 + decay * (y0 - 3.8 - 0.02 * t0)
        expected += float(norm.logpdf(y1, mean, math.sqrt(variance)))
    assert log_likelihood(series, 3.8, 0.02, speed, 0.2) == pytest.approx(expected, rel=1e-12)


def test_a_speed_towards_0_gives_the_likelihood_of_brownian_motion() -> None:
    series = log_series(speed=0.0)
    for growth in (0.0, 0.05):
        limit = log_likelihood(series, 3.8, growth, 0.0, 0.3)
        gaps = [abs(log_likelihood(series, 3.8, growth, k, 0.3) - limit) for k in (1e-3, 1e-5, 1e-7)]
        assert gaps[0] > gaps[1] > gaps[2]
        assert gaps[2] < 1e-4


@pytest.mark.parametrize("fit_trend", [False, True])
@pytest.mark.parametrize("speed", [0.05, 1.0, 20.0])
def test_the_concentrated_fit_is_a_maximum_over_the_other_parameters(speed: float, fit_trend: bool) -> None:
    series = log_series()
    best = concentrated(series, speed, fit_trend=fit_trend)
    at = (best.log_level, best.growth_annual, speed, best.volatility_annual)
    assert log_likelihood(series, *at) == pytest.approx(best.log_likelihood, abs=1e-9)
    for level, growth, scale in ((0.01, 0.0, 1.0), (-0.01, 0.0, 1.0), (0.0, 0.0, 1.02), (0.0, 0.0, 0.98)):
        moved = log_likelihood(series, at[0] + level, at[1] + growth, speed, at[3] * scale)
        assert moved < best.log_likelihood
    if fit_trend:
        for step in (1e-3, -1e-3):
            assert log_likelihood(series, at[0], at[1] + step, speed, at[3]) < best.log_likelihood


@pytest.mark.parametrize("fit_trend", [False, True])
def test_no_speed_has_a_higher_likelihood_than_the_fitted_one(fit_trend: bool) -> None:
    series = log_series()
    fit = fit_mean_reversion(series.times_years, np.exp(series.logs), fit_trend=fit_trend)
    others = [
        concentrated(series, float(k), fit_trend=fit_trend).log_likelihood
        for k in np.geomspace(1e-3, 100, 500)
    ]
    assert fit.log_likelihood >= max(others) - 1e-9


def test_even_steps_agree_with_the_regression_of_neighbours() -> None:
    # Second method: for even steps the exact model is an AR(1) regression, k = -ln(slope) / D.
    rng = np.random.default_rng(3)
    step, n = 1.0 / 12.0, 600
    times = np.linspace(0.0, n * step, n + 1)
    y = np.log(simulated(rng, times, SPEED))
    design = np.column_stack([np.ones(n), y[:-1]])
    (constant, slope), residual, *_ = np.linalg.lstsq(design, y[1:])
    variance = float(residual[0]) / n
    slope_error = math.sqrt(variance * float(np.linalg.inv(design.T @ design)[1, 1]))
    fit = fit_mean_reversion(times, np.exp(y))
    k = -math.log(slope) / step
    assert fit.mean_reversion_annual == pytest.approx(k, rel=1e-6)
    assert fit.log_level == pytest.approx(constant / (1.0 - slope), rel=1e-8)
    assert fit.volatility_annual == pytest.approx(math.sqrt(variance * 2.0 * k / (1.0 - slope**2)), rel=1e-6)
    assert fit.errors is not None
    assert fit.errors.log_mean_reversion == pytest.approx(slope_error / slope / step / k, rel=1e-4)


def test_brownian_motion_has_its_closed_form() -> None:
    series = log_series(speed=0.0)
    fit = fit_brownian_motion(series.times_years, np.exp(series.logs), fit_trend=True)
    assert fit.growth_annual == pytest.approx((series.logs[-1] - series.logs[0]) / series.span_years)
    assert fit.errors is not None
    assert fit.errors.growth_annual == pytest.approx(fit.volatility_annual / math.sqrt(series.span_years))
    best = brownian(series, fit_trend=True)
    at = log_likelihood(series, 0.0, best.growth_annual, 0.0, best.volatility_annual)
    assert at == pytest.approx(fit.log_likelihood, abs=1e-9)
    # Second differences of the likelihood in ln(volatility) give the same information, 2 n.
    beside = sum(
        log_likelihood(series, 0.0, best.growth_annual, 0.0, best.volatility_annual * math.exp(shift))
        for shift in (1e-3, -1e-3)
    )
    assert fit.errors.log_volatility == pytest.approx(((2.0 * at - beside) / 1e-6) ** -0.5, rel=1e-4)


@settings(max_examples=25, deadline=None)
@given(st.floats(1e-6, 1e6), st.floats(-3000.0, 3000.0), st.integers(0, 1000))
def test_unit_and_origin_of_time_shift_the_level_alone(unit: float, origin: float, seed: int) -> None:
    series = log_series(seed)
    values = np.exp(series.logs)
    one = fit_mean_reversion(series.times_years, values, fit_trend=True)
    other = fit_mean_reversion(series.times_years + origin, values * unit, fit_trend=True)
    if not one.speed_identified or one.errors is None or other.errors is None:
        assert other.speed_identified == one.speed_identified
        return
    assert other.log_level - math.log(unit) == pytest.approx(one.log_level, abs=1e-5)
    for name in ("growth_annual", "mean_reversion_annual", "volatility_annual", "deviation"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), rel=1e-4, abs=1e-5), name
    assert other.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-5)
    assert other.errors.log_volatility == pytest.approx(one.errors.log_volatility, rel=1e-3)


def test_the_bias_of_the_speed_is_the_published_one() -> None:
    # Tang and Chen 2009: 4 / T to first order for short steps.
    assert speed_bias(1.0, 10.0, 1_000_000, fit_trend=False) == pytest.approx(0.4, rel=1e-4)
    rng = np.random.default_rng(5)
    span, n, repeats = 30.0, 180, 400
    speeds = []
    for _ in range(repeats):
        times = uneven_times(rng, span, n)
        speeds.append(fit_mean_reversion(times, simulated(rng, times, SPEED)).mean_reversion_annual)
    error = float(np.std(speeds)) / math.sqrt(repeats)
    # What the formula leaves out is of second order, (4 / T)^2 / k or so.
    assert np.mean(speeds) - SPEED == pytest.approx(
        speed_bias(SPEED, span, n, fit_trend=False), abs=4.0 * error + 0.02
    )
    assert np.mean(speeds) - SPEED > 2.0 * error


def test_a_speed_that_falls_to_0_is_brownian_motion() -> None:
    # A series that only moves away from where it was has no level to return to.
    times = np.arange(30.0)
    values = np.exp(0.002 * times**2 + 0.01 * np.cos(7.0 * times))
    fit = fit_mean_reversion(times, values)
    assert (fit.mean_reversion_annual, fit.speed_identified, fit.half_life_years) == (0.0, False, None)
    assert fit == fit_brownian_motion(times, values)


def test_noise_without_memory_has_a_dispersion_and_no_speed() -> None:
    values = np.exp([0.1 * (-1.0) ** i + 0.01 * math.sin(3.0 * i) for i in range(40)])
    fit = fit_mean_reversion(np.arange(40.0), values)
    assert not fit.speed_identified
    assert fit.errors is None
    assert fit.stationary_log_sd == pytest.approx(float(np.std(np.log(values[1:]))), rel=1e-2)


def test_half_life_and_its_error_follow_the_speed() -> None:
    series = log_series(n=200)
    fit = fit_mean_reversion(series.times_years, np.exp(series.logs))
    assert fit.errors is not None
    assert fit.errors.log_mean_reversion is not None
    assert fit.half_life_years == pytest.approx(math.log(2.0) / fit.mean_reversion_annual)
    speed_error = fit.mean_reversion_annual * fit.errors.log_mean_reversion
    # d(ln 2 / k) = -ln 2 / k^2 dk
    assert fit.half_life_error_years == pytest.approx(
        math.log(2.0) / fit.mean_reversion_annual**2 * speed_error
    )


def test_the_heihe_sample_is_that_of_the_sources() -> None:
    # Mean 18.85, sd 2.76, Cv 0.147, lag-1 correlation 0.56; with a trend of +0.40 a year removed -0.12.
    text = Path("data/heihe_annual_runoff.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    years = np.array([float(row["dispatch_year"]) for row in rows])
    inflow = np.array([float(row["yingluoxia_inflow_1e8_m3"]) for row in rows])
    assert [round(inflow.mean(), 2), round(inflow.std(ddof=1), 2)] == [18.85, 2.76]
    assert round(inflow.std(ddof=1) / inflow.mean(), 3) == 0.147
    assert round(lag1(inflow), 2) == 0.56
    slope, constant = np.polyfit(years, inflow, 1)
    assert round(slope, 2) == 0.40
    assert round(lag1(inflow - constant - slope * years), 2) == -0.12
    # The calibration says the same: persistence without a trend, none with it.
    assert fit_mean_reversion(years, inflow).speed_identified
    assert not fit_mean_reversion(years, inflow, fit_trend=True).speed_identified


def lag1(values: Array) -> float:
    centred = values - values.mean()
    return float(centred[1:] @ centred[:-1] / (centred @ centred))


@pytest.mark.parametrize(
    ("times", "values", "told"),
    [
        ([0.0, 1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 1.0, 2.0, 1.0], "found 5 observations, expected at least 6"),
        ([0.0, 1.0, 1.0, 3.0, 4.0, 5.0], [1.0, 2.0, 1.0, 2.0, 1.0, 2.0], r"found 1.0 at index \[2\]"),
        ([0.0, 1.0, 2.0, 3.0, 4.0, 5.0], [1.0, 2.0, 0.0, 2.0, 1.0, 2.0], r"values: found 0.0 at index \[2\]"),
        ([0.0, 1.0, 2.0, 3.0, 4.0, math.nan], [1.0, 2.0, 1.0, 2.0, 1.0, 2.0], "expected finite years"),
        ([0.0, 1.0], [1.0, 2.0, 1.0, 2.0, 1.0, 2.0], "expected that of values"),
        ([0.0, 1.0, 2.0, 3.0, 4.0, 5.0], [2.0] * 6, "without variation"),
    ],
)
def test_a_series_without_likelihood_is_refused(times: list[float], values: list[float], told: str) -> None:
    for fit in (fit_mean_reversion, fit_brownian_motion):
        with pytest.raises(ValueError, match=told):
            fit(times, values)
