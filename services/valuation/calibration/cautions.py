"""What a sample cannot tell: the warnings of a calibration, with the limits that raise them (conventions of ours)."""

import datetime as dt

from quant.market.calibration import Fit
from services.runtime.market import QuotedFactor
from services.runtime.results import Caution, Severity
from services.valuation.calibration.calibrated import Sample, UnitRootTest

SIGNIFICANCE = 0.05
FEWEST_OBSERVATIONS = 30
FEWEST_HALF_LIVES = 5.0
LARGEST_BIAS_SHARE = 0.2
LARGEST_DISTANCE_FROM_LONG_RUN = 0.10
SMALLEST_AIC_GAIN = 2.0
LARGEST_LEVEL_RATIO = 2.0
LARGEST_SPACING_CV = 0.5
OLDEST_DAYS = 366


def of_mean_reversion(fit: Fit, test: UnitRootTest | None) -> list[Caution]:
    """NO_MEAN_REVERSION, NO_MEMORY_BETWEEN_OBSERVATIONS and MEAN_REVERSION_NOT_ESTABLISHED."""
    found = []
    if fit.mean_reversion_annual == 0.0:
        found.append(
            Caution(
                "NO_MEAN_REVERSION",
                Severity.WARNING,
                "似然随回归速度趋于零而上升：样本中没有均值回归，两个模型相同。",
                "The likelihood rises as the speed falls to 0: no mean reversion in the sample, both models are one.",
                "mean_reverting",
            )
        )
    elif not fit.speed_identified:
        found.append(
            Caution(
                "NO_MEMORY_BETWEEN_OBSERVATIONS",
                Severity.WARNING,
                "相邻观测之间没有记忆：回归速度只是下限，可用的估计是长期对数标准差。",
                "Observations have no memory of each other: the speed is a lower bound, what is estimated is the "
                "long-run standard deviation of the log.",
                "mean_reverting.factor.mean_reversion_annual",
            )
        )
    if test is None or test.p_value >= SIGNIFICANCE:
        figure = "—" if test is None else f"{test.p_value:.3f}"
        found.append(
            Caution(
                "MEAN_REVERSION_NOT_ESTABLISHED",
                Severity.WARNING,
                f"单位根未被拒绝（p = {figure}）：均值回归不成立，请同时参照布朗运动并计入模型风险。",
                f"A unit root is not rejected (p = {figure}): mean reversion is not established; read Brownian motion "
                "beside it and count the difference as model risk.",
                "unit_root.p_value",
            )
        )
    return found


def of_length(fit: Fit) -> list[Caution]:
    """SHORT_SAMPLE: few observations, or a span short against the half-life, or a bias large against the speed."""
    few = fit.n_observations < FEWEST_OBSERVATIONS
    half_lives = None if fit.half_life_years is None else fit.span_years / fit.half_life_years
    short = half_lives is not None and half_lives < FEWEST_HALF_LIVES
    bias = 0.0 if fit.speed_bias_annual is None else fit.speed_bias_annual
    if not few and not short and bias <= LARGEST_BIAS_SHARE * fit.mean_reversion_annual:
        return []
    spans_zh = "" if half_lives is None else f"，为半衰期的 {half_lives:.1f} 倍"
    spans_en = "" if half_lives is None else f", {half_lives:.1f} half-lives"
    bias_zh, bias_en = "", ""
    if fit.speed_bias_annual is not None:
        bias_zh = f"回归速度 {fit.mean_reversion_annual:.3f} 的小样本偏误约为 +{fit.speed_bias_annual:.3f}。"
        bias_en = f" The speed {fit.mean_reversion_annual:.3f} is biased upwards by about {fit.speed_bias_annual:.3f}."
    return [
        Caution(
            "SHORT_SAMPLE",
            Severity.WARNING,
            f"样本偏短：{fit.n_observations} 个观测，跨度 {fit.span_years:.1f} 年{spans_zh}"
            f"（宜不少于 {FEWEST_OBSERVATIONS} 个、{FEWEST_HALF_LIVES:g} 个半衰期，"
            f"偏误不超过 {LARGEST_BIAS_SHARE:.0%}）。{bias_zh}",
            f"A short sample: {fit.n_observations} observations over {fit.span_years:.1f} years{spans_en} "
            f"(expected: {FEWEST_OBSERVATIONS}, {FEWEST_HALF_LIVES:g} half-lives, a bias of at most "
            f"{LARGEST_BIAS_SHARE:.0%}).{bias_en}",
            "observations",
        )
    ]


def of_long_run(sample: Sample, long_run_mean: float | None) -> list[Caution]:
    """SAMPLE_FAR_FROM_LONG_RUN where the sample is no picture of the long run: a wet spell, a boom."""
    if long_run_mean is None:
        return []
    distance = sample.sample_mean / long_run_mean - 1.0
    if abs(distance) <= LARGEST_DISTANCE_FROM_LONG_RUN:
        return []
    side_zh, side_en = ("高", "above") if distance > 0.0 else ("低", "below")
    return [
        Caution(
            "SAMPLE_FAR_FROM_LONG_RUN",
            Severity.WARNING,
            f"样本均值 {sample.sample_mean:.4g} 比长期均值 {long_run_mean:.4g} {side_zh} {abs(distance):.1%}"
            "（径流即偏丰或偏枯时段）：水平不宜取自本样本。",
            f"The sample mean {sample.sample_mean:.4g} lies {abs(distance):.1%} {side_en} the long-run mean "
            f"{long_run_mean:.4g} (of an inflow: an unusually wet or dry spell); do not take the level from it.",
            "long_run_mean",
        )
    ]


def of_trend(without: Fit, trended: Fit) -> list[Caution]:
    """TREND_IN_SAMPLE where a trend, which was not asked for, explains the series better."""
    if without.aic - trended.aic < SMALLEST_AIC_GAIN:
        return []
    growth = trended.growth_annual
    return [
        Caution(
            "TREND_IN_SAMPLE",
            Severity.WARNING,
            f"样本含趋势（年 {growth:+.1%}，AIC 改善 {without.aic - trended.aic:.1f}）：所见持续性可能只是趋势，"
            f"回归速度由 {without.mean_reversion_annual:.3f} 变为 {trended.mean_reversion_annual:.3f}。",
            f"The sample has a trend ({growth:+.1%} a year, AIC better by {without.aic - trended.aic:.1f}): what "
            f"looks like persistence may be trend; with it the speed is {trended.mean_reversion_annual:.3f} instead of "
            f"{without.mean_reversion_annual:.3f}.",
            "fit_trend",
        )
    ]


def of_spacing(spacing_cv: float) -> list[Caution]:
    """UNEVEN_SPACING: the unit-root test takes steps as equal, the likelihood does not."""
    if spacing_cv <= LARGEST_SPACING_CV:
        return []
    return [
        Caution(
            "UNEVEN_SPACING",
            Severity.NOTE,
            "观测间隔不均匀：似然按实际间隔计算，单位根检验则视为等间隔。",
            "Observations are unevenly spaced: the likelihood uses the true steps, the unit-root test equal ones.",
            "unit_root",
        )
    ]


def of_snapshot(
    last: float, last_date: dt.date, quoted: QuotedFactor | None, as_of: dt.date
) -> list[Caution]:
    """LEVEL_FAR_FROM_SNAPSHOT and SERIES_OUTDATED, where the snapshot has the factor."""
    if quoted is None:
        return []
    found = []
    ratio = last / quoted.level
    if not 1.0 / LARGEST_LEVEL_RATIO <= ratio <= LARGEST_LEVEL_RATIO:
        found.append(
            Caution(
                "LEVEL_FAR_FROM_SNAPSHOT",
                Severity.WARNING,
                f"最后一个观测 {last:.6g} 为快照水平 {quoted.level:.6g} {quoted.unit} 的 {ratio:.3g} 倍，请核对单位。",
                f"The last value {last:.6g} is {ratio:.3g} times the snapshot's {quoted.level:.6g} {quoted.unit}; "
                "check the unit.",
                "observations",
            )
        )
    if (as_of - last_date).days > OLDEST_DAYS:
        found.append(
            Caution(
                "SERIES_OUTDATED",
                Severity.WARNING,
                f"最后一个观测为 {last_date}，距快照日 {as_of} 超过一年。",
                f"The last observation is of {last_date}, more than a year before the snapshot's {as_of}.",
                "observations",
            )
        )
    return found


FACTOR_NOT_USED = Caution(
    "FACTOR_NOT_USED",
    Severity.NOTE,
    "该资产不依赖此因子：各模型下价值相同。",
    "The asset does not depend on this factor: its value is the same under every model.",
    "asset",
)
