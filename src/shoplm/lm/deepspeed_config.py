"""DeepSpeed's JSON from the settings of a run."""

from __future__ import annotations

import math
from typing import Any

from shoplm.lm.run import TrainingSettings

DEEPSPEED_FILE = "deepspeed.json"
"""What DeepSpeed was given, beside the run file."""


def blocks_per_process(training: TrainingSettings, world_size: int, sequence_length: int) -> int:
    """Blocks of a step that each process takes.

    Raises:
        ValueError: the blocks of a batch cannot be shared out evenly.
    """
    blocks, rest = divmod(training.batch_tokens, sequence_length)
    if rest:
        raise ValueError(
            f"batch_tokens: {training.batch_tokens} is no multiple of the block length, "
            f"{sequence_length}"
        )
    if blocks % world_size:
        raise ValueError(
            f"batch_tokens: {training.batch_tokens} are {blocks} blocks of {sequence_length}, "
            f"which {world_size} processes cannot share evenly"
        )
    return blocks // world_size


def has_fp32_masters(training: TrainingSettings) -> bool:
    """Whether the model itself is bf16 and the optimizer holds its weights in fp32.

    So it is with bf16 under ZeRO. Without ZeRO (plain PyTorch, stage 0) the model is fp32 and
    bf16 comes by autocast: DeepSpeed's stage 0 would keep no fp32 copy.
    """
    return training.precision == "bf16" and training.zero is not None and training.zero.stage > 0


def deepspeed_config(
    training: TrainingSettings, world_size: int, sequence_length: int
) -> dict[str, Any]:
    """The configuration that DeepSpeed trains with; pure, nothing is imported.

    Args:
        training: its `zero` is set.
        world_size: processes on all hosts.
        sequence_length: tokens of a block.

    Raises:
        ValueError: `zero` is not set, or the batch cannot be shared by the processes.
    """
    zero = training.zero
    if zero is None:
        raise ValueError("zero is not set: this run does not train with DeepSpeed")
    blocks = blocks_per_process(training, world_size, sequence_length)
    accumulation = math.ceil(blocks / training.micro_batch)
    adamw = training.optimizer
    optimizer: dict[str, Any] = {
        "lr": adamw.learning_rate,
        "betas": list(adamw.betas),
        "eps": adamw.epsilon,
        "weight_decay": adamw.weight_decay,
    }
    if not zero.offload_optimizer:  # torch's own: DeepSpeed's would be compiled at first use
        optimizer |= {"torch_adam": True, "fused": True}
    partition: dict[str, Any] = {"stage": zero.stage}
    if zero.offload_optimizer:
        partition["offload_optimizer"] = {"device": "cpu", "pin_memory": True}
    if zero.offload_parameters:
        partition["offload_param"] = {"device": "cpu", "pin_memory": True}
    if zero.persistence_threshold is not None:
        partition["stage3_param_persistence_threshold"] = zero.persistence_threshold
    config: dict[str, Any] = {
        "train_micro_batch_size_per_gpu": math.ceil(blocks / accumulation),
        "gradient_accumulation_steps": accumulation,
        "gradient_clipping": adamw.gradient_clipping,
        "optimizer": {"type": "AdamW", "params": optimizer},
        "zero_optimization": partition,
        "steps_per_print": 1 << 30,
    }
    if training.precision == "bf16":
        if has_fp32_masters(training):
            config["bf16"] = {"enabled": True}
            config["data_types"] = {"grad_accum_dtype": "fp32"}
        else:
            config["torch_autocast"] = {"enabled": True, "dtype": "bfloat16"}
    return config
