"""A notice stands on every page of the PDF, at the head of the page and of every sheet; without one there is none."""

import dataclasses
import io

import openpyxl
import pypdf

from flows.reports.bilingual import Bilingual
from flows.reports.document import Document
from flows.reports.html import render_html
from flows.reports.pdf import render_pdf
from flows.reports.workbook import render_workbook

NOTICE = Bilingual("合成数据 & 仅供演示", "synthetic, for demonstration")


def test_every_page_and_sheet_says_it(document: Document) -> None:
    noted = dataclasses.replace(document, notice=NOTICE)
    pages = pypdf.PdfReader(io.BytesIO(render_pdf(noted))).pages
    assert len(pages) > 1
    assert all(NOTICE.zh in page.extract_text() for page in pages)
    assert f'<p class="notice" role="note">{NOTICE.zh.replace("&", "&amp;")}' in render_html(noted)
    book = openpyxl.load_workbook(io.BytesIO(render_workbook(noted)))
    assert all(NOTICE.zh in str(sheet.cell(1, 1).value) for sheet in book)


def test_without_one_nothing_is_said(document: Document) -> None:
    assert NOTICE.zh not in "".join(
        page.extract_text() for page in pypdf.PdfReader(io.BytesIO(render_pdf(document))).pages
    )
    assert '<p class="notice"' not in render_html(document)
