"""A causal language model from a Hugging Face directory, or one sentence why not."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError, safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel
from transformers.utils import logging


def load_model(
    directory: Path,
    precision: Literal["fp32", "stored"] = "fp32",
    attention: str | None = None,
) -> PreTrainedModel:
    """Load a causal language model from a local directory, safetensors only, without its code.

    Args:
        directory: configuration, tokenizer and `*.safetensors`.
        precision: type of the loaded weights. Plain PyTorch trains fp32 ones, under autocast too;
            an engine that makes fp32 masters of its own takes them as they are stored.
        attention: transformers' `attn_implementation`; its own choice by default.

    Raises:
        FileNotFoundError: the directory, its configuration, tokenizer or weights are missing, or
            there are only pickled weights.
        ValueError: a file is damaged, weights and configuration disagree in names or shapes of
            parameters, the model has fewer embeddings than its tokenizer has tokens, or it cannot
            be had with this attention.
    """
    directory = Path(directory)
    _check_files(directory)
    logging.disable_progress_bar()
    try:
        model, report = AutoModelForCausalLM.from_pretrained(
            directory,
            dtype=torch.float32 if precision == "fp32" else stored_dtype(directory),
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # refused below, by name
            attn_implementation=attention,
        )
    except (ImportError, ValueError) as error:
        if attention is None:
            raise
        raise ValueError(
            f"{directory}: cannot be had with attention {attention!r}: {error}"
        ) from None
    _check_fit(directory, type(model).__name__, report)
    rows, size = model.get_input_embeddings().num_embeddings, len(_tokenizer(directory))
    if rows < size:
        raise ValueError(
            f"{directory}: the model has {rows:,} embeddings, fewer than the {size:,} tokens of "
            "its tokenizer; expected a tokenizer and a model that were made for each other"
        )
    return model.train()


def recompute_activations(model: PreTrainedModel) -> None:
    """Let the backward pass recompute each layer's activations."""
    # transformers 5.23 warns of the older name, the only one that 5.17 has
    enable = getattr(model, "activation_checkpointing_enable", None)
    (enable or model.gradient_checkpointing_enable)({"use_reentrant": False})
    model.config.use_cache = False


def stored_dtype(directory: Path) -> torch.dtype:
    """The type of most parameters in a model directory's safetensors.

    Raises:
        FileNotFoundError: there are no weights.
        ValueError: a file is damaged.
    """
    counts: dict[str, int] = {}
    for file in _shards(Path(directory)):
        with _opened(file) as tensors:
            for name in tensors.keys():  # noqa: SIM118 - a handle is no mapping
                piece = tensors.get_slice(name)
                counts[piece.get_dtype()] = counts.get(piece.get_dtype(), 0) + _size(piece)
    names = {"F32": torch.float32, "BF16": torch.bfloat16, "F16": torch.float16}
    return names.get(max(counts, key=counts.__getitem__), torch.float32)


def tokenizer_fingerprint(directory: Path) -> str:
    """Sixteen hex digits of the tokenizer's definition, as packed blocks carry them.

    Raises:
        FileNotFoundError: the directory holds no fast tokenizer.
        ValueError: a file of it is damaged.
    """
    backend = _tokenizer(Path(directory)).backend_tokenizer
    backend.no_truncation()
    backend.no_padding()
    backend.encode_special_tokens = True  # as where the blocks were written
    return sha256(backend.to_str().encode()).hexdigest()[:16]


def _tokenizer(directory: Path):
    if not (directory / "tokenizer.json").is_file():
        raise FileNotFoundError(f"{directory}: expected a fast tokenizer, tokenizer.json")
    try:
        return AutoTokenizer.from_pretrained(directory, trust_remote_code=False)
    except Exception as error:  # tokenizers raises nothing narrower
        for file in sorted(directory.glob("*token*.json")):
            _check_json(file)
        raise ValueError(f"{directory}/tokenizer.json: damaged, no tokenizer: {error}") from None


def _check_fit(directory: Path, architecture: str, report: dict[str, Any]) -> None:
    """Refuse what transformers would draw at random, or leave out."""
    if mismatched := sorted(report["mismatched_keys"]):
        name, stored, expected = mismatched[0]
        more = f" (so do {len(mismatched) - 1} more)" if len(mismatched) > 1 else ""
        raise ValueError(
            f"{directory}: weights and config.json disagree: {name} is {list(stored)} in the "
            f"weights, but {list(expected)} by the configuration{more}"
        )
    if missing := sorted(report["missing_keys"]):
        raise ValueError(
            f"{directory}: the weights lack {len(missing)} parameters of a {architecture}, "
            f"{missing[0]} first"
        )
    if unexpected := sorted(report["unexpected_keys"]):  # less those that the class may ignore
        raise ValueError(
            f"{directory}: the weights have {len(unexpected)} parameters that a {architecture} of "
            f"this config.json has not, {unexpected[0]} first"
        )


def _check_files(directory: Path) -> None:
    if not directory.is_dir():
        raise FileNotFoundError(f"{directory}: there is no model directory")
    if (directory / "adapter_config.json").exists():
        raise ValueError(
            f"{directory}: an adapter, expected a whole model: merge it into its base model first"
        )
    config = directory / "config.json"
    if not config.is_file():
        raise FileNotFoundError(f"{directory}: incomplete, config.json is missing")
    _check_json(config)
    for file in _shards(directory):
        with _opened(file):
            pass  # the header promises as many bytes as the file has


def _check_json(file: Path) -> None:
    try:
        json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{file}: damaged, not JSON: {error}") from None


def _shards(directory: Path) -> list[Path]:
    index = directory / "model.safetensors.index.json"
    if index.exists():
        try:
            names = sorted(set(json.loads(index.read_text("utf-8"))["weight_map"].values()))
        except (ValueError, KeyError, AttributeError) as error:
            raise ValueError(f"{index}: damaged, no weight_map: {error}") from None
    else:
        names = sorted(file.name for file in directory.glob("model*.safetensors"))
    if not names:
        pickles = sorted(
            file.name for pattern in ("*.bin", "*.pt", "*.pth") for file in directory.glob(pattern)
        )
        if pickles:
            raise FileNotFoundError(
                f"{directory}: the weights are pickled ({pickles[0]}), which may run code when "
                "read; expected *.safetensors, convert them first"
            )
        raise FileNotFoundError(f"{directory}: there are no weights, expected model.safetensors")
    for name in names:
        if not (directory / name).is_file():
            raise FileNotFoundError(f"{directory}: incomplete, {name} is missing")
    return [directory / name for name in names]


def _opened(file: Path):
    try:
        return safe_open(file, framework="pt")
    except SafetensorError as error:
        raise ValueError(f"{file}: damaged or cut short: {error}") from None


def _size(piece) -> int:
    size = 1
    for length in piece.get_shape():
        size *= length
    return size
