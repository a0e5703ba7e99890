"""All features of a row as one vector, which every model reads."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from shoplm.funnel.batch import Batch
from shoplm.funnel.models.description import Description
from shoplm.funnel.models.md import MD
from shoplm.funnel.models.settings import NeuralSettings


class FeatureInput(nn.Module):
    """Numeric features, then embeddings of all others, side by side: (B, `width`).

    With MD in front, the numeric features that depend on the region go through it, and its result
    stands in their place. Several values of one feature are averaged.

    Embeddings of regions and platforms, and of id 0 of every feature, start at zero: what training
    never shows stays zero and adds nothing, so a region unseen in training is scored as a region
    without a leaning of its own, from what describes it and from all other features.
    """

    def __init__(self, settings: NeuralSettings, description: Description) -> None:
        super().__init__()
        inputs, d = settings.inputs, description
        self.md_off = _why_off(settings, d)
        """Why there is no MD though it was asked for, or null."""
        self.md = MD(settings.md_module, d) if settings.md and not self.md_off else None
        width = len(d.numeric) if self.md is None else self.md.width
        sizes = list(d.categorical.values())
        starts = torch.tensor([0, *sizes]).cumsum(0)
        self.register_buffer("starts", starts[:-1], persistent=False)
        self.register_buffer("sizes", torch.tensor(sizes, dtype=torch.long), persistent=False)
        self.categorical = _embedding(int(starts[-1]), inputs.embedding, zero=starts[:-1])
        self.multivalued = nn.ParameterDict(
            {
                f"of_{i}": _embedding(size, inputs.embedding, zero=torch.tensor([0]))
                for i, size in enumerate(d.multivalued.values())
            }
        )
        self.multivalued_names = list(d.multivalued)
        self.region = self.platform = None
        if inputs.region in ("embedding", "both") and d.n_regions > 1:
            self.region = nn.Parameter(torch.zeros(d.n_regions, inputs.embedding))
        if inputs.platform and d.n_platforms > 1:
            self.platform = nn.Parameter(torch.zeros(d.n_platforms, inputs.embedding))
        has_features = inputs.region in ("features", "both") and d.n_regions > 1
        self.has_region_numeric = has_features and not d.region_one_hot
        n_embedded = len(sizes) + len(d.multivalued)
        n_embedded += (self.region is not None) + (self.platform is not None)
        self.width = width + n_embedded * inputs.embedding
        if self.has_region_numeric:
            self.width += d.region_numeric
        if not self.width:
            raise ValueError(f"model {settings.model}: there is no feature to learn from")

    def forward(self, batch: Batch) -> Tensor:
        """(B, width)."""
        parts = [batch.numeric if self.md is None else self.md(batch)]
        if self.has_region_numeric:
            parts.append(batch.region_numeric)
        if len(self.sizes):
            ids = batch.categorical.long() + self.starts
            parts.append(F.embedding(ids, self.categorical).flatten(1))
        for name, weight in zip(self.multivalued_names, self.multivalued.values(), strict=True):
            ids, starts = batch.multivalued[name]
            parts.append(F.embedding_bag(ids.long(), weight, starts.long(), mode="mean"))
        if self.region is not None:
            parts.append(F.embedding(batch.region.long(), self.region))
        if self.platform is not None:
            parts.append(F.embedding(batch.platform.long(), self.platform))
        return torch.cat(parts, 1)


def _why_off(settings: NeuralSettings, d: Description) -> str | None:
    if not settings.md:
        return None
    if d.n_regions < 2:
        return "there is one region only"
    if not d.dependent:
        return "no feature depends on the region"
    if not d.region_numeric:
        return "nothing describes the regions"
    return None


def _embedding(n: int, width: int, zero: Tensor) -> nn.Parameter:
    weight = torch.randn(n, width) * 0.1
    weight[zero] = 0
    return nn.Parameter(weight)
