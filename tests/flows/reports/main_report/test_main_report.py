"""The report of the main job on the bundled input: what it says equals what was computed and what was published."""

import csv
import dataclasses
import io
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from flows.main_job_result import MainJobResult, PipelineReview
from flows.published_cases.mapping import Sufficiency
from flows.reports.document import Document, Figure, Findings, Mark, Section, Table
from flows.reports.html import render_html
from flows.reports.labels import label
from flows.reports.main_report import build_document, write_report
from flows.reports.main_report.case_facts import valuation_of
from flows.reports.workbook import render_workbook
from services.fund.pipeline.project import ProjectList
from services.runtime.bundled import bundled
from services.runtime.results import Caution, Severity
from tests.flows.key_figures import figures_in_words


@pytest.fixture(scope="module")
def report(result: MainJobResult) -> Document:
    return build_document(result)


def section(report: Document, key: str) -> Section:
    return next(item for item in report.sections if item.key == key)


def table(report: Document, key: str, title_zh: str) -> Table:
    return next(item for item in section(report, key).tables() if item.title.zh == title_zh)


def column_of(found: Table, heading_zh: str) -> int:
    return [column.heading.zh for column in found.columns].index(heading_zh)


def test_sections_follow_the_main_job(report: Document) -> None:
    assert [item.key for item in report.sections] == [
        "summary", "account", "cases", "oddities", "projects", "loan-book", "fund", "market",
    ]  # fmt: skip


def test_same_result_gives_same_document(result: MainJobResult, report: Document) -> None:
    # A list that agrees with its published total to the cent says so in words.
    assert set(figures_in_words(report)) <= {label("figure.to_published_total").en}
    assert build_document(result) == report


def test_account_total_is_the_sum_of_the_published_lines(report: Document) -> None:
    with bundled("gep_account_garze_2010.csv").open(encoding="utf-8") as lines:
        published = sum(Decimal(row["value_1e8_cny"]) for row in csv.DictReader(lines))
    total = table(report, "account", "分类合计").rows[-1]
    assert total.is_total
    assert total.cells[1].value == pytest.approx(float(published) * 1e8, rel=1e-12)
    assert total.cells[2].value == pytest.approx(1.0, abs=1e-12)


def test_every_published_case_has_a_line(result: MainJobResult, report: Document) -> None:
    found = table(report, "cases", "案例估值与额度")
    assert len(found.rows) == 29  # C01 to C29
    valued = [appraisal for appraisal in result.appraisals if valuation_of(appraisal) is not None]
    values = [row.cells[column_of(found, "价值")].value for row in found.rows]
    assert [v for v in values if v is not None] == [
        valuation.value_cny for a in valued if (valuation := valuation_of(a)) is not None
    ]


def test_values_under_assumptions_are_marked_and_missing_values_are_no_zeros(
    result: MainJobResult, report: Document
) -> None:
    found = table(report, "cases", "案例估值与额度")
    for appraisal, row in zip(result.appraisals, found.rows, strict=True):
        cells = [row.cells[column_of(found, name)] for name in ("价值", "折扣率", "质押价值", "额度")]
        if appraisal.sufficiency is Sufficiency.UNDER_ASSUMPTION:
            assert {cell.mark for cell in cells if cell.value is not None} == {Mark.ASSUMPTION}
        if appraisal.sufficiency is Sufficiency.NOT_VALUED:
            assert [cell.value for cell in cells] == [None] * 4
            assert row.cells[column_of(found, "未公布的输入")].note is not None


def test_every_missing_input_is_listed_with_its_case(result: MainJobResult, report: Document) -> None:
    found = table(report, "cases", "未公布的输入与代之以的假设")
    listed = {
        (row.cells[0].value, case_id)
        for row in found.rows
        for case_id in str(row.cells[column_of(found, "涉及案例")].value).split("、")
    }
    expected = {
        (entry.case_input.label_zh, appraisal.case_id)
        for appraisal in result.appraisals
        for entry in appraisal.mapping.missing
    }
    assert {(getattr(name, "zh", ""), case_id) for name, case_id in listed} == expected


def test_cash_flows_add_up_to_the_value(result: MainJobResult, report: Document) -> None:
    tables = [item for item in section(report, "cases").tables() if item.title.zh.startswith("现金流明细")]
    assert len(tables) >= 2
    for found in tables:
        case_id = found.title.zh.partition("：")[2][:3]
        valuation = next(
            v for a in result.appraisals if a.case_id == case_id and (v := valuation_of(a)) is not None
        )
        present = column_of(found, "现值")
        lines = [row.cells[present].value for row in found.rows if not row.is_total]
        assert sum(float(str(value)) for value in lines) == pytest.approx(valuation.value_cny, rel=1e-9)
        assert found.rows[-1].cells[present].value == pytest.approx(valuation.value_cny, rel=1e-9)


def test_workbook_carries_the_published_totals_of_the_projects(report: Document) -> None:
    book = openpyxl.load_workbook(io.BytesIO(render_workbook(report)))
    totals = []
    for sheet in book.worksheets:
        heading = [str(cell.value) for cell in sheet[3]]
        if heading[0].startswith("编号") and any(text.startswith("总投资") for text in heading):
            at = next(i for i, text in enumerate(heading) if text.startswith("总投资"))
            totals += [row[at].value for row in sheet.iter_rows() if str(row[0].value).startswith("合计")]
    assert totals == [1_169_155.01, 12_254_400]  # the totals that both lists state, in 万元


def test_doubtful_projects_are_flagged_in_their_line(report: Document) -> None:
    found = table(report, "projects", "2026 年储备项目")
    flagged = [
        row.cells[0].value for row in found.rows if any(cell.mark is Mark.FLAGGED for cell in row.cells)
    ]
    assert flagged == ["R13"]  # the twin of R12 with a twelfth of its investment


def test_payments_of_a_year_add_up_to_its_cash(result: MainJobResult, report: Document) -> None:
    found = table(report, "fund", "分配明细")
    for flow, row in zip(result.fund.flows, found.rows, strict=False):
        assert sum(Decimal(str(cell.value)) for cell in row.cells[3:]) == flow.distributable_cny


def test_every_figure_of_loan_book_and_fund_is_marked(report: Document) -> None:
    for key in ("loan-book", "fund"):
        for found in section(report, key).tables():
            marks = {
                cell.mark
                for row in found.rows
                for column, cell in zip(found.columns, row.cells, strict=True)
                if column.kind in {"wan", "yi"} and cell.value is not None
            }
            assert marks <= {Mark.ASSUMPTION}


def test_the_fund_shows_classes_leverage_and_worlds(result: MainJobResult, report: Document) -> None:
    classes = table(report, "fund", "各类出资人")
    assert [row.cells[column_of(classes, "收回均值")].value for row in classes.rows] == [
        each.received_cny.mean for each in result.fund.outcome.classes
    ]
    leverage = table(report, "fund", "杠杆的三种口径")
    assert [row.cells[1].value for row in leverage.rows] == [18.3, 2.5, 45.8]
    worlds = table(report, "fund", "各情景结果")
    assert len(worlds.rows) == 1 + len(result.fund.comparison.scenarios)


def test_oddities_name_their_cases(result: MainJobResult, report: Document) -> None:
    page = render_html(report)
    for oddity in result.oddities:
        assert oddity.case_ids[0] in page
    assert "157 元计价" in page  # the Wuning price
    assert "92.8" in page  # the Ganzhou yield


def test_pledges_below_their_debt_are_one_line_that_names_the_cases(result: MainJobResult) -> None:
    first, second, *others = result.appraisals
    told = [
        dataclasses.replace(
            appraisal,
            cautions=(
                Caution("PLEDGE_BELOW_DEBT", Severity.WARNING, f"自第 {year} 年起", f"from year {year} on"),
            ),
        )
        for year, appraisal in ((3, first), (5, second))
    ]
    document = build_document(dataclasses.replace(result, appraisals=(*told, *others)))
    [found] = [block for block in section(document, "cases").blocks if isinstance(block, Findings)]
    lines = [finding for finding in found.findings if "质押价值低于贷款余额" in finding.message.zh]
    assert [line.subject for line in lines] == [f"{first.case_id}、{second.case_id}"]
    assert not any("自第 3 年起" in finding.message.zh for finding in found.findings)


def test_report_survives_an_empty_list_of_projects(result: MainJobResult) -> None:
    empty = PipelineReview("空", "empty", "none", None, ProjectList((), 0, Decimal(), ()))
    document = build_document(dataclasses.replace(result, pipelines=(empty,)))
    assert not [block for block in section(document, "projects").blocks if isinstance(block, Figure)]
    assert "空" in render_html(document)


def test_both_files_are_written(result: MainJobResult, tmp_path: Path) -> None:
    written = write_report(result, tmp_path / "with space" / "out")
    assert written.html.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert written.html.stat().st_size < 4_000_000
    assert len(openpyxl.load_workbook(written.xlsx).sheetnames) > len(build_document(result).sections)
    assert sorted(path.name for path in written.html.parent.iterdir()) == ["report.html", "report.xlsx"]
