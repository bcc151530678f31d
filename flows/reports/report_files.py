"""A document on disk in all its forms: page, PDF and workbook together, or the ones before stay."""

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flows.reports.charts.drawing import draw
from flows.reports.document import Document
from flows.reports.html import render_html
from flows.reports.pdf import render_pdf
from flows.reports.whole_files import replace_together
from flows.reports.workbook import render_workbook

_NOT_IN_FILE_NAMES = re.compile(r"[^\w.-]+")
_LONGEST_PART = 60
_HASH_DIGITS = 8


def file_stem(*parts: str) -> str:
    """The name of a report's files: what it is, then what it is about, so that no other report's files are overwritten.

    A part that cannot stand in a file name as it is, or is too long for one, gets the beginning of its hash: two that
    would look alike stay apart.

    >>> file_stem("gep-assessment", "示例县", "2025")
    'gep-assessment-示例县-2025'
    """
    return "-".join(_in_file_name(part) for part in parts if part)


def _in_file_name(part: str) -> str:
    cleaned = _NOT_IN_FILE_NAMES.sub("_", part)[:_LONGEST_PART]
    if cleaned == part:
        return part
    return f"{cleaned}-{hashlib.sha256(part.encode()).hexdigest()[:_HASH_DIGITS]}"


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """Where a report is."""

    html: Path
    pdf: Path
    xlsx: Path


def write_report(document: Document, out_dir: Path, stem: str) -> ReportFiles:
    """Write <stem>.html, .pdf and .xlsx into a folder, which is made if need be; all or none.

    Raises:
        OSError: if the folder cannot be written or the disk is full.
    """
    # Page and PDF show the same pictures.
    draw_chart = cache(draw)
    contents = {
        f"{stem}.html": render_html(document, draw_chart).encode(),
        f"{stem}.pdf": render_pdf(document, draw_chart),
        f"{stem}.xlsx": render_workbook(document),
    }
    replace_together(out_dir, contents)
    return ReportFiles(*(out_dir / name for name in contents))


def write_page_and_workbook(document: Document, out_dir: Path, stem: str) -> tuple[Path, Path]:
    """Write <stem>.html and .xlsx into a folder, which is made if need be; both or none.

    Raises:
        OSError: if the folder cannot be written or the disk is full.
    """
    contents = {f"{stem}.html": render_html(document).encode(), f"{stem}.xlsx": render_workbook(document)}
    replace_together(out_dir, contents)
    page, workbook = (out_dir / name for name in contents)
    return page, workbook
