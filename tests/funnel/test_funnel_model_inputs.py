"""What a model reads of a row, with MD in front and without."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from funnel_rows import describe, draw_batch, make, train

from shoplm.funnel.models.md import MD
from shoplm.funnel.models.settings import MDSettings


def test_md_masks_dependent_features_alone():
    """One region feature r, no hidden layer: mask = exp(2 r); then MLP(u) = relu(3 u - 1)."""
    d = describe(dependent=("rating",), region_numeric=1)
    md = MD(MDSettings(mask_widths=(), widths=(1,)), d)
    with torch.no_grad():
        md.mask[0].weight.fill_(2)
        md.map[0].weight.fill_(3)
        md.map[0].bias.fill_(-1)
    batch = draw_batch(d, rows=2)
    batch = replace(
        batch,
        numeric=torch.tensor([[10.0, 0.5, 30.0], [11.0, 0.5, 31.0]]),
        region_numeric=torch.tensor([[0.0], [0.2]]),
    )
    mask = math.exp(3 * math.tanh(0.4 / 3))
    assert mask == pytest.approx(math.exp(0.4), rel=0.01)
    torch.testing.assert_close(
        md(batch), torch.tensor([[10.0, 30.0, 0.5], [11.0, 31.0, 1.5 * mask - 1]])
    )


@pytest.mark.parametrize(
    ("activation", "expected"),
    [
        ("exp", [math.exp(3 * math.tanh(-1)), 1.0, math.exp(3 * math.tanh(1))]),
        ("twice_sigmoid", [2 / (1 + math.e**3), 1.0, 2 / (1 + math.e**-3)]),
        ("sigmoid", [1 / (1 + math.e**3), 0.5, 1 / (1 + math.e**-3)]),
        ("tanh", [math.tanh(-3), 0.0, math.tanh(3)]),
        ("identity", [-3.0, 0.0, 3.0]),
    ],
)
def test_mask_activations(activation, expected):
    d = describe(dependent=("rating",), region_numeric=1)
    md = MD(MDSettings(mask_widths=(), activation=activation), d)
    with torch.no_grad():
        md.mask[0].weight.fill_(1)
    masks = md.masks(torch.tensor([[-3.0], [0.0], [3.0]])).flatten()
    torch.testing.assert_close(masks, torch.tensor(expected))


def test_md_reads_an_unseen_region_of_a_one_hot_as_the_mean_of_those_seen():
    d = describe(regions=4, region_one_hot=True, region_numeric=4, unseen_regions=(1, 3))
    md = MD(MDSettings(mask_widths=(), activation="identity"), d)
    masks = md.masks(torch.eye(4))
    torch.testing.assert_close(masks[1], (masks[0] + masks[2]) / 2)
    torch.testing.assert_close(masks[3], masks[1])


def test_md_starts_near_no_mask():
    torch.manual_seed(0)
    masks = MD(MDSettings(), describe()).masks(torch.randn(100, 2))
    assert (masks - 1).abs().max() < 0.3


def test_md_undoes_a_scale_that_a_region_feature_says():
    """A value counts alike everywhere, but is shown in 9 regions' units of 1/8 to 8."""
    g = torch.Generator().manual_seed(0)
    d = describe(
        1,
        regions=9,
        numeric=("price",),
        dependent=("price",),
        categorical={},
        multivalued={},
        region_numeric=1,
        n_platforms=1,
    )
    batch = draw_batch(d, rows=2000)
    latent = torch.randn(2000, generator=g)
    described = torch.linspace(-1, 1, 9)[batch.region]
    batch = replace(
        batch,
        numeric=(latent * torch.exp(2 * described))[:, None],
        region_numeric=described[:, None],
        labels=(torch.rand(2000, generator=g) < torch.sigmoid(2 * latent)).float()[:, None],
    )
    losses = {
        md: train(make(d, model="logistic", md=md), batch, steps=150).loss(batch).item()
        for md in (True, False)
    }
    best = torch.nn.functional.binary_cross_entropy_with_logits(2 * latent, batch.labels[:, 0])
    assert losses[True] < best.item() + 0.01
    assert losses[False] > best.item() + 0.03


def test_inputs_embed_and_average():
    """Two rows: numbers, the category's row, the mean of two tags or nothing, region, platform."""
    d = describe(
        1,
        numeric=("price",),
        dependent=(),
        categorical={"category": 3},
        multivalued={"tags": 3},
    )
    model = make(d, model="logistic", inputs={"embedding": 1})
    with torch.no_grad():
        model.inputs.categorical.copy_(torch.tensor([[0.0], [5.0], [6.0]]))
        model.inputs.multivalued["of_0"].copy_(torch.tensor([[0.0], [10.0], [20.0]]))
        model.inputs.region.copy_(torch.tensor([[100.0], [200.0], [300.0]]))
        model.inputs.platform.copy_(torch.tensor([[7.0], [8.0]]))
    batch = replace(
        draw_batch(d, rows=2),
        numeric=torch.tensor([[0.25], [0.75]]),
        categorical=torch.tensor([[2], [1]], dtype=torch.int32),
        multivalued={"tags": (torch.tensor([1, 2]), torch.tensor([0, 2]))},
        region=torch.tensor([0, 2]),
        region_numeric=torch.tensor([[1.0, 2.0], [3.0, 4.0]]),
        platform=torch.tensor([1, 0]),
    )
    torch.testing.assert_close(
        model.inputs(batch),
        torch.tensor(
            [
                [0.25, 1.0, 2.0, 6.0, 15.0, 100.0, 8.0],
                [0.75, 3.0, 4.0, 5.0, 0.0, 300.0, 7.0],
            ]
        ),
    )
