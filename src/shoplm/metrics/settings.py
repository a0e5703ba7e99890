"""How uncertainty is measured; importable without numpy."""

from __future__ import annotations

from pydantic import Field

from shoplm.variants import Settings


class BootstrapSettings(Settings):
    """Resampling of the units that were measured, such as documents."""

    samples: int = Field(9_999, ge=99)
    """Resamples, and sign flips of a paired test: no p-value is below 1 / (samples + 1)."""
    confidence: float = Field(0.95, gt=0, lt=1)
    """Coverage of an interval."""
    seed: int = 0
    """Of the resampling."""
