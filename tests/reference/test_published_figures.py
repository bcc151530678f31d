"""Every published figure in data/reference that the numerics can recompute."""

import csv
from pathlib import Path

import pytest

from quant.reference import ROW_CHECKS, Check, recompute, recompute_table

TABLES = Path(__file__).parents[2] / "data" / "reference"
# Tables whose every row is recomputed here, with the number of checks that they give.
N_CHECKS = {
    "annuity": 2,
    "collateral_expected_loss": 3,
    "creditmetrics_bbb": 2,
    "forestry": 2,
    "frye_jacobs": 1,
    "internal_rate_of_return": 3,
    "irb_risk_weights": 16,
    "longstaff_schwartz": 2,
    "vasicek_large_pool": 8,
}
# Tables with rows that need more than the row: an account, or the fund's waterfall.
ELSEWHERE = {"gep_identity", "fund"}


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
