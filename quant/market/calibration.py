"""Maximum likelihood of mean reversion and of Brownian motion from one series with dates of any spacing.

    fit = fit_mean_reversion(times_years, values)
    fit.mean_reversion_annual, fit.half_life_years, fit.errors

The likelihood is exact (quant/market/transition_likelihood.py), the search is over the speed alone, standard errors are
those of the observed information. docs/models/calibration.md gives formulas, limits and evidence.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar

from quant.arguments import POSITIVE, FloatArray, as_floats, describe_first
from quant.market.transition_likelihood import LogSeries, brownian, concentrated, log_likelihood

MIN_OBSERVATIONS = 6
"""Five steps, for at most four parameters."""

# The search runs between a speed that does nothing over the whole span and one that forgets within the shortest step.
_SLOWEST_PER_SPAN = 1e-4
_FASTEST_PER_STEP = 7.0
_GRID = 41
# A maximum this close (in log speed) to an end of the search is that end.
_AT_END = 1e-2
# Residual log-sd below which a series is a formula, not a sample.
_NO_VARIATION = 1e-9
_DIFFERENCE = 1e-3


@dataclass(frozen=True, slots=True)
class FitErrors:
    """Standard errors from the observed information; of the log where the parameter is positive by nature.

    Attributes:
        log_level: of ln(median level); for Brownian motion 0, as its level is today's value.
        growth_annual: of the growth of the log median; 0 where it was not fitted.
        log_mean_reversion: of ln(speed), so the relative error of the speed and of the half-life; None where no speed
            is estimated.
        log_volatility: of ln(volatility).
    """

    log_level: float
    growth_annual: float
    log_mean_reversion: float | None
    log_volatility: float


@dataclass(frozen=True, slots=True)
class Fit:
    """One fitted model of `ln F(t) = a + g t + x(t)`, t in years from the last observation.

    Attributes:
        log_level: a, log of the median level at the last observation.
        growth_annual: g.
        mean_reversion_annual: k; 0 for Brownian motion and where no reversion was found.
        volatility_annual: s.
        deviation: x(0) = ln(last value) - a.
        log_likelihood: at the maximum, conditional on the first observation.
        n_parameters: how many were fitted.
        n_observations: length of the series.
        span_years: from the first observation to the last.
        errors: standard errors; None where the maximum lies at the end of the search and there are none.
        speed_identified: False where the speed ran to an end of the search: 0, or no memory between observations.
        speed_bias_annual: first-order small-sample bias of the speed, to be subtracted; None where it is unknown.
    """

    log_level: float
    growth_annual: float
    mean_reversion_annual: float
    volatility_annual: float
    deviation: float
    log_likelihood: float
    n_parameters: int
    n_observations: int
    span_years: float
    errors: FitErrors | None
    speed_identified: bool
    speed_bias_annual: float | None

    @property
    def aic(self) -> float:
        """Akaike's criterion, 2 n_parameters - 2 log-likelihood; smaller is better."""
        return 2.0 * self.n_parameters - 2.0 * self.log_likelihood

    @property
    def half_life_years(self) -> float | None:
        """Time in which half of a deviation is gone, ln 2 / k; None without mean reversion."""
        return math.log(2.0) / self.mean_reversion_annual if self.mean_reversion_annual > 0.0 else None

    @property
    def half_life_error_years(self) -> float | None:
        """Standard error of the half-life by the delta method: ln 2 / k^2 times that of k."""
        if self.half_life_years is None or self.errors is None or self.errors.log_mean_reversion is None:
            return None
        return self.half_life_years * self.errors.log_mean_reversion

    @property
    def stationary_log_sd(self) -> float | None:
        """Standard deviation of the log in the long run, s / sqrt(2 k); None without mean reversion."""
        if self.mean_reversion_annual <= 0.0:
            return None
        return self.volatility_annual / math.sqrt(2.0 * self.mean_reversion_annual)


def fit_mean_reversion(times_years: ArrayLike, values: ArrayLike, *, fit_trend: bool = False) -> Fit:
    """Exact maximum likelihood of the log-Ornstein-Uhlenbeck model.

    Where the likelihood only rises as the speed falls to 0 there is no mean reversion in the sample and the fit is
    that of Brownian motion, with `speed_identified` False. Where it only rises with the speed, the observations have no
    memory: the speed is the end of the search (exp(-7) is left after the shortest step) and only `stationary_log_sd`
    is an estimate.

    Args:
        times_years: time of each observation in years, strictly increasing, any spacing, any origin, [n].
        values: observed values > 0, any unit, [n].
        fit_trend: fit the growth of the log median; otherwise it is 0.

    Raises:
        ValueError: if the series has no likelihood, naming the observation.
    """
    series = _series(times_years, values)
    steps = series.steps_years
    low = math.log(_SLOWEST_PER_SPAN / series.span_years)
    high = math.log(_FASTEST_PER_STEP / float(np.min(steps)))

    def loss(log_speed: float) -> float:
        return -concentrated(series, math.exp(log_speed), fit_trend=fit_trend).log_likelihood

    log_speed = _smallest(loss, low, high)
    if log_speed - low < _AT_END:
        return _brownian(series, fit_trend=fit_trend)
    speed = math.exp(log_speed)
    best = concentrated(series, speed, fit_trend=fit_trend)
    _require_variation(best.volatility_annual, series)
    inside = high - log_speed > _AT_END
    point = (best.log_level, best.growth_annual, log_speed, math.log(best.volatility_annual))
    errors = _errors(series, point, fit_trend=fit_trend) if inside else None
    return Fit(
        log_level=best.log_level,
        growth_annual=best.growth_annual,
        mean_reversion_annual=speed,
        volatility_annual=best.volatility_annual,
        deviation=float(series.logs[-1]) - best.log_level,
        log_likelihood=best.log_likelihood,
        n_parameters=4 if fit_trend else 3,
        n_observations=len(series.logs),
        span_years=series.span_years,
        errors=errors,
        speed_identified=inside,
        speed_bias_annual=speed_bias(speed, series.span_years, len(steps), fit_trend=fit_trend)
        if inside
        else None,
    )


def fit_brownian_motion(times_years: ArrayLike, values: ArrayLike, *, fit_trend: bool = False) -> Fit:
    """Exact maximum likelihood of geometric Brownian motion, in closed form.

    Args:
        times_years: as in `fit_mean_reversion`.
        values: as in `fit_mean_reversion`.
        fit_trend: fit the growth of the log median; otherwise it is 0.

    Raises:
        ValueError: if the series has no likelihood, naming the observation.
    """
    return _brownian(_series(times_years, values), fit_trend=fit_trend)


def speed_bias(speed_annual: float, span_years: float, n_steps: int, *, fit_trend: bool) -> float:
    """First-order bias of the estimated speed; about 4 / span for short steps, 6 / span where a trend is fitted.

    For a fitted level `E[k^] - k = (5 + 2 e^{kD} + e^{2kD}) / (2 n D)` (Tang and Chen 2009, J. Econometrics 149; it
    follows from the bias -(1 + 3 r) / n of the AR(1) slope r). With a trend the bias of the slope is -(2 + 4 r) / n
    (Kendall 1954), which gives `(7 + 4 e^{kD} + e^{2kD}) / (2 n D)`. Uneven steps are taken at their mean D.

    Args:
        speed_annual: k, the estimate.
        span_years: T = n D.
        n_steps: n.
        fit_trend: whether the growth was fitted too.
    """
    growth = math.exp(min(speed_annual * span_years / n_steps, 300.0))
    numerator = 7.0 + 4.0 * growth + growth**2 if fit_trend else 5.0 + 2.0 * growth + growth**2
    return numerator / (2.0 * span_years)


def _series(times_years: ArrayLike, values: ArrayLike) -> LogSeries:
    times = as_floats("times_years", times_years)
    found = POSITIVE.require("values", values)
    if times.ndim != 1 or times.shape != found.shape:
        raise ValueError(f"times_years: found shape {times.shape}, expected that of values, {found.shape}")
    if len(times) < MIN_OBSERVATIONS:
        raise ValueError(f"values: found {len(times)} observations, expected at least {MIN_OBSERVATIONS}")
    if not np.all(np.isfinite(times)):
        raise ValueError(f"times_years: {describe_first(times, ~np.isfinite(times))}, expected finite years")
    wrong = np.concatenate(([False], np.diff(times) <= 0.0))
    if np.any(wrong):
        raise ValueError(f"times_years: {describe_first(times, wrong)}, expected strictly increasing years")
    return LogSeries(times - times[-1], np.log(found))


def _require_variation(volatility: float, series: LogSeries) -> None:
    if volatility * math.sqrt(series.span_years) < _NO_VARIATION:
        raise ValueError(
            "values: found a series without variation around its course, expected one that varies"
        )


def _brownian(series: LogSeries, *, fit_trend: bool) -> Fit:
    best = brownian(series, fit_trend=fit_trend)
    _require_variation(best.volatility_annual, series)
    n = len(series.steps_years)
    return Fit(
        log_level=best.log_level,
        growth_annual=best.growth_annual,
        mean_reversion_annual=0.0,
        volatility_annual=best.volatility_annual,
        deviation=0.0,
        log_likelihood=best.log_likelihood,
        n_parameters=2 if fit_trend else 1,
        n_observations=n + 1,
        span_years=series.span_years,
        # Observed information at the maximum: 2 n in ln s, and span / s^2 in the growth.
        errors=FitErrors(
            log_level=0.0,
            growth_annual=best.volatility_annual / math.sqrt(series.span_years) if fit_trend else 0.0,
            log_mean_reversion=None,
            log_volatility=1.0 / math.sqrt(2.0 * n),
        ),
        speed_identified=False,
        speed_bias_annual=None,
    )


def _smallest(loss: Callable[[float], float], low: float, high: float) -> float:
    """The global minimum between two bounds: a grid finds the valley, Brent's method its floor."""
    grid = np.linspace(low, high, _GRID)
    losses = np.array([loss(float(point)) for point in grid])
    best = int(np.argmin(losses))
    left, right = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, _GRID - 1)])
    found = minimize_scalar(loss, bounds=(left, right), method="bounded", options={"xatol": 1e-9})
    return float(found.x) if found.fun <= losses[best] else float(grid[best])


def _errors(
    series: LogSeries, point: tuple[float, float, float, float], *, fit_trend: bool
) -> FitErrors | None:
    """Standard errors at a maximum, from central second differences of the exact log-likelihood.

    Args:
        series: the observations.
        point: level, growth, ln speed, ln volatility.
        fit_trend: whether growth is a parameter.

    Returns:
        None where the information is not positive definite: a maximum so flat that it tells nothing.
    """
    free = [0, 1, 2, 3] if fit_trend else [0, 2, 3]
    speed, volatility = math.exp(point[2]), math.exp(point[3])
    # The level moves on the scale of the deviations, so that the unit and the sample do not matter.
    scale = volatility / math.sqrt(2.0 * speed)
    widths = np.array([scale, scale / series.span_years, 1.0, 1.0]) * _DIFFERENCE

    def value(shift: FloatArray) -> float:
        moved = np.array(point) + shift
        return log_likelihood(series, moved[0], moved[1], math.exp(moved[2]), math.exp(moved[3]))

    information = np.empty((len(free), len(free)))
    for i, first in enumerate(free):
        for j, second in enumerate(free[: i + 1]):
            a, b = np.zeros(4), np.zeros(4)
            a[first], b[second] = widths[first], widths[second]
            curvature = value(a + b) - value(a - b) - value(b - a) + value(-a - b)
            information[i, j] = information[j, i] = -curvature / (4.0 * widths[first] * widths[second])
    # Scaled to a unit diagonal before it is inverted: level and growth differ by orders of magnitude.
    diagonal = np.diag(information)
    if np.any(diagonal <= 0.0):
        return None
    unit = np.sqrt(np.outer(diagonal, diagonal))
    if np.linalg.eigvalsh(information / unit)[0] <= 1e-10:
        return None
    variances = np.zeros(4)
    variances[free] = np.diag(np.linalg.inv(information / unit)) / diagonal
    return FitErrors(*(float(error) for error in np.sqrt(variances)))
