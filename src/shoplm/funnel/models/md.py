"""MD: one mapping from what describes a region to how its features are read (SEQ+MD)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from shoplm.funnel.batch import Batch
from shoplm.funnel.models.description import Description
from shoplm.funnel.models.layers import mlp
from shoplm.funnel.models.settings import MDSettings


class MD(nn.Module):
    """The multi-distribution module of SEQ+MD (arXiv 2408.13357), in front of any model.

    With r what describes the row's region, u the features that depend on the region and v those
    that do not:

        m = a(MLP_mask(r)),  x = [v, MLP(m * u)]

    so that regions share every weight, and one with few rows, or none in training, is read by what
    it has in common with the others. A region unseen in training has its own mask if features
    describe it. If r is a one-hot, its column has learned nothing: the mean of the one-hots of
    the regions seen stands in for it.

    The text that could be had leaves the mask's activation a open. Default is `exp`, bounded
    smoothly to factors of 1/20 to 20: what differs between regions is mostly a feature's unit or
    scale, to undo it is to multiply by a positive factor that is as likely above 1 as below, and in
    the exponent powers of region features are linear. `twice_sigmoid` is for masks that may switch
    a feature off (0 to 2), `sigmoid` the gate that a mask is elsewhere (0 to 1), `tanh` and
    `identity` may turn a feature's sign. All but the last three start near 1: near no mask at all.
    On the simulated shop the activations are level within the noise of seeds.
    """

    def __init__(self, settings: MDSettings, description: Description) -> None:
        super().__init__()
        d = description
        dependent = [i for i, name in enumerate(d.numeric) if name in set(d.dependent)]
        others = [i for i in range(len(d.numeric)) if i not in set(dependent)]
        self.register_buffer("dependent", torch.tensor(dependent), persistent=False)
        self.register_buffer("others", torch.tensor(others, dtype=torch.long), persistent=False)
        self.register_buffer("stand_in", _stand_in(d), persistent=False)
        hidden = mlp(d.region_numeric, settings.mask_widths)
        width = settings.mask_widths[-1] if settings.mask_widths else d.region_numeric
        self.mask = nn.Sequential(*hidden, nn.Linear(width, len(dependent)))
        with torch.no_grad():
            self.mask[-1].weight.mul_(0.1)
            self.mask[-1].bias.zero_()
        self.activation = ACTIVATIONS[settings.activation]
        self.map = mlp(len(dependent), settings.widths)
        self.width = len(others) + settings.widths[-1]

    def masks(self, region_numeric: Tensor) -> Tensor:
        """(…, number of dependent features) from (…, R): the factors of each region."""
        if self.stand_in is not None:
            region_numeric = region_numeric @ self.stand_in
        return self.activation(self.mask(region_numeric))

    def forward(self, batch: Batch) -> Tensor:
        """(B, width): the invariant features, then what is made of the others."""
        masked = self.masks(batch.region_numeric) * batch.numeric.index_select(1, self.dependent)
        return torch.cat([batch.numeric.index_select(1, self.others), self.map(masked)], 1)


def _bounded_exp(x: Tensor) -> Tensor:
    return (3 * torch.tanh(x / 3)).exp()


ACTIVATIONS = {
    "exp": _bounded_exp,
    "twice_sigmoid": lambda x: 2 * x.sigmoid(),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "identity": lambda x: x,
}


def _stand_in(d: Description) -> Tensor | None:
    """(R, R): what a one-hot is led to; the same if its region was seen, else the mean of those."""
    if not (d.region_one_hot and d.unseen_regions):
        return None
    seen = torch.ones(d.n_regions)
    seen[list(d.unseen_regions)] = 0
    rows = torch.diag(seen)
    rows[list(d.unseen_regions)] = seen / seen.sum().clamp(min=1)
    return rows
