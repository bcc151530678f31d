"""The appraisal on disk: page, PDF and workbook together, or the ones before stay."""

import re
from dataclasses import dataclass
from pathlib import Path

from flows.appraisal.pledge_appraisal import PledgeAppraisal
from flows.reports.appraisal_report.assembly import build_appraisal_document
from flows.reports.html import render_html
from flows.reports.pdf import render_pdf
from flows.reports.whole_files import replace_together
from flows.reports.workbook import render_workbook

_NOT_IN_FILE_NAMES = re.compile(r"[^\w.-]+")
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class WrittenAppraisal:
    """Where the appraisal is."""

    html: Path
    pdf: Path
    xlsx: Path


def write_appraisal(appraisal: PledgeAppraisal, out_dir: Path) -> WrittenAppraisal:
    """Write appraisal-<asset>.html, .pdf and .xlsx into a folder, which is made if need be.

    Raises:
        OSError: if the folder cannot be written or the disk is full.
    """
    document = build_appraisal_document(appraisal)
    stem = f"appraisal-{_NOT_IN_FILE_NAMES.sub('_', appraisal.asset.asset_id)[:_LONGEST_NAME]}"
    files = {
        f"{stem}.html": render_html(document).encode(),
        f"{stem}.pdf": render_pdf(document),
        f"{stem}.xlsx": render_workbook(document),
    }
    replace_together(out_dir, files)
    return WrittenAppraisal(*(out_dir / name for name in files))
