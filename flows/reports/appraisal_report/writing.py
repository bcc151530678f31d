"""The appraisal on disk."""

from pathlib import Path

from flows.appraisal.pledge_appraisal import PledgeAppraisal
from flows.reports.appraisal_report.assembly import build_appraisal_document
from flows.reports.report_files import ReportFiles, file_stem, write_report


def write_appraisal(appraisal: PledgeAppraisal, out_dir: Path) -> ReportFiles:
    """Write appraisal-<asset>.html, .pdf and .xlsx into a folder, which is made if need be; all or none.

    Raises:
        OSError: if the folder cannot be written or the disk is full.
    """
    stem = file_stem("appraisal", appraisal.asset.asset_id)
    return write_report(build_appraisal_document(appraisal), out_dir, stem)
