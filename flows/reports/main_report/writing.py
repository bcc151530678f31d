"""The report on disk: either both whole files are there or the ones before stay."""

from dataclasses import dataclass
from pathlib import Path

from flows.main_job_result import MainJobResult
from flows.reports.html import render_html
from flows.reports.main_report.assembly import build_document
from flows.reports.whole_files import replace_together
from flows.reports.workbook import render_workbook

HTML_NAME, XLSX_NAME = "report.html", "report.xlsx"


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """Where the report is."""

    html: Path
    xlsx: Path


def write_report(result: MainJobResult, out_dir: Path) -> WrittenReport:
    """Write report.html and report.xlsx into a folder, which is made if need be.

    Both are rendered and fully on disk under other names before either takes its place, so a full disk or a
    kill leaves no half file.

    Raises:
        OSError: if the folder cannot be written or the disk is full.
    """
    document = build_document(result)
    contents = {HTML_NAME: render_html(document).encode(), XLSX_NAME: render_workbook(document)}
    replace_together(out_dir, contents)
    return WrittenReport(out_dir / HTML_NAME, out_dir / XLSX_NAME)
