"""`ecopledge calibrate FILE --factor NAME`: a factor from a series, under two models."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.caution_lines import print_cautions
from cli.connection import services, target
from cli.examples import WithExamples
from cli.finite_numbers import FiniteNumber
from cli.output import json_option, print_json, print_table, wan

if TYPE_CHECKING:
    from services.valuation.asset import Asset
    from services.valuation.calibration.calibrated import Calibration, FittedModel, ModelRisk

NOTHING = "—"
# A median this many logs away is no figure to print: the sample does not tell it.
UNTOLD_DEVIATION = 10.0


@click.command(
    "calibrate",
    cls=WithExamples,
    examples=(
        "ecopledge calibrate examples/heihe-inflow.csv --factor inflow.yingluoxia --long-run-mean 15.87",
        "ecopledge calibrate examples/heihe-inflow.csv --factor inflow.yingluoxia --asset examples/water-right.toml",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--factor", required=True, help="Name of the factor, such as inflow.yingluoxia or ccer_price.")
@click.option(
    "--unit", default="", help="Unit of the series. Default: that of the factor in the standard snapshot."
)
@click.option("--trend", "fit_trend", is_flag=True, help="Fit the growth of the median as well.")
@click.option(
    "--long-run-mean",
    type=FiniteNumber(),
    help="Mean known from elsewhere; a warning tells if the sample lies far from it.",
)
@click.option(
    "--asset",
    "asset_file",
    type=click.Path(path_type=Path),
    help="File with one asset: value it under both models.",
)
@target
@json_option
def command(
    file: Path,
    factor: str,
    unit: str,
    long_run_mean: float | None,
    asset_file: Path | None,
    target: str | None,
    *,
    fit_trend: bool,
    as_json: bool,
) -> int:
    """校准因子 · Fit a factor to a series: CSV with the columns date and value, dates of any spacing.

    Mean reversion and Brownian motion side by side, with standard errors, a unit-root test and warnings; with
    --asset, the value under both and the difference as model risk. Nothing is stored.
    """
    from flows.market_calibration.series_file import read_series_file
    from services.valuation.calibration.calibrated import CalibrationQuestion
    from services.valuation.client import ValuationClient

    question = CalibrationQuestion(
        factor=factor,
        observations=read_series_file(file),
        unit=unit,
        source=file.name,
        fit_trend=fit_trend,
        long_run_mean=long_run_mean,
        asset=None if asset_file is None else _one_asset(asset_file),
    )
    with services(target, ("valuation",)) as channel:
        calibration = ValuationClient(channel).calibrate_factor(question)
    if as_json:
        print_json(calibration)
    else:
        _print(calibration)
    return 0


def _one_asset(path: Path) -> "Asset":
    from cli.asset_file import read_asset_file
    from services.runtime.errors import InvalidInput

    assets = read_asset_file(path).assets
    if len(assets) != 1:
        raise InvalidInput.of(f"{path}: assets", f"found {len(assets)}, expected one asset")
    return assets[0]


def _print(calibration: "Calibration") -> None:
    sample, test = calibration.sample, calibration.unit_root
    factor = calibration.brownian.factor
    reverting, brownian = _figures(calibration.mean_reverting), _figures(calibration.brownian)
    print_table(
        f"{factor.name} ({factor.label_zh} · {factor.label_en}), {factor.unit}",
        (
            "参数 Parameter",
            "均值回归 Mean reversion",
            "标准误 s.e.",
            "布朗运动 Brownian motion",
            "标准误 s.e.",
        ),
        [[name, *reverting[name], *brownian[name]] for name in reverting],
    )
    click.echo(
        f"  样本 · sample: {sample.n_observations} 个观测 observations, {sample.span_years:.2f} 年 years, "
        f"均值 mean {sample.sample_mean:.4g}, 标准差 sd {sample.sample_sd:.4g}, "
        f"一阶相关 lag-1 correlation {sample.lag1_correlation:.2f}"
    )
    told = NOTHING if test is None else f"{test.statistic:.3f}, p = {test.p_value:.3f}, 滞后 lags {test.lags}"
    click.echo(f"  单位根检验 · unit-root test (augmented Dickey-Fuller): {told}")
    if calibration.model_risk is not None:
        _print_risk(calibration.model_risk)
    print_cautions(calibration.cautions)


def _figures(model: "FittedModel") -> dict[str, list[str]]:
    """Each printed parameter with its standard error."""
    import math

    factor = model.factor
    reverts = factor.mean_reversion_annual > 0.0
    told = reverts and abs(factor.deviation) < UNTOLD_DEVIATION
    median = factor.level / math.exp(factor.deviation) if told else None
    speed = factor.mean_reversion_annual
    return {
        "今日水平 · level today": [_number(factor.level), ""],
        "中位水平 · median level": [_number(median), _number(model.median_level_error)],
        "今日偏离 · deviation x(0)": [f"{factor.deviation:+.4f}", ""],
        "回归速度 · speed a year": [_number(speed), _number(model.mean_reversion_error_annual)],
        "小样本偏误 · bias of the speed": [_number(model.mean_reversion_bias_annual), ""],
        "半衰期 · half-life, years": [_number(model.half_life_years), _number(model.half_life_error_years)],
        "波动率 · volatility a year": [
            _number(factor.volatility_annual),
            _number(model.volatility_error_annual),
        ],
        "长期对数标准差 · long-run sd of the log": [_number(model.stationary_log_sd), ""],
        "趋势 · growth a year, fitted": [
            _number(model.fitted_growth_annual),
            _number(model.growth_error_annual),
        ],
        "趋势 · growth a year, of the factor": [_number(factor.growth_annual), ""],
        "对数似然 · log-likelihood": [f"{model.log_likelihood:.3f}", ""],
        "AIC": [f"{model.aic:.3f}", ""],
    }


def _number(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.4g}"


def _print_risk(risk: "ModelRisk") -> None:
    versions = (
        ("市场快照 · snapshot", risk.as_in_snapshot),
        ("均值回归 · mean reversion", risk.mean_reverting),
        ("布朗运动 · Brownian motion", risk.brownian),
    )
    rows = [[name, wan(value.value_cny), wan(value.pledge_value_cny)] for name, value in versions]
    difference = [wan(risk.value_difference_cny), wan(risk.pledge_value_difference_cny)]
    print_table(
        f"{risk.asset_id}: 模型风险 · model risk (万元)",
        ("模型 Model", "现值 Value", "质押价值 Pledge value"),
        [*rows, ["模型风险 · difference of the two", *difference]],
    )
