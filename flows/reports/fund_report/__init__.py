"""The report to a fund's partners: page, PDF and workbook."""

from flows.reports.fund_report.assembly import build_fund_document
from flows.reports.fund_report.writing import write_fund_report

__all__ = ["build_fund_document", "write_fund_report"]
