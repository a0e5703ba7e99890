"""What holds for every model that learns by gradients."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from funnel_rows import describe, draw_batch, make, one_row, train
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shoplm.funnel.models import MODELS
from shoplm.funnel.models.base import log_products, rising
from shoplm.funnel.models.inputs import FeatureInput
from shoplm.funnel.models.settings import ModelSettings
from shoplm.funnel.transfer import Frozen

NAMES = sorted(set(MODELS) - {"gbm"})
PRODUCTS = [{"model": "seq"}, {"model": "seq", "tokens": "chained"}, {"model": "esmm"}]
every_model = pytest.mark.parametrize("name", NAMES)
with_and_without_md = pytest.mark.parametrize("md", [True, False])


@every_model
@pytest.mark.parametrize(("tasks", "md"), [(1, True), (2, False), (4, True)])
def test_gives_a_probability_for_each_task(name, md, tasks):
    d = describe(tasks)
    batch = draw_batch(d, rows=5)
    p = make(d, model=name, md=md).eval().predict(batch)
    assert p.shape == (5, tasks)
    assert p.dtype == torch.float32
    assert not p.requires_grad
    assert ((p > 0) & (p < 1)).all()
    assert len(p.unique()) > 1


@every_model
def test_loss_is_the_cross_entropy_of_what_is_predicted(name):
    d = describe()
    batch = draw_batch(d)
    settings = {"aitm": {"calibration_weight": 0}}.get(name, {})
    model = make(d, model=name, task_weights=(1, 2, 0.5), **settings)
    if name == "star":  # its batch statistics in training are not those of evaluation
        model.eval()
    p, y = model.predict(batch).double().numpy(), batch.labels.double().numpy()
    entropy = -(y * np.log(p) + (1 - y) * np.log(1 - p))
    assert model.loss(batch).item() == pytest.approx((entropy @ [1, 2, 0.5]).mean(), rel=1e-4)


@every_model
@with_and_without_md
def test_gradients_reach_every_parameter(name, md):
    d = describe()
    model = make(d, model=name, md=md, seed=1)
    model.loss(draw_batch(d, rows=64)).backward()
    for parameter_name, parameter in model.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert torch.isfinite(parameter.grad).all(), parameter_name
        assert parameter.grad.abs().sum() > 0, parameter_name


@every_model
def test_learns_what_a_feature_says(name):
    d = describe(2, categorical={}, multivalued={})
    batch = draw_batch(d, rows=96)
    clicked = (batch.numeric[:, 1] > 0).float()
    batch = replace(batch, labels=torch.stack([clicked, clicked * batch.platform], 1))
    p = train(make(d, model=name), batch, steps=40, rate=0.03).predict(batch)
    assert (p[clicked == 1, 0].mean() - p[clicked == 0, 0].mean()) > 0.25
    bought = batch.labels[:, 1]
    assert (p[bought == 1, 1].mean() - p[bought == 0, 1].mean()) > 0.25


@every_model
@with_and_without_md
def test_a_row_is_scored_the_same_alone_as_among_others(name, md):
    d = describe()
    batch = draw_batch(d, rows=9)
    model = train(make(d, model=name, md=md), batch, steps=3)
    together = model.predict(batch)
    for i in (0, 4, 8):
        torch.testing.assert_close(model.predict(one_row(batch, i))[0], together[i])


@every_model
def test_a_region_with_one_row_trains_to_finite_weights(name):
    d = describe(regions=2)
    batch = draw_batch(d, rows=40, regions=1)
    batch = replace(batch, region=torch.tensor([0] * 39 + [1]))
    model = train(make(d, model=name, md=True), batch, steps=5)
    assert torch.isfinite(model.predict(batch)).all()
    assert torch.isfinite(train(model, one_row(batch, 39), steps=2).predict(batch)).all()


@every_model
@pytest.mark.parametrize(("md", "one_hot"), [(True, True), (True, False), (False, False)])
def test_regions_unseen_in_training_have_no_leaning_of_their_own(name, md, one_hot):
    d = describe(
        regions=4,
        region_one_hot=one_hot,
        region_numeric=4 if one_hot else 2,
        unseen_regions=(2, 3),
    )
    batch = draw_batch(d, regions=2)
    model = train(make(d, model=name, md=md), batch, steps=5)

    def score(region):
        there = batch.region_numeric  # what describes them is held the same
        if one_hot:
            there = torch.eye(4)[region].expand(len(batch), -1)
        return model.predict(
            replace(batch, region=torch.full_like(batch.region, region), region_numeric=there)
        )

    torch.testing.assert_close(score(2), score(3), rtol=0, atol=0)
    assert not torch.allclose(score(0), score(1))
    assert torch.isfinite(score(2)).all()


@every_model
def test_one_region_turns_md_off_and_says_so(name):
    d = describe(regions=1)
    batch = draw_batch(d)
    model = make(d, model=name, md=True)
    reasons = {m.md_off for m in model.modules() if isinstance(m, FeatureInput)}
    assert reasons == {"there is one region only"}
    plain = make(d, model=name, md=False)
    torch.testing.assert_close(model.predict(batch), plain.predict(batch))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"dependent": ()}, "no feature depends on the region"),
        ({"region_numeric": 0}, "nothing describes the regions"),
    ],
)
def test_md_is_off_where_it_has_nothing_to_do(changes, reason):
    model = make(describe(**changes), model="seq", md=True)
    assert model.inputs.md is None
    assert model.inputs.md_off == reason


def test_md_may_be_in_front_where_all_features_depend_on_the_region():
    d = describe(dependent=("price", "rating", "delivery"))
    assert make(d, model="seq").predict(draw_batch(d)).shape == (32, 3)


@every_model
def test_the_same_seed_gives_the_same_model(name):
    d = describe()
    batch = draw_batch(d)
    first, second = (train(make(d, model=name, seed=3), batch, steps=2) for _ in range(2))
    torch.testing.assert_close(first.predict(batch), second.predict(batch), rtol=0, atol=0)
    other = train(make(d, model=name, seed=4), batch, steps=2)
    assert not torch.equal(first.predict(batch), other.predict(batch))


@pytest.mark.parametrize("settings", PRODUCTS)
@pytest.mark.parametrize("scale", [1, 30, 1000])
def test_with_the_product_no_probability_rises_along_the_tasks(settings, scale):
    d = describe(5)
    batch = draw_batch(d, rows=200)
    batch = replace(batch, numeric=batch.numeric * scale)
    model = make(d, **settings)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(5)
    p = model.predict(batch)
    assert (p[:, 1:] <= p[:, :-1]).all()
    assert torch.isfinite(model.loss(batch))


@settings(max_examples=40)
@given(st.lists(st.floats(-12, 12), min_size=1, max_size=5))
def test_logs_of_products_are_those_of_the_products(logits):
    log_p, log_not_p = log_products(torch.tensor([logits], dtype=torch.float32))
    p = 1.0
    for t, z in enumerate(logits):
        p *= 1 / (1 + math.exp(-z))
        assert log_p[0, t].item() == pytest.approx(math.log(p), rel=1e-4, abs=1e-6)
        assert log_not_p[0, t].item() == pytest.approx(math.log1p(-p), rel=1e-4, abs=1e-6)


@settings(max_examples=30)
@given(st.lists(st.sampled_from([-1e4, -200.0, 0.0, 50.0, 200.0, 1e4]), min_size=2, max_size=4))
def test_logs_of_products_and_their_gradients_are_finite_for_any_logit(logits):
    z = torch.tensor([logits], requires_grad=True)
    log_p, log_not_p = log_products(z)
    (log_p + log_not_p).sum().backward()
    assert torch.isfinite(log_p).all()
    assert torch.isfinite(log_not_p).all()
    assert torch.isfinite(z.grad).all()


def test_rising_is_what_each_probability_exceeds_the_one_before_by():
    p = torch.tensor([[0.5, 0.7, 0.6], [0.9, 0.2, 0.3], [0.3, 0.2, 0.1], [0.1, 0.1, 0.1]])
    assert rising(p).item() == pytest.approx((0.2 + 0.1) / 4)


@pytest.mark.parametrize(
    "settings",
    [
        {"model": "seq", "regulariser": "hinge", "hinge_weight": 3.0},
        {"model": "aitm", "calibration_weight": 3.0},
    ],
)
def test_the_hinge_adds_its_weight_times_what_rises(settings):
    d = describe()
    batch = draw_batch(d)
    model = make(d, **settings)
    with_hinge = model.loss(batch).item()
    model.order_weight = 0.0
    p = model.predict(batch)
    assert rising(p) > 0
    assert with_hinge == pytest.approx(model.loss(batch).item() + 3 * rising(p).item(), rel=1e-5)


@every_model
def test_a_model_of_fewer_tasks_hands_over_all_that_it_has(name):
    source = train(make(describe(2), model=name), draw_batch(describe(2)), steps=2)
    model = make(describe(3), model=name, seed=5)
    taken = model.adopt(source.state_dict())
    assert set(taken) == set(source.state_dict())
    for weight, own in source.state_dict().items():
        torch.testing.assert_close(taken[weight], own)
        part = model.state_dict()[weight][tuple(map(slice, own.shape))]
        torch.testing.assert_close(part, own)


SEQS = ({}, {"tokens": "chained"}, {"head": "shared"}, {"regulariser": "hinge"})


@pytest.mark.parametrize(
    "settings",
    [
        *({"model": "seq"} | more for more in SEQS),
        *({"model": name} for name in sorted(set(NAMES) - {"seq", "adatt"})),
    ],
    ids=lambda settings: "-".join(settings.values()),
)
def test_a_frozen_model_learns_a_third_task_and_keeps_the_first_two(settings):
    fewer, more = describe(2), describe(3)
    batch = draw_batch(more)
    source = train(make(fewer, **settings), draw_batch(fewer), steps=2)
    model = make(more, **settings, seed=5).eval()
    taken = model.adopt(source.state_dict())
    before = model.predict(batch)
    torch.testing.assert_close(before[:, :2], source.predict(batch))
    frozen = Frozen(model, taken)
    assert frozen.n_weights < sum(p.numel() for p in model.parameters() if p.requires_grad)
    after = train(model, batch, steps=4, after_step=frozen.restore).predict(batch)
    assert torch.equal(after[:, :2], before[:, :2])
    assert (after[:, 2] - before[:, 2]).abs().min() > 1e-4


def test_what_is_new_of_seq_is_a_token_and_a_row_of_the_head():
    model = make(describe(3), model="seq")
    Frozen(model, model.adopt(make(describe(2), model="seq").state_dict()))
    learning = [name for name, p in model.named_parameters() if p.requires_grad]
    assert learning == ["head", "head_bias", "tokens.1.0.weight", "tokens.1.0.bias"]


def test_a_weight_that_does_not_fit_is_not_handed_over():
    wide, narrow = (make(describe(), model="seq", hidden=n) for n in (8, 4))
    taken = narrow.adopt(wide.state_dict())
    assert "inputs.categorical" in taken
    assert not [name for name in taken if name.startswith("recurrent.weight")]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": "seq", "task_weights": (1, 1)}, "task_weights has 2 values for 3 tasks"),
        ({"model": "logistic", "inputs": {"embedding": 2}}, "3 tasks need as much"),
    ],
)
def test_settings_that_do_not_fit_the_data_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        make(describe(), **settings)


def test_data_without_a_feature_is_refused():
    nothing = describe(
        numeric=(), dependent=(), categorical={}, multivalued={}, n_regions=1, n_platforms=1
    )
    with pytest.raises(ValueError, match="model mmoe: there is no feature"):
        make(nothing, model="mmoe")


def test_a_dependent_feature_that_is_not_numeric_is_refused():
    with pytest.raises(ValueError, match="'colour' is none of the numeric features"):
        describe(dependent=("colour",))


@pytest.mark.parametrize(
    "settings",
    [
        {"model": "transformer"},
        {"model": "mmoe", "experts": 0},
        {"model": "gbm", "md": True},
        {"model": "seq", "bottom": [0]},
        {"model": "ple", "expert": []},
    ],
)
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValidationError):
        TypeAdapter(ModelSettings).validate_python(settings)
