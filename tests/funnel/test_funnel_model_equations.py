"""Each model against its paper's equations, written out row by row, or worked by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from funnel_rows import describe, draw_batch, make, train

from shoplm.funnel.models.settings import STARSettings
from shoplm.funnel.models.star import PartitionedNorm

ROWS = 4


def drawn(**settings):
    """A model, a batch and the input of each row, in float64."""
    d = describe()
    batch = draw_batch(d, rows=ROWS)
    batch = replace(
        batch, numeric=batch.numeric.double(), region_numeric=batch.region_numeric.double()
    )
    model = make(d, **settings).double().eval()
    with torch.no_grad():
        x = model.inputs(batch)
    return model, batch, x


def leaky(x):
    return torch.where(x > 0, x, 0.01 * x)


def stack(experts, i, x):
    """Perceptron i of several, over one row."""
    for layer in experts.layers:
        x = leaky(layer.weight[i] @ x + layer.bias[i])
    return x


def tower(model, t, x):
    last = model.towers.out
    return stack(model.towers.hidden, t, x) @ last.weight[t, 0] + last.bias[t, 0]


def gate(gates, t, x, among=slice(None)):
    scores = gates.linear.weight[t] @ x + gates.linear.bias[t]
    return torch.softmax(scores[among], 0)


def check(model, batch, expected_row):
    expected = torch.stack([torch.stack(list(expected_row(i))) for i in range(ROWS)])
    torch.testing.assert_close(model(batch), expected)


def test_shared_bottom():
    model, batch, x = drawn(model="shared_bottom", bottom=(5, 4), tower=(3,))

    def row(i):
        h = x[i]
        for layer in (model.bottom[0], model.bottom[3]):
            h = leaky(layer.weight @ h + layer.bias)
        return (tower(model, t, h) for t in range(3))

    check(model, batch, row)


def test_mmoe_weighs_shared_experts_by_a_gate_a_task():
    model, batch, x = drawn(model="mmoe", experts=3, expert=(5, 4), tower=(3,))

    def row(i):
        experts = [stack(model.experts, e, x[i]) for e in range(3)]
        for t in range(3):
            weights = gate(model.gates, t, x[i])
            yield tower(model, t, sum(w * f for w, f in zip(weights, experts, strict=True)))

    check(model, batch, row)


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_ple_lets_a_task_see_its_own_and_the_shared_experts(levels):
    model, batch, x = drawn(
        model="ple", levels=levels, task_experts=2, shared_experts=1, expert=(5,), tower=()
    )
    owner = ["shared", 0, 0, 1, 1, 2, 2]

    def row(i):
        states = dict.fromkeys(["shared", 0, 1, 2], x[i])
        for level in model.levels:
            experts = [stack(level.experts, e, states[o]) for e, o in enumerate(owner)]
            new = {}
            is_last = level is model.levels[-1]
            for g, name in enumerate(list(states)[is_last:]):  # nothing reads the last shared one
                among = [
                    e for e, o in enumerate(owner) if o in (name, "shared") or name == "shared"
                ]
                weights = gate(level.gates, g, states[name], among)
                new[name] = sum(w * experts[e] for w, e in zip(weights, among, strict=True))
            states = new
        return (tower(model, t, states[t]) for t in range(3))

    check(model, batch, row)


@pytest.mark.parametrize("levels", [1, 2])
def test_adatt_fuses_all_experts_and_keeps_its_own(levels):
    model, batch, x = drawn(model="adatt", levels=levels, task_experts=2, expert=(5,), tower=(3,))
    with torch.no_grad():
        for level in model.levels:
            assert (level.native == 0.5).all()
            level.native.copy_(torch.randn_like(level.native))

    def row(i):
        states = [x[i]] * 3
        for level in model.levels:
            experts = [stack(level.experts, e, states[e // 2]) for e in range(6)]
            fused = []
            for t in range(3):
                weights = gate(level.gates, t, states[t])
                every = sum(w * f for w, f in zip(weights, experts, strict=True))
                own = level.native[t, 0] * experts[2 * t] + level.native[t, 1] * experts[2 * t + 1]
                fused.append(every + own)
            states = fused
        return (tower(model, t, states[t]) for t in range(3))

    check(model, batch, row)


def test_aitm_weighs_what_is_handed_on_against_its_own():
    model, batch, x = drawn(model="aitm", bottom=(6, 4), tower=(3,))

    def row(i):
        state = stack(model.bottoms, 0, x[i])
        yield tower(model, 0, state)
        for t in (1, 2):
            transfer, attention = model.transfers[t - 1], model.attention[t - 1]
            handed = leaky(transfer.weight @ state + transfer.bias)
            values, scores = [], []
            for u in (handed, stack(model.bottoms, t, x[i])):
                h1, h2, h3 = (attention.weight @ u + attention.bias).split(4)
                values.append(h1)
                scores.append(h2 @ h3 / math.sqrt(4))
            weights = torch.softmax(torch.stack(scores), 0)
            state = weights[0] * values[0] + weights[1] * values[1]
            yield tower(model, t, state)

    check(model, batch, row)


def test_esmm_predicts_the_product_of_its_towers():
    model, batch, x = drawn(model="esmm", tower=(5,))
    for i, p in enumerate(model.predict(batch)):
        expected = 1.0
        for t in range(3):
            expected *= torch.sigmoid(tower(model, t, x[i])).item()
            assert p[t].item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("tokens", ["parallel", "chained"])
@pytest.mark.parametrize("head", ["per_task", "shared"])
def test_seq_reads_the_tokens_by_a_gru(tokens, head):
    model, batch, x = drawn(
        model="seq", bottom=(5,), token_widths=(6,), hidden=4, tokens=tokens, head=head
    )
    w_in, w_state, b_in, b_state = (
        getattr(model.recurrent, name)
        for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    )

    def row(i):
        bottom = model.bottom[0]
        made = [leaky(bottom.weight @ x[i] + bottom.bias)]
        for mlp in model.tokens:
            token = made[-1] if tokens == "chained" else made[0]
            for layer in (mlp[0], mlp[3]):
                token = leaky(layer.weight @ token + layer.bias)
            made.append(token)
        state = torch.zeros(4, dtype=torch.double)
        for t, token in enumerate(made):
            r_in, z_in, n_in = (w_in @ token + b_in).chunk(3)
            r_state, z_state, n_state = (w_state @ state + b_state).chunk(3)
            z = torch.sigmoid(z_in + z_state)
            new = torch.tanh(n_in + torch.sigmoid(r_in + r_state) * n_state)
            state = (1 - z) * new + z * state
            h = 0 if head == "shared" else t
            yield model.head[h] @ state + model.head_bias[h]

    check(model, batch, row)


def test_seq_is_the_product_by_default_and_a_task_depends_on_those_before():
    model, batch, _ = drawn(model="seq")
    p = model.predict(batch)
    conditional = torch.sigmoid(model(batch)).detach()
    torch.testing.assert_close(p.double(), conditional.cumprod(1), rtol=1e-5, atol=1e-7)
    first = model(batch)
    with torch.no_grad():
        model.tokens[1][0].weight.zero_()  # the last token is now the same for every row
        model.tokens[1][0].bias.fill_(1)
    changed = model(batch)
    torch.testing.assert_close(changed[:, :2], first[:, :2])
    assert not torch.allclose(changed[:, 2], first[:, 2])


def test_without_a_bottom_the_input_is_the_first_token():
    model, _, x = drawn(model="seq", bottom=())
    torch.testing.assert_close(model.sequence(x)[0], x)


def test_star_multiplies_the_centre_by_the_region():
    model, batch, _ = drawn(model="star", widths=(5, 4), tower=(3,), auxiliary=2)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "own_" in name or name == "indicator":
                parameter.copy_(torch.randn_like(parameter))
        x = model.norm(model.inputs(batch), batch.region)

    def row(i):
        r, h = batch.region[i], x[i]
        for layer in model.layers:
            weight = layer.centre.weight * (1 + layer.own_weight[r])
            h = leaky(weight @ h + layer.centre.bias + layer.own_bias[r])
        aside = model.auxiliary(torch.cat([x[i], model.indicator[r]]))
        return (tower(model, t, h) + aside[t] for t in range(3))

    check(model, batch, row)


def test_star_normalises_by_a_regions_rows_and_some_of_all():
    """Region 0 has 1 and 3, region 1 has 8: all have mean 4 and mean square 74/3. With one row of
    all beside, region 0 has mean 8/3 and mean square (10 + 74/3)/3, region 1 mean 6."""
    norm = PartitionedNorm(3, 1, STARSettings(prior_rows=1, momentum=0.5))
    x, region = torch.tensor([[1.0], [3.0], [8.0]]), torch.tensor([0, 0, 1])
    deviation = np.sqrt(
        [(10 + 74 / 3) / 3 - (8 / 3) ** 2 + 1e-5, (64 + 74 / 3) / 2 - 36 + 1e-5],
    )
    expected = [(1 - 8 / 3) / deviation[0], (3 - 8 / 3) / deviation[0], (8 - 6) / deviation[1]]
    torch.testing.assert_close(
        norm(x, region).flatten(), torch.tensor(expected, dtype=torch.float32)
    )
    norm.eval()
    torch.testing.assert_close(
        norm(x, region).flatten(), torch.tensor(expected, dtype=torch.float32)
    )
    unseen = norm(torch.tensor([[5.0]]), torch.tensor([2])).item()  # by the moments of all
    assert unseen == pytest.approx((5 - 4) / math.sqrt(74 / 3 - 16), rel=1e-5)


def test_single_shares_nothing_between_tasks():
    d = describe(2)
    batch = draw_batch(d)
    flipped = replace(batch, labels=torch.stack([batch.labels[:, 0], 1 - batch.labels[:, 1]], 1))
    one, other = (train(make(d, model="single", md=True), b, steps=5) for b in (batch, flipped))
    torch.testing.assert_close(one.predict(batch)[:, 0], other.predict(batch)[:, 0])
    assert not torch.allclose(one.predict(batch)[:, 1], other.predict(batch)[:, 1])


def test_logistic_is_the_regression_on_one_hot_categories():
    from sklearn.linear_model import LogisticRegression

    d = describe(
        1, categorical={"category": 4}, multivalued={}, n_platforms=1, dependent=(), n_regions=1
    )
    batch = draw_batch(d, rows=120)
    g = torch.Generator().manual_seed(1)
    by_category = torch.tensor([-1.0, 0.0, 0.5, 1.0])[batch.categorical[:, 0].long()]
    p = torch.sigmoid(batch.numeric[:, 0] + by_category)
    batch = replace(batch, labels=(torch.rand(120, generator=g) < p).float()[:, None])
    model = make(d, model="logistic")
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=300, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = model.loss(batch)
        loss.backward()
        return loss

    optimizer.step(closure)
    x = np.hstack([batch.numeric.numpy(), np.eye(4)[batch.categorical[:, 0].numpy()]])
    oracle = LogisticRegression(C=1e6, max_iter=1000).fit(x, batch.labels[:, 0].numpy())
    np.testing.assert_allclose(
        model.predict(batch)[:, 0].numpy(), oracle.predict_proba(x)[:, 1], atol=2e-3
    )
