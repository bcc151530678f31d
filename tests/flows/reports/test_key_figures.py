"""Key figures in a workbook are numbers that other cells can refer to, with their unit as page and PDF write it."""

import datetime as dt
import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from cli.main import run
from flows.reports.bilingual import Bilingual
from flows.reports.document import Document, KeyFigure, KeyFigures, Mark, Measure, Section
from flows.reports.figures import figure_text, in_count, in_percent, in_unit, in_wan, in_yi, of_all
from flows.reports.labels import label
from flows.reports.workbook import render_workbook

EXAMPLE = Path(__file__).parents[3] / "examples" / "gep-years"

# Measure, what the page writes, number in the cell, its format; units by definition: 万 is 10^4, 亿 is 10^8.
MEASURES = [
    (in_wan(12_345_678.0), "1,234.57 万元", 1234.5678, '#,##0.00" 万元"'),
    (in_yi(-250_000_000.0, 3), "−2.500 亿元", -2.5, '#,##0.000" 亿元"'),
    (in_percent(0.0567), "5.7%", 0.0567, "#,##0.0%"),
    (in_count(1_234), "1,234", 1234, "#,##0"),
    (of_all(12, 15), "12 / 15", 12, '#,##0" / 15"'),
    (in_unit(3.46, "倍", 1), "3.5 倍", 3.46, '#,##0.0" 倍"'),
    (
        in_unit(-13.8, "百分点", 1, is_change=True),
        "−13.8 百分点",
        -13.8,
        '+#,##0.0" 百分点";-#,##0.0" 百分点"',
    ),
]


def sheet_of(figures: tuple[KeyFigure, ...]) -> Any:
    title = Bilingual("报告", "Report")
    section = Section("summary", title, "结论", (KeyFigures(figures),))
    document = Document(title, title, dt.date(2026, 8, 21), (), (), (section,))
    return openpyxl.load_workbook(io.BytesIO(render_workbook(document))).worksheets[1]


@pytest.mark.parametrize(("measure", "text", "number", "number_format"), MEASURES)
def test_a_measure_is_a_number_in_the_workbook(
    measure: Measure, text: str, number: float, number_format: str
) -> None:
    assert figure_text(measure) == text
    sheet = sheet_of((KeyFigure(Bilingual("指标", "Figure"), measure),))
    cell = next(row[1] for row in sheet.iter_rows() if row[0].value == "指标 · Figure")
    assert cell.value == pytest.approx(number, rel=1e-12)
    assert cell.number_format == number_format


def test_an_assumption_is_told_behind_the_unit() -> None:
    sheet = sheet_of((KeyFigure(Bilingual("指标"), of_all(1, 2), mark=Mark.ASSUMPTION),))
    cell = next(row[1] for row in sheet.iter_rows() if row[0].value == "指标")
    assert (cell.value, cell.number_format) == (1, f'#,##0" / 2（{label("mark.assumption").zh}）"')


def test_the_assessment_of_a_place_holds_numbers(tmp_path: Path) -> None:
    assert run(["report", "gep", str(EXAMPLE), "--place", "示例县", "--out", str(tmp_path), "--json"]) == 0
    [path] = tmp_path.glob("*.xlsx")
    sheet = openpyxl.load_workbook(path).worksheets[1]
    found = {str(row[0].value): row[1] for row in sheet.iter_rows() if row[0].value is not None}
    total = next(cell for name, cell in found.items() if name.startswith("2025 年 GEP"))
    # 160.60 in units of 1e8 CNY: the total of examples/gep-years/gep_account_2025.csv.
    assert total.value == pytest.approx(160.60, abs=0.005)
    assert total.number_format == '#,##0.00" 亿元"'
