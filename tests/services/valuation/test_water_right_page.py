"""The figures of docs/models/water-right.md: the table recomputed, the published averages reproduced."""

import csv
from pathlib import Path

import numpy as np
import pytest

from quant.factors import DerivedFactor, FactorModel
from services.runtime.evidence import Evidence, Source
from services.runtime.scenarios.changed_market import apply
from services.runtime.scenarios.file import read_standard_regimes
from services.runtime.scenarios.scenario import Scenario, SchemeShock
from services.valuation.standard_market import read_standard_snapshot

ROOT = Path(__file__).resolve().parents[3]
STANDARD = read_standard_snapshot()
COLUMNS = (
    (0.0, "scheme_1997"), (0.5, "scheme_1997"), (1.0, "scheme_1997"),
    (1.0, "fixed"), (1.0, "wet_split_40_60"), (1.0, "dry_split_60_40"),
)  # fmt: skip


def expected_water(regime: str, enforcement: float, variant: str) -> float:
    """E[M(Q)] in the long run, closed form."""
    shocks = Scenario(
        "page", "", "", (Source("all", Evidence.ASSUMPTION, "the page"),),
        regimes=(read_standard_regimes()[regime].regime(),),
        schemes=(SchemeShock("heihe", enforcement, variant),),
    )  # fmt: skip
    changed = apply(STANDARD, shocks)
    [scheme] = changed.sharing_schemes
    model = changed.factor_model()
    water = DerivedFactor("water", scheme.driver, scheme.water())
    with_water = FactorModel(model.primaries, (water,), model.correlation)
    return float(with_water.forward([20.0])[with_water.index("water"), 0])


def page_rows() -> dict[str, list[float]]:
    lines = (ROOT / "docs" / "models" / "water-right.md").read_text("utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return {row[0].split()[0]: [float(cell) for cell in row[1:]] for row in cells if row[0] != "Regime"}


@pytest.mark.parametrize("regime", ["baseline", "wet", "seventies", "paleo"])
def test_the_table_of_the_page(regime: str) -> None:
    found = [expected_water(regime, enforcement, variant) for enforcement, variant in COLUMNS]
    assert found == pytest.approx(page_rows()[regime], abs=0.0051)


def test_the_wet_regime_leaves_less_under_the_strict_scheme() -> None:
    baseline, wet, paleo = (expected_water(name, 1.0, "scheme_1997") for name in ("baseline", "wet", "paleo"))
    assert wet / baseline - 1.0 == pytest.approx(-0.08, abs=0.005)
    assert paleo / baseline - 1.0 == pytest.approx(0.05, abs=0.005)


def test_published_averages_of_2003_to_2018() -> None:
    # Collected figures: the middle reach used 7.6 on average against 5.65 under the scheme, 2003-2018;
    # 7.52 +/- 0.86 over 2000-2018.
    with (ROOT / "data" / "heihe_annual_runoff.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    year = np.array([int(row["dispatch_year"]) for row in rows])
    inflow = np.array([float(row["yingluoxia_inflow_1e8_m3"]) for row in rows])
    used = inflow - np.array([float(row["zhengyixia_release_1e8_m3"]) for row in rows])
    [scheme] = STANDARD.sharing_schemes
    later = year >= 2003
    assert scheme.entitlement("scheme_1997")(inflow[later]).mean() == pytest.approx(5.65, abs=0.005)
    assert used[later].mean() == pytest.approx(7.6, abs=0.05)
    assert (used.mean(), used.std(ddof=1)) == pytest.approx((7.52, 0.86), abs=0.005)
