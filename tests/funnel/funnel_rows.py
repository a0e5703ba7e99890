"""Small batches that a funnel model can read."""

from __future__ import annotations

import torch
from pydantic import TypeAdapter

from shoplm.funnel.batch import Batch
from shoplm.funnel.models import build
from shoplm.funnel.models.description import Description
from shoplm.funnel.models.settings import ModelSettings

NUMERIC = ("price", "rating", "delivery")


def describe(tasks=3, regions=3, **changes):
    values = {
        "tasks": tuple("abcdef"[:tasks]),
        "numeric": NUMERIC,
        "dependent": ("price", "delivery"),
        "categorical": {"category": 6, "brand": 4},
        "multivalued": {"tags": 5},
        "n_regions": regions,
        "region_numeric": 2,
        "n_platforms": 2,
    }
    return Description(**(values | changes))


def draw_batch(d, rows=32, seed=0, regions=None):
    g = torch.Generator().manual_seed(seed)

    def integers(high, *size):
        return torch.randint(0, high, size, generator=g)

    region = integers(regions or d.n_regions, rows)
    described = torch.randn(d.n_regions, d.region_numeric, generator=torch.Generator())
    table = torch.eye(d.n_regions) if d.region_one_hot else described
    sizes, none = d.categorical.values(), torch.zeros(rows, dtype=torch.long)
    counts = integers(3, rows)
    tags = integers(5, int(counts.sum()))
    reached = integers(len(d.tasks) + 1, rows)
    return Batch(
        numeric=torch.randn(rows, len(d.numeric), generator=g),
        categorical=torch.stack([none, *(integers(n, rows) for n in sizes)], 1)[:, 1:].int(),
        multivalued={name: (tags, counts.cumsum(0) - counts) for name in d.multivalued},
        region=region,
        region_numeric=table[region],
        platform=integers(d.n_platforms, rows),
        labels=(reached[:, None] > torch.arange(len(d.tasks))).float(),
        index=torch.arange(rows),
    )


def one_row(batch, i):
    """Row i alone."""
    multivalued = {}
    for name, (ids, starts) in batch.multivalued.items():
        end = starts[i + 1] if i + 1 < len(starts) else len(ids)
        multivalued[name] = (ids[starts[i] : end], torch.zeros(1, dtype=torch.long))
    return Batch(
        multivalued=multivalued,
        **{
            name: getattr(batch, name)[i : i + 1]
            for name in (
                "numeric",
                "categorical",
                "region",
                "region_numeric",
                "platform",
                "labels",
                "index",
            )
        },
    )


def make(d, seed=0, **settings):
    torch.manual_seed(seed)
    return build(TypeAdapter(ModelSettings).validate_python(settings), d)


def train(model, batch, steps=20, rate=0.01, after_step=lambda: None):
    optimizer = torch.optim.AdamW(model.parameters(), rate, weight_decay=0.1)
    model.train()
    for _ in range(steps):
        optimizer.zero_grad()
        model.loss(batch).backward()
        optimizer.step()
        after_step()
    return model.eval()
