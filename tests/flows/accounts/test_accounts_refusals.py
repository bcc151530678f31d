"""Bad input: each message names file, row, column, what was found and what was expected; all problems are told."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.accounts.folder import read_accounts
from services.runtime.errors import InvalidInput

AS_OF = dt.date(2026, 8, 21)
Spoil = Callable[[str, str, str], None]
Refused = Callable[[], list[str]]


def test_a_missing_file(folder: Path, refused: Refused) -> None:
    (folder / "water_account.csv").unlink()
    [line] = refused()
    assert line == (
        "water_account.csv: found no such file, expected water_account.csv or water_account.xlsx in accounts"
    )


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no such folder"):
        read_accounts(tmp_path / "nowhere", AS_OF)


@pytest.mark.parametrize("heading", ["volume_m3_a_year", "volume"])
def test_a_renamed_column_names_the_nearest(heading: str, spoil: Spoil, refused: Refused) -> None:
    spoil("water_account.csv", "volume_m3_per_year,", f"{heading},")
    [line] = refused()
    assert line == (
        f"water_account.csv, row 1, column volume_m3_per_year: found column {heading!r}, "
        "expected column volume_m3_per_year; was it renamed?"
    )


def test_a_misspelt_optional_column_is_not_dropped_in_silence(spoil: Spoil, refused: Refused) -> None:
    spoil("water_account.csv", "conveyance_efficiency", "conveyance_eficiency")
    assert any("'conveyance_eficiency'" in line and "conveyance_efficiency" in line for line in refused())


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "60000,2031",
            "NaN,2031",
            "row 3, column volume_m3_per_year: found 'NaN', expected a number > 0 in m3",
        ),
        (
            "60000,2031",
            "-60000,2031",
            "row 3, column volume_m3_per_year: found '-60000', expected a number > 0 in m3",
        ),
        (
            "60000,2031",
            ",2031",
            "row 3, column volume_m3_per_year: found an empty cell, expected a number > 0 in m3",
        ),
        (
            "60000,2031-08-21",
            "60000,2024-08-21",
            "row 3, column expires_on: found 2024-08-21, a date in the past, expected a date after 2026-08-21",
        ),
        (
            "60000,2031-08-21",
            "60000,2031-13-01",
            "row 3, column expires_on: found '2031-13-01', expected a date such as 2031-12-31",
        ),
        (
            "W-GUYUAN-2,",
            "W-GUYUAN-1,",
            "row 4, column permit_id: found 'W-GUYUAN-1' a second time, expected every value in one row only",
        ),
        (
            "1000000,2031-08-21,0,0",
            "1000000,2031-08-21,80,0",
            "row 7, column renewal_probability: found '80', expected a number >= 0 <= 1",
        ),
    ],
)
def test_a_wrong_cell_of_the_water_account(
    spoil: Spoil, refused: Refused, old: str, new: str, expected: str
) -> None:
    spoil("water_account.csv", old, new)
    assert any(line.startswith(f"water_account.csv, {expected}") for line in refused())


def test_mu_in_the_unit_column_where_the_heading_says_ha(folder: Path, refused: Refused) -> None:
    path = folder / "forest_inventory.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    units = ["area_unit", "亩", "ha", "", ""]
    path.write_text(
        "\n".join(f"{line},{unit}" for line, unit in zip(lines, units, strict=True)), encoding="utf-8"
    )
    [line] = refused()
    assert line == (
        "forest_inventory.csv, row 2, column area_ha: found 1000 亩, expected ha as the heading says "
        "(1000 亩 are 66.6667 ha)"
    )


def test_mu_given_as_ha_is_told_by_the_yield(spoil: Spoil, refused: Refused) -> None:
    """Wuning's 6,317 t on 20,800 亩 would be 0.3 t/ha on as many ha."""
    spoil("forest_inventory.csv", "江西武宁,,20800", "江西武宁,20800,")
    [line] = refused()
    assert line.startswith(
        "forest_inventory.csv, row 4, column area_ha: found 20800 ha for 6317 t a year, 0.30 t/ha"
    )
    assert "20800 亩 would be 1386.67 ha" in line


def test_an_area_stated_in_both_units_must_agree(spoil: Spoil, refused: Refused) -> None:
    spoil("forest_inventory.csv", "江西武宁,,20800", "江西武宁,20800,20800")
    assert any(
        "row 4, column area_mu (area_ha): found 1386.67 ha, expected 20800 ha" in line for line in refused()
    )


def test_an_area_stated_in_both_units_is_believed(folder: Path, spoil: Spoil) -> None:
    spoil("forest_inventory.csv", "江西武宁,,20800", "江西武宁,20800,312000")
    assert len(read_accounts(folder, AS_OF).pledges) == 12


def test_an_unknown_kind(spoil: Spoil, refused: Refused) -> None:
    spoil("pledges.csv", "C14,water_right,", "C14,water_rigth,")
    [line] = refused()
    assert line.startswith(
        "pledges.csv, row 3, column kind: found unknown kind 'water_rigth', expected one of"
    )
    assert line.endswith("perhaps water_right")


def test_a_reference_that_leads_nowhere(spoil: Spoil, refused: Refused) -> None:
    spoil("pledges.csv", "W-WUHAI", "W-WUHAY")
    [line] = refused()
    assert line == (
        "pledges.csv, row 3, column reference: found 'W-WUHAY', "
        "expected an identifier of water_account; perhaps W-WUHAI"
    )


def test_a_value_that_is_not_quantity_times_price(spoil: Spoil, refused: Refused) -> None:
    spoil("gep_account.csv", "540.6113", "54.06113")
    [line] = refused()
    assert line.startswith("gep_account.csv, row 7, column value_1e8_cny: found 54.06113")
    assert "expected about 540.612" in line
    assert "150.17 1e8 m3 x 3.6 CNY/m3" in line


def test_a_price_in_a_unit_that_makes_no_money(spoil: Spoil, refused: Refused) -> None:
    spoil("gep_account.csv", "3.6,CNY/m3", "3.6,CNY/t")
    [line] = refused()
    assert line == (
        "gep_account.csv, row 7, column price_unit: found 'CNY/t' for a quantity in '1e8 m3', "
        "expected a price per 1e8 m3"
    )


def test_an_unknown_unit(spoil: Spoil, refused: Refused) -> None:
    spoil("gep_account.csv", "150.17,1e8 m3", "150.17,1e8 gallons")
    [line] = refused()
    assert line == (
        "gep_account.csv, row 7, column quantity_unit: found '1e8 gallons', "
        "expected a unit that data/accounts/units.txt knows"
    )


def test_a_file_over_the_limit_is_not_read(folder: Path, refused: Refused) -> None:
    with (folder / "pledges.csv").open("wb") as file:
        file.truncate(50_000_000)
    assert refused() == ["pledges.csv: found a file of 50.0 MB, expected at most 25 MB; it was not read"]


def test_bytes_that_are_no_text(folder: Path, refused: Refused) -> None:
    (folder / "pledges.csv").write_bytes(bytes([0xFF, 0xFE, 0x00, 0x81, 0xFF]))
    assert all(line.startswith("pledges.csv: found") for line in refused())


def test_a_workbook_that_is_none(folder: Path, refused: Refused) -> None:
    (folder / "pledges.csv").rename(folder / "pledges.xlsx")
    [line] = refused()
    assert line.startswith("pledges.xlsx: found a file that is no workbook")


def test_both_forms_of_one_file(folder: Path, refused: Refused) -> None:
    (folder / "pledges.xlsx").write_bytes(b"")
    assert refused() == ["pledges: found both pledges.csv and pledges.xlsx, expected one of the two"]


def test_every_problem_of_every_file_is_told(spoil: Spoil, refused: Refused) -> None:
    spoil("water_account.csv", "60000,2031", "-60000,2031")
    spoil("water_account.csv", "21000,2031-08-21", "21000,some day")
    spoil("forest_inventory.csv", "ccer,350000", "ccr,350000")
    spoil("gep_account.csv", "22.0760", "NaN")
    lines = refused()
    assert [line.partition(":")[0] for line in lines] == [
        "gep_account.csv, row 4, column value_1e8_cny",
        "water_account.csv, row 3, column volume_m3_per_year",
        "water_account.csv, row 4, column expires_on",
        "forest_inventory.csv, row 3, column instrument",
    ]


def test_a_declared_assumption_must_name_a_column(spoil: Spoil, refused: Refused) -> None:
    spoil(
        "water_account.csv",
        'expires_on;renewal_probability;renewals;price_cny_per_m3;cost_cny_per_m3,"published case C14',
        ('expires_at;renewals,"published case C14'),
    )
    [line] = refused()
    assert line == (
        "water_account.csv, row 3, column assumed_fields: found 'expires_at', expected the column expires_on"
    )


def test_a_share_of_the_gep_account_that_is_none(spoil: Spoil, refused: Refused) -> None:
    spoil("pledges.csv", "energy_supply=0.02;recreation=0.02", "energy_supply=2;whales=0.1")
    lines = refused()
    assert (
        "pledges.csv, row 13, column reference: found 'energy_supply=2', expected energy_supply=a share"
        in lines[0]
    )
    assert "found 'whales'" in lines[1]


def test_a_unit_of_a_catalogued_right_that_does_not_fit(spoil: Spoil, refused: Refused) -> None:
    spoil("pledges.csv", "16500,tCO2e", "16500,ha")
    [line] = refused()
    assert line == (
        "pledges.csv, row 12, column quantity_unit: found 'ha', expected a unit that converts to tCO2e"
    )
