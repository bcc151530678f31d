"""The fund report on disk: page, PDF and workbook together, or the ones before stay."""

from dataclasses import dataclass
from pathlib import Path

from flows.fund_review.fund_review import FundReview
from flows.reports.fund_report.assembly import build_fund_document
from flows.reports.html import render_html
from flows.reports.pdf import render_pdf
from flows.reports.whole_files import replace_together
from flows.reports.workbook import render_workbook

STEM = "fund"


@dataclass(frozen=True, slots=True)
class WrittenFundReport:
    """Where the report is."""

    html: Path
    pdf: Path
    xlsx: Path


def write_fund_report(review: FundReview, out_dir: Path) -> WrittenFundReport:
    """Write fund.html, .pdf and .xlsx into a folder, which is made if need be.

    Raises:
        OSError: if the folder cannot be written or the disk is full.
    """
    document = build_fund_document(review)
    files = {
        f"{STEM}.html": render_html(document).encode(),
        f"{STEM}.pdf": render_pdf(document),
        f"{STEM}.xlsx": render_workbook(document),
    }
    replace_together(out_dir, files)
    return WrittenFundReport(*(out_dir / name for name in files))
