"""Trained models as ordinary Hugging Face directories."""

from __future__ import annotations

import shutil
from pathlib import Path

import torch
from transformers import PreTrainedModel
from transformers.utils import logging

from shoplm.lm.checkpoints import appearing

_WEIGHTS = ("*.safetensors", "*.safetensors.index.json", "*.bin", "*.bin.index.json", "*.pt")


def write_model(
    directory: Path, model: PreTrainedModel, weights: dict[str, torch.Tensor], base_model: Path
) -> None:
    """Write a directory like `base_model` with other weights; it appears whole or not at all.

    Args:
        directory: replaced if there.
        model: knows the names that its class gives to stored weights.
        weights: tensors by name, on the host, in the type to store.
        base_model: configuration, tokenizer and whatever else is no weight are copied from it.

    Raises:
        OSError: there is no room; nothing of it stays.
    """
    logging.disable_progress_bar()
    with appearing(directory) as aside:
        model.save_pretrained(aside, state_dict=weights)
        for file in sorted(base_model.iterdir()):
            if file.is_file() and not any(file.match(pattern) for pattern in _WEIGHTS):
                shutil.copyfile(file, aside / file.name)
