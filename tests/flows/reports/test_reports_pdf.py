"""The PDF of a document: its letters can be read back, the same bytes again, no markup from texts."""

import io
from typing import Any

import pypdf
import pytest

from flows.reports.document import Document
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
