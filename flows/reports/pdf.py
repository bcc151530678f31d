"""A document as a PDF for the credit file (PDF/A-2u): set by Typst, with its letters inside, from no network."""

import datetime as dt
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import typst

from flows.reports.bilingual import Bilingual
from flows.reports.charts.drawing import draw
from flows.reports.charts.model import Chart
from flows.reports.document import (
    NUMERIC_KINDS,
    Block,
    Cell,
    Column,
    Document,
    Figure,
    Findings,
    KeyFigures,
    Paragraph,
    Table,
)
from flows.reports.figures import cell_text, figure_text, unit_of
from flows.reports.fonts import chinese_font_path
from flows.reports.labels import label

TEMPLATE = Path(__file__).with_name("page") / "report.typ"
FONT_FAMILY = "Noto Sans CJK SC"


def render_pdf(document: Document, draw_chart: Callable[[Chart], bytes] = draw) -> bytes:
    """The pages; the same document gives the same bytes.

    Texts of the document reach Typst as data and never as markup: names of assets come from users.

    Args:
        document: what the pages say.
        draw_chart: the picture of a chart; of a caller who has it already.
    """
    with tempfile.TemporaryDirectory(prefix="ecopledge-pdf-") as name:
        folder = Path(name)
        shutil.copy(TEMPLATE, folder / "report.typ")
        font = folder / "fonts" / chinese_font_path().name
        font.parent.mkdir()
        # A folder with this face alone, so that no other one of the package can take its place.
        font.symlink_to(chinese_font_path())
        (folder / "document.json").write_bytes(msgspec.json.encode(_printed(document, folder, draw_chart)))
        compiler = typst.Compiler(
            folder / "report.typ",
            root=folder,
            font_paths=typst.Fonts(include_system_fonts=False, font_paths=[font.parent]),
            ignore_system_fonts=True,
        )
        midnight = dt.datetime.combine(document.as_of, dt.time(), dt.UTC)
        pages = compiler.compile(format="pdf", pdf_standards="a-2u", timestamp=midnight)
    if not isinstance(pages, bytes):
        raise TypeError(f"typst: found {type(pages).__name__}, expected the bytes of one PDF")
    return pages


def _printed(document: Document, folder: Path, draw_chart: Callable[[Chart], bytes]) -> dict[str, Any]:
    """What the template reads, charts drawn into the folder."""
    charts = iter(range(1, 10_000))

    def printed_block(block: Block) -> dict[str, Any]:
        if isinstance(block, Figure):
            file = f"chart-{next(charts)}.svg"
            (folder / file).write_bytes(draw_chart(block.chart))
            return {"kind": "figure", "title": block.title, "caption": block.caption, "file": file}
        return _printed_words(block)

    as_of = {"name": label("cover.as_of"), "value": document.as_of.isoformat()}
    return {
        "fonts": [FONT_FAMILY],
        "title": document.title,
        "subtitle": document.subtitle,
        "as_of": document.as_of.isoformat(),
        "facts": [as_of, *({"name": fact.name, "value": fact.value} for fact in document.facts)],
        "sources": document.sources,
        "notice": document.notice,
        "sections": [
            {"title": section.title, "blocks": [printed_block(block) for block in section.blocks]}
            for section in document.sections
        ],
        "words": {
            "assumption": label("mark.assumption").zh,
            "flagged": label("mark.flagged").zh,
            "legend_assumption": label("cover.legend_assumption"),
            "legend_flagged": label("cover.legend_flagged"),
            "sources": label("cover.sources"),
        },
    }


def _printed_words(block: Paragraph | Table | KeyFigures | Findings) -> dict[str, Any]:
    match block:
        case Paragraph():
            return {"kind": "paragraph", "text": block.text}
        case KeyFigures():
            figures = [replace(figure, value=figure_text(figure.value)) for figure in block.figures]
            return {"kind": "key_figures", "figures": figures}
        case Findings():
            findings = [
                {
                    "severity": finding.severity,
                    "severity_name": label(f"severity.{finding.severity}"),
                    "subject": finding.subject,
                    "message": finding.message,
                }
                for finding in block.by_weight()
            ]
            return {"kind": "findings", "title": block.title, "findings": findings}
        case Table():
            return _printed_table(block)


def _printed_table(table: Table) -> dict[str, Any]:
    """A table whose notes stand below it, each once: in the cells they would widen the columns."""
    notes = list(
        dict.fromkeys(
            cell.note for row in table.rows_on_page() for cell in row.cells if cell.note is not None
        )
    )

    def printed_cell(column: Column, cell: Cell) -> dict[str, Any]:
        words = cell.value if isinstance(cell.value, Bilingual) else Bilingual(cell_text(column, cell))
        note = 0 if cell.note is None else notes.index(cell.note) + 1
        return {"zh": words.zh, "en": words.en, "mark": cell.mark, "note": note}

    return {
        "kind": "table",
        "title": table.title,
        "caption": table.caption,
        "notes": notes,
        "left_out": label("cover.left_out", rows=f"{table.n_left_out:,}") if table.n_left_out else None,
        "columns": [
            {
                "heading": column.heading,
                "unit": unit_of(column),
                "is_figure": column.kind in NUMERIC_KINDS,
                "is_long": column.is_long_text,
            }
            for column in table.columns
        ],
        "rows": [
            {
                "is_total": row.is_total,
                "cells": [printed_cell(*pair) for pair in zip(table.columns, row.cells, strict=True)],
            }
            for row in table.rows_on_page()
        ],
    }
