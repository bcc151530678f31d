"""The report on a book: its figures are the service's, its files open, a synthetic book says so on every page."""

import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pypdf
import pytest

from cli.loan_quality import market
from flows.portfolio.book_review import BookReview
from flows.portfolio.review_book import review_book
from flows.reports.document import Document, Figure, Table
from flows.reports.portfolio_report import build_portfolio_document, write_review
from flows.reports.portfolio_report.record import command_of
from flows.reports.report_files import ReportFiles
from services.loans.book_terms.given import GivenTerms
from tests.flows.portfolio.conftest import EMPTY, FUND, FUNDED, SINGLE, Clients, request_for


@pytest.fixture(scope="module")
def written(synthetic_review: BookReview, tmp_path_factory: pytest.TempPathFactory) -> ReportFiles:
    return write_review(synthetic_review, tmp_path_factory.mktemp("report"))


def tables(document: Document, section: str) -> Mapping[str, Table]:
    (found,) = [one for one in document.sections if one.key == section]
    return {table.title.zh: table for table in found.tables()}


def column(table: Table, position: int) -> list[float]:
    """Figures of a column without its total."""
    return [float(row.cells[position].value) for row in table.rows if not row.is_total]  # type: ignore[arg-type]


def total(table: Table, position: int) -> Any:
    (row,) = [row for row in table.rows if row.is_total]
    return row.cells[position].value


def test_groups_add_up_to_the_book(synthetic_review: BookReview) -> None:
    assert synthetic_review.figures is not None
    book = synthetic_review.figures.credit_loss.total
    found = tables(build_portfolio_document(synthetic_review), "glance")
    assert list(found) == ["按产品", "按县区", "按行业", "按担保方式"]
    for table in found.values():
        assert math.fsum(column(table, 3)) == pytest.approx(book.exposure_cny, rel=1e-12)
        assert sum(column(table, 1)) == total(table, 1) == book.n_loans
        assert math.fsum(column(table, 4)) == pytest.approx(1.0, rel=1e-12)


def test_contributions_add_up_to_the_expected_shortfall(synthetic_review: BookReview) -> None:
    assert synthetic_review.figures is not None
    loss = synthetic_review.figures.loss
    shortfall = next(tail.expected_shortfall_cny for tail in loss.tail if tail.confidence == 0.99)
    found = tables(build_portfolio_document(synthetic_review), "contributions")
    for title, position in (("贡献最大的借款人", 4), ("贡献最大的贷款", 6), ("按产品", 4), ("按县区", 4)):
        assert math.fsum(column(found[title], position)) == pytest.approx(shortfall, rel=1e-9)


def test_tables_show_what_the_service_says(synthetic_review: BookReview) -> None:
    figures = synthetic_review.figures
    assert figures is not None
    assert figures.quality is not None
    document = build_portfolio_document(synthetic_review)
    tail = tables(document, "losses")["尾部损失"]
    assert column(tail, 1) == [found.value_at_risk_cny for found in figures.loss.tail]
    assert column(tail, 5) == [found.expected_shortfall_error_cny for found in figures.loss.tail]
    sides = tables(document, "wrong_way")["联动与独立并列"]
    assert column(sides, 1) == [
        figures.wrong_way.together.expected_loss_cny,
        figures.wrong_way.apart.expected_loss_cny,
    ]
    assert total(sides, 1) == figures.wrong_way.expected_loss_difference_cny
    worlds = tables(document, "stress")["各情景并列"]
    assert sorted(column(worlds, 1)) == sorted(world.expected_loss_cny for world in figures.stress.worlds)
    stages = tables(document, "credit_loss")["按阶段"]
    assert total(stages, 3) == figures.credit_loss.total.allowance_cny
    assert column(tables(document, "classes")["五级分类"], 2) == [
        float(found.balance_cny) for found in figures.quality.totals
    ]
    assert column(tables(document, "capital")["三种口径"], 1)[0] == figures.capital.totals.weighted_cny
    levels = tables(document, "monitoring")["按线位"]
    assert total(levels, 2) == pytest.approx(
        sum(loan.balance_cny for loan in figures.pledges.loans), rel=1e-12
    )
    due = tables(document, "calls")["应重新估值的押品"]
    assert len(due.rows) == len(figures.pledges.revaluations)


def test_every_caution_and_every_note_is_told(synthetic_review: BookReview) -> None:
    assert synthetic_review.figures is not None
    document = build_portfolio_document(synthetic_review)
    (warnings,) = [one for one in document.sections if one.key == "warnings"]
    said = repr(warnings)
    for _, caution in synthetic_review.figures.cautions():
        assert caution.message_zh in said
    for note in synthetic_review.figures.capital.rule.notes:
        assert note.parameter in said


def test_a_synthetic_book_says_so_on_every_page(written: ReportFiles) -> None:
    pages = pypdf.PdfReader(written.pdf).pages
    assert all("合成数据：12 / 12" in page.extract_text() for page in pages)
    assert '<p class="notice" role="note">合成数据：12 / 12' in written.html.read_text(encoding="utf-8")
    book = openpyxl.load_workbook(written.xlsx)
    assert all("合成数据：12 / 12" in str(sheet.cell(1, 1).value) for sheet in book)


def test_the_workbook_holds_the_main_figures_as_numbers(
    synthetic_review: BookReview, written: ReportFiles
) -> None:
    sheet = openpyxl.load_workbook(written.xlsx).worksheets[1]
    balance = next(row[1] for row in sheet.iter_rows() if str(row[0].value).startswith("贷款余额"))
    assert synthetic_review.figures is not None
    exposure = synthetic_review.figures.credit_loss.total.exposure_cny
    unit, name = (1e8, "亿元") if exposure >= 1e8 else (1e4, "万元")
    assert balance.value == pytest.approx(exposure / unit, rel=1e-12)
    assert balance.number_format == f'#,##0.00" {name}"'


def test_files_say_the_same_with_their_letters_inside(
    synthetic_review: BookReview, written: ReportFiles
) -> None:
    assert synthetic_review.figures is not None
    reader: Any = pypdf.PdfReader(io.BytesIO(written.pdf.read_bytes()))
    said = "".join(page.extract_text() for page in reader.pages)
    shown = f"{synthetic_review.figures.loss.tail[-1].value_at_risk_cny / 10_000:,.2f}"
    page = written.html.read_text(encoding="utf-8")
    assert shown in said
    assert shown in page
    assert synthetic_review.replay_id() in said.replace("\n", "")
    assert "https://" not in page
    fonts = [font.get_object() for font in reader.pages[0]["/Resources"]["/Font"].values()]
    described = [font["/DescendantFonts"][0].get_object()["/FontDescriptor"] for font in fonts]
    assert described
    assert all("/FontFile3" in one for one in described)


def test_a_book_without_collateral_has_sensible_pages(bare_review: BookReview, tmp_path: Path) -> None:
    document = build_portfolio_document(bare_review)
    assert document.notice is None
    said = repr(document)
    for words in (
        "没有带押品的贷款",
        "没有任何贷款报送过头寸",
        "没有贷款触及补仓线",
        "没有与借款人同向变动的押品",
    ):
        assert words in said
    assert write_review(bare_review, tmp_path).pdf.read_bytes().startswith(b"%PDF-")


def test_an_empty_book_is_one_page(clients: Clients, tmp_path: Path) -> None:
    review = review_book(clients(EMPTY), request_for(EMPTY), market(None))
    document = build_portfolio_document(review)
    assert [section.key for section in document.sections] == ["summary", "replay"]
    pages = pypdf.PdfReader(write_review(review, tmp_path).pdf).pages
    assert len(pages) == 1
    assert "贷款簿中没有贷款" in pages[0].extract_text()


def test_one_loan_has_every_chapter(clients: Clients, synthetic_review: BookReview) -> None:
    review = review_book(clients(SINGLE), request_for(SINGLE), market(None))
    document = build_portfolio_document(review)
    assert [one.key for one in document.sections] == [
        one.key for one in build_portfolio_document(synthetic_review).sections
    ]
    assert any(isinstance(block, Figure) for section in document.sections for block in section.blocks)


def test_the_command_repeats_the_question(synthetic_review: BookReview) -> None:
    said = command_of(synthetic_review)
    for words in ("--quarters 4", "--paths 512", "--as-of 2026-08-21", synthetic_review.replay_id()):
        assert words in said


def test_funds_have_tables_and_the_command_names_what_was_given(clients: Clients) -> None:
    review = review_book(clients(FUNDED), request_for(FUNDED), market(None))
    assert review.figures is not None
    document = build_portfolio_document(review)
    [on_paths] = review.figures.loss.named_funds
    [row] = tables(document, "losses")["风险补偿资金池"].rows
    assert [cell.value for cell in row.cells] == [
        "资金池", 1, 20_000.0, on_paths.payment_mean_cny, on_paths.exhausted_probability, "agreement",
    ]  # fmt: skip
    [counted] = review.figures.credit_loss.funds
    [row] = tables(document, "credit_loss")["风险补偿资金池与拨备"].rows
    assert [cell.value for cell in row.cells][3:] == [
        counted.claims_cny, counted.payment_cny, counted.counted_cny,
    ]  # fmt: skip
    assert "--funds" not in command_of(review)
    given = request_for(FUNDED, terms=GivenTerms(compensation_funds=(FUND,), without_book_terms=True))
    command = command_of(review_book(clients(EMPTY), given, market(None)))
    assert "--funds FILE --without-book-terms --expect" in command
