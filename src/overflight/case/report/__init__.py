"""The report: what was found, as one self-contained page that one can read and check."""

from overflight.case.report.content import ReportContent
from overflight.case.report.page import write_map, write_report

__all__ = ["ReportContent", "write_map", "write_report"]
