"""Typed parameters of `continual_pretrain`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from shoplm.launch import LaunchSettings
from shoplm.lm.run import TrainingSettings
from shoplm.metrics.settings import BootstrapSettings
from shoplm.variants import Settings, check_comparisons, resolve_variants

VariantName = Annotated[str, StringConstraints(pattern=r"^\w[\w.-]*$")]


class PretrainingSettings(Settings):
    """What a variant may change: data, model, training and how it is started."""

    mixture: str
    """Name of the blocks, among `packed_blocks`."""
    base_model: str | None = None
    """Name of the model to start from, among `other_base_models`; the default is `base_model`."""
    training: TrainingSettings = TrainingSettings()
    """How to train. Runs without `tokens` all get the same number: as many as each has blocks
    for."""
    launch: LaunchSettings = LaunchSettings()
    """How the training program is started; it decides nothing of the result."""


class ContinualPretrainParams(Settings):
    """Models to train from one base model, and how to compare them."""

    seeds: list[int] = Field([0], min_length=1)
    """Each variant is trained once a seed, which gives the order of blocks and dropout."""
    runs: Path
    """Folder of the work directories, from which a killed run goes on."""
    pretraining: PretrainingSettings
    """What the variants have in common."""
    variants: dict[VariantName, dict[str, Any] | None]
    """Named overrides of `pretraining`, one model a seed each; null drops one."""
    comparisons: list[tuple[str, str]] = []
    """Pairs of variants to test against each other on the same documents."""
    bootstrap: BootstrapSettings = BootstrapSettings()
    """Intervals and tests."""

    @model_validator(mode="after")
    def _variants_resolve(self) -> ContinualPretrainParams:
        resolved = self.resolved_variants()
        if not resolved:
            raise ValueError("variants: name at least one")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"seeds: {self.seeds} names a seed twice")
        check_comparisons(self.comparisons, resolved)
        return self

    def resolved_variants(self) -> dict[str, PretrainingSettings]:
        """The settings of each variant."""
        return resolve_variants(self.pretraining, self.variants)
