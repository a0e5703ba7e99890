"""Model cards: a README in the form of the Hugging Face hub for every final model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class CardData:
    """What cards are made of; all but the results may be absent."""

    results: pd.DataFrame
    """`benchmark_results`."""
    mixing_report: Mapping[str, Any] | None = None
    pretrain_metrics: pd.DataFrame | None = None
    sft_variants: pd.DataFrame | None = None
    sft_selections: pd.DataFrame | None = None
    sft_metrics: pd.DataFrame | None = None
    settings: Mapping[str, Mapping[str, Any]] | None = None
    """Raw parameters by pipeline: `continual_pretrain`, `sft`."""


def write_cards(
    pretrained_models: Mapping[str, Path], sft_models: Mapping[str, Path], data: CardData
) -> dict[str, str]:
    """A card for every model, by its place (`pretrained_models/mixed/seed-0`).

    Args:
        pretrained_models: directories by name (`mixed/seed-0`).
        sft_models: the same of tuned models, adapters or whole ones.
        data: what was trained and measured.
    """
    raise NotImplementedError
