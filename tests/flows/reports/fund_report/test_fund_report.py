"""The report on a fund says what the review holds, calls assumptions so, and its three files can be opened."""

import dataclasses
import io
from pathlib import Path

import openpyxl
import pypdf
import pytest

from flows.reports.charts.grid_model import BandGridChart
from flows.reports.document import Cell, Document, Figure, Mark, Section, Table
from flows.reports.fund_report import build_fund_document, write_fund_report
from flows.reports.fund_report.limit_words import limit_name
from flows.reports.fund_tables.wording import assumption_words
from services.fund.allocation.question import Infeasibility, LimitRelaxation, Unit
from tests.flows.key_figures import figures_in_words
from tests.flows.reviewed_fund import reviewed


@pytest.fixture(scope="module")
def document() -> Document:
    return build_fund_document(reviewed())


def section(document: Document, key: str) -> Section:
    return next(item for item in document.sections if item.key == key)


def table(document: Document, key: str, title_zh: str) -> Table:
    return next(item for item in section(document, key).tables() if item.title.zh == title_zh)


def values(found: Table, heading_zh: str) -> list[object]:
    place = [column.heading.zh for column in found.columns].index(heading_zh)
    return [row.cells[place].value for row in found.rows]


def test_sections_in_reading_order(document: Document) -> None:
    assert [item.key for item in document.sections] == [
        "summary", "pipeline", "terms", "partners", "cash", "worlds", "choice", "pace", "grassroots", "assumptions",
        "warnings", "record",
    ]  # fmt: skip


def test_the_same_review_gives_the_same_document(document: Document) -> None:
    assert build_fund_document(reviewed()) == document
    assert figures_in_words(document) == []


def test_the_classes_are_those_of_the_outcome(document: Document) -> None:
    found = table(document, "partners", "各类出资人")
    classes = reviewed().outcome.classes
    assert values(found, "收回均值") == [each.received_cny.mean for each in classes]
    assert values(found, "IRR P50") == [
        None if each.irr_annual is None else each.irr_annual.quantile(0.5) for each in classes
    ]
    # The manager pays nothing in: no loss, no rate, and none is shown as 0.
    assert values(found, "亏损概率")[-1] is None


def test_three_leverages_multiply(document: Document) -> None:
    project_fund, fund_fiscal, project_fiscal = values(table(document, "cash", "杠杆的三种口径"), "倍数")
    assert isinstance(project_fund, float)
    assert isinstance(fund_fiscal, float)
    assert project_fund * fund_fiscal == pytest.approx(project_fiscal)


def test_every_world_has_a_line_a_panel_and_a_meaning(document: Document) -> None:
    n_worlds = len(reviewed().comparison.scenarios)
    assert len(table(document, "worlds", "各情景结果").rows) == 1 + n_worlds
    charts = [block.chart for block in section(document, "worlds").blocks if isinstance(block, Figure)]
    panels = next(chart for chart in charts if isinstance(chart, BandGridChart))
    assert len(panels.panels) == 1 + n_worlds
    meant = table(document, "worlds", "情景定义")
    assert {row.cells[1].mark for row in meant.rows} == {Mark.ASSUMPTION}


def test_counties_receive_what_partners_give_up(document: Document) -> None:
    counties = table(document, "grassroots", "分县所得").rows[-1]
    costs = table(document, "grassroots", "各出资方承担的成本").rows[-1]
    assert counties.is_total
    assert costs.is_total
    received = counties.cells[1].value
    assert isinstance(received, float)
    assert received > 0.0
    # Cents of rounding on every path and year.
    assert costs.cells[1].value == pytest.approx(received, abs=1.0)


def test_what_is_assumed_of_projects_is_marked(document: Document) -> None:
    for found in section(document, "assumptions").tables():
        for row in found.rows:
            assert all(cell.mark is Mark.ASSUMPTION for cell in row.cells[1:] if cell.value is not None)
    listed = table(document, "pipeline", "未纳入测算的项目")
    assert [row.cells[0].mark for row in listed.rows] == [Mark.FLAGGED]  # R13


def test_the_manifests_are_those_of_the_runs(document: Document) -> None:
    review = reviewed()
    hashes = values(table(document, "record", "复算信息"), "输入哈希")
    assert hashes[0] == review.outcome.manifest.input_hash
    assert hashes[-2] == review.allocation.manifest.input_hash
    assert len(hashes) == 3 + len(review.comparison.scenarios)


def test_a_contradiction_is_told_in_words() -> None:
    review = reviewed()
    why = Infeasibility(
        ("limits.max_total", "limits.groups[1].min_share"),
        (LimitRelaxation("limits.max_total", 5e6, Unit.CNY),),
    )
    answer = dataclasses.replace(review.allocation, frontier=(), infeasibility=why)
    document = build_fund_document(dataclasses.replace(review, allocation=answer))
    told = str(section(document, "choice").blocks)
    assert "出资总额上限、肃南县占比下限" in told
    assert "500.00 万元" in told


def test_one_choice_is_no_frontier() -> None:
    review = reviewed()
    answer = dataclasses.replace(review.allocation, frontier=review.allocation.frontier[:1])
    alone = build_fund_document(dataclasses.replace(review, allocation=answer))
    assert not [block for block in section(alone, "choice").blocks if isinstance(block, Figure)]
    assert len(table(alone, "choice", "各风险厌恶系数下的选择").rows) == 1


def test_limits_have_names() -> None:
    limits = reviewed().asked.allocation.limits
    assert limit_name(limits, "limits.budgets[1]").zh == "截至 2027 年累计预算"
    assert limit_name(limits, "limits.unheard_of").zh == "unheard_of"


@pytest.mark.parametrize(
    ("written", "zh", "en"),
    [
        (
            "假设:管理费 1 %,未公布 / assumption: fee 1 %; not published",
            "管理费 1 %,未公布",
            "fee 1 %; not published",
        ),
        ("假设 / assumption: 温泉 / spa", "温泉", "spa"),
        ("R04: 假设 / assumption: 温泉 / spa", "R04：温泉", "spa"),
        ("只有中文", "只有中文", ""),
    ],
)
def test_both_languages_of_an_assumption(written: str, zh: str, en: str) -> None:
    words = assumption_words(written)
    assert (words.zh, words.en) == (zh, en)


def test_the_three_files_open(tmp_path: Path) -> None:
    # That equal documents give equal bytes is tested with the renderers.
    one = write_fund_report(reviewed(), tmp_path)
    assert one.html.read_text(encoding="utf-8").count("<section") >= 12
    reader = pypdf.PdfReader(io.BytesIO(one.pdf.read_bytes()))
    assert "祁连绿色产业发展基金" in reader.pages[0].extract_text()
    metadata = reader.xmp_metadata
    assert metadata is not None
    assert "pdfaid" in str(metadata.stream.get_data())
    book = openpyxl.load_workbook(one.xlsx)
    assert len(book.sheetnames) > 12
    texts = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [text for text in texts if isinstance(text, str) and text.startswith("=")]


def test_no_cell_has_a_zero_where_there_is_no_figure(document: Document) -> None:
    # R20 is a transfer that the fund puts nothing into: it has no sale, which is no sale at price 0.
    rows = table(document, "assumptions", "各项目的假设").rows
    transfer = next(row for row in rows if row.cells[0].value == "R20")
    assert Cell(None) in transfer.cells
