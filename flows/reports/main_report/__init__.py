"""The report of the main job: one module a section, `assembly` joins them, `writing` puts the files down."""

from flows.reports.main_report.assembly import build_document
from flows.reports.main_report.writing import WrittenReport, write_report

__all__ = ["WrittenReport", "build_document", "write_report"]
