"""Shared-Bottom: one network under a tower a task (Caruana, Machine Learning 1997)."""

from __future__ import annotations

from torch import Tensor

from shoplm.funnel.batch import Batch
from shoplm.funnel.models.base import FunnelModel
from shoplm.funnel.models.description import Description
from shoplm.funnel.models.inputs import FeatureInput
from shoplm.funnel.models.layers import Towers, mlp
from shoplm.funnel.models.settings import SharedBottomSettings


class SharedBottom(FunnelModel):
    """z_t = h_t(f(x)): equation 1 of the MMoE paper (KDD 2018), where it is the baseline."""

    def __init__(self, settings: SharedBottomSettings, description: Description) -> None:
        super().__init__(settings, description)
        self.inputs = FeatureInput(settings, description)
        self.bottom = mlp(self.inputs.width, settings.bottom, settings.dropout)
        self.towers = Towers(self.n_tasks, settings.bottom[-1], settings.tower, settings.dropout)

    def forward(self, batch: Batch) -> Tensor:
        """(B, k) logits."""
        return self.towers(self.bottom(self.inputs(batch)).T)
