"""What a model directory says of itself, read without loading it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

ADAPTER_CONFIG = "adapter_config.json"


@dataclass(frozen=True)
class ModelFacts:
    """A whole model, or an adapter."""

    is_adapter: bool
    architecture: str
    parameters: int
    """Stored ones; of an adapter its own."""
    dtypes: tuple[str, ...]
    base: str | None
    """What an adapter was trained on, by name."""


def read_model_facts(directory: Path) -> ModelFacts:
    """Architecture and number of parameters, from the configuration and the headers of weights.

    Raises:
        FileNotFoundError: it is no model directory.
        ValueError: a file is damaged.
    """
    adapter = directory / ADAPTER_CONFIG
    is_adapter = adapter.exists()
    config = _read(adapter if is_adapter else directory / "config.json")
    shapes = [
        (tensor["dtype"], tensor["shape"])
        for file in sorted(directory.glob("*.safetensors"))
        for tensor in _header(file)
    ]
    if is_adapter:
        architecture = f"LoRA adapter of rank {config.get('r')}"
        base = str(config.get("base_model_name_or_path") or "") or None
    else:
        architecture, base = (config.get("architectures") or [config.get("model_type")])[0], None
    return ModelFacts(
        is_adapter,
        str(architecture),
        sum(math.prod(shape) for _, shape in shapes),
        tuple(sorted({dtype for dtype, _ in shapes})),
        base,
    )


def _header(file: Path) -> list[dict]:
    """The tensors that a safetensors file says it has: 8 bytes of length, then JSON."""
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        try:
            header = json.loads(stream.read(length))
        except ValueError as error:
            raise ValueError(f"{file}: damaged or cut short: {error}") from None
    return [tensor for name, tensor in header.items() if name != "__metadata__"]


def _read(file: Path) -> dict:
    try:
        return json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{file}: damaged, not JSON: {error}") from None
