"""Nodes of `continual_pretrain`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shoplm.pipelines.continual_pretrain.params import (
    ContinualPretrainParams,
    PretrainingSettings,
)

if TYPE_CHECKING:
    from pandas import DataFrame
    from plotly.graph_objects import Figure

    from shoplm.corpus.packing import PackedBlocks
    from shoplm.launch import LaunchSettings
    from shoplm.lm.run import TrainingRun
else:  # kedro resolves these hints to validate parameters; the first node that runs imports them
    DataFrame = Figure = PackedBlocks = LaunchSettings = TrainingRun = Any


def train_models(
    packed_blocks: dict[str, PackedBlocks],
    held_out_blocks: dict[str, PackedBlocks],
    base_model: Path,
    other_base_models: dict[str, Callable[[], Path]],
    params: ContinualPretrainParams,
) -> tuple[dict[str, Path], dict[str, Path], DataFrame, DataFrame]:
    """Train every variant with every seed: models, models on the way, metrics, document losses."""
    from pandas import DataFrame

    from shoplm.lm import launching

    runs = plan_runs(packed_blocks, held_out_blocks, base_model, other_base_models, params)
    trained = launching.train_runs(runs, params.runs)
    return (
        launching.final_models(trained),
        launching.kept_models(trained),
        DataFrame(launching.read_metrics(trained.values())),
        DataFrame(launching.read_document_losses(trained.values())),
    )


def plan_runs(
    packed_blocks: Mapping[str, PackedBlocks],
    held_out_blocks: Mapping[str, PackedBlocks],
    base_model: Path,
    other_base_models: Mapping[str, Callable[[], Path]],
    params: ContinualPretrainParams,
) -> list[tuple[TrainingRun, LaunchSettings]]:
    """Every variant with every seed, all of a seed before the next; nothing is started.

    Raises:
        FileNotFoundError: a variant's hostfile or its base model's tokenizer is missing.
        ValueError: a variant names a mixture or a base model that is not there, its blocks were
            written with another tokenizer than its base model's, its schedule is longer than its
            data, its processes cannot share a batch, or there is no held-out text.
    """
    from shoplm.launch import world_size
    from shoplm.lm.budget import share_budget
    from shoplm.lm.run import TrainingRun

    if not held_out_blocks:
        raise ValueError("held_out_blocks: no held-out text to measure on; raise its share")
    variants = params.resolved_variants()
    blocks = {
        name: _named(packed_blocks, chosen.mixture, f"variant {name!r}: mixture", "packed_blocks")
        for name, chosen in variants.items()
    }
    models = {None: lambda: base_model, **other_base_models}
    starts: dict[str | None, Path] = {}  # each is fetched and checked once
    for name, chosen in variants.items():
        start = _named(
            models, chosen.base_model, f"variant {name!r}: base_model", "other_base_models"
        )
        if chosen.base_model not in starts:
            starts[chosen.base_model] = start()
    _check_tokenizers(variants, starts, packed_blocks, held_out_blocks)
    sizes = {name: (b.meta.n_blocks, b.meta.sequence_length) for name, b in blocks.items()}
    processes = {name: world_size(chosen.launch) for name, chosen in variants.items()}
    trainings = share_budget({name: v.training for name, v in variants.items()}, sizes, processes)
    held_out = {split: held.directory for split, held in held_out_blocks.items()}
    return [
        (
            TrainingRun(
                variant=name,
                seed=seed,
                base_model=starts[chosen.base_model],
                blocks=blocks[name].directory,
                held_out=held_out,
                training=trainings[name],
            ),
            chosen.launch,
        )
        for seed in params.seeds
        for name, chosen in variants.items()
    ]


def _named(there: Mapping, name: str | None, what: str, where: str) -> Any:
    if name not in there:
        names = ", ".join(sorted(str(key) for key in there if key is not None)) or "nothing"
        raise ValueError(f"{what} {name!r} is not in {where}, which has {names}")
    return there[name]


def _check_tokenizers(
    variants: Mapping[str, PretrainingSettings],
    starts: Mapping[str | None, Path],
    packed_blocks: Mapping[str, PackedBlocks],
    held_out_blocks: Mapping[str, PackedBlocks],
) -> None:
    """Refuse blocks that a variant's base model would read as other text."""
    from shoplm.corpus.tokenising import Vocabulary

    of_model = {name: Vocabulary.open(path).fingerprint for name, path in starts.items()}
    held_out = {f"held-out split {split!r}": held for split, held in held_out_blocks.items()}
    for name, chosen in variants.items():
        read = {f"mixture {chosen.mixture!r}": packed_blocks[chosen.mixture]} | held_out
        expected = of_model[chosen.base_model]
        for what, blocks in read.items():
            if blocks.meta.tokenizer != expected:
                raise ValueError(
                    f"variant {name!r}: the blocks of {what} were written with tokenizer "
                    f"{blocks.meta.tokenizer}, but that of base model "
                    f"{chosen.base_model or 'base_model'!r} is {expected}: pack the text with the "
                    "model's own tokenizer"
                )


def compare_models(
    document_losses: DataFrame,
    held_out_documents: DataFrame,
    held_out_blocks: dict[str, PackedBlocks],
    params: ContinualPretrainParams,
) -> DataFrame:
    """Final perplexities with intervals, against the base model and between variants.

    Documents of one component of the record graph are resampled together.
    """
    from shoplm.metrics import perplexity

    key = ["split", "document"]
    groups = held_out_documents.set_index(key)["component"].rename("group")
    document_losses = document_losses.join(groups, on=key)
    vocabulary = max(held.meta.vocabulary_size for held in held_out_blocks.values())
    return perplexity.compare_models(
        document_losses, params.bootstrap, params.comparisons, vocabulary
    )


def plot_pretraining(
    pretrain_metrics: DataFrame, pretrain_comparison: DataFrame
) -> tuple[Figure, Figure]:
    """Curves over the tokens seen, and what was learned and forgotten at the end."""
    from shoplm.reporting import pretraining

    return (
        pretraining.plot_training(pretrain_metrics),
        pretraining.plot_perplexity(pretrain_comparison),
    )


def render_pretraining_page(
    pretrain_metrics: DataFrame,
    pretrain_comparison: DataFrame,
    pretraining_figure: Figure,
    perplexity_figure: Figure,
) -> str:
    """All of it on one HTML page."""
    from shoplm.reporting import pretraining

    figures = {"training": pretraining_figure, "perplexity": perplexity_figure}
    return pretraining.render_pretraining_page(pretrain_metrics, pretrain_comparison, figures)
