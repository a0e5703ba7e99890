"""DeepSpeed's JSON."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from shoplm.lm.deepspeed_config import deepspeed_config
from shoplm.lm.run import TrainingSettings


def config(world_size: int = 4, **training) -> dict:
    given = {"batch_tokens": 64 * 2048, "micro_batch": 4, "zero": {"stage": 2}} | training
    return deepspeed_config(TrainingSettings.model_validate(given), world_size, 2048)


def test_the_batch_is_the_same_for_any_number_of_processes():
    for world_size in (1, 2, 4, 16, 64):
        made = config(world_size)
        blocks = made["train_micro_batch_size_per_gpu"] * made["gradient_accumulation_steps"]
        assert blocks * world_size == 64
        assert made["train_micro_batch_size_per_gpu"] <= 4
    assert config(4)["gradient_accumulation_steps"] == 4
    # 22 blocks of each process go in six micro-batches of at most 4
    assert config(3, batch_tokens=66 * 2048)["gradient_accumulation_steps"] == 6


def test_settings_arrive():
    made = config(
        optimizer={"learning_rate": 3e-4, "betas": [0.9, 0.95], "gradient_clipping": 0.5},
        zero={
            "stage": 3,
            "offload_optimizer": True,
            "offload_parameters": True,
            "persistence_threshold": 0,
        },
    )
    zero = made["zero_optimization"]
    assert zero["stage3_param_persistence_threshold"] == 0
    assert zero["stage"] == 3
    assert zero["offload_optimizer"]["device"] == zero["offload_param"]["device"] == "cpu"
    adamw = made["optimizer"]["params"]
    assert (adamw["lr"], adamw["betas"], adamw["weight_decay"]) == (3e-4, [0.9, 0.95], 0.1)
    assert made["gradient_clipping"] == 0.5
    assert made["bf16"] == {"enabled": True}
    assert made["data_types"] == {"grad_accum_dtype": "fp32"}
    assert json.loads(json.dumps(made)) == made


def test_nothing_is_compiled_or_cast_without_need():
    made = config(precision="fp32")
    assert made["optimizer"]["params"]["torch_adam"]
    assert "bf16" not in made and made["zero_optimization"] == {"stage": 2}
    # stage 0 would train bf16 weights without fp32 masters
    without_zero = config(zero={"stage": 0})
    assert "bf16" not in without_zero and without_zero["torch_autocast"]["enabled"]


def test_what_does_not_divide_is_refused():
    with pytest.raises(ValueError, match=r"131072 are 64 blocks of 2048, which 3 processes"):
        config(3)
    with pytest.raises(ValueError, match="no multiple of the block length"):
        config(batch_tokens=2047)
    with pytest.raises(ValueError, match="zero is not set"):
        config(zero=None)


def test_it_is_made_without_torch():
    code = (
        "import sys, shoplm.lm.deepspeed_config, shoplm.lm.schedule; "
        "print({'torch', 'deepspeed', 'numpy'} & set(sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"
