"""Tables that are not what they look like: rows too long, cells merged, digits lost, lines between."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.loan_files.reading import LoanFile, read_loan_files
from services.loans.reported.position import LoanPosition
from services.runtime.errors import InvalidInput

HEADINGS = "贷款编号,报告日,余额（元）,年利率（%）"
DAY = dt.date(2026, 6, 30)


def csv_file(folder: Path, *lines: str) -> Path:
    path = folder / "positions.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def workbook(folder: Path, *rows: list[Any], merged: str = "") -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    if merged:
        sheet.merge_cells(merged)
    book.save(folder / "positions.xlsx")
    return folder / "positions.xlsx"


def read(path: Path) -> LoanFile:
    (found,) = read_loan_files([path], kind="positions")
    return found


def problems(path: Path) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        read(path)
    return [str(violation) for violation in caught.value.violations]


@pytest.mark.parametrize("long", [0, 1])
def test_a_row_longer_than_the_headings_is_refused_wherever_it_stands(tmp_path: Path, long: int) -> None:
    rows = ["L-1,2026-06-30,5,4.15", "L-2,2026-06-30,5,4.15"]
    rows[long] = "L-3,2026-06-30,200,000,4.15"
    file = csv_file(tmp_path, HEADINGS, *rows)
    (told,) = problems(file)
    assert told == (
        f"{file}, row {long + 2}: found 5 cells, expected 4 as there are headings; "
        "a cell with a comma in it stands in quotes"
    )


def test_a_row_shorter_than_the_headings_is_refused(tmp_path: Path) -> None:
    file = csv_file(tmp_path, HEADINGS + ",逾期天数", "L-1,2026-06-30,5,4.15,0", "L-2,2026-06-30,5,4.15")
    (told,) = problems(file)
    assert told.startswith(f"{file}, row 3: found 4 cells, expected 5")


def test_quoted_commas_and_empty_cells_behind_the_last_heading_are_read(tmp_path: Path) -> None:
    file = csv_file(tmp_path, "a title", "", HEADINGS, ' "L-1", 2026-06-30, "200,000",4.15,,')
    assert read(file).rows == (LoanPosition("L-1", DAY, Decimal(200_000), 0.0415),)


def rows_with_blanks(folder: Path, suffix: str) -> Path:
    cells = [["L-1", "2026-06-30", "5", "4"], [], ["", " ", "", ""], ["L-2", "2026-06-30", "x", "4"], []]
    if suffix == "csv":
        return csv_file(folder, HEADINGS, *(",".join(row) for row in cells))
    if suffix == "xlsx":
        return workbook(folder, HEADINGS.split(","), *cells)
    nothing: list[str | None] = [None] * 4
    frame = pd.DataFrame([[*row] or nothing for row in cells], columns=HEADINGS.split(","))
    frame.to_parquet(folder / "positions.parquet")
    return folder / "positions.parquet"


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet"])
def test_a_blank_row_is_no_row_and_those_below_keep_their_numbers(tmp_path: Path, suffix: str) -> None:
    file = rows_with_blanks(tmp_path, suffix)
    (told,) = problems(file)
    assert ", row 5, column 余额（元）: found 'x'" in told
    if suffix == "csv":
        csv_file(tmp_path, *file.read_text(encoding="utf-8").replace("x", "7").splitlines())
        found = read(file)
        assert [row.loan_id for row in found.rows if isinstance(row, LoanPosition)] == ["L-1", "L-2"]
        assert found.place(1) == f"{file}, row 5"


@pytest.mark.parametrize("number", [6222020200112233445, 6.222020200112233e18, 1e15])
def test_a_long_number_of_a_workbook_is_no_loan_number(tmp_path: Path, number: float) -> None:
    (told,) = problems(workbook(tmp_path, HEADINGS.split(","), [number, DAY, 5, 4.15]))
    assert "row 2, column 贷款编号: found the number" in told
    assert "expected the number as text" in told


def test_a_number_whose_digits_are_all_there_is_a_loan_number(tmp_path: Path) -> None:
    file = workbook(tmp_path, HEADINGS.split(","), [999_999_999_999_999, DAY, 5, 4.15])
    assert read(file).rows == (LoanPosition("999999999999999", DAY, Decimal(5), 0.0415),)
    path = tmp_path / "whole.parquet"
    table = {"贷款编号": [6222020200112233445, None], "报告日": [DAY, None], "余额（元）": [5.0, None]}
    pq.write_table(pa.table(table | {"年利率（%）": [4.15, None]}), path)
    assert read(path).rows == (LoanPosition("6222020200112233445", DAY, Decimal(5), 0.0415),)


@pytest.mark.parametrize(
    ("loan_id", "said"),
    [
        (b"abc", "row 2, column 贷款编号: found \"b'abc'\", expected text, not bytes"),
        (
            6.222020200112233e18,
            "row 2, column 贷款编号: found the number 6.22202020011223e+18, expected the number as",
        ),
        (["a", "b"], "row 1, column 贷款编号: found lists or structs, expected one value in each cell"),
        ({"a": 1}, "row 1, column 贷款编号: found lists or structs, expected one value in each cell"),
    ],
)
def test_columns_of_parquet_that_are_no_texts_are_refused(tmp_path: Path, loan_id: object, said: str) -> None:
    path = tmp_path / "p.parquet"
    pq.write_table(
        pa.table({"贷款编号": [loan_id], "报告日": [DAY], "余额（元）": [5.0], "年利率（%）": [4.15]}), path
    )
    assert said in problems(path)[0]


def test_an_index_of_pandas_is_a_column_like_the_others(tmp_path: Path) -> None:
    table = {"报告日": [DAY], "余额（元）": [5.0], "年利率（%）": [4.15]}
    frame = pd.DataFrame(table, index=pd.Index(["L-1"], name="贷款编号"))
    frame.to_parquet(tmp_path / "p.parquet")
    assert read(tmp_path / "p.parquet").rows == (LoanPosition("L-1", DAY, Decimal(5), 0.0415),)


@pytest.mark.parametrize("suffix", ["xlsx", "parquet"])
def test_money_that_a_computer_added_up_is_read_as_it_is_shown(tmp_path: Path, suffix: str) -> None:
    amount = 1100.1 + 1100.1 + 1100.1
    assert repr(amount) == "3300.2999999999997"  # what is stored; Excel shows 3300.3
    if suffix == "xlsx":
        file = workbook(tmp_path, HEADINGS.split(","), ["L-1", DAY, amount, 4.15])
    else:
        file = tmp_path / "p.parquet"
        row = {"贷款编号": ["L-1"], "报告日": [DAY], "余额（元）": [amount], "年利率（%）": [4.15]}
        pq.write_table(pa.table(row), file)
    assert read(file).rows == (LoanPosition("L-1", DAY, Decimal("3300.30"), 0.0415),)


def test_merged_cells_below_the_headings_are_refused_where_they_are_read(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["某行", None, None, None, None],
        [*HEADINGS.split(","), "备注"],
        ["L-1", DAY, 5, 4.15, "合成"],
        ["L-2", DAY, None, 4.15, None],
    ]
    file = workbook(tmp_path, *rows, merged="C3:C4")
    (told,) = problems(file)
    assert told == (
        f"{file}, sheet Sheet, row 3: found merged cells C3:C4, "
        "expected a value of its own in each cell below the headings"
    )
    rows[3][2] = 6
    for harmless in ("A1:E1", "E3:E4", "C7:C8"):
        assert len(read(workbook(tmp_path, *rows, merged=harmless)).rows) == 2


@pytest.mark.parametrize("sign", ["\x07", "\x1b", "\u202e", "\ufffe"])
def test_a_text_that_cannot_be_printed_is_refused(tmp_path: Path, sign: str) -> None:
    (told,) = problems(csv_file(tmp_path, HEADINGS, f"L{sign}1,2026-06-30,5,4"))
    assert f"row 2, column 贷款编号: found {f'L{sign}1'!r} with the character U+{ord(sign):04X}" in told


@pytest.mark.parametrize(
    ("line", "heading", "expected_cny"),
    [
        ("单位：万元", "余额", 200_000),
        ("某行贷款余额表（金额单位：人民币亿元）", "余额", 2_000_000_000),
        ("填报单位：张掖分行,单位：千元", "余额", 20_000),
        ("填报单位：张掖分行", "余额", 20),
        ("单位：万元", "余额（元）", 20),
        ("单位：万元", "balance_cny", 20),
        ("单位：头", "余额（元）", 20),  # nothing needs it
    ],
)
def test_a_unit_above_the_headings_counts_where_they_state_none(
    tmp_path: Path, line: str, heading: str, expected_cny: int
) -> None:
    file = csv_file(tmp_path, line, HEADINGS.replace("余额（元）", heading), "L-1,2026-06-30,20,4.15")
    assert read(file).rows == (LoanPosition("L-1", DAY, Decimal(expected_cny), 0.0415),)
    rows: list[list[Any]] = [
        [line],
        HEADINGS.replace("余额（元）", heading).split(","),
        ["L-1", DAY, 20, 4.15],
    ]
    assert read(workbook(tmp_path, *rows)).rows == read(file).rows


@pytest.mark.parametrize("unit", ["头", "万元、%", "张掖分行", "", "元/m3"])
def test_a_unit_above_the_headings_that_is_no_money_is_refused(tmp_path: Path, unit: str) -> None:
    file = csv_file(
        tmp_path, "a title", f"单位：{unit}", "贷款编号,报告日,余额,利率", "L-1,2026-06-30,20,0.04"
    )
    (told,) = problems(file)
    assert told.startswith(f"{file}, row 2: found 单位 {unit!r}, expected a unit of money such as 单位：万元")


def test_two_units_above_the_headings_are_refused(tmp_path: Path) -> None:
    lines = ("单位：元", "单位：万元", "贷款编号,报告日,余额,利率", "L-1,2026-06-30,20,0.04")
    (told,) = problems(csv_file(tmp_path, *lines))
    assert "found units 元 and 万元 above the headings, expected one for all amounts" in told


@pytest.mark.parametrize(("separator", "name"), [(";", "semicolons"), ("\t", "tabs")])
def test_another_separator_is_told_as_such(tmp_path: Path, separator: str, name: str) -> None:
    file = csv_file(tmp_path, "a title", HEADINGS.replace(",", separator), f"L-1{separator}2026-06-30")
    told = problems(file)
    assert told == [f"{file}, row 2: found headings with {name} between them, expected commas between cells"]
