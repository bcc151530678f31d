"""The workbook: numbers equal the document's, marks are in the cells, nothing becomes a formula."""

import datetime as dt
import io

import openpyxl
import pytest
from openpyxl import Workbook

from flows.reports.document import Document
from flows.reports.workbook import render_workbook
from flows.reports.workbook_layout import display_width


def opened(document: Document) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(render_workbook(document)))


def test_same_document_gives_same_bytes(document: Document) -> None:
    assert render_workbook(document) == render_workbook(document)


def test_numbers_are_numbers_in_the_unit_of_the_heading(document: Document) -> None:
    sheet = opened(document)["1 押品"]
    assert [cell.value for cell in sheet[3]][1:4] == [
        "价值（万元）\nvalue",
        "总投资（亿元）\ninvestment",
        "折扣率（%）\nhaircut",
    ]
    # 20,400,000 CNY are 2,040 万元 and 1.6e9 CNY are 16 亿元, by the meaning of the words.
    values = [cell.value for cell in sheet[4]]
    assert values[1:5] == [2040, 16, pytest.approx(32.5, rel=1e-15), 136_000_000]
    assert values[5] == dt.datetime(2025, 3, 1)  # noqa: DTZ001  # workbooks know no time zones
    assert sheet["B6"].value == 2540
    assert sheet["C5"].value == "—"


def test_assumption_is_shaded_written_and_explained(document: Document) -> None:
    cell = opened(document)["1 押品"]["B5"]
    assert cell.value == 500
    assert cell.number_format == '#,##0.00" 假设"'
    assert cell.fill.fgColor.rgb == "FFFDF3DD"
    assert cell.comment is not None
    assert "假设 10 年" in cell.comment.text


def test_text_never_becomes_a_formula(harmful_document: Document) -> None:
    cell = opened(harmful_document)["1 押品"]["A4"]
    assert cell.data_type == "s"
    assert str(cell.value).startswith("=HYPERLINK(")
    assert cell.hyperlink is None


def test_heading_stays_in_view(document: Document) -> None:
    assert opened(document)["1 押品"].freeze_panes == "B4"


def test_cover_names_date_snapshot_sources_and_legend(document: Document) -> None:
    cells = [str(cell.value) for row in opened(document)["封面"].iter_rows() for cell in row if cell.value]
    for expected in (
        "2026-06-30",
        "zhangye-2026",
        "示例来源 · an example source",
        "假设 · assumption",
        "1 押品",
    ):
        assert expected in cells


def test_columns_are_wide_enough_for_chinese(document: Document) -> None:
    sheet = opened(document)["1 押品"]
    assert sheet.column_dimensions["B"].width >= display_width("价值（万元）")
    assert display_width("万元 a") == 6
