"""AITM: what one task knows is handed to the next (Xi et al., KDD 2021)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from shoplm.funnel.batch import Batch
from shoplm.funnel.models.base import FunnelModel
from shoplm.funnel.models.description import Description
from shoplm.funnel.models.inputs import FeatureInput
from shoplm.funnel.models.layers import SLOPE, Experts, Towers
from shoplm.funnel.models.settings import AITMSettings


class AITM(FunnelModel):
    """Adaptive information transfer, with its calibrator.

    Task t has a bottom q_t = f_t(x) over shared embeddings. From the second on, attention weighs it
    against what the task before hands on, p_{t-1} = g_{t-1}(a_{t-1}) (equations 4 to 8):

        a_1 = q_1,  a_t = sum over u in {p_{t-1}, q_t} of w_u h1(u)
        w = softmax(<h2(u), h3(u)> / sqrt(d)),  y_t = sigma(tower_t(a_t))

    Loss: cross-entropy + alpha * mean sum_t max(y_t - y_{t-1}, 0), the behavioural expectation
    calibrator (equation 10), which makes rising probabilities rare, not impossible.
    """

    def __init__(self, settings: AITMSettings, description: Description) -> None:
        super().__init__(settings, description)
        self.inputs = FeatureInput(settings, description)
        k, width = self.n_tasks, settings.bottom[-1]
        self.bottoms = Experts(k, self.inputs.width, settings.bottom, settings.dropout)
        self.transfers = nn.ModuleList(nn.Linear(width, width) for _ in range(k - 1))
        self.attention = nn.ModuleList(nn.Linear(width, 3 * width) for _ in range(k - 1))
        self.towers = Towers(k, width, settings.tower, settings.dropout)
        self.order_weight = settings.calibration_weight

    def forward(self, batch: Batch) -> Tensor:
        """(B, k) logits."""
        bottoms = self.bottoms(self.inputs(batch).T).mT.unbind()
        states = [bottoms[0]]
        for own, transfer, attention in zip(
            bottoms[1:], self.transfers, self.attention, strict=True
        ):
            both = torch.stack([F.leaky_relu(transfer(states[-1]), SLOPE), own], 1)
            value, query, key = attention(both).chunk(3, 2)
            weights = ((query * key).sum(2) * own.shape[1] ** -0.5).softmax(1)
            states.append((weights[:, :, None] * value).sum(1))
        return self.towers(torch.stack(states).mT)
