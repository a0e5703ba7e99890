"""Masks of a trained model, by hand."""

import math

import pytest
import torch
from funnel_rows import make
from small_logs import random_log, settings_of, write

from shoplm.funnel.masks import region_masks
from shoplm.funnel.models.description import Description
from shoplm.funnel.run import FunnelRun
from shoplm.funnel.saving import save


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    chosen = settings_of(numeric=["quality", "price"])
    return write(random_log(), tmp_path_factory.mktemp("log") / "log", chosen)


def describe(log, **changes):
    given = {
        "tasks": tuple(log.tasks), "numeric": tuple(log.numeric_names), "dependent": ("price",),
        "n_regions": len(log.regions), "region_numeric": log.region_numeric.shape[1],
        "region_one_hot": True,
    }  # fmt: skip
    return Description(**(given | changes))


def kept(folder, trained, description, log, **settings):
    run = FunnelRun(variant="v", data=log.folder, model=settings)
    save(folder, run, trained, description, log.fingerprint)
    return folder


def test_a_linear_mask_of_a_one_hot_is_a_weight_a_region(log, tmp_path):
    settings = {"model": "logistic", "md": True,
                "md_module": {"mask_widths": [], "activation": "identity"}}  # fmt: skip
    model = make(describe(log), **settings)
    with torch.no_grad():
        model.inputs.md.mask[-1].weight.copy_(torch.tensor([[0.5, 2.0, -1.0]]))
        model.inputs.md.mask[-1].bias.fill_(0.25)
    masks = region_masks(kept(tmp_path / "m", model, describe(log), log, **settings), log)
    assert masks[["region", "feature"]].to_numpy().tolist() == [[r, "price"] for r in log.regions]
    assert masks["mask"].tolist() == pytest.approx([0.75, 2.25, -0.75])


def test_of_an_md_a_task_it_is_the_mean(log, tmp_path):
    settings = {"model": "single", "md": True, "md_module": {"mask_widths": []}}
    model = make(describe(log), **settings)
    with torch.no_grad():
        for inputs, bias in zip(model.inputs, (0.0, 0.3), strict=True):
            inputs.md.mask[-1].weight.zero_()
            inputs.md.mask[-1].bias.fill_(bias)
    masks = region_masks(kept(tmp_path / "m", model, describe(log), log, **settings), log)
    expected = (1 + math.exp(3 * math.tanh(0.1))) / 2
    assert masks["mask"].tolist() == pytest.approx([expected] * 3)


def test_without_md_there_are_none(log, tmp_path):
    for name, md in (("without", False), ("off", True)):
        told = describe(log, dependent=())
        model = make(told, model="shared_bottom", md=md)
        folder = kept(tmp_path / name, model, told, log, model="shared_bottom", md=md)
        masks = region_masks(folder, log)
        assert masks.empty and list(masks) == ["region", "feature", "mask"]


def test_another_log_of_the_same_regions_is_refused(log, tmp_path):
    model = make(describe(log), model="logistic", md=True)
    folder = kept(tmp_path / "m", model, describe(log), log, model="logistic", md=True)
    other = write(random_log(seed=1), tmp_path / "other", settings_of(numeric=["quality", "price"]))
    assert other.region_numeric.shape == log.region_numeric.shape
    with pytest.raises(ValueError, match=r"m: was trained on another log .* than that in .*other"):
        region_masks(folder, other)
