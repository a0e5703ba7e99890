"""Nodes of `base_model`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shoplm.pipelines.base_model.params import BaseModelParams

if TYPE_CHECKING:
    from pandas import DataFrame

    from shoplm.corpus.packing import PackedBlocks
else:  # kedro resolves these hints to validate parameters; the first node that runs imports them
    DataFrame = PackedBlocks = Any


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


def pack_general_text(
    general_text: DataFrame, tokenizer: Path, params: BaseModelParams
) -> dict[str, PackedBlocks]:
    """Packed blocks of general text: to train on, and held out by language."""
    from shoplm.corpus import pretraining_text, tokenising

    return pretraining_text.pack_general_text(
        general_text,
        tokenising.Vocabulary.open(tokenizer),
        params.cleaning,
        params.deduplication,
        params.held_out,
        params.packing,
        params.training.tokens,
        params.seed,
    )


def pretrain_base_model(
    initial_model: Path, base_blocks: dict[str, PackedBlocks], params: BaseModelParams
) -> tuple[Path, DataFrame]:
    """The model after some training on general text, and its losses on the way."""
    from pandas import DataFrame

    from shoplm.lm import launching

    directories = {name: blocks.directory for name, blocks in base_blocks.items()}
    run = launching.plan_run("base_model", params.seed, initial_model, directories, params.training)
    trained = launching.train_runs([(run, params.launch)], params.runs)
    (model,) = launching.final_models(trained).values()
    return model, DataFrame(launching.read_metrics(trained.values()))
