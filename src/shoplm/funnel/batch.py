"""Rows of a search log as a model reads them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """B shown rows; k tasks in the order of the funnel."""

    numeric: Tensor
    """(B, F) float32, scaled."""
    categorical: Tensor
    """(B, C) int32 or int64; 0 is unseen in training, or missing."""
    multivalued: dict[str, tuple[Tensor, Tensor]]
    """By feature: ids (N,), and where each row's ids start (B,), int64; a row may have none."""
    region: Tensor
    """(B,) int64."""
    region_numeric: Tensor
    """(B, R) float32: what describes the row's region, or a one-hot of it."""
    platform: Tensor
    """(B,) int64."""
    labels: Tensor
    """(B, k) float32: 0 or 1, never rising along the tasks."""
    index: Tensor
    """(B,) int64: number of the row in the data."""

    def __len__(self) -> int:
        return len(self.labels)

    def to(self, device: torch.device | str) -> Batch:
        """The same on a device; a copy to a GPU goes on while this process does."""

        def move(tensor: Tensor) -> Tensor:
            return tensor.to(device, non_blocking=True)

        return Batch(
            numeric=move(self.numeric),
            categorical=move(self.categorical),
            multivalued={
                name: (move(ids), move(starts)) for name, (ids, starts) in self.multivalued.items()
            },
            region=move(self.region),
            region_numeric=move(self.region_numeric),
            platform=move(self.platform),
            labels=move(self.labels),
            index=move(self.index),
        )
