"""Tables and figures of recommendation studies as configuration; importable without pandas."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shoplm.reporting.study_settings import BaseStudies, BaseStudySettings, Label
from shoplm.variants import Settings

Cost = Literal[
    "train_hours",
    "evaluation_seconds",
    "peak_memory_gb",
    "examples_per_second",
    "users_per_second",
    "trained_parameters",
]
"""A column of `sequential_costs`."""


class StudyColumnSettings(Settings):
    """What one column, or one panel of a figure, shows: a figure of the results, or a cost."""

    label: str | None = None
    """Heading; null is made of what the column is."""
    metric: Literal["recall@1", "recall@10", "ndcg@10"] = "ndcg@10"
    """Of `sequential_results`."""
    domain: str = "all"
    """A domain, or all of them."""
    subset: Literal["all", "same", "mix", "diff", "cold", "zero_shot"] = "all"
    """Which test cases."""
    each: Literal["domains", "subsets", "metrics"] | None = None
    """One column for each domain and `all`, for each of same, mix and diff, or for each metric."""
    cost: Cost | None = None
    """A measured cost in place of a metric."""


class StudySettings(BaseStudySettings):
    """Variants by domains, subsets, metrics or costs: a table or a figure of the paper."""

    interactions: str | None = None
    """The set of interactions that the variants are measured on; null is that of each variant."""
    split: Literal["leave_one_out", "temporal"] = "leave_one_out"
    """Of the results that are shown."""
    protocol: str = Field("sampled_1000", pattern=r"^(sampled_\d+|full)$")
    """Candidates: 1,000 sampled negatives (the paper), or all items of the domain."""
    history: Literal["kept", "excluded"] = "kept"
    """Whether what a user had before is among the candidates."""
    columns: Annotated[dict[Label, StudyColumnSettings], Field(min_length=1)]
    """By any name."""


class RecommendationStudies(BaseStudies):
    """All of them, by name, and which are shown."""

    studies: dict[Label, StudySettings | None] = {}
    """Null drops one of another environment."""

    def kept(self) -> dict[str, StudySettings]:
        """The studies that are shown, less those that are null."""
        return self._kept(self.studies)
