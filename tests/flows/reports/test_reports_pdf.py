"""The PDF of a document: its letters can be read back, the same bytes again, no markup from texts."""

import dataclasses
import io
from typing import Any

import pypdf
import pytest

from flows.reports.bilingual import Bilingual
from flows.reports.document import Block, Cell, Column, Document, Paragraph, Row, Section, Table
from flows.reports.pdf import render_pdf


def text_of(pdf: bytes) -> str:
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


@pytest.fixture(scope="module")
def pdf(document: Document) -> bytes:
    return render_pdf(document)


def test_same_document_gives_same_bytes(document: Document, pdf: bytes) -> None:
    assert pdf.startswith(b"%PDF-")
    assert render_pdf(document) == pdf


def test_chinese_and_figures_can_be_read_back(pdf: bytes) -> None:
    text = text_of(pdf)
    for words in ("生态资产质押报告", "黑河灌区水权", "2,040.00", "假设", "年限未公布"):
        assert words in text


def test_its_font_is_inside(pdf: bytes) -> None:
    page: Any = pypdf.PdfReader(io.BytesIO(pdf)).pages[0]
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
    assert fonts
    for font in fonts:
        described = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert "NotoSansCJK" in described["/FontName"]
        assert "/FontFile3" in described


def test_text_that_tries_to_do_harm_stays_text(harmful_document: Document) -> None:
    text = text_of(render_pdf(harmful_document)).replace("\n", "")
    assert "HYPERLINK" in text
    assert "script" in text


@pytest.mark.parametrize("n_lines", range(16, 40, 3))
def test_a_table_begins_with_its_title_and_a_short_one_is_not_torn(document: Document, n_lines: int) -> None:
    lines = tuple(Paragraph(Bilingual(f"第 {line} 行")) for line in range(n_lines))
    tables = tuple(
        Table(
            Bilingual(f"表 {name}"),
            (Column(Bilingual("名称")),),
            tuple(Row((Cell(f"{name}{row:02d}"),)) for row in range(n_rows)),
        )
        for name, n_rows in (("SHORT", 8), ("LONG", 60))
    )
    # The long table stands first in one document and the short one in the other, at the same height of the page.
    for short_first in (True, False):
        blocks: tuple[Block, ...] = (*lines, *(tables if short_first else tables[::-1]))
        section = Section("one", Bilingual("一"), "一", blocks)
        pdf = render_pdf(dataclasses.replace(document, sections=(section,)))
        pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]
        [with_short] = [page for page in pages if "SHORT" in page]
        assert "表 SHORT" in with_short
        assert with_short.count("SHORT") == 1 + 8
        [with_title] = [page for page in pages if "表 LONG" in page]
        assert with_title.count("LONG") >= 1 + 3


def pages_of_table(document: Document, texts: tuple[Bilingual, ...]) -> list[str]:
    """Texts of the pages of a table of two columns: a number and a text that runs over lines."""
    columns = (Column(Bilingual("编号")), Column(Bilingual("依据"), is_long_text=True))
    rows = tuple(Row((Cell(f"N{i}"), Cell(text))) for i, text in enumerate(texts))
    section = Section("rows", Bilingual("表"), "表", (Table(Bilingual("依据"), columns, rows),))
    reader = pypdf.PdfReader(io.BytesIO(render_pdf(dataclasses.replace(document, sections=(section,)))))
    return [page.extract_text() for page in reader.pages]


@pytest.mark.parametrize("n_rows", [6, 30])
def test_a_row_is_not_torn_by_the_end_of_a_page(document: Document, n_rows: int) -> None:
    # About ten lines each, so that some row would lie across the end of a page.
    texts = tuple(
        Bilingual(f"begin{i:02d} " + "据" * 280, f"of {i:02d} " + "so " * 90 + f"end{i:02d}")
        for i in range(n_rows)
    )
    pages = pages_of_table(document, texts)
    assert len(pages) > 1
    for i in range(n_rows):
        [begins] = [number for number, page in enumerate(pages) if f"begin{i:02d}" in page]
        assert f"end{i:02d}" in pages[begins]


def test_a_row_taller_than_a_page_is_torn_and_whole(document: Document) -> None:
    pages = pages_of_table(document, (Bilingual("始" + "据" * 4000 + "终"),))
    assert len(pages) > 1
    assert "".join(pages).replace("\n", "").count("据") >= 4000
    assert "终" in "".join(pages)
