"""SEQ: the tasks of a funnel as a sequence (SEQ+MD, arXiv 2408.13357)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from shoplm.funnel.batch import Batch
from shoplm.funnel.models.base import FunnelModel
from shoplm.funnel.models.description import Description
from shoplm.funnel.models.inputs import FeatureInput
from shoplm.funnel.models.layers import mlp
from shoplm.funnel.models.settings import SEQSettings


class SEQ(FunnelModel):
    """k-1 MLPs turn one input into a sequence of k tokens, which shared GRU layers read in the
    order of the funnel; the state after token t is task t's.

        s_1 = bottom(x),  s_t = MLP_t(s_1) (parallel) or MLP_t(s_{t-1}) (chained),  t = 2 … k
        h_1 … h_k = GRU(s_1 … s_k),  z_t = w_t . h_t + b_t
        p_t = p_{t-1} * sigma(z_t), p_0 = 1 (product), or p_t = sigma(z_t) with the loss
        + weight * mean sum_t max(p_t - p_{t-1}, 0) (hinge)

    What the text that could be had leaves open, and why the defaults are as they are:

    - tokens `parallel`: every token sees the whole input, and the order of the tasks is what the
      GRU is for; chained, task k's token has gone through k-1 bottlenecks before.
    - head `per_task`: k times the hidden width in weights buys each task its own reading of the
      state; base rates along a funnel differ by orders of magnitude.
    - regulariser `product`: y_t implies y_{t-1} by definition, so the rule is exact and costs no
      weight to tune; the conditional z_t also has a far less skewed target. The hinge only makes
      violations rare.
    - bottom: none, so that s_1 is the input itself, as the text reads. With many features a bottom
      keeps the tokens' width from following theirs.
    """

    def __init__(self, settings: SEQSettings, description: Description) -> None:
        super().__init__(settings, description)
        self.inputs = FeatureInput(settings, description)
        self.bottom = mlp(self.inputs.width, settings.bottom, settings.dropout)
        width = settings.bottom[-1] if settings.bottom else self.inputs.width
        self.tokens = nn.ModuleList(
            mlp(width, (*settings.token_widths, width), settings.dropout)
            for _ in range(self.n_tasks - 1)
        )
        self.is_chained = settings.tokens == "chained"
        self.recurrent = nn.GRU(width, settings.hidden, settings.layers)
        n_heads = self.n_tasks if settings.head == "per_task" else 1
        bound = settings.hidden**-0.5
        self.head = nn.Parameter(torch.empty(n_heads, settings.hidden).uniform_(-bound, bound))
        self.head_bias = nn.Parameter(torch.zeros(n_heads))
        self.is_product = settings.regulariser == "product"
        self.order_weight = settings.hinge_weight if settings.regulariser == "hinge" else 0.0

    def sequence(self, x: Tensor) -> Tensor:
        """(k, B, width of a token) from (B, D)."""
        tokens = [self.bottom(x)]
        for make in self.tokens:
            tokens.append(make(tokens[-1] if self.is_chained else tokens[0]))
        return torch.stack(tokens)

    def forward(self, batch: Batch) -> Tensor:
        """(B, k) logits, conditional on the task before if the regulariser is the product."""
        states, _ = self.recurrent(self.sequence(self.inputs(batch)))
        return (states * self.head[:, None]).sum(2).T + self.head_bias
