"""AdaTT: every task fuses all tasks' experts, and keeps its own (Li et al., KDD 2023)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from shoplm.funnel.batch import Batch
from shoplm.funnel.models.base import FunnelModel
from shoplm.funnel.models.description import Description
from shoplm.funnel.models.inputs import FeatureInput
from shoplm.funnel.models.layers import Experts, Gates, Towers, mix
from shoplm.funnel.models.settings import AdaTTSettings


class Fusion(nn.Module):
    """One level of AdaTT: states of k tasks to their next, (k, H, B).

    f_t = AllExpertGF_t + NativeExpertLF_t: a gate over the experts of all tasks, and a residual,
    the sum of the task's own experts by learned weights that no input changes (which start as the
    mean).
    """

    def __init__(self, settings: AdaTTSettings, k: int, width: int) -> None:
        super().__init__()
        own = settings.task_experts
        owner = torch.arange(k).repeat_interleave(own)
        self.register_buffer("owner", owner, persistent=False)
        self.experts = Experts(k * own, width, settings.expert, settings.dropout)
        self.gates = Gates(k, width, k * own)
        self.native = nn.Parameter(torch.full((k, own), 1 / own))

    def forward(self, x: Tensor) -> Tensor:
        """(k, H, B) from (k, D, B), or from (D, B), where all states are the same."""
        experts = self.experts(x if x.dim() == 2 else x[self.owner])
        weights = (
            self.gates(x) + torch.block_diag(*self.native)[:, :, None]
        )  # both sums in one product
        return mix(weights, experts)


class AdaTT(FunnelModel):
    """Adaptive task-to-task fusion, AdaTT-sp: all experts are some task's own.

    With x_t the state of task t in the level below (of the first: the input), E all experts of the
    level and E_t those of task t, each over its owner's state:

        f_t = softmax(W_t x_t) E + v_t E_t,  z_t = h_t(f_t of the last level)
    """

    def __init__(self, settings: AdaTTSettings, description: Description) -> None:
        super().__init__(settings, description)
        self.inputs = FeatureInput(settings, description)
        width = self.inputs.width
        self.levels = nn.ModuleList()
        for _ in range(settings.levels):
            self.levels.append(Fusion(settings, self.n_tasks, width))
            width = settings.expert[-1]
        self.towers = Towers(self.n_tasks, width, settings.tower, settings.dropout)

    def forward(self, batch: Batch) -> Tensor:
        """(B, k) logits."""
        x = self.inputs(batch).T
        for level in self.levels:
            x = level(x)
        return self.towers(x)
