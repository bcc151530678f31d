"""Loan files: what is read, and every problem with its place."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from flows.loan_files.reading import LoanFile, read_loan_files
from quant.repayment.daycount import DayCount
from services.loans.conditions import BorrowerSize, GuaranteeMode, InterestSubsidy
from services.loans.loan import Guarantee, IndexWeight, Loan, RepaymentKind, RepaymentTerms
from services.loans.repayment.changes import LprFixing, LprTenor, RateReset
from services.loans.reported.position import FiveClass, LoanMovement, LoanPosition, MovementKind
from services.runtime.errors import InvalidInput

LOAN_HEADINGS = (
    "贷款编号,客户号,产品,贷款金额（万元）,发放日,到期日,"
    "年利率（%）,还款方式,违约概率,资产相关系数,违约损失率"
)
LOAN_ROW = "L1,B1,water_right,500.01,2026-01-31,2028-02-29,4.35,等额本息,0.02,0.15,0.4"


def write(folder: Path, text: str, name: str = "loans.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_text(text, encoding=encoding)
    return path


def problems(path: Path, **asked: str) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        read_loan_files([path], **asked)
    return [str(violation) for violation in caught.value.violations]


def test_a_chinese_list_with_a_title_is_read(tmp_path: Path) -> None:
    (found,) = read_loan_files([write(tmp_path, f"某行贷款清单\n\n{LOAN_HEADINGS},备注\n{LOAN_ROW},合成\n")])
    assert found.rows == (
        Loan(
            "L1", "B1", "", "", "", "water_right",
            RepaymentTerms(
                Decimal("5000100.00"), dt.date(2026, 1, 31), 25, 0.0435, RepaymentKind.EQUAL_INSTALMENT
            ),
            0.02, 0.15, 0.4,
        ),
    )  # fmt: skip
    assert (found.kind, list(found.numbers), found.ignored) == ("loans", [4], ("备注",))
    assert found.place(0) == f"{tmp_path / 'loans.csv'}, row 4"


def test_every_column_of_a_loan_is_read(tmp_path: Path) -> None:
    cells = {
        "loan_id": "L1", "borrower_id": "B1", "name": "节水", "county": "民乐县",
        "industry": "农业", "product": "GEP质押贷款",
        "principal_cny": "1,000.50", "drawn_on": "2026年1月15日", "periods": "8", "months_per_period": "3",
        "grace_periods": "2", "rate_annual": "0.04", "kind": "equal_principal", "day_count": "ACT/360",
        "default_probability_annual": "0.02", "asset_correlation": "0.15", "unsecured_lgd": "0.4",
        "index": "credit_cycle:0.6; ccer_price:-0.3", "purpose": "5.2.1", "approved_on": "20260102",
        "guarantee_mode": "组合", "borrower_size": "微型", "is_investment_grade": "是", "guarantor_id": "G1",
        "guarantee_share": "0.8", "guarantor_default_probability_annual": "0.01", "subsidy_payer": "县财政",
        "subsidy_rate_points": "0.02", "subsidy_until": "2027-01-15", "compensation_share": "0.3",
        "restructured_on": "2026-05-04", "lpr_tenor": "一年期", "lpr_spread_bp": "-20", "lpr_months_between": "12",
        "lpr_first_on": "2027-01-01", "lpr_fixings": "2025-12-20:0.03;2026-12-20:0.029",
    }  # fmt: skip
    frame = pd.DataFrame([cells])
    frame.to_csv(tmp_path / "loans.csv", index=False)
    (row,) = read_loan_files([tmp_path / "loans.csv"])[0].rows
    fixings = (LprFixing(dt.date(2025, 12, 20), 0.03), LprFixing(dt.date(2026, 12, 20), 0.029))
    terms = RepaymentTerms(
        Decimal("1000.50"), dt.date(2026, 1, 15), 8, 0.04, RepaymentKind.EQUAL_PRINCIPAL, 3, 2, DayCount.ACT_360,
        RateReset(LprTenor.ONE_YEAR, -20.0, 12, fixings, dt.date(2027, 1, 1)),
    )  # fmt: skip
    assert row == Loan(
        "L1", "B1", "节水", "民乐县", "农业", "gep", terms, 0.02, 0.15, 0.4,
        (IndexWeight("credit_cycle", 0.6), IndexWeight("ccer_price", -0.3)), Guarantee("G1", 0.8, 0.01), "5.2.1",
        dt.date(2026, 1, 2), GuaranteeMode.COMBINED, BorrowerSize.MICRO, True,
        InterestSubsidy("县财政", 0.02, None, dt.date(2027, 1, 15)), 0.3, dt.date(2026, 5, 4),
    )  # fmt: skip


def rows_in_three_formats(folder: Path, table: pd.DataFrame) -> list[LoanFile]:
    table.to_csv(folder / "t.csv", index=False)
    table.to_excel(folder / "t.xlsx", index=False)
    table.to_parquet(folder / "t.parquet", index=False)
    return [read_loan_files([folder / f"t.{suffix}"])[0] for suffix in ("csv", "xlsx", "parquet")]


def test_formats_agree(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "借据号": ["L1", "L2"],
            "报告日": [dt.date(2026, 6, 30)] * 2,
            "余额（万元）": [12.3456, 0.0],
            "利率（%）": [4.35, 4.0],
            "逾期天数": [91, 0],
            "五级分类": ["次级", None],
            "是否减值": [True, False],
        }
    )
    day = dt.date(2026, 6, 30)
    expected = (
        LoanPosition("L1", day, Decimal("123456.00"), 0.0435, 91, Decimal(0), FiveClass.SUBSTANDARD, True),
        LoanPosition("L2", day, Decimal("0.00"), 0.04),
    )
    for found in rows_in_three_formats(tmp_path, table):
        assert found.rows == expected


def test_movements_are_told_from_their_headings(tmp_path: Path) -> None:
    text = "流水号,贷款编号,发生日,类型,金额（元）\nM1,L1,2026/6/5,核销,1.05\n"
    (found,) = read_loan_files([write(tmp_path, text, encoding="gb18030")])
    day = dt.date(2026, 6, 5)
    assert found.rows == (LoanMovement("M1", "L1", day, MovementKind.WRITTEN_OFF, Decimal("1.05")),)


def test_every_wrong_cell_is_told_with_its_row_and_heading(tmp_path: Path) -> None:
    wrong = "L2,,water,500.0000001,2026-02-30,2027-01-31,435,等额,,0.15,0.4"
    copy = LOAN_ROW.replace("L1,B1", "L1,B2")
    file = write(tmp_path, f"{LOAN_HEADINGS}\n{LOAN_ROW}\n{wrong}\n{LOAN_ROW}\n{copy}\n")
    told = problems(file)
    places = [text.split(": found ")[0] for text in told]
    wrong_cells = ("客户号", "贷款金额（万元）", "发放日", "年利率（%）", "还款方式", "违约概率")
    assert sorted(places) == sorted(
        [
            *(f"{file}, row 3, column {name}" for name in wrong_cells),
            f"{file}, row 4, column 贷款编号",
            f"{file}, row 5, column 贷款编号",
        ]
    )
    assert any("500.0000001', which is 5000000.001 CNY, expected" in text for text in told)
    assert any("found an exact copy of row 2: L1" in text for text in told)
    assert any("found the same key as row 2: L1" in text for text in told)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"product": "gepp"}, "column 产品: found 'gepp', expected one of gep, gep+guarantee"),
        ({"matures": "2027-01-30"}, "column 到期日: found 2027-01-30, expected a day whole periods"),
        ({"matures": ""}, "column periods: found nothing, expected a number"),
    ],
)
def test_a_row_that_makes_no_sense_is_told(tmp_path: Path, changes: dict[str, str], said: str) -> None:
    row = LOAN_ROW
    if "product" in changes:
        row = row.replace("water_right", changes["product"])
    if "matures" in changes:
        row = row.replace("2028-02-29", changes["matures"])
    (told,) = problems(write(tmp_path, f"{LOAN_HEADINGS}\n{row}\n"))
    assert said in told


def test_a_fraction_that_looks_like_per_cent_is_told(tmp_path: Path) -> None:
    headings = LOAN_HEADINGS.replace("年利率（%）", "年利率")
    (told,) = problems(write(tmp_path, f"{headings}\n{LOAN_ROW}\n"))
    assert "found '4.35'" in told
    assert "(%)" in told


def test_missing_and_misspelt_headings_are_told(tmp_path: Path) -> None:
    file = write(tmp_path, "贷款编号,报告日,余额（元）,利律（%）\nL1,2026-06-30,5,4\n")
    told = problems(file, kind="positions")
    (only,) = told
    assert only.startswith(f"{file}, row 1, column rate_annual: found column '利律（%）'")
    assert only.endswith("expected column rate_annual of a table of positions; was it renamed?")


def test_of_a_workbook_all_tables_are_read_or_the_one_that_is_named(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    first = workbook.active
    assert first is not None
    first.title = "贷款"
    first.append(LOAN_HEADINGS.split(","))
    first.append(LOAN_ROW.split(","))
    second = workbook.create_sheet("变动")
    second.append(["流水号", "贷款编号", "发生日", "类型", "金额（元）"])
    second.append(["M1", "L1", dt.date(2026, 6, 5), "发放", 100])
    workbook.save(tmp_path / "book.xlsx")
    book = [tmp_path / "book.xlsx"]
    assert [(found.kind, found.sheet) for found in read_loan_files(book)] == [
        ("loans", "贷款"), ("movements", "变动")
    ]  # fmt: skip
    assert [found.kind for found in read_loan_files(book, sheet="变动")] == ["movements"]
    assert [found.sheet for found in read_loan_files(book, kind="loans")] == ["贷款"]
    (told,) = problems(tmp_path / "book.xlsx", sheet="余额")
    assert "no sheet '余额'" in told


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.csv", b"\xff\xfe\x00\x81"),
        ("x.xlsx", b"no zip"),
        ("x.parquet", b"PAR1"),
        ("x.txt", b"a"),
        ("x.csv", b""),
    ],
)
def test_what_is_no_loan_file_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert problems(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    (told,) = problems(tmp_path / "none.csv")
    assert "none.csv" in told


def test_a_reversal_names_the_movement_that_it_withdraws(tmp_path: Path) -> None:
    text = "流水号,贷款编号,发生日,类型,金额（元）,冲销流水号\nM1,L1,2026-05-15,归还,5,\nR1,L1,2026-05-15,归还,5,M1\n"
    first, second = read_loan_files([write(tmp_path, text)])[0].rows
    assert isinstance(first, LoanMovement)
    assert isinstance(second, LoanMovement)
    assert (first.reverses, second.reverses) == ("", "M1")


@pytest.mark.parametrize(
    ("headings", "cells", "said"),
    [
        (
            "LPR加点（bp）,重定价周期（月）",
            "50,12",
            "LPR期限: found nothing, expected 1Y or 5Y beside LPR加点（bp）",
        ),
        ("LPR报价", "2026-12-20:0.03", "LPR期限: found nothing, expected 1Y or 5Y beside LPR报价"),
        ("贴息方", "县财政", "贴息方: found 县财政, expected nothing without subsidy_rate_points"),
        (
            "贴息截止日",
            "2027-01-15",
            "贴息截止日: found 2027-01-15, expected nothing without subsidy_rate_points",
        ),
    ],
)
def test_columns_that_belong_together_are_not_dropped_in_part(
    tmp_path: Path, headings: str, cells: str, said: str
) -> None:
    (told,) = problems(write(tmp_path, f"{LOAN_HEADINGS},LPR期限,{headings}\n{LOAN_ROW},,{cells}\n"))
    assert f"row 2, column {said}" in told
    empty = "," * cells.count(",")
    (found,) = read_loan_files(
        [write(tmp_path, f"{LOAN_HEADINGS},LPR期限,{headings}\n{LOAN_ROW},,{empty}\n")]
    )
    assert len(found.rows) == 1


@pytest.mark.parametrize(
    ("headings", "cells", "said"),
    [
        (
            "LPR期限,LPR加点（bp）,重定价周期（月）,LPR报价",
            "1Y,50,12,2026-12-20:3.1",
            "LPR报价: found '2026-12-20:3.1', expected pairs such as 2026-01-20:0.03",
        ),
        (
            "LPR期限,LPR加点（bp）,重定价周期（月）,LPR报价",
            "1Y,50,12,2026-12-20:0.03; 2026-11-20:0.03",
            "LPR报价: found 2026-11-20 after 2026-12-20",
        ),
        (
            "LPR期限,LPR加点（bp）",
            "1Y,50",
            "lpr_months_between: found nothing, expected a number beside LPR期限",
        ),
        ("景气指数", "credit_cycle:1; credit_cycle:2", "景气指数: found ['credit_cycle', 'credit_cycle']"),
        ("景气指数", "credit_cycle:0", "景气指数: found 0.0, expected a number other than 0"),
        (
            "贴息（百分点）,贴息比例",
            "1,0.5",
            "贴息比例: found 0.5 beside 0.01 points, expected it or 贴息（百分点）",
        ),
        ("贴息（百分点）,贴息方", f"1,{'x' * 201}", "贴息方: found 201 characters, expected at most 200"),
        ("保证比例,保证人违约概率,保证人", f"0.5,0.1,{'x' * 65}", "保证人: found 65 characters"),
        ("保证人", "G1", "保证人: found G1, expected nothing without guarantee_share"),
        ("违约概率（%）", "200", "违约概率（%）: found '200', expected a number from 0 to 100 %"),
    ],
)
def test_a_problem_of_a_row_names_the_heading_that_it_is_under(
    tmp_path: Path, headings: str, cells: str, said: str
) -> None:
    given = LOAN_HEADINGS, LOAN_ROW
    if headings.startswith("违约概率"):
        given = LOAN_HEADINGS.replace(",违约概率", ""), LOAN_ROW.replace(",0.02", "")
    (told,) = problems(write(tmp_path, f"{given[0]},{headings}\n{given[1]},{cells}\n"))
    assert f"row 2, column {said}" in told


def test_bounds_are_told_in_the_unit_of_the_heading(tmp_path: Path) -> None:
    row = LOAN_ROW.replace("500.01", "1000000001")
    (told,) = problems(write(tmp_path, f"{LOAN_HEADINGS}\n{row}\n"))
    assert (
        "贷款金额（万元）: found '1000000001', expected a number from 0 to 1,000,000,000 万元 in whole cents"
        in told
    )
    row = LOAN_ROW.replace("500.01", "0")
    (told,) = problems(write(tmp_path, f"{LOAN_HEADINGS}\n{row}\n"))
    assert "row 2, column 贷款金额（万元）: found 0.00, expected above 0" in told
