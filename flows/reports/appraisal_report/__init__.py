"""The appraisal of one pledge for the credit file, as a document and as files."""

from flows.reports.appraisal_report.assembly import build_appraisal_document
from flows.reports.appraisal_report.writing import WrittenAppraisal, write_appraisal

__all__ = ["WrittenAppraisal", "build_appraisal_document", "write_appraisal"]
