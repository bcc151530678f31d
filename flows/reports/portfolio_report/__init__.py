"""The review of a loan book for the risk committee, as a document and as files."""

from flows.reports.portfolio_report.assembly import build_portfolio_document
from flows.reports.portfolio_report.writing import write_review

__all__ = ["build_portfolio_document", "write_review"]
