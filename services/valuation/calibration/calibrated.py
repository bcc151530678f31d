"""Values of a calibration: the question, the fitted models, what they make of an asset."""

import datetime as dt
from dataclasses import dataclass, field

from services.runtime.market import QuotedFactor
from services.runtime.results import Caution
from services.valuation.asset import Asset


@dataclass(frozen=True, slots=True)
class Observation:
    """One value of a series, in the unit of the factor."""

    date: dt.date
    value: float


@dataclass(frozen=True, slots=True)
class CalibrationQuestion:
    """A series and what is asked about it.

    Attributes:
        factor: name of the factor.
        observations: in order of time, any spacing.
        unit: of the series; empty for that of the snapshot's factor.
        source: where the series comes from.
        fit_trend: whether the growth of the log median is fitted.
        long_run_mean: known from elsewhere, compared with the sample; None for no comparison.
        asset: valued under both models; None for no model risk.
    """

    factor: str
    observations: tuple[Observation, ...]
    unit: str = ""
    source: str = ""
    fit_trend: bool = False
    long_run_mean: float | None = None
    asset: Asset | None = None


@dataclass(frozen=True, slots=True)
class FittedModel:
    """One fitted model, ready to stand in a snapshot; errors are None where the sample does not tell them.

    Attributes:
        factor: the model; its level is the last value of the series.
        log_likelihood: at the maximum.
        aic: Akaike's criterion, smaller is better.
        n_parameters: how many were fitted.
        fitted_growth_annual: growth of the log median in the likelihood; the factor's differs where no drift is priced.
        median_level_error: standard error of the median level, in the unit of the series.
        growth_error_annual, mean_reversion_error_annual, volatility_error_annual: standard errors.
        half_life_years: ln 2 / speed; None without mean reversion.
        half_life_error_years: its standard error.
        mean_reversion_bias_annual: first-order bias of the speed, to be subtracted.
        stationary_log_sd: standard deviation of the log in the long run.
    """

    factor: QuotedFactor
    log_likelihood: float
    aic: float
    n_parameters: int
    fitted_growth_annual: float
    median_level_error: float | None
    growth_error_annual: float | None
    mean_reversion_error_annual: float | None
    volatility_error_annual: float | None
    half_life_years: float | None
    half_life_error_years: float | None
    mean_reversion_bias_annual: float | None
    stationary_log_sd: float | None


@dataclass(frozen=True, slots=True)
class UnitRootTest:
    """Augmented Dickey-Fuller test: statistic, MacKinnon's p-value, lags that AIC chose."""

    statistic: float
    p_value: float
    lags: int


@dataclass(frozen=True, slots=True)
class ModelValue:
    """An asset under one set of parameters, CNY."""

    value_cny: float
    pledge_value_cny: float


@dataclass(frozen=True, slots=True)
class ModelRisk:
    """The same asset with the snapshot's factor, with the mean-reverting one and with Brownian motion.

    Attributes:
        asset_id: the asset.
        as_in_snapshot, mean_reverting, brownian: its value under each.
        value_difference_cny: V(0) with mean reversion less V(0) without.
        pledge_value_difference_cny: pledge value with mean reversion less that without.
    """

    asset_id: str
    as_in_snapshot: ModelValue
    mean_reverting: ModelValue
    brownian: ModelValue
    value_difference_cny: float = field(init=False)
    pledge_value_difference_cny: float = field(init=False)

    def __post_init__(self) -> None:
        reverting, brownian = self.mean_reverting, self.brownian
        object.__setattr__(self, "value_difference_cny", reverting.value_cny - brownian.value_cny)
        object.__setattr__(
            self, "pledge_value_difference_cny", reverting.pledge_value_cny - brownian.pledge_value_cny
        )


@dataclass(frozen=True, slots=True)
class Sample:
    """The series in figures.

    Attributes:
        n_observations: how many.
        span_years: from the first to the last, years of 365.25 days.
        sample_mean: arithmetic mean.
        sample_sd: n - 1 in the denominator.
        lag1_correlation: of neighbouring observations, about the mean; trend included.
    """

    n_observations: int
    span_years: float
    sample_mean: float
    sample_sd: float
    lag1_correlation: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Both models, what was tested and what a careful reader should know.

    Attributes:
        mean_reverting: log-Ornstein-Uhlenbeck; equals `brownian` where the sample shows no mean reversion.
        brownian: geometric Brownian motion.
        unit_root: None where it cannot be computed.
        sample: the series in figures.
        cautions: warnings.
        model_risk: None where no asset was given.
    """

    mean_reverting: FittedModel
    brownian: FittedModel
    unit_root: UnitRootTest | None
    sample: Sample
    cautions: tuple[Caution, ...]
    model_risk: ModelRisk | None = None
