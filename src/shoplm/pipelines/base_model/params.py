"""Typed parameters of `base_model`."""

from __future__ import annotations

from pathlib import Path

from shoplm.corpus.quality_settings import CleaningSettings, DeduplicationSettings
from shoplm.corpus.settings import HeldOutSettings, PackingSettings
from shoplm.launch import LaunchSettings
from shoplm.lm.run import TrainingSettings
from shoplm.lm.settings import BloomSettings, TokenizerSettings
from shoplm.variants import Settings


class BaseModelParams(Settings):
    """Tokenizer, shape and pre-training of the small base model."""

    seed: int = 0
    """Of the initial weights, of the choice and order of texts."""
    tokenizer: TokenizerSettings = TokenizerSettings()
    """Byte-level BPE."""
    bloom: BloomSettings = BloomSettings()
    """Shape of the model."""
    cleaning: CleaningSettings = CleaningSettings()
    """Repair and filter rules."""
    deduplication: DeduplicationSettings = DeduplicationSettings()
    """Exact and near duplicates."""
    held_out: HeldOutSettings = HeldOutSettings()
    """General texts that are not trained on: those of data_mixing, if share and seed are its."""
    packing: PackingSettings = PackingSettings()
    """Blocks."""
    training: TrainingSettings = TrainingSettings(tokens=300_000, batch_tokens=2_048)
    """Pre-training. `tokens` and `batch_tokens` are lowered to what there is; languages have equal
    shares of them."""
    launch: LaunchSettings = LaunchSettings()
    """How the training program is started."""
    runs: Path
    """Folder of the work directories, from which a killed run goes on."""
