"""PLE: experts of a task beside shared ones, level by level (Tang et al., RecSys 2020)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from shoplm.funnel.batch import Batch
from shoplm.funnel.models.base import FunnelModel
from shoplm.funnel.models.description import Description
from shoplm.funnel.models.inputs import FeatureInput
from shoplm.funnel.models.layers import Experts, Gates, Towers, mix
from shoplm.funnel.models.settings import PLESettings


class Extraction(nn.Module):
    """One level: the shared state and those of k tasks (k + 1, D, B) to the next (k + 1, H, B).

    Task t's gate sees its own experts and the shared ones (equations 1 to 3 of the paper), the
    shared gate all of them (equation 6); of the last level nothing reads it, so it has none. A gate
    is over all experts with those that it does not see masked: one product for all gates.
    """

    def __init__(self, settings: PLESettings, k: int, width: int, is_last: bool) -> None:
        super().__init__()
        own, shared = settings.task_experts, settings.shared_experts
        n = k * own + shared
        # what is shared comes first, as state 0: all keep their places when a task is added
        owner = torch.arange(k + 1).repeat_interleave(torch.tensor([shared] + [own] * k))
        self.register_buffer("owner", owner, persistent=False)
        states = torch.arange(1 if is_last else 0, k + 1)
        sees = (owner == states[:, None]) | (owner == 0) | (states[:, None] == 0)
        self.register_buffer("hidden", ~sees, persistent=False)
        self.experts = Experts(n, width, settings.expert, settings.dropout)
        self.gates = Gates(len(states), width, n)

    def forward(self, x: Tensor) -> Tensor:
        """(k or k + 1, H, B) from (k + 1, D, B), or from (D, B), where all states are the same."""
        if x.dim() == 2:
            experts, gates = self.experts(x), self.gates.linear(x)
        else:
            experts = self.experts(x[self.owner])
            gates = self.gates.linear(x[-len(self.hidden) :])
        return mix(gates.masked_fill(self.hidden[:, :, None], -torch.inf).softmax(1), experts)


class PLE(FunnelModel):
    """Progressive layered extraction; of one level it is CGC (equations 1 to 7 of the paper).

    With E_t the experts of task t, E_s the shared ones, all over the states of the level below:

        g_t = w_t(x_t) [E_t, E_s],  g_s = w_s(x_s) [E_1 … E_k, E_s],  w = softmax(linear)
        z_t = h_t(g_t of the last level)
    """

    def __init__(self, settings: PLESettings, description: Description) -> None:
        super().__init__(settings, description)
        self.inputs = FeatureInput(settings, description)
        width, k = self.inputs.width, self.n_tasks
        self.levels = nn.ModuleList()
        for level in range(settings.levels):
            is_last = level == settings.levels - 1
            self.levels.append(Extraction(settings, k, width, is_last))
            width = settings.expert[-1]
        self.towers = Towers(k, width, settings.tower, settings.dropout)

    def forward(self, batch: Batch) -> Tensor:
        """(B, k) logits."""
        x = self.inputs(batch).T
        for level in self.levels:
            x = level(x)
        return self.towers(x)
