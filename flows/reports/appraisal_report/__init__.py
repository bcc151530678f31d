"""The appraisal of one pledge for the credit file, as a document and as files."""

from flows.reports.appraisal_report.assembly import build_appraisal_document
from flows.reports.appraisal_report.writing import write_appraisal

__all__ = ["build_appraisal_document", "write_appraisal"]
