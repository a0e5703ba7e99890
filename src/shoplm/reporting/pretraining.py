"""The page of continual_pretrain and its figures."""

from __future__ import annotations

from collections.abc import Mapping

from pandas import DataFrame
from plotly.graph_objects import Figure


def plot_training(pretrain_metrics: DataFrame) -> Figure:
    """Training loss, speed and held-out perplexity over the tokens seen."""
    raise NotImplementedError


def plot_perplexity(pretrain_comparison: DataFrame) -> Figure:
    """Final held-out perplexity against the base model's, with intervals."""
    raise NotImplementedError


def render_pretraining_page(
    pretrain_metrics: DataFrame, pretrain_comparison: DataFrame, figures: Mapping[str, Figure]
) -> str:
    """The HTML page of one run.

    Args:
        pretrain_metrics: of the pipeline.
        pretrain_comparison: of `compare_models`.
        figures: `training` and `perplexity`.
    """
    raise NotImplementedError
