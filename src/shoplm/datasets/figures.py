"""Figures that may not be there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kedro_datasets.partitions import PartitionedDataset


class FiguresDataset(PartitionedDataset):
    """`partitions.PartitionedDataset` that loads as nothing where it was never saved, for who can
    do without."""

    def load(self) -> dict[str, Callable[[], Any]]:
        """What loads each figure, by name."""
        self._invalidate_caches()
        return super().load() if self._exists() else {}
