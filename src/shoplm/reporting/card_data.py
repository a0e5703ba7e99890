"""What model cards are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

PRETRAINED, TUNED = "pretrained_models", "sft_models"
"""Kinds of models, as the catalog names them."""


@dataclass(frozen=True)
class CardData:
    """Tables and settings; all but the results may be absent."""

    results: pd.DataFrame
    """`benchmark_results`."""
    mixing_report: Mapping[str, Any] | None = None
    """Of data_mixing."""
    pretrain_metrics: pd.DataFrame | None = None
    """Of continual_pretrain."""
    sft_variants: pd.DataFrame | None = None
    """Of sft."""
    sft_selections: pd.DataFrame | None = None
    """Of sft."""
    sft_metrics: pd.DataFrame | None = None
    """Of sft."""
    problems: pd.DataFrame | None = None
    """`benchmark_problems`."""
    languages: Mapping[str, Iterable[str]] = field(default_factory=dict)
    """Of the examples that each variant was measured on."""
    settings: Mapping[str, Mapping[str, Any]] | None = None
    """Parameters by pipeline, as plain values: `continual_pretrain`, `sft`."""

    def settings_of(self, kind: str, variant: str) -> dict[str, Any]:
        """The parameters of a variant: what is common, with its overrides laid over it."""
        pipeline, common = (
            ("continual_pretrain", "pretraining") if kind == PRETRAINED else ("sft", "tuning")
        )
        params = (self.settings or {}).get(pipeline) or {}
        variants = params.get("variants") or {}
        if variant not in variants:
            return {}
        return _overlaid(params.get(common) or {}, variants[variant] or {})

    def mixture_name(self, variant: str) -> str:
        """The mixture that a variant of continual pre-training was trained on."""
        return str(self.settings_of(PRETRAINED, variant).get("mixture") or variant)

    def mixture_of(self, variant: str) -> Mapping[str, Any]:
        """What the report of mixtures says of it; empty where there is none."""
        return (self.mixing_report or {}).get("mixtures", {}).get(self.mixture_name(variant), {})


def _overlaid(values: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    done = dict(values)
    for key, value in over.items():
        old = done.get(key)
        both = isinstance(value, Mapping) and isinstance(old, Mapping) and key != "adapter"
        done[key] = _overlaid(old, value) if both else value
    return done
