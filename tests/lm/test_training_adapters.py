"""Adapters through training runs in this process."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from shoplm.datasets.model_directory import check_model_directory
from shoplm.launch import is_complete
from shoplm.lm.adapters import load_adapted
from shoplm.lm.processes import Processes
from shoplm.lm.run import FINAL, MERGED
from shoplm.lm.train import train

ALONE = Processes(0, 1, torch.device("cpu"))


def logits(model) -> torch.Tensor:
    tokens = torch.arange(3, 43).view(2, 20)
    with torch.no_grad():
        return model.eval()(tokens).logits


@pytest.fixture(scope="module")
def undisturbed(sft_inputs, tmp_path_factory):
    """A run of 12 steps to its end."""
    file = sft_inputs.write(tmp_path_factory.mktemp("adapter"), keep=[0.5], merge=True)
    train(file, ALONE)
    return file


def test_a_run_leaves_an_adapter_and_a_merged_model(sft_inputs, results, undisturbed):
    assert is_complete(undisturbed)
    models = undisturbed.parent / "models"
    (kept,) = models.glob("tokens-*")
    assert {path.name for path in models.iterdir()} == {"final", "merged", kept.name}
    for adapter in (models / "final", kept):
        check_model_directory(adapter)
        weights = load_file(adapter / "adapter_model.safetensors")
        assert {t.dtype for t in weights.values()} == {torch.float32}
        assert len(weights) == 2 * 2 * 4  # A and B of each linear layer, not of the head
        assert not list(adapter.glob("model*.safetensors"))
    config = json.loads((models / "final/adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "model"
    assert (
        str(sft_inputs.base_model.parent) not in (models / "final/adapter_config.json").read_text()
    )
    tokenizer = "tokenizer.json"
    assert (models / FINAL.name / tokenizer).read_bytes() == (
        sft_inputs.base_model / tokenizer
    ).read_bytes()
    measured = results.losses(undisturbed, "shop_en")
    assert measured[12] < measured[6] < measured[0]


def test_merged_is_the_base_model_with_the_adapter(sft_inputs, undisturbed):
    folder = undisturbed.parent
    base = AutoModelForCausalLM.from_pretrained(sft_inputs.base_model)
    adapted = load_adapted(sft_inputs.base_model, folder / FINAL)
    merged = AutoModelForCausalLM.from_pretrained(folder / MERGED)
    assert (logits(adapted) - logits(base)).abs().max() > 1e-2
    assert torch.allclose(logits(merged), logits(adapted), atol=1e-5)
