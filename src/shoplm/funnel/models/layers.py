"""Multi-layer perceptrons: one, or many of the same widths in one matrix product a layer.

Where the papers have ReLU, all models here have it leaky: a tower of eight that starts or falls
below zero for all rows would stay there (seen in one run of two for Shared-Bottom).
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

    (B, D) is what all of them read, (B, n, D) has each one's own; the result is (B, n, H). All n
    are one product: over a shared input the weights lie beside each other, else it is batched.
    """

    def __init__(self, n: int, width: int, out: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(width)
        self.weight = nn.Parameter(torch.empty(n, width, out).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(n, out).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        """(B, n, H)."""
        n, width, out = self.weight.shape
        if x.dim() == 2:
            beside = self.weight.transpose(0, 1).reshape(width, n * out)
            return torch.addmm(self.bias.flatten(), x, beside).view(-1, n, out)
        product = torch.baddbmm(self.bias[:, None], x.transpose(0, 1), self.weight)
        return product.transpose(0, 1)


class Experts(nn.Module):
    """n perceptrons of the same widths: (B, D), or (B, n, D) with each one's own, to (B, n, H)."""

    def __init__(self, n: int, width: int, widths: Sequence[int], dropout: float = 0.0) -> None:
        super().__init__()
        self.layers = nn.ModuleList()
        for out in widths:
            self.layers.append(StackedLinear(n, width, out))
            width = out
        self.dropout = dropout

    def forward(self, x: Tensor) -> Tensor:
        """(B, n, H), after leaky ReLU."""
        for layer in self.layers:
            x = F.dropout(F.leaky_relu(layer(x), SLOPE), self.dropout, self.training)
        return x


class Towers(nn.Module):
    """One perceptron a task with one output: (B, D), or (B, k, D) with each task's own, to (B, k).

    Without `widths` it is a linear layer a task.
    """

    def __init__(self, k: int, width: int, widths: Sequence[int], dropout: float = 0.0) -> None:
        super().__init__()
        self.hidden = Experts(k, width, widths, dropout)
        self.out = StackedLinear(k, widths[-1] if widths else width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, k) logits."""
        return self.out(self.hidden(x)).squeeze(2)


class Gates(nn.Module):
    """Softmax over n experts, one for each of m mixtures: weights (B, m, n)."""

    def __init__(self, m: int, width: int, n: int) -> None:
        super().__init__()
        self.linear = StackedLinear(m, width, n)

    def forward(self, x: Tensor) -> Tensor:
        """(B, m, n) from (B, D), or from (B, m, D) with each mixture's own."""
        return self.linear(x).softmax(2)


def mix(weights: Tensor, experts: Tensor) -> Tensor:
    """(B, m, H): sums of experts (B, n, H) by weights (B, m, n)."""
    return torch.bmm(weights, experts)
