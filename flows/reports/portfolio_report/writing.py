"""The review on disk: page, PDF and workbook together, or the ones before stay."""

from dataclasses import dataclass
from pathlib import Path

from flows.portfolio.book_review import BookReview
from flows.reports.html import render_html
from flows.reports.pdf import render_pdf
from flows.reports.portfolio_report.assembly import build_portfolio_document
from flows.reports.whole_files import replace_together
from flows.reports.workbook import render_workbook


@dataclass(frozen=True, slots=True)
class WrittenReview:
    """Where the report is."""

    html: Path
    pdf: Path
    xlsx: Path


def write_review(review: BookReview, out_dir: Path) -> WrittenReview:
    """Write portfolio-<day>.html, .pdf and .xlsx into a folder, which is made if need be.

    Raises:
        OSError: if the folder cannot be written or the disk is full.
    """
    document = build_portfolio_document(review)
    stem = f"portfolio-{review.request.as_of}"
    files = {
        f"{stem}.html": render_html(document).encode(),
        f"{stem}.pdf": render_pdf(document),
        f"{stem}.xlsx": render_workbook(document),
    }
    replace_together(out_dir, files)
    return WrittenReview(*(out_dir / name for name in files))
