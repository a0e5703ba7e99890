"""MMoE: a gate a task over shared experts (Ma et al., KDD 2018)."""

from __future__ import annotations

from torch import Tensor

from shoplm.funnel.batch import Batch
from shoplm.funnel.models.base import FunnelModel
from shoplm.funnel.models.description import Description
from shoplm.funnel.models.inputs import FeatureInput
from shoplm.funnel.models.layers import Experts, Gates, Towers, mix
from shoplm.funnel.models.settings import MMoESettings


class MMoE(FunnelModel):
    """Multi-gate mixture of experts (equations 6 and 7 of the paper):

        z_t = h_t(f^t(x)),  f^t(x) = sum_i g^t(x)_i f_i(x),  g^t(x) = softmax(W_gt x)

    All experts are one matrix product a layer. A gate has a bias, as in most implementations.
    """

    def __init__(self, settings: MMoESettings, description: Description) -> None:
        super().__init__(settings, description)
        self.inputs = FeatureInput(settings, description)
        width = self.inputs.width
        self.experts = Experts(settings.experts, width, settings.expert, settings.dropout)
        self.gates = Gates(self.n_tasks, width, settings.experts)
        self.towers = Towers(self.n_tasks, settings.expert[-1], settings.tower, settings.dropout)

    def forward(self, batch: Batch) -> Tensor:
        """(B, k) logits."""
        x = self.inputs(batch).T
        return self.towers(mix(self.gates(x), self.experts(x)))
