"""Published figures that follow from bundled data: an account that adds up, a river's record, lists of projects."""

import csv
import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from quant.market.sharing_scheme import scheme_entitlement
from quant.published_figures.recompute import Check
from services.runtime.bundled import bundled

CNY_PER_YI, CNY_PER_WAN = 1e8, 1e4
_SILT_SHARE, _SEDIMENT_T_PER_M3, _NITROGEN_SHARE, _PHOSPHORUS_SHARE = 0.24, 0.93, 0.0037, 0.00108
# The Pearson-III and the log-normal that are compared with the scheme's own quantiles.
_SCHEME_MEAN, _SCHEME_CV = 15.82, 0.148

Rows = Sequence[Mapping[str, str]]
Figures = Callable[[], Mapping[str, float]]


def _garze() -> dict[str, float]:
    """Totals of the account of Garze 2010, what its dominant price makes, and two loads by its formulas."""
    from flows.accounts.gep_account import read_gep_account
    from flows.accounts.reconciliation import reconcile

    account = read_gep_account(bundled("gep_account_garze_2010.csv"))
    reconciled = reconcile(account)
    found = {f"garze_2010_{item.category}": item.value_cny / CNY_PER_YI for item in reconciled.classes}
    found["garze_2010_total"] = reconciled.total_cny / CNY_PER_YI
    found["garze_2010_regulating_share_pct"] = (
        100.0 * reconciled.class_total_cny("regulating") / reconciled.total_cny
    )
    quantity = {line.indicator: line.quantity for line in account.lines if line.quantity is not None}
    [price] = [item for item in reconciled.dominant_prices if item.category == "provisioning"]
    found["garze_2010_water_price_share_pct"] = 100.0 * price.share
    # The nitrogen load tells the soil kept, from which silt and phosphorus follow.
    soil_1e4_t = quantity["减少N面源污染"] / _NITROGEN_SHARE
    found["garze_2010_silt_1e8_m3"] = _SILT_SHARE * soil_1e4_t / _SEDIMENT_T_PER_M3 / 1e4
    found["garze_2010_phosphorus_1e4_t"] = _PHOSPHORUS_SHARE * soil_1e4_t
    return found


def _garze_lines() -> dict[str, float]:
    """Quantity times price of every line of the account that has both."""
    from flows.accounts.gep_account import read_gep_account
    from flows.accounts.reconciliation import check_line

    account = read_gep_account(bundled("gep_account_garze_2010.csv"))
    checks = [check_line(line) for line in account.lines]
    return {
        check.line.indicator: check.computed_cny / CNY_PER_YI
        for check in checks
        if check.computed_cny is not None
    }


def _heihe() -> dict[str, float]:
    """The record of the inflow at Yingluoxia beside the scheme of 1997."""
    from services.valuation.heihe import read_release

    with bundled("heihe_annual_runoff.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    year = np.array([float(row["dispatch_year"]) for row in rows])
    inflow = np.array([float(row["yingluoxia_inflow_1e8_m3"]) for row in rows])
    used = inflow - np.array([float(row["zhengyixia_release_1e8_m3"]) for row in rows])
    release = read_release()
    entitlement = scheme_entitlement(release)
    trend = np.polyfit(year, inflow, 1)
    since = year >= 2003
    under_scheme = float(entitlement(inflow[since]).mean())
    found = {
        "mean_inflow": float(inflow.mean()),
        "sd_inflow": float(inflow.std(ddof=1)),
        "cv_inflow": float(inflow.std(ddof=1) / inflow.mean()),
        "trend_per_year": float(trend[0]),
        "lag_1": _lag_1(inflow),
        "lag_1_without_trend": _lag_1(inflow - np.polyval(trend, year)),
        "mean_use": float(used.mean()),
        "sd_use": float(used.std(ddof=1)),
        "use_2003_2018": float(used[since].mean()),
        "entitlement_2003_2018": under_scheme,
        "cut_2003_2018_pct": 100.0 * (1.0 - under_scheme / float(used[since].mean())),
        "slope_above_19": release.right_slope,
    }
    found |= {f"entitlement_at_{knot:g}": float(entitlement(np.array(knot))) for knot in release.knots}
    return found | _quantiles_of_the_scheme()


def _quantiles_of_the_scheme() -> dict[str, float]:
    """Quantiles of the Pearson-III of the scheme, Cs = 2 Cv, and how far a log-normal is from them."""
    log_sd = math.sqrt(math.log1p(_SCHEME_CV**2))
    found, apart = {}, [0.0]
    for exceeded_pct in (10, 25, 75, 90):
        pearson = stats.pearson3.isf(
            exceeded_pct / 100.0, 2.0 * _SCHEME_CV, _SCHEME_MEAN, _SCHEME_MEAN * _SCHEME_CV
        )
        log_normal = _SCHEME_MEAN * math.exp(log_sd * stats.norm.isf(exceeded_pct / 100.0) - 0.5 * log_sd**2)
        found[f"pearson_iii_exceeded_{exceeded_pct}_pct"] = float(pearson)
        apart.append(abs(float(pearson) - log_normal))
    return found | {"log_normal_apart": max(apart)}


def _lag_1(series: NDArray[np.float64]) -> float:
    """Autocorrelation at lag 1 about the mean of the whole series."""
    about = series - series.mean()
    return float((about[1:] * about[:-1]).sum() / np.square(about).sum())


def _pipelines() -> dict[str, float]:
    """Numbers and sums of the two lists of projects, 万元."""
    from flows.pipeline.project_files import ECO_INDUSTRY_2020, RESERVE_2026, read_projects

    found: dict[str, float] = {}
    for name, form in (
        ("zhangye_reserve_projects_2026", RESERVE_2026),
        ("zhangye_eco_industry_projects_2020", ECO_INDUSTRY_2020),
    ):
        projects = read_projects(bundled(f"{name}.csv"), form)
        found[f"{name}_number"] = float(len(projects))
        found[f"{name}_wan"] = float(sum(project.total_investment_cny for project in projects)) / CNY_PER_WAN
    return found


DATA_FIGURES: Mapping[str, Figures] = {
    "garze_lines": _garze_lines,
    "gep_identity": _garze,
    "heihe": _heihe,
    "pipelines": _pipelines,
}
"""What each table of data/reference about bundled data says, by its case."""


def recompute_from_data(table: str, rows: Rows) -> list[Check]:
    """The checks of a table whose figures follow from bundled data.

    Raises:
        LookupError: for a case that is not known.
    """
    figures = DATA_FIGURES[table]()
    unknown = [row["case"] for row in rows if row["case"] not in figures]
    if unknown:
        raise LookupError(f"{table}/{unknown[0]}: not known, expected one of {', '.join(figures)}")
    return [
        Check(
            row["case"],
            float(row["expected"]),
            figures[row["case"]],
            float(row["tolerance"]),
            row["source"],
        )
        for row in rows
    ]
