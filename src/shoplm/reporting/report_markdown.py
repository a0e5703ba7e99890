"""The report as Markdown."""

from __future__ import annotations

from collections.abc import Mapping

from shoplm.reporting.markdown_page import render_markdown
from shoplm.reporting.paper_table_settings import PaperTable, ReportSettings
from shoplm.reporting.report import TITLE, report_parts
from shoplm.reporting.report_data import ReportData


def render_report_markdown(
    data: ReportData, tables: Mapping[str, PaperTable], settings: ReportSettings
) -> str:
    """What `shoplm.reporting.report.render_report` shows, without figures."""
    return render_markdown(TITLE, *report_parts(data, {}, tables, settings))
