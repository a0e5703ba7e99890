"""Multi-layer perceptrons: one, or many of the same widths in one matrix product a layer.

Where the papers have ReLU, all models here have it leaky: a tower of eight that starts or falls
below zero for all rows would stay there (seen in one run of two for Shared-Bottom).

What is stacked has its rows last, (n, H, B): softmax, sums over experts and products of each task's
own layer then run along rows, of which there are many, and not along a few experts or units.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SLOPE = 0.01
"""Of the leaky ReLU below zero."""


def mlp(width: int, widths: Sequence[int], dropout: float = 0.0) -> nn.Sequential:
    """Linear, leaky ReLU and dropout for each of `widths`: (…, width) to (…, widths[-1])."""
    layers: list[nn.Module] = []
    for out in widths:
        layers += [nn.Linear(width, out), nn.LeakyReLU(SLOPE), nn.Dropout(dropout)]
        width = out
    return nn.Sequential(*layers)


class StackedLinear(nn.Module):
    """n linear layers side by side, drawn as `nn.Linear` draws each.

    (D, B) is what all of them read, (n, D, B) has each one's own; the result is (n, H, B). All n
    are one product: over a shared input they are one layer, else it is batched.
    """

    def __init__(self, n: int, width: int, out: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(width)
        self.weight = nn.Parameter(torch.empty(n, out, width).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(n, out).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        """(n, H, B)."""
        if x.dim() == 2:
            weight, bias = self.weight.flatten(0, 1), self.bias.view(-1, 1)
            return torch.addmm(bias, weight, x).view(*self.bias.shape, -1)
        return torch.baddbmm(self.bias[:, :, None], self.weight, x)


class Experts(nn.Module):
    """n perceptrons of the same widths: (D, B), or (n, D, B) with each one's own, to (n, H, B)."""

    def __init__(self, n: int, width: int, widths: Sequence[int], dropout: float = 0.0) -> None:
        super().__init__()
        self.layers = nn.ModuleList()
        for out in widths:
            self.layers.append(StackedLinear(n, width, out))
            width = out
        self.dropout = dropout

    def forward(self, x: Tensor) -> Tensor:
        """(n, H, B), after leaky ReLU."""
        for layer in self.layers:
            x = F.dropout(F.leaky_relu(layer(x), SLOPE), self.dropout, self.training)
        return x


class Towers(nn.Module):
    """One perceptron a task with one output: (D, B), or (k, D, B) with each task's own, to (B, k).

    Without `widths` it is a linear layer a task.
    """

    def __init__(self, k: int, width: int, widths: Sequence[int], dropout: float = 0.0) -> None:
        super().__init__()
        self.hidden = Experts(k, width, widths, dropout)
        self.out = StackedLinear(k, widths[-1] if widths else width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, k) logits."""
        return self.out(self.hidden(x)).squeeze(1).T


class Gates(nn.Module):
    """Softmax over n experts, one for each of m mixtures: weights (m, n, B)."""

    def __init__(self, m: int, width: int, n: int) -> None:
        super().__init__()
        self.linear = StackedLinear(m, width, n)

    def forward(self, x: Tensor) -> Tensor:
        """(m, n, B) from (D, B), or from (m, D, B) with each mixture's own."""
        return self.linear(x).softmax(1)


def mix(weights: Tensor, experts: Tensor) -> Tensor:
    """(m, H, B): sums of experts (n, H, B) by weights (m, n, B)."""
    return torch.stack([(of_one[:, None] * experts).sum(0) for of_one in weights])
