"""The appraisal on disk."""

import re
from pathlib import Path

from flows.appraisal.pledge_appraisal import PledgeAppraisal
from flows.reports.appraisal_report.assembly import build_appraisal_document
from flows.reports.report_files import ReportFiles, write_report

_NOT_IN_FILE_NAMES = re.compile(r"[^\w.-]+")
_LONGEST_NAME = 60


def write_appraisal(appraisal: PledgeAppraisal, out_dir: Path) -> ReportFiles:
    """Write appraisal-<asset>.html, .pdf and .xlsx into a folder, which is made if need be; all or none.

    Raises:
        OSError: if the folder cannot be written or the disk is full.
    """
    name = _NOT_IN_FILE_NAMES.sub("_", appraisal.asset.asset_id)[:_LONGEST_NAME]
    return write_report(build_appraisal_document(appraisal), out_dir, f"appraisal-{name}")
