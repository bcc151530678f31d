"""From a series of observations to two fitted models with errors, a unit-root test and warnings. No I/O."""

import datetime as dt
import math
import warnings

import numpy as np

from quant.arguments import FloatArray
from quant.market.calibration import Fit, fit_brownian_motion, fit_mean_reversion
from services.runtime.errors import InvalidInput
from services.runtime.market import Evidence, MarketSnapshot, QuotedFactor, Source
from services.valuation.calibration.calibrated import (
    Calibration,
    CalibrationQuestion,
    FittedModel,
    Sample,
    UnitRootTest,
)
from services.valuation.calibration.cautions import (
    of_length,
    of_long_run,
    of_mean_reversion,
    of_snapshot,
    of_spacing,
    of_trend,
)

DAYS_A_YEAR = 365.25
UNNAMED_SOURCE = "uploaded series"
LARGEST_LOG_ERROR = 2.0


def calibrate(question: CalibrationQuestion, snapshot: MarketSnapshot) -> Calibration:
    """Fit both models; the asset of the question is not looked at.

    Raises:
        InvalidInput: the series has no likelihood, or neither the question nor the snapshot says the unit.
    """
    quoted = next((factor for factor in snapshot.primary_factors if factor.name == question.factor), None)
    if quoted is None and question.unit == "":
        raise InvalidInput.of(
            "unit",
            f"is empty, expected the unit of the series, as snapshot {snapshot.snapshot_id} has no primary factor "
            f"{question.factor!r}",
        )
    dates = [observation.date for observation in question.observations]
    values = np.array([observation.value for observation in question.observations])
    times = np.array([(date - dates[-1]).days / DAYS_A_YEAR for date in dates])
    try:
        reverting = fit_mean_reversion(times, values, fit_trend=question.fit_trend)
        brownian = fit_brownian_motion(times, values, fit_trend=question.fit_trend)
        trended = reverting if question.fit_trend else _trended(times, values, reverting)
    except ValueError as error:
        raise InvalidInput.of("observations", str(error)) from error
    test = unit_root_test(np.log(values), with_trend=question.fit_trend)
    sample = _sample(values, reverting)
    steps = np.diff(times)
    return Calibration(
        mean_reverting=_fitted(reverting, question, quoted),
        brownian=_fitted(brownian, question, quoted),
        unit_root=test,
        sample=sample,
        cautions=(
            *of_mean_reversion(reverting, test),
            *of_length(reverting),
            *of_long_run(sample, question.long_run_mean),
            *of_trend(reverting, trended),
            *of_spacing(float(np.std(steps) / np.mean(steps))),
            *of_snapshot(float(values[-1]), dates[-1], quoted, snapshot.as_of),
        ),
    )


def unit_root_test(logs: FloatArray, *, with_trend: bool) -> UnitRootTest | None:
    """Augmented Dickey-Fuller test with a constant, and a trend where one is fitted; lags by AIC.

    Returns:
        None where the regression has no solution.
    """
    n, trend = len(logs) - 1, [np.arange(len(logs) - 1.0)] if with_trend else []
    # Where the value before the last never moved there is no regression, only a pseudo-inverse.
    if np.linalg.matrix_rank(np.column_stack([np.ones(n), *trend, logs[:-1] - logs[0]])) < 2 + len(trend):
        return None
    # Imported here: it takes about a second, which only who calibrates should wait for.
    from statsmodels.tools.sm_exceptions import SingularMatrixWarning  # noqa: PLC0415
    from statsmodels.tsa.stattools import adfuller  # noqa: PLC0415

    # Of the lags that are tried some may have no regression in a short series; the best one is chosen among all. A
    # filter for good, not for this call: a temporary one is not safe among threads.
    warnings.filterwarnings("ignore", category=SingularMatrixWarning)
    try:
        with np.errstate(all="ignore"):
            result = adfuller(logs, regression="ct" if with_trend else "c", autolag="AIC", result_object=True)
    except (ValueError, np.linalg.LinAlgError):
        return None
    statistic, p_value = float(result.statistic), float(result.pvalue)
    if not (math.isfinite(statistic) and math.isfinite(p_value)):
        return None
    return UnitRootTest(statistic, p_value, int(result.lags))


def _trended(times: FloatArray, values: FloatArray, without: Fit) -> Fit:
    """The fit with a trend; where that leaves no variation, the one without."""
    try:
        return fit_mean_reversion(times, values, fit_trend=True)
    except ValueError:
        return without


def _sample(values: FloatArray, fit: Fit) -> Sample:
    # In units of the largest value: squares of very small or large ones would leave the range of the floats.
    scale = float(np.abs(values).max())
    relative = values / scale
    centred = relative - relative.mean()
    return Sample(
        n_observations=len(values),
        span_years=fit.span_years,
        sample_mean=float(values.mean()),
        sample_sd=scale * float(relative.std(ddof=1)),
        lag1_correlation=float(centred[1:] @ centred[:-1] / (centred @ centred)),
    )


def _fitted(fit: Fit, question: CalibrationQuestion, quoted: QuotedFactor | None) -> FittedModel:
    errors, reverts = fit.errors, fit.mean_reversion_annual > 0.0
    relative = None if errors is None else errors.log_mean_reversion
    return FittedModel(
        factor=_factor(fit, question, quoted),
        log_likelihood=fit.log_likelihood,
        aic=fit.aic,
        n_parameters=fit.n_parameters,
        fitted_growth_annual=fit.growth_annual,
        median_level_error=_median_level_error(fit) if reverts else None,
        growth_error_annual=errors.growth_annual if errors is not None and question.fit_trend else None,
        mean_reversion_error_annual=None if relative is None else fit.mean_reversion_annual * relative,
        volatility_error_annual=None if errors is None else fit.volatility_annual * errors.log_volatility,
        half_life_years=fit.half_life_years,
        half_life_error_years=fit.half_life_error_years,
        mean_reversion_bias_annual=fit.speed_bias_annual,
        stationary_log_sd=fit.stationary_log_sd,
    )


def _median_level_error(fit: Fit) -> float | None:
    """Delta method; None where the log is so uncertain that a symmetric error says nothing."""
    if fit.errors is None or fit.errors.log_level > LARGEST_LOG_ERROR:
        return None
    return math.exp(fit.log_level) * fit.errors.log_level


def _factor(fit: Fit, question: CalibrationQuestion, quoted: QuotedFactor | None) -> QuotedFactor:
    """The fit as a factor of a snapshot, with a source for every parameter."""
    first, last = question.observations[0], question.observations[-1]
    # The mean of exp(Brownian motion) drifts by volatility^2 / 2: without a fitted trend no drift is priced in.
    drift_removed = fit.mean_reversion_annual == 0.0 and not question.fit_trend
    growth = -0.5 * fit.volatility_annual**2 if drift_removed else fit.growth_annual
    return QuotedFactor(
        name=question.factor,
        level=last.value,
        unit=question.unit or (quoted.unit if quoted is not None else ""),
        label_zh=quoted.label_zh if quoted is not None else question.factor,
        label_en=quoted.label_en if quoted is not None else question.factor,
        sources=_sources(question, first.date, last.date, drift_removed=drift_removed),
        growth_annual=growth,
        mean_reversion_annual=fit.mean_reversion_annual,
        volatility_annual=fit.volatility_annual,
        deviation=fit.deviation,
    )


def _sources(
    question: CalibrationQuestion, first: dt.date, last: dt.date, *, drift_removed: bool
) -> tuple[Source, ...]:
    named = question.source or UNNAMED_SOURCE
    fitted = (
        f"{named}: exact maximum likelihood on {len(question.observations)} observations, {first} to {last}"
    )
    if question.fit_trend:
        growth = Source(
            "growth_annual", Evidence.DERIVED, f"{fitted}; the trend is carried into the future", last
        )
    elif drift_removed:
        growth = Source(
            "growth_annual",
            Evidence.ASSUMPTION,
            "-volatility^2 / 2: the mean is today's level, no drift is priced in",
            last,
        )
    else:
        growth = Source("growth_annual", Evidence.ASSUMPTION, "0: no trend was fitted", last)
    return (
        Source("level", Evidence.DERIVED, f"{named}: last value of the series", last),
        Source("mean_reversion_annual, volatility_annual, deviation", Evidence.DERIVED, fitted, last),
        growth,
    )
