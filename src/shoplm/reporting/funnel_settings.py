"""Tables and figures of funnel studies as configuration; importable without pandas."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shoplm.reporting.study_settings import BaseStudies, BaseStudySettings, Label
from shoplm.variants import Settings

Metric = Literal[
    "ndcg", "auc", "log_loss", "calibration_error", "predicted_to_observed", "violations"
]
"""A metric of `funnel_results`; `ndcg` is that of the depth that was measured."""
Cost = Literal[
    "parameters", "trained_parameters", "rows_per_second", "scored_per_second", "train_seconds",
    "peak_memory_gb", "passes", "n_dependent",
]  # fmt: skip
"""A column of `funnel_costs`, or the number of dependent features of `funnel_variants`."""


class FunnelColumnSettings(Settings):
    """What one column, or one panel of a figure, shows: a figure of the results, or a cost."""

    label: str | None = None
    """Heading; null is made of what the column is."""
    metric: Metric = "ndcg"
    """Of `funnel_results`."""
    task: str | None = None
    """Null: one column for each task that has the metric."""
    platform: str = "all"
    """A platform, or all of them."""
    region: str = "all"
    """A region, or all of them."""
    each: Literal["platforms", "regions"] | None = None
    """One column for each platform or region, and `all`."""
    cost: Cost | None = None
    """A measured cost in place of a metric."""


class FunnelStudySettings(BaseStudySettings):
    """Variants by tasks, regions, metrics or costs: a table or a figure."""

    log: str | None = None
    """The search log that the variants are measured on; null is that of the first row with one."""
    columns: Annotated[dict[Label, FunnelColumnSettings], Field(min_length=1)]
    """By any name."""


class FunnelStudies(BaseStudies):
    """All of them, by name, and which are shown."""

    studies: dict[Label, FunnelStudySettings | None] = {}
    """Null drops one of another environment."""
    notes: dict[Label, str] = {}
    """What a reader of the page must know of a search log, by its name."""

    def kept(self) -> dict[str, FunnelStudySettings]:
        """The studies that are shown, less those that are null."""
        return self._kept(self.studies)
