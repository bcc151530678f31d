"""A row of a global GEP table becomes an account."""

from pathlib import Path

import pytest

from flows.accounts.gep_account import read_gep_account
from flows.ingest.global_tables import read_global_table
from flows.ingest.ingest import ingest_global_table
from services.runtime.errors import InvalidInput

TABLE = (
    "iso3,year,water_retention_quantity,water_retention_gep,carbon_sequestration_gep\n"
    "CHN,2019,1,10.5,2\nCHN,2020,1,11,2.5\nMNG,2020,1,3,1\n"
)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "gep_by_country_year.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def test_one_row_becomes_the_account(table: Path, tmp_path: Path) -> None:
    written = ingest_global_table(
        table, tmp_path / "out", place="chn", year=2020, cny_per_unit=7.0, rate_source="the test"
    )
    account = read_gep_account(written.account)
    assert {line.service: line.value_cny for line in account.lines} == pytest.approx(
        {"water_retention": 77.0, "carbon_sequestration": 17.5}
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TABLE.replace("11,2.5", ",2.5"), "an empty value is no zero"),
        (TABLE.replace("11,2.5", "NaN,2.5"), "water_retention_gep"),
        (TABLE.replace("carbon_sequestration_gep", "moonlight_gep"), "service_names.csv"),
        (TABLE.replace("year", "when"), "`year`"),
        (TABLE.replace("_gep", "_value"), "no column `<service>_gep`"),
        (TABLE + "CHN,2020,1,1,1\n", "2 rows"),
        (TABLE.replace("CHN,2020", "CHN,2021"), "0 rows"),
    ],
)
def test_what_is_wrong_is_named(table: Path, text: str, expected: str) -> None:
    table.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput) as refused:
        read_global_table(table, "CHN", 2020)
    assert expected in str(refused.value)


def test_a_rate_of_nothing_is_refused(table: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cny_per_unit"):
        ingest_global_table(table, tmp_path, place="CHN", year=2020, cny_per_unit=0.0, rate_source="x")
