"""The report: what was trained on what, and what it bought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from plotly.graph_objects import Figure

from shoplm.reporting.paper_table_settings import PaperTable, ReportSettings

TITLE = "What it bought"


@dataclass(frozen=True)
class ReportData:
    """What the report is made of; all but the results may be absent."""

    results: pd.DataFrame
    """`benchmark_results`."""
    paper_tables: pd.DataFrame
    """`fill_tables` of them."""
    comparison: pd.DataFrame | None = None
    """`benchmark_comparison`."""
    curve: pd.DataFrame | None = None
    """`checkpoint_curve`."""
    predictions: pd.DataFrame | None = None
    """`benchmark_predictions`."""
    unparsed: pd.DataFrame | None = None
    """`unparsed_answers`."""
    sources: pd.DataFrame | None = None
    """`benchmark_sources`."""
    rejected: pd.DataFrame | None = None
    """`rejected_benchmark_rows`."""
    costs: pd.DataFrame | None = None
    """`evaluation_costs`."""
    corpus_statistics: pd.DataFrame | None = None
    mixing_report: Mapping[str, Any] | None = None
    pretrain_metrics: pd.DataFrame | None = None
    instruction_statistics: pd.DataFrame | None = None
    sft_variants: pd.DataFrame | None = None
    sft_metrics: pd.DataFrame | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    """`list_versions`."""


def render_report(
    data: ReportData,
    figures: Mapping[str, Figure],
    tables: Mapping[str, PaperTable],
    settings: ReportSettings,
) -> str:
    """The HTML page; it needs no network.

    Args:
        data: what was measured and trained.
        figures: `benchmarks`, `curve` and `ladder`, each of which may be absent.
        tables: the settings that `data.paper_tables` was filled by.
        settings: what to show beside.
    """
    raise NotImplementedError


def render_report_markdown(
    data: ReportData, tables: Mapping[str, PaperTable], settings: ReportSettings
) -> str:
    """The same as Markdown, without figures."""
    raise NotImplementedError
