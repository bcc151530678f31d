"""The page: the same every time, closed to the network, safe against names, readable without Chinese fonts."""

import base64
import io
import re
from html.parser import HTMLParser

import pytest
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # the package carries no types

from flows.reports.charts.drawing import DRAWERS
from flows.reports.document import Document
from flows.reports.html import render_html
from services.runtime.results import Severity


class Page(HTMLParser):
    """What a browser finds: tags, addresses, visible text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self.visible: list[str] = []
        self._inside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [
            value or "" for name, value in attrs if name in {"src", "href", "srcset", "action"}
        ]
        self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            self._inside = self._inside[: len(self._inside) - self._inside[::-1].index(tag) - 1]

    def handle_data(self, data: str) -> None:
        if not {"style", "script", "title"} & set(self._inside):
            self.visible.append(data)


@pytest.fixture(scope="module")
def page_text(document: Document) -> str:
    return render_html(document)


def test_same_document_gives_same_page(document: Document, page_text: str) -> None:
    assert render_html(document) == page_text


def test_page_asks_for_nothing_outside_itself(page_text: str) -> None:
    page = Page(page_text)
    assert page.addresses
    assert [a for a in page.addresses if not a.startswith(("data:image/svg+xml;base64,", "#"))] == []
    style_addresses = re.findall(r"url\(\s*[\"']?([^\"')]*)", page_text)
    assert [a for a in style_addresses if not a.startswith("data:font/woff;base64,")] == []
    assert "@import" not in page_text
    assert not {"script", "link", "iframe"} & set(page.tags)


def test_every_link_of_the_contents_leads_somewhere(page_text: str) -> None:
    targets = [a[1:] for a in Page(page_text).addresses if a.startswith("#")]
    assert targets
    assert [t for t in targets if f'id="{t}"' not in page_text] == []


def test_name_of_an_asset_is_text_never_markup(harmful_document: Document) -> None:
    text = render_html(harmful_document)
    assert "<script" not in text
    assert '=HYPERLINK("http://a.example")<script>alert(1)</script>' in "".join(Page(text).visible)


def test_embedded_font_has_every_visible_character(page_text: str) -> None:
    found = re.search(r'url\("data:font/woff;base64,([^"]+)"\)', page_text)
    assert found is not None
    content = base64.b64decode(found.group(1))
    assert len(content) < 1_500_000
    letters = TTFont(io.BytesIO(content)).getBestCmap()
    visible = {c for c in "".join(Page(page_text).visible) if c.isprintable()}
    assert any("一" <= c <= "鿿" for c in visible)
    assert sorted(c for c in visible if ord(c) not in letters) == []


def test_charts_are_pictures_without_fonts(page_text: str) -> None:
    charts = [
        base64.b64decode(a.partition(",")[2]) for a in Page(page_text).addresses if a.startswith("data:image")
    ]
    assert len(charts) == len(DRAWERS)  # one of each kind in the document
    for chart in charts:
        assert b"<svg" in chart
        assert b"<text" not in chart  # letters are outlines


def test_assumption_is_written_beside_its_figure(page_text: str) -> None:
    cell = re.search(r'<td class="wan assumption".*?</td>', page_text, re.DOTALL)
    assert cell is not None
    assert "500.00" in cell.group()
    assert "假设" in cell.group()
    assert "assumption</span>" in cell.group()
    assert "年限未公布，假设 10 年" in cell.group()


def test_findings_stand_heaviest_first(page_text: str) -> None:
    assert page_text.index(f'<li class="{Severity.IMPLAUSIBLE}">') < page_text.index(
        f'<li class="{Severity.NOTE}">'
    )
