"""Workbooks as they come from offices: a title, Chinese headings, merged cells, subtotals and a total."""

import datetime as dt
from pathlib import Path

import openpyxl
import pytest

from flows.accounts.folder import read_accounts
from flows.accounts.gep_account import read_gep_account
from flows.accounts.reconciliation import reconcile
from services.runtime.errors import InvalidInput

DATA = Path(__file__).resolve().parents[3] / "data"


def _workbook(path: Path, *, total: float, value_heading: str = "价值量（亿元）", scale: float = 1.0) -> None:
    """Garze 2010 as a workbook: category and service cells merged, a subtotal after each class."""
    workbook = openpyxl.Workbook()
    workbook.create_sheet("说明")
    sheet = workbook.create_sheet("gep_account")
    sheet.append(["甘孜州2010年生态系统生产总值核算表"])
    sheet.merge_cells("A1:H1")
    sheet.append(["类别", "核算科目", "指标", "功能量", "单位", "单价", "单价单位", value_heading])
    account = read_gep_account(DATA / "gep_account_garze_2010.csv")
    names = {"provisioning": "物质产品", "regulating": "调节服务", "cultural": "文化服务"}
    for category, name in names.items():
        first = sheet.max_row + 1
        lines = [line for line in account.lines if line.category == category]
        for line in lines:
            value = line.value_cny / 1e8 * scale
            unit = line.quantity_unit.replace("1e8 ", "亿").replace("1e4 ", "万")
            sheet.append(
                [
                    name,
                    line.service,
                    line.indicator,
                    line.quantity,
                    unit,
                    line.unit_price,
                    line.price_unit,
                    value,
                ]
            )
        subtotal = sum(line.value_cny for line in lines) / 1e8 * scale
        sheet.append([name, "小计", None, None, None, None, None, subtotal])
        sheet.merge_cells(start_row=first, end_row=sheet.max_row, start_column=1, end_column=1)
    sheet.append(["合计", None, None, None, None, None, None, total])
    workbook.save(path)


def test_merged_cells_chinese_headings_and_totals(tmp_path: Path) -> None:
    _workbook(tmp_path / "gep_account.xlsx", total=7545.598)
    account = read_gep_account(tmp_path / "gep_account.xlsx")
    result = reconcile(account)
    assert (account.sheet, len(account.lines)) == ("gep_account", 28)
    # Published: doi 10.5846/stxb201607011362, two decimals.
    assert result.total_cny / 1e8 == pytest.approx(7545.59, abs=0.01)
    assert result.class_total_cny("regulating") / 1e8 == pytest.approx(6842.28, abs=0.01)
    assert [(check.category, check.agrees) for check in result.totals] == [
        ("provisioning", True),
        ("regulating", True),
        ("cultural", True),
        ("", True),
    ]


def test_values_in_wan_yuan(tmp_path: Path) -> None:
    _workbook(tmp_path / "gep_account.xlsx", total=75455980.0, value_heading="价值量（万元）", scale=1e4)
    result = reconcile(read_gep_account(tmp_path / "gep_account.xlsx"))
    assert result.total_cny / 1e8 == pytest.approx(7545.59, abs=0.01)
    assert all(check.agrees for check in result.lines if check.computed_cny is not None)


def test_a_total_that_is_not_the_sum_is_a_caution(tmp_path: Path) -> None:
    _workbook(tmp_path / "gep_account.xlsx", total=7600.0)
    result = reconcile(read_gep_account(tmp_path / "gep_account.xlsx"))
    [caution] = [item for item in result.cautions if item.code == "TOTAL_IS_NOT_SUM"]
    assert (
        "gep_account.xlsx, row 34 (total): found 7600.0000e8 CNY, expected 7545.5980e8 CNY"
        in caution.message_en
    )


def test_a_problem_in_a_workbook_names_the_sheet(tmp_path: Path) -> None:
    path = tmp_path / "gep_account.xlsx"
    _workbook(path, total=7545.598)
    workbook = openpyxl.load_workbook(path)
    workbook["gep_account"]["D7"] = -1.36
    workbook["gep_account"]["H8"] = "#N/A"
    workbook.save(path)
    with pytest.raises(InvalidInput) as caught:
        read_gep_account(path)
    assert [str(violation) for violation in caught.value.violations] == [
        "gep_account.xlsx, sheet gep_account, row 7, column D 功能量 (quantity): found '-1.36', expected a number >= 0",
        (
            "gep_account.xlsx, sheet gep_account, row 8, column H 价值量（亿元） (value_1e8_cny): "
            "found '#N/A', expected a number >= 0 in 1e8 CNY"
        ),
    ]


def test_a_workbook_gives_the_same_assets_as_the_csv(folder: Path) -> None:
    """Dates as dates, volumes in 万m3, blanks as blanks."""
    from_csv = read_accounts(folder, dt.date(2026, 8, 21))
    path = folder / "water_account.csv"
    rows = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    workbook = openpyxl.Workbook()
    sheet = workbook.create_sheet("water_account")
    headings = [
        "取水许可证号",
        "holder",
        "place",
        "年取水量（万m3）",
        "许可到期日",
        *rows[0][5:12],
        "cost_cny_per_m3",
    ]
    sheet.append([*headings, "assumed_fields", "source"])
    for row in rows[1:]:
        numbers = [
            None if cell == "" else cell if index == 4 else float(cell)
            for index, cell in enumerate(row[5:13])
        ]
        sheet.append(
            [
                *row[:3],
                float(row[3]) / 1e4,
                dt.datetime.fromisoformat(row[4]),
                *numbers,
                row[13],
                ",".join(row[14:]),
            ]
        )
    path.unlink()
    workbook.save(folder / "water_account.xlsx")
    from_workbook = read_accounts(folder, dt.date(2026, 8, 21))
    assert [pledge.asset.detail for pledge in from_workbook.pledges] == [
        pledge.asset.detail for pledge in from_csv.pledges
    ]


def test_gb18030_is_read(folder: Path) -> None:
    path = folder / "pledges.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))
    assert read_accounts(folder, dt.date(2026, 8, 21)).pledges[5].asset.name == "民乐取水权"
