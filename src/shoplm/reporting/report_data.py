"""What the report is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from plotly.graph_objects import Figure

from shoplm.metrics.settings import BootstrapSettings
from shoplm.reporting.benchmark_cells import BASELINES


@dataclass(frozen=True)
class ReportData:
    """Tables of the pipelines; all but the first two may be absent."""

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
    problems: pd.DataFrame | None = None
    """`benchmark_problems`."""
    costs: pd.DataFrame | None = None
    """`evaluation_costs`."""
    corpus_statistics: pd.DataFrame | None = None
    """Of data_mixing."""
    mixing_report: Mapping[str, Any] | None = None
    """Of data_mixing."""
    pretrain_metrics: pd.DataFrame | None = None
    """Of continual_pretrain."""
    instruction_statistics: pd.DataFrame | None = None
    """Of synthetic_tasks."""
    sft_variants: pd.DataFrame | None = None
    """Of sft."""
    sft_metrics: pd.DataFrame | None = None
    """Of sft."""
    sequential_results: pd.DataFrame | None = None
    """Of recsys."""
    funnel_results: pd.DataFrame | None = None
    """Of recsys."""
    funnel_figures: Mapping[str, Figure] = field(default_factory=dict)
    """Of recsys, by name."""
    bootstrap: BootstrapSettings = field(default_factory=BootstrapSettings)
    """Of intervals and tests."""
    example_seed: int = 0
    """Of the draw of measured examples and of shots."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """`list_versions`."""

    def tuned_variants(self) -> list[str]:
        """Variants of sft, in their order."""
        return [] if self.sft_variants is None else self.sft_variants["variant"].tolist()

    def pretrained_variants(self) -> list[str]:
        """Variants of continual_pretrain, in their order."""
        if self.pretrain_metrics is None:
            return []
        return list(dict.fromkeys(self.pretrain_metrics["variant"]))

    def start_of(self, variant: str) -> str:
        """The model that a variant was trained from, by name; `base` where nothing else is said."""
        named: dict[str, str] = {}
        if self.sft_variants is not None:
            named = dict(zip(self.sft_variants["variant"], self.sft_variants["model"], strict=True))
        return named.get(variant, "base")

    def ordered_results(self) -> pd.DataFrame:
        """The results with baselines first, then the base model, pre-trained and tuned ones."""
        order = [*BASELINES, "base", *self.pretrained_variants(), *self.tuned_variants()]
        place = {name: n for n, name in reversed(list(enumerate(order)))}
        at = self.results["variant"].map(place).fillna(len(order))
        return self.results.iloc[at.argsort(kind="stable")]
