"""Settings of the small base model."""

from __future__ import annotations

from pydantic import Field, model_validator

from shoplm.variants import Settings


class TokenizerSettings(Settings):
    """A byte-level BPE tokenizer."""

    vocabulary_size: int = Field(8_000, ge=1)
    """Tokens, the 256 bytes and the special ones among them."""
    min_frequency: int = Field(2, ge=1)
    """A pair of tokens that is rarer is not merged."""
    balance_languages: bool = True
    """Train on the same number of UTF-8 bytes of each language, as many as the scarcest has."""


class BloomSettings(Settings):
    """Shape of a small BLOOM; the defaults make 1.8 million parameters."""

    hidden_size: int = Field(128, ge=1)
    """Width."""
    layers: int = Field(4, ge=1)
    """Transformer blocks."""
    heads: int = Field(4, ge=1)
    """Attention heads, each with its ALiBi slope."""

    @model_validator(mode="after")
    def _divides(self) -> BloomSettings:
        if self.hidden_size % self.heads:
            raise ValueError(
                f"hidden_size ({self.hidden_size}) must be a multiple of heads ({self.heads})"
            )
        return self
