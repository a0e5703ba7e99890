"""One network a task: what sharing between tasks is measured against."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from shoplm.funnel.batch import Batch
from shoplm.funnel.models.base import FunnelModel
from shoplm.funnel.models.description import Description
from shoplm.funnel.models.inputs import FeatureInput
from shoplm.funnel.models.layers import Towers
from shoplm.funnel.models.settings import SingleSettings


class Single(FunnelModel):
    """z_t = h_t(x_t): perceptrons with nothing in common, embeddings and MD neither."""

    def __init__(self, settings: SingleSettings, description: Description) -> None:
        super().__init__(settings, description)
        self.inputs = nn.ModuleList(
            FeatureInput(settings, description) for _ in range(self.n_tasks)
        )
        width = self.inputs[0].width
        self.towers = Towers(self.n_tasks, width, settings.tower, settings.dropout)

    def forward(self, batch: Batch) -> Tensor:
        """(B, k) logits."""
        return self.towers(torch.stack([inputs(batch).T for inputs in self.inputs]))
