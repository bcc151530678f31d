"""A document as one HTML file that needs nothing else: style, charts and Chinese letters are inside."""

import html
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import jinja2
import markupsafe

from flows.reports.charts.drawing import draw
from flows.reports.charts.model import Chart
from flows.reports.document import Document
from flows.reports.figures import cell_text, figure_text, unit_of
from flows.reports.fonts import as_data_uri, subset_font
from flows.reports.labels import label

PAGE_FOLDER = Path(__file__).with_name("page")
_TAG = re.compile(r"<[^>]*>")
_NO_FONT = "data:,"


def render_html(document: Document, draw_chart: Callable[[Chart], bytes] = draw) -> str:
    """The page; the same document gives the same text.

    Every text of the document is escaped: names of assets come from users.

    Args:
        document: what the page says.
        draw_chart: the picture of a chart; of a caller who has it already.
    """
    charts: dict[Chart, str] = {}

    def chart_uri(chart: Chart) -> str:
        if chart not in charts:
            charts[chart] = as_data_uri(draw_chart(chart), "image/svg+xml")
        return charts[chart]

    template = _template(chart_uri)
    # The letters are known only when the page is written, so it is written twice; the charts are drawn once.
    letters = set(_visible_text(template.render(document=document, font_uri=_NO_FONT)))
    font_uri = as_data_uri(subset_font(sorted(letters)), "font/woff")
    return template.render(document=document, font_uri=font_uri)


def _template(chart_uri: object) -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(PAGE_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    # Ours and free of markup; escaping would break the quotes in it.
    style = markupsafe.Markup((PAGE_FOLDER / "report.css").read_text(encoding="utf-8"))  # noqa: S704
    environment.globals |= {
        "style": style,
        "label": label,
        "chart_uri": chart_uri,
        "cell_text": cell_text,
        "figure_text": figure_text,
        "unit_of": unit_of,
        "kind_of": lambda value: type(value).__name__,
    }
    return environment.get_template("report.html.j2")


def _visible_text(page: str) -> Iterator[str]:
    """The characters that the page can show, entities resolved."""
    return iter(html.unescape(_TAG.sub("", page[page.index("<body>") :])))
