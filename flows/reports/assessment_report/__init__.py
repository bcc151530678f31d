"""The assessment of a place's ecosystem accounts, as a document and as files."""

from flows.reports.assessment_report.assembly import build_assessment_document, write_assessment

__all__ = ["build_assessment_document", "write_assessment"]
