"""STAR: a factor a region on weights that all regions share (Sheng et al., CIKM 2021)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from shoplm.funnel.batch import Batch
from shoplm.funnel.models.base import FunnelModel
from shoplm.funnel.models.description import Description
from shoplm.funnel.models.inputs import FeatureInput
from shoplm.funnel.models.layers import SLOPE, Towers, mlp
from shoplm.funnel.models.settings import STARSettings


class PartitionedNorm(nn.Module):
    """Normalisation by each region's mean and variance (equations 4 and 5 of the paper):

        x' = (gamma * gamma_r) (x - E_r) / sqrt(Var_r + eps) + (beta + beta_r)

    A batch of the paper has one domain only; here it has all, so each region's moments are those
    of its rows with `prior_rows` rows of all regions' moments beside: a region with one row keeps
    its signal. Running moments serve in evaluation; a region unseen in training has all regions'.
    """

    def __init__(self, regions: int, width: int, settings: STARSettings) -> None:
        super().__init__()
        self.prior_rows, self.momentum = settings.prior_rows, settings.momentum
        self.register_buffer("moments", torch.stack([torch.zeros(width), torch.ones(width)]))
        self.register_buffer("own_moments", self.moments.repeat(regions, 1, 1))
        self.register_buffer("seen", torch.zeros(regions, dtype=torch.bool))
        self.scale = nn.Parameter(torch.ones(width))
        self.shift = nn.Parameter(torch.zeros(width))
        self.own_scale = nn.Parameter(torch.zeros(regions, width))  # gamma_r - 1
        self.own_shift = nn.Parameter(torch.zeros(regions, width))

    def forward(self, x: Tensor, region: Tensor) -> Tensor:
        """(B, D) of the same."""
        if self.training:
            moments = self._batch_moments(x, region)
        else:
            moments = torch.where(self.seen[:, None, None], self.own_moments, self.moments)
        deviation = (moments[:, 1] - moments[:, 0] ** 2).clamp(min=0).add(1e-5).sqrt()
        scale = self.scale * (1 + self.own_scale) / deviation
        shift = self.shift + self.own_shift - moments[:, 0] * scale
        return torch.addcmul(F.embedding(region, shift), x, F.embedding(region, scale))

    def _batch_moments(self, x: Tensor, region: Tensor) -> Tensor:
        """(regions, 2, D): means of x and x squared."""
        powers = torch.stack([x, x**2], 1)
        both = powers.mean(0)
        member = F.one_hot(region, len(self.seen)).to(x.dtype)
        counts = member.sum(0)[:, None, None]
        sums = (member.T @ powers.flatten(1)).view(-1, 2, x.shape[1])
        moments = (sums + self.prior_rows * both) / (counts + self.prior_rows)
        with torch.no_grad():
            first = not self.seen.any()
            self.moments.lerp_(both, 1.0 if first else self.momentum)
            there = counts[:, 0, 0] > 0
            rate = torch.where(self.seen, self.momentum, 1.0) * there
            self.own_moments.lerp_(moments, rate[:, None, None].expand_as(moments))
            self.seen |= there
        return moments


class StarLinear(nn.Module):
    """y = x (W * W_r) + b + b_r (equations 6 and 7); W_r is kept as its difference from 1.

    So a region unseen in training, or one that decays, has the centre's weights. Rows come sorted
    by region, `counts` of each: one product a region, never one a row.
    """

    def __init__(self, regions: int, width: int, out: int) -> None:
        super().__init__()
        self.centre = nn.Linear(width, out)
        self.own_weight = nn.Parameter(torch.zeros(regions, out, width))
        self.own_bias = nn.Parameter(torch.zeros(regions, out))

    def forward(self, x: Tensor, counts: list[int]) -> Tensor:
        """(B, out)."""
        weights = self.centre.weight * (1 + self.own_weight)
        biases = self.centre.bias + self.own_bias
        parts = zip(x.split(counts), weights, biases, strict=True)
        return torch.cat([F.linear(*part) for part in parts if len(part[0])])


class STAR(FunnelModel):
    """Star topology adaptive recommender, with regions as domains and a tower a task.

    The towers read star layers over the normalised input; an auxiliary network that reads the
    region directly adds its logits (equation 9).
    """

    def __init__(self, settings: STARSettings, description: Description) -> None:
        super().__init__(settings, description)
        self.inputs = FeatureInput(settings, description)
        self.n_regions, width = description.n_regions, self.inputs.width
        self.norm = PartitionedNorm(self.n_regions, width, settings)
        self.layers = nn.ModuleList()
        for before, out in zip((width, *settings.widths), settings.widths, strict=False):
            self.layers.append(StarLinear(self.n_regions, before, out))
        self.dropout = settings.dropout
        self.towers = Towers(self.n_tasks, settings.widths[-1], settings.tower, settings.dropout)
        self.indicator = nn.Parameter(torch.zeros(self.n_regions, settings.auxiliary))
        self.auxiliary = nn.Sequential(
            *mlp(width + settings.auxiliary, (settings.auxiliary,), settings.dropout),
            nn.Linear(settings.auxiliary, self.n_tasks),
        )

    def forward(self, batch: Batch) -> Tensor:
        """(B, k) logits."""
        region = batch.region.long()
        x = self.norm(self.inputs(batch), region)
        order = region.argsort(stable=True)
        counts = region.bincount(minlength=self.n_regions).tolist()
        states = x[order]
        for layer in self.layers:
            states = F.leaky_relu(layer(states, counts), SLOPE)
            states = F.dropout(states, self.dropout, self.training)
        states = torch.empty_like(states).index_copy(0, order, states)
        aside = torch.cat([x, F.embedding(region, self.indicator)], 1)
        return self.towers(states.T) + self.auxiliary(aside)
