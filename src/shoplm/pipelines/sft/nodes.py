"""Nodes of `sft`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shoplm.pipelines.sft.params import SftParams

if TYPE_CHECKING:
    from pandas import DataFrame
    from plotly.graph_objects import Figure

    from shoplm.corpus.packing import PackedBlocks
    from shoplm.tasks.task import Task
else:  # kedro resolves these hints to validate parameters; the first node that runs imports them
    DataFrame = Figure = PackedBlocks = Task = Any


def split_instructions(
    instructions: DataFrame, task_library: dict[str, Task], params: SftParams
) -> tuple[DataFrame, DataFrame]:
    """The side of every instruction: train, validation or held out; and those on none, with why."""
    from shoplm.tasks import selection, splitting

    for name, settings in params.resolved_selections().items():
        selection.check_selection(name, settings, task_library, params.held_out_tasks)
    return splitting.split_instructions(
        instructions, task_library, params.held_out_tasks, params.validation
    )


def tokenise_instructions(
    instructions: DataFrame, instruction_splits: DataFrame, base_model: Path, params: SftParams
) -> tuple[DataFrame, DataFrame]:
    """Prompts and answers as tokens, possible answers beside; and those too long, with why."""
    from shoplm.corpus import instruction_packing
    from shoplm.corpus.prompting import PromptTemplate
    from shoplm.tasks import splitting

    return instruction_packing.tokenise_instructions(
        splitting.list_answers(instructions, instruction_splits),
        PromptTemplate.open(base_model, params.prompting),
        params.prompting,
        params.packing,
    )


def select_instructions(
    tokenised_instructions: DataFrame, task_library: dict[str, Task], params: SftParams
) -> tuple[DataFrame, DataFrame]:
    """The instructions of every selection and seed, and an account of them by task."""
    from pandas import concat

    from shoplm.tasks import selection

    trainable = tokenised_instructions.query("split == 'train'")
    made = [
        selection.select_instructions(
            trainable, task_library, settings, seed, name, params.held_out_tasks
        )
        for seed in params.seeds
        for name, settings in params.used_selections().items()
    ]
    chosen, accounts = zip(*made, strict=True)
    return concat(chosen, ignore_index=True), concat(accounts, ignore_index=True)


def pack_instructions(
    tokenised_instructions: DataFrame,
    selected_instructions: DataFrame,
    base_model: Path,
    params: SftParams,
) -> tuple[dict[str, PackedBlocks], dict[str, PackedBlocks], DataFrame]:
    """Blocks of every selection and seed, those that are measured, and what is in the latter."""
    from shoplm.corpus import instruction_packing
    from shoplm.corpus.tokenising import Vocabulary

    return instruction_packing.pack_selections(
        tokenised_instructions,
        selected_instructions,
        Vocabulary.open(base_model),
        params.packing,
        params.validation.seed,
    )


def collect_rejected(unsplit_instructions: DataFrame, unfit_instructions: DataFrame) -> DataFrame:
    """Every instruction that is neither trained on nor measured, with its reason."""
    from pandas import concat

    parts = [part for part in (unsplit_instructions, unfit_instructions) if len(part)]
    return concat(parts or [unsplit_instructions], ignore_index=True)


def train_models(
    sft_blocks: dict[str, PackedBlocks],
    sft_held_out_blocks: dict[str, PackedBlocks],
    base_model: Path,
    other_base_models: dict[str, Callable[[], Path]],
    pretrained_models: dict[str, Path],
    params: SftParams,
) -> tuple[dict[str, Path], DataFrame, DataFrame]:
    """Tune every variant with every seed: models or adapters, metrics, document losses."""
    from pandas import DataFrame

    from shoplm.lm import launching
    from shoplm.pipelines.sft.plan import plan_runs

    runs = plan_runs(
        sft_blocks, sft_held_out_blocks, base_model, other_base_models, pretrained_models, params
    )
    trained = launching.train_runs(runs, params.runs)
    return (
        launching.final_models(trained) | launching.merged_models(trained),
        DataFrame(launching.read_metrics(trained.values())),
        DataFrame(launching.read_document_losses(trained.values())),
    )


def compare_models(
    sft_document_losses: DataFrame,
    sft_held_out_documents: DataFrame,
    sft_selections: DataFrame,
    params: SftParams,
) -> tuple[DataFrame, DataFrame]:
    """Answer loss and choice accuracy with intervals, against the untuned and between variants."""
    from shoplm.metrics import tuning

    variants = params.resolved_variants()
    return tuning.compare_tuned(
        sft_document_losses,
        sft_held_out_documents,
        {name: variant.model for name, variant in variants.items()},
        params.bootstrap,
        params.comparisons,
        params.answer_score,
        tuning.list_trained(sft_selections, {name: v.selection for name, v in variants.items()}),
    )


def describe_variants(
    sft_selections: DataFrame,
    tokenised_instructions: DataFrame,
    selected_instructions: DataFrame,
    base_model: Path,
    params: SftParams,
) -> DataFrame:
    """One row a variant: model, adapter, template, and what it is tuned on."""
    from shoplm.corpus import instruction_packing
    from shoplm.corpus.prompting import PromptTemplate
    from shoplm.reporting import tuning_variants

    template = PromptTemplate.open(base_model, params.prompting).stated
    long = instruction_packing.count_long(
        tokenised_instructions, selected_instructions, params.packing
    )
    stated = [
        {
            "variant": name,
            "model": variant.model,
            "selection": variant.selection,
            "rank": variant.adapter.rank if variant.adapter else None,
            "template": template,
            "window": params.packing.sequence_length,
        }
        for name, variant in params.resolved_variants().items()
    ]
    return tuning_variants.describe_variants(stated, sft_selections, long)


def plot_tuning(sft_results: DataFrame, sft_variants: DataFrame) -> tuple[Figure, Figure]:
    """The ladder of variants, and the loss of each task before and after."""
    from shoplm.reporting import tuning

    return tuning.plot_ladder(sft_results, sft_variants), tuning.plot_tasks(
        sft_results, sft_variants
    )


def render_tuning_page(
    sft_results: DataFrame,
    sft_comparison: DataFrame,
    sft_variants: DataFrame,
    sft_selections: DataFrame,
    sft_metrics: DataFrame,
    rejected_instructions: DataFrame,
    ladder_figure: Figure,
    task_loss_figure: Figure,
) -> str:
    """All of it on one HTML page."""
    from shoplm.reporting import tuning

    tables = {
        "results": sft_results, "comparison": sft_comparison, "variants": sft_variants,
        "selections": sft_selections, "metrics": sft_metrics, "rejected": rejected_instructions,
    }  # fmt: skip
    figures = {"ladder": ladder_figure, "tasks": task_loss_figure}
    return tuning.render_tuning_page(tables, figures)
