"""The published cases as read, and what is said of a file that is broken."""

import csv
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from flows.published_cases.case import CollateralKind, PublishedCase, QuantityUnit
from flows.published_cases.case_file import COLUMNS, PUBLISHED_CASE_IDS, read_cases
from services.runtime.errors import InvalidInput
from services.valuation.asset import ValueBasis

CASES_CSV = Path(__file__).resolve().parents[3] / "data" / "published_pledge_cases.csv"


def test_all_29_cases_are_read_in_order(cases: dict[str, PublishedCase]) -> None:
    assert tuple(cases) == PUBLISHED_CASE_IDS
    assert len(cases) == 29


def test_every_cell_survives_the_reading(cases: dict[str, PublishedCase]) -> None:
    """Each cell of the file, compared as text or number with the field of the same name."""
    with CASES_CSV.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            case = cases[row["case_id"]]
            for column in COLUMNS:
                value = getattr(case, "kind" if column == "collateral_kind" else column)
                if row[column] == "":
                    assert value in (None, ""), (case.case_id, column)
                elif isinstance(value, Decimal):
                    assert value == Decimal(row[column])
                else:
                    assert str(value) == row[column]


def test_facts_in_the_wording(cases: dict[str, PublishedCase]) -> None:
    # The numbers stand in the columns structure and value_basis of the file.
    assert cases["C23"].project_investment_wan == 113100
    assert cases["C23"].annual_revenue_wan == 1500
    assert cases["C23"].grace_years == 8
    assert cases["C23"].term_meaning == "loan"
    assert cases["C26"].area_mu == 20800
    assert cases["C26"].term_meaning == "right"
    assert cases["C25"].area_mu == 124
    assert cases["C09"].project_investment_wan == 38800
    assert cases["C09"].term_meaning is None
    assert cases["C13"].area_mu is None


def test_bases_of_the_published_values(cases: dict[str, PublishedCase]) -> None:
    assert cases["C01"].basis is ValueBasis.ANNUAL_FLOW
    assert cases["C03"].basis is ValueBasis.PERIOD_SUM_UNDISCOUNTED
    assert cases["C13"].basis is ValueBasis.ANNUAL_FLOW
    assert cases["C26"].basis is ValueBasis.PERIOD_SUM_UNDISCOUNTED
    assert cases["C27"].basis is ValueBasis.PRESENT_VALUE
    assert cases["C02"].basis is ValueBasis.UNSTATED
    assert [case.case_id for case in cases.values() if case.is_lower_bound] == ["C02", "C03", "C04"]


def test_kinds_and_units(cases: dict[str, PublishedCase]) -> None:
    assert cases["C22"].kind is CollateralKind.FOREST_CARBON_AND_TENURE
    assert cases["C12"].quantity_unit is QuantityUnit.T_CO2E_TOTAL
    assert cases["C14"].quantity_unit is QuantityUnit.M3_PER_YEAR


Rows = list[list[str]]


def _set(row: int, column: str, cell: str) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        rows[row - 1][list(COLUMNS).index(column)] = cell

    return change


def _rename(rows: Rows) -> None:
    rows[0][11] = "loan_yuan"


def _drop_last(rows: Rows) -> None:
    del rows[-1]


def _cut_row_5(rows: Rows) -> None:
    del rows[4][-1]


@pytest.mark.parametrize(
    ("break_it", "expected"),
    [
        (_rename, ["row 1", "missing: loan_wan", "unknown: loan_yuan"]),
        (
            _set(14, "quantity_per_year", "NaN"),
            ["row 14, column quantity_per_year", "'NaN'", "number above 0"],
        ),
        (_set(14, "quantity_per_year", "-60000"), ["row 14, column quantity_per_year", "'-60000'"]),
        (_set(14, "loan_wan", "500万"), ["row 14, column loan_wan", "'500万'", "number above 0"]),
        (_set(12, "rate_pct", "415"), ["row 12, column rate_pct", "'415'", "from 0 to 100"]),
        (_set(2, "year", "22"), ["row 2, column year", "'22'", "1990 to 2100"]),
        (_set(2, "collateral_kind", "GEP"), ["row 2, column collateral_kind", "'GEP'", "one of gep, vep"]),
        (_set(15, "quantity_unit", "亩"), ["row 15, column quantity_unit", "'亩'", "m3/yr"]),
        (_set(15, "quantity_unit", ""), ["row 15, column quantity_unit", "both or neither"]),
        (_set(3, "case_id", "C01"), ["row 3, column case_id", "C01 again", "each case once"]),
        (_set(3, "case_id", "C30"), ["row 3, column case_id", "found C30", "C01 to C29"]),
        (_set(3, "place", ""), ["row 3, column place", "''", "a text"]),
        (_drop_last, ["found 28 cases", "without C29", "expected 29"]),
        (_cut_row_5, ["row 5", "found 17 cells", "expected 18"]),
    ],
)
def test_a_broken_copy_is_refused_where_it_is_broken(
    tmp_path: Path, break_it: Callable[[Rows], None], expected: list[str]
) -> None:
    rows = list(csv.reader(CASES_CSV.read_text(encoding="utf-8").splitlines()))
    break_it(rows)
    copy = tmp_path / "broken.csv"
    with copy.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    with pytest.raises(InvalidInput) as refused:
        read_cases(copy)
    assert "broken.csv" in refused.value.message
    for part in expected:
        assert part in refused.value.message


def test_all_wrong_cells_are_named_at_once(tmp_path: Path) -> None:
    text = CASES_CSV.read_text(encoding="utf-8")
    copy = tmp_path / "broken.csv"
    copy.write_text(text.replace(",136000000,", ",much,").replace(",719680,", ",-1,"), encoding="utf-8")
    with pytest.raises(InvalidInput) as refused:
        read_cases(copy)
    assert len(refused.value.violations) == 2


def test_a_missing_a_huge_an_empty_and_a_foreign_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no such file"):
        read_cases(tmp_path / "absent.csv")
    huge = tmp_path / "huge.csv"
    huge.write_bytes(b"x" * 1_000_001)
    with pytest.raises(InvalidInput, match="found 1000001 bytes"):
        read_cases(huge)
    empty = tmp_path / "empty.csv"
    empty.touch()
    with pytest.raises(InvalidInput, match="is empty"):
        read_cases(empty)
    foreign = tmp_path / "gbk.csv"
    foreign.write_bytes(CASES_CSV.read_text(encoding="utf-8").encode("gb18030"))
    with pytest.raises(InvalidInput, match="not UTF-8"):
        read_cases(foreign)
