"""Nodes of `base_model`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shoplm.pipelines.base_model.params import BaseModelParams

if TYPE_CHECKING:
    from pandas import DataFrame
else:  # kedro resolves these hints to validate parameters; the first node that runs imports them
    DataFrame = Any


def train_tokenizer(general_text: DataFrame, params: BaseModelParams) -> Callable[[Path], None]:
    """A byte-level BPE tokenizer of the general text."""
    from shoplm.lm import tokenizer

    return tokenizer.train_tokenizer(general_text, params.tokenizer).save_pretrained


def build_model(tokenizer: Path, params: BaseModelParams) -> Callable[[Path], None]:
    """A small BLOOM with that tokenizer, its weights as they are drawn."""
    from transformers import AutoTokenizer

    from shoplm.lm import bloom

    loaded = AutoTokenizer.from_pretrained(tokenizer)
    return lambda directory: bloom.write_bloom(directory, loaded, params.bloom, params.seed)
