"""A document on disk in all its forms: page, PDF and workbook together, or the ones before stay."""

from dataclasses import dataclass
from pathlib import Path

from flows.reports.document import Document
from flows.reports.html import render_html
from flows.reports.pdf import render_pdf
from flows.reports.whole_files import replace_together
from flows.reports.workbook import render_workbook


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
    contents = {
        f"{stem}.html": render_html(document).encode(),
        f"{stem}.pdf": render_pdf(document),
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
