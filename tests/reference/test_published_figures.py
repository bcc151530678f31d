"""Every published figure in data/reference that the numerics can recompute."""

import csv
from pathlib import Path

import pytest

from cli.data_checks import DATA_FIGURES, recompute_from_data
from quant.published_figures.recompute import ROW_CHECKS, Check, recompute, recompute_table

TABLES = Path(__file__).parents[2] / "data" / "reference"
# Tables whose every row is recomputed here, with the number of checks that they give.
N_CHECKS = {
    "annuity": 2,
    "collateral_expected_loss": 3,
    "creditmetrics_bbb": 2,
    "dated_rate_of_return": 1,
    "forestry": 2,
    "frye_jacobs": 1,
    "internal_rate_of_return": 6,
    "irb_risk_weights": 16,
    "longstaff_schwartz": 2,
    "ratios": 16,
    "vasicek_large_pool": 8,
}
# Tables about bundled data (cli.data_checks), and the fund, whose rows give several checks.
ELSEWHERE = {*DATA_FIGURES, "fund"}


def _rows(table: str) -> list[dict[str, str]]:
    with (TABLES / f"{table}.csv").open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def _fund_rows() -> list[dict[str, str]]:
    return [row for row in _rows("fund") if f"fund/{row['case']}" in ROW_CHECKS]


def _checks() -> list[Check]:
    checks = [check for table in N_CHECKS for check in recompute_table(table, _rows(table))]
    return checks + [check for row in _fund_rows() for check in recompute("fund", row)]


@pytest.mark.parametrize("check", _checks(), ids=lambda check: check.case)
def test_published_figure_is_reproduced(check: Check) -> None:
    assert check.passed, f"{check.case}: expected {check.expected} +- {check.tolerance}, got {check.got}"


@pytest.mark.parametrize("table", sorted(N_CHECKS))
def test_no_row_is_left_out(table: str) -> None:
    assert len(recompute_table(table, _rows(table))) == N_CHECKS[table]


def test_every_table_is_covered_and_the_pacing_row_gives_its_six_years() -> None:
    assert {path.stem for path in TABLES.glob("*.csv")} == set(N_CHECKS) | ELSEWHERE
    pacing = [row for row in _rows("fund") if row["case"] == "takahashi_alexander_contributions"]
    assert [len(recompute("fund", row)) for row in pacing] == [6]


def test_a_wrong_figure_and_a_nan_do_not_pass() -> None:
    assert not Check("case", 1.0, 1.1, 0.05, "source").passed
    assert not Check("case", 1.0, float("nan"), 0.05, "source").passed
    row = _rows("annuity")[0] | {"expected": "-304.2"}
    assert not recompute("annuity", row)[0].passed


def test_unknown_tables_and_missing_columns_are_named() -> None:
    with pytest.raises(LookupError, match="forestry/unheard_of"):
        recompute("forestry", {"case": "unheard_of"})
    with pytest.raises(ValueError, match="frye_jacobs: column 'lgd' is missing"):
        recompute("frye_jacobs", {"conditional_pd": "0.1", "pd": "0.1"})


@pytest.mark.parametrize("table", DATA_FIGURES)
def test_figures_that_follow_from_bundled_data_are_reproduced(table: str) -> None:
    checks = recompute_from_data(table, _rows(table))
    assert [check.case for check in checks if not check.passed] == []
    # Every figure that is computed is compared with a published one.
    assert {check.case for check in checks} == set(DATA_FIGURES[table]())


def test_a_wrong_figure_about_data_does_not_pass_and_an_unknown_one_is_named() -> None:
    row = next(row for row in _rows("heihe") if row["case"] == "mean_inflow")
    assert not recompute_from_data("heihe", [row | {"expected": "15.87"}])[0].passed
    with pytest.raises(LookupError, match="heihe/unheard_of"):
        recompute_from_data("heihe", [row | {"case": "unheard_of"}])
