"""How predictions of a funnel are measured; importable without numpy."""

from __future__ import annotations

from pydantic import Field

from shoplm.metrics.settings import BootstrapSettings
from shoplm.variants import Settings


class FunnelMetricSettings(Settings):
    """Depth of NDCG, bins of calibration, and how sure a figure is."""

    depth: int = Field(10, ge=1)
    """k of NDCG@k."""
    bins: int = Field(15, ge=1)
    """Of the calibration error, each with as many rows; rows of one probability share a bin."""
    bootstrap: BootstrapSettings = BootstrapSettings()
    """Confidence of the intervals, and the sign patterns of a test of few lists."""
