"""The report on disk: either both whole files are there or the ones before stay."""

from dataclasses import dataclass
from pathlib import Path

from flows.main_job_result import MainJobResult
from flows.reports.main_report.assembly import build_document
from flows.reports.report_files import write_page_and_workbook


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
    return WrittenReport(*write_page_and_workbook(build_document(result), out_dir, "report"))
