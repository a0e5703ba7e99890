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
) -> tuple[Callable[[Path], Any], DataFrame]:
    """The model after some training on general text, and its losses on the way."""
    import shutil
    from functools import partial

    from pandas import DataFrame

    from shoplm.lm import budget, launching
    from shoplm.lm.run import FINAL, TrainingRun

    held_out = {name: blocks.directory for name, blocks in base_blocks.items()}
    blocks = held_out.pop("general")
    size = base_blocks["general"].meta
    run = TrainingRun(
        variant="base_model",
        seed=params.seed,
        base_model=initial_model,
        blocks=blocks,
        held_out=held_out,
        training=budget.shorten_to_data(params.training, size.n_blocks, size.sequence_length),
    )
    (directory,) = launching.train_runs([(run, params.launch)], params.runs).values()
    # a copy: the work directory stays complete, so that the same run is not made again
    return partial(shutil.copytree, directory / FINAL), DataFrame(
        launching.read_metrics([directory])
    )
