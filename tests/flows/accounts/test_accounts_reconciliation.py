"""The Garze 2010 account (doi 10.5846/stxb201607011362) adds up, class by class and line by line."""

import csv
from pathlib import Path

import pytest

from flows.accounts.gep_account import read_gep_account
from flows.accounts.reconciliation import TOLERANCE, Reconciliation, reconcile

DATA = Path(__file__).resolve().parents[3] / "data"


@pytest.fixture(scope="module")
def garze() -> Reconciliation:
    return reconcile(read_gep_account(DATA / "gep_account_garze_2010.csv"))


def _published() -> list[dict[str, str]]:
    with (DATA / "reference" / "gep_identity.csv").open(encoding="utf-8", newline="") as file:
        totals = {f"garze_2010_{name}" for name in ("total", "provisioning", "regulating", "cultural")}
        return [row for row in csv.DictReader(file) if row["case"] in totals]


@pytest.mark.parametrize("row", _published(), ids=lambda row: row["case"])
def test_published_totals(garze: Reconciliation, row: dict[str, str]) -> None:
    name = row["case"].removeprefix("garze_2010_")
    got_cny = garze.total_cny if name == "total" else garze.class_total_cny(name)
    assert got_cny / 1e8 == pytest.approx(float(row["expected"]), abs=float(row["tolerance"]))


def test_shares_of_the_classes_add_up(garze: Reconciliation) -> None:
    assert sum(item.share for item in garze.classes) == pytest.approx(1.0, abs=1e-12)


def test_regulating_share_as_published(garze: Reconciliation) -> None:
    """90.68 % in data/gep_totals_published.csv."""
    [regulating] = [item for item in garze.classes if item.category == "regulating"]
    assert regulating.share == pytest.approx(0.9068, abs=0.00005)


def test_every_line_with_a_quantity_and_a_price_agrees(garze: Reconciliation) -> None:
    checked = [check for check in garze.lines if check.computed_cny is not None]
    assert len(checked) == 23
    assert all(check.agrees for check in checked)
    # Only the reservoirs, printed as 0.01e8 m3, differ by more than the rounding of the others.
    beyond = [check.line.indicator for check in checked if abs(check.relative_difference or 0.0) > TOLERANCE]
    assert beyond == ["水库调蓄量"]


def test_sand_fixing_is_a_mass_over_density_and_depth(garze: Reconciliation) -> None:
    """Q / (rho h) x P with rho 1.28 t/m3 and h 0.1 m: 779.42e4 t / 0.128 t/m2 x 3.75 CNY/m2."""
    [check] = [check for check in garze.lines if check.line.service == "sand_fixing"]
    assert check.computed_cny == pytest.approx(779.42e4 / (1.28 * 0.1) * 3.75, rel=1e-12)
    assert check.relative_difference == pytest.approx(0.0, abs=1e-4)


def test_industrial_water_dominates_provisioning(garze: Reconciliation) -> None:
    """540.6113 of 632.6488 is 85.45 %."""
    [dominant] = garze.dominant_prices
    assert (dominant.category, dominant.unit_price, dominant.indicators) == (
        "provisioning",
        3.6,
        ("工业用水量",),
    )
    assert dominant.share == pytest.approx(540.6113 / 632.6488, abs=1e-6)
    assert [caution.code for caution in garze.cautions] == ["ONE_PRICE_DOMINATES"]


def test_a_difference_beyond_rounding_is_a_caution(tmp_path: Path) -> None:
    text = (DATA / "gep_account_garze_2010.csv").read_text(encoding="utf-8").replace("2269.7074", "2360.0000")
    (tmp_path / "gep_account.csv").write_text(text, encoding="utf-8")
    result = reconcile(read_gep_account(tmp_path / "gep_account.csv"))
    [caution] = [item for item in result.cautions if item.code == "VALUE_IS_NOT_QUANTITY_TIMES_PRICE"]
    # 321.49e8 m3 x 7.06 CNY/m3 = 2269.7194e8 CNY
    assert "found 2360.0000e8 CNY, expected 2269.7194e8 CNY" in caution.message_en
    assert "row 10" in caution.message_en
