"""The review on disk."""

from pathlib import Path

from flows.portfolio.book_review import BookReview
from flows.reports.portfolio_report.assembly import build_portfolio_document
from flows.reports.report_files import ReportFiles, write_report


def write_review(review: BookReview, out_dir: Path) -> ReportFiles:
    """Write portfolio-<day>.html, .pdf and .xlsx into a folder, which is made if need be; all or none.

    Raises:
        OSError: if the folder cannot be written or the disk is full.
    """
    return write_report(build_portfolio_document(review), out_dir, f"portfolio-{review.request.as_of}")
