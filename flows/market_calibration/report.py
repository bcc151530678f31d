"""The calibration as people read it: a table of before and after, what to be careful about, the candidate's id."""

import csv
import io
from pathlib import Path

from flows.market_calibration.job import CalibratedFactor, MarketCalibration
from flows.reports.whole_files import replace_together

NAME = "market_calibration.csv"
_COLUMNS = (
    "factor",
    "unit",
    "file",
    "n_observations",
    "level_before",
    "level_after",
    "volatility_before",
    "volatility_after",
    "volatility_error",
    "mean_reversion_before",
    "mean_reversion_after",
    "half_life_years",
    "aic_mean_reverting",
    "aic_brownian",
    "unit_root_p",
    "cautions",
)


def write_calibration(found: MarketCalibration, out_dir: Path) -> Path:
    """Write the table into a folder, which is made if need be.

    Raises:
        OSError: if the folder cannot be written or the disk is full.
    """
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(_COLUMNS)
    lines.writerows(_row(item) for item in found.factors)
    replace_together(out_dir, {NAME: text.getvalue().encode("utf-8-sig")})
    return out_dir / NAME


def _row(item: CalibratedFactor) -> tuple[object, ...]:
    before, after, fit = item.before, item.chosen.factor, item.calibration
    return (
        before.name,
        before.unit,
        item.file,
        fit.sample.n_observations,
        before.level,
        after.level,
        before.volatility_annual,
        after.volatility_annual,
        "" if item.chosen.volatility_error_annual is None else item.chosen.volatility_error_annual,
        before.mean_reversion_annual,
        after.mean_reversion_annual,
        "" if item.chosen.half_life_years is None else item.chosen.half_life_years,
        fit.mean_reverting.aic,
        fit.brownian.aic,
        "" if fit.unit_root is None else fit.unit_root.p_value,
        "; ".join(caution.code for caution in fit.cautions),
    )


def markdown(found: MarketCalibration) -> str:
    """What Prefect's page shows of a run."""
    lines = [
        f"# 行情校准 · Market calibration: `{found.candidate_id}`",
        "",
        f"在用快照 in use `{found.base_id}`；候选快照已存，未启用 the candidate is stored and not in use",
        "",
        "| 因子 factor | 水平 level | 波动率 volatility | 均值回复 mean reversion | 提示 cautions |",
        "|---|---:|---:|---:|---|",
    ]
    for item in found.factors:
        before, after = item.before, item.chosen.factor
        cautions = "；".join(caution.message_zh for caution in item.calibration.cautions) or "—"
        lines.append(
            f"| {before.label_zh} `{before.name}` | {before.level:g} → {after.level:g} {before.unit} | "
            f"{before.volatility_annual:.1%} → {after.volatility_annual:.1%} | "
            f"{before.mean_reversion_annual:g} → {after.mean_reversion_annual:g} | {cautions} |"
        )
    return "\n".join(lines)
