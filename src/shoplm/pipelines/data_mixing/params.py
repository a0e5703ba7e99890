"""Typed parameters of `data_mixing`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from shoplm.corpus.quality_settings import (
    CleaningSettings,
    ContaminationSettings,
    DeduplicationSettings,
)
from shoplm.corpus.settings import (
    ClusterSettings,
    HeldOutSettings,
    MixtureSettings,
    PackingSettings,
)
from shoplm.corpus.sources import LinkingSettings, ReadingSettings
from shoplm.variants import Settings, resolve_variants

MixtureName = Annotated[str, StringConstraints(pattern=r"^\w[\w.-]*$")]


class DataMixingParams(Settings):
    """Everything that decides the content of packed blocks, beside the sources themselves."""

    seed: int = 0
    """Of every permutation and tie-break."""
    reading: ReadingSettings = ReadingSettings()
    """Limits of the readers."""
    linking: LinkingSettings = LinkingSettings()
    """How articles are linked to the products that they name."""
    cleaning: CleaningSettings = CleaningSettings()
    """Repair and filter rules."""
    deduplication: DeduplicationSettings = DeduplicationSettings()
    """Exact and near duplicates."""
    contamination: ContaminationSettings = ContaminationSettings()
    """Overlap with benchmark files."""
    clusters: ClusterSettings = ClusterSettings()
    """Connected clusters of the record graph."""
    held_out: HeldOutSettings = HeldOutSettings()
    """Records that no mixture has; `base_model` leaves out the same general texts by the same
    share and seed."""
    packing: PackingSettings = PackingSettings()
    """Blocks."""
    token_budget: int | None = Field(None, ge=1)
    """Tokens of every mixture alike; the default is the most that one pass over every side
    gives."""
    mixture: MixtureSettings = MixtureSettings()
    """What the named mixtures vary."""
    mixtures: dict[MixtureName, dict[str, Any] | None] = {"mixed": {}}
    """Named overrides of `mixture`, one training mixture each; null drops one."""
    samples: int = Field(5, ge=0)
    """Documents of each mixture to show in the report."""

    @model_validator(mode="after")
    def _variants_resolve(self) -> DataMixingParams:
        if not self.resolved_mixtures():
            raise ValueError("mixtures: name at least one")
        return self

    def resolved_mixtures(self) -> dict[str, MixtureSettings]:
        """The settings of each named mixture."""
        return resolve_variants(self.mixture, self.mixtures)
