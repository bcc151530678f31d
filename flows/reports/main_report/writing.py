"""The report on disk: either both whole files are there or the ones before stay."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from flows.main_job_result import MainJobResult
from flows.reports.html import render_html
from flows.reports.main_report.assembly import build_document
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
    out_dir.mkdir(parents=True, exist_ok=True)
    replace_together(out_dir, contents)
    return WrittenReport(out_dir / HTML_NAME, out_dir / XLSX_NAME)


def replace_together(folder: Path, contents: dict[str, bytes]) -> None:
    """Write files under temporary names, then rename them one after the other."""
    waiting: dict[Path, Path] = {}
    try:
        for name, content in contents.items():
            waiting[_written_aside(folder, content)] = folder / name
        for temporary, final in waiting.items():
            temporary.replace(final)
    finally:
        for temporary in waiting:
            temporary.unlink(missing_ok=True)


def _written_aside(folder: Path, content: bytes) -> Path:
    """Write content to a temporary file of the folder; a failure leaves nothing behind."""
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=".report-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files that only their owner may read; a report is as readable as any other file.
        Path(name).chmod(0o644)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)
