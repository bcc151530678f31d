"""Exact likelihood of a log factor seen at dates of any spacing, with everything but the speed concentrated out.

The factor is `y(t) = a + g t + x(t)`, `dx = -k x dt + s dW`, with y the log of the observed value and t in years from
the last observation. Given x(t_i) the next deviation is normal: mean `exp(-k D) x(t_i)`, variance
`s^2 (1 - exp(-2 k D)) / (2 k)`, or `s^2 D` at k = 0 (Uhlenbeck and Ornstein 1930; no Euler step). The first observation
is taken as given. For a fixed k this is a weighted linear regression for a and g, whose mean squared residual is s^2.
"""

from dataclasses import dataclass

import numpy as np

from quant.arguments import FloatArray

LOG_TWO_PI = float(np.log(2.0 * np.pi))


@dataclass(frozen=True, slots=True, eq=False)
class LogSeries:
    """Logs of observations in order of time.

    Attributes:
        times_years: years from the last observation, so the last is 0; strictly increasing, [n + 1].
        logs: log of each value, [n + 1].
    """

    times_years: FloatArray
    logs: FloatArray

    @property
    def steps_years(self) -> FloatArray:
        """Length of each step, [n]."""
        return np.diff(self.times_years)

    @property
    def span_years(self) -> float:
        """From the first observation to the last."""
        return float(self.times_years[-1] - self.times_years[0])


@dataclass(frozen=True, slots=True)
class ConcentratedFit:
    """Best level, growth and volatility for a given speed, and the log-likelihood there."""

    log_level: float
    growth_annual: float
    volatility_annual: float
    log_likelihood: float


def log_likelihood(
    series: LogSeries, log_level: float, growth_annual: float, speed_annual: float, volatility_annual: float
) -> float:
    """Sum of the log densities of the exact steps; speed 0 is Brownian motion, whatever the level.

    Args:
        series: the observations.
        log_level: a, log of the median at the last observation.
        growth_annual: g, growth of the log median a year.
        speed_annual: k >= 0.
        volatility_annual: s > 0.
    """
    deviations = series.logs - log_level - growth_annual * series.times_years
    decay, variances = _transition(series, speed_annual)
    residuals = deviations[1:] - decay * deviations[:-1]
    variances = volatility_annual**2 * variances
    return -0.5 * float(np.sum(LOG_TWO_PI + np.log(variances) + residuals**2 / variances))


def concentrated(series: LogSeries, speed_annual: float, *, fit_trend: bool) -> ConcentratedFit:
    """The best fit for one speed > 0.

    The regressor of the level is 1 - exp(-k D): it fades as k goes to 0, where the level is no longer identified.

    Args:
        series: the observations.
        speed_annual: k > 0.
        fit_trend: whether g is fitted; otherwise it is 0.
    """
    decay, variances = _transition(series, speed_annual)
    # Differences from the last value keep the regression well conditioned, whatever the unit of the series.
    reference = series.logs[-1]
    shifted = series.logs - reference
    weights = 1.0 / np.sqrt(variances)
    target = (shifted[1:] - decay * shifted[:-1]) * weights
    columns = [-np.expm1(-speed_annual * series.steps_years) * weights]
    if fit_trend:
        columns.append((series.times_years[1:] - decay * series.times_years[:-1]) * weights)
    design = np.column_stack(columns)
    scales = np.linalg.norm(design, axis=0)
    found = np.linalg.lstsq(design / scales, target, rcond=None)[0] / scales
    mean_square = float(np.mean((target - design @ found) ** 2))
    return ConcentratedFit(
        float(reference + found[0]),
        float(found[1]) if fit_trend else 0.0,
        float(np.sqrt(mean_square)),
        _best_likelihood(mean_square, variances),
    )


def brownian(series: LogSeries, *, fit_trend: bool) -> ConcentratedFit:
    """Geometric Brownian motion: closed form; the level is today's value, as nothing reverts to another."""
    steps = series.steps_years
    growth = float(series.logs[-1] - series.logs[0]) / series.span_years if fit_trend else 0.0
    residuals = np.diff(series.logs) - growth * steps
    mean_square = float(np.mean(residuals**2 / steps))
    return ConcentratedFit(
        float(series.logs[-1]), growth, float(np.sqrt(mean_square)), _best_likelihood(mean_square, steps)
    )


def _transition(series: LogSeries, speed_annual: float) -> tuple[FloatArray, FloatArray]:
    """Decay of the deviation over each step, and the variance of the step for volatility 1."""
    steps = series.steps_years
    if speed_annual == 0.0:
        return np.ones_like(steps), steps
    return np.exp(-speed_annual * steps), -np.expm1(-2.0 * speed_annual * steps) / (2.0 * speed_annual)


def _best_likelihood(mean_square: float, variances: FloatArray) -> float:
    """Log-likelihood at the volatility that maximises it; infinite where nothing is left to explain."""
    n = len(variances)
    if mean_square <= 0.0:
        return float("inf")
    return -0.5 * float(n * (LOG_TWO_PI + np.log(mean_square) + 1.0) + np.sum(np.log(variances)))
