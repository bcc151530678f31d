"""The fund report on disk."""

from pathlib import Path

from flows.fund_review.fund_review import FundReview
from flows.reports.fund_report.assembly import build_fund_document
from flows.reports.report_files import ReportFiles, file_stem, write_report


def write_fund_report(review: FundReview, out_dir: Path) -> ReportFiles:
    """Write fund-report-<question>.html, .pdf and .xlsx into a folder, which is made if need be; all or none.

    Raises:
        OSError: if the folder cannot be written or the disk is full.
    """
    stem = file_stem("fund-report", Path(review.question).stem)
    return write_report(build_fund_document(review), out_dir, stem)
