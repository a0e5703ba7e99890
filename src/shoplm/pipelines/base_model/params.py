"""Typed parameters of `base_model`."""

from __future__ import annotations

from shoplm.lm.settings import BloomSettings, TokenizerSettings
from shoplm.variants import Settings


class BaseModelParams(Settings):
    """Tokenizer and shape of the small base model."""

    seed: int = 0
    """Of the initial weights."""
    tokenizer: TokenizerSettings = TokenizerSettings()
    """Byte-level BPE."""
    bloom: BloomSettings = BloomSettings()
    """Shape of the model."""
