from __future__ import annotations

import subprocess
import sys

import pytest
from peft import LoraConfig
from pydantic import ValidationError

from shoplm.lm.adapters import add_adapter
from shoplm.lm.lora import LoraSettings
from shoplm.variants import resolve_variant


def test_rank_zero_is_refused():
    with pytest.raises(ValidationError, match="an adapter has rank 1 or more; leave `adapter`"):
        LoraSettings(rank=0)
    with pytest.raises(ValueError, match=r"variant 'r0': field 'rank': .* rank 1 or more.*got 0"):
        resolve_variant(LoraSettings(), "r0", {"rank": 0})


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"alpha": 0}, "alpha"),
        ({"dropout": 1.0}, "dropout"),
        ({"dropout": -0.1}, "dropout"),
        ({"target_modules": []}, "name one layer or more"),
        ({"target_modules": "query_key_value"}, "target_modules"),
        ({"extra": {"r": 4}}, "'r' is the setting 'rank' here"),
        ({"extra": {"lora_dropout": 0.5}}, "'lora_dropout' is the setting 'dropout' here"),
        ({"extra": {"task_type": "SEQ_CLS"}}, "'task_type' cannot be set"),
        ({"extra": {"layer_replication": [[0, 2]]}}, "'layer_replication' cannot be set"),
        ({"extra": {"use_rs_lora": True}}, "'use_rs_lora' is no field of peft's LoraConfig"),
        ({"extra": {"use_rslora": "yes"}}, "'use_rslora' is 'yes': .*boolean"),
        ({"extra": {"bias": "some"}}, "'bias' is 'some': .*'none', 'all' or 'lora_only'"),
        ({"extra": {"rank_pattern": 3}}, "'rank_pattern' is 3: .*dictionary"),
        ({"extra": {"init_lora_weights": "pissa"}}, "'init_lora_weights' is 'pissa', expected one"),
    ],
)
def test_what_does_not_fit_is_named(settings, words):
    with pytest.raises(ValidationError, match=words):
        LoraSettings(**settings)


def test_other_fields_reach_peft(tiny_bloom):
    settings = LoraSettings(
        rank=2,
        alpha=6,
        dropout=0.25,
        target_modules=["dense"],
        extra={"use_rslora": True, "rank_pattern": {"h.1.self_attention.dense": 3}},
    )
    config = add_adapter(tiny_bloom, settings, 0).peft_config["default"]
    assert isinstance(config, LoraConfig)
    assert (config.r, config.lora_alpha, config.lora_dropout) == (2, 6, 0.25)
    assert config.use_rslora and config.target_modules == {"dense"}
    assert config.rank_pattern == {"h.1.self_attention.dense": 3}


def test_settings_need_neither_torch_nor_peft():
    """A pipeline reads its parameters at every command."""
    code = "import sys; from shoplm.lm.run import TrainingRun; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "shoplm.lm.lora" in done.stdout
    assert not {"torch", "peft", "transformers"} & set(done.stdout.split())
