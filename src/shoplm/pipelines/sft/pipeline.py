"""Wiring of `sft`."""

from kedro.pipeline import Node, Pipeline

from shoplm.pipelines.sft import nodes

PARAMS = "params:sft"


def create_pipeline() -> Pipeline:
    """Split, select and pack instructions, tune a model a variant on them, and compare."""
    # a box of its own in kedro-viz: evaluation reads the split, which no model comes before
    split = [
        (nodes.split_instructions, ["instructions", "task_library", PARAMS],
         ["instruction_splits", "unsplit_instructions"]),
    ]  # fmt: skip
    steps = [
        (nodes.tokenise_instructions,
         ["instructions", "instruction_splits", "base_model", PARAMS],
         ["tokenised_instructions", "unfit_instructions"]),
        (nodes.select_instructions, ["tokenised_instructions", "task_library", PARAMS],
         ["selected_instructions", "sft_selections"]),
        (nodes.pack_instructions,
         ["tokenised_instructions", "selected_instructions", "base_model", PARAMS],
         ["sft_blocks", "sft_held_out_blocks", "sft_held_out_documents"]),
        (nodes.collect_rejected, ["unsplit_instructions", "unfit_instructions"],
         "rejected_instructions"),
        (nodes.train_models,
         ["sft_blocks", "sft_held_out_blocks", "base_model", "other_base_models",
          "pretrained_models", PARAMS],
         ["sft_models", "sft_metrics", "sft_document_losses"]),
        (nodes.compare_models,
         ["sft_document_losses", "sft_held_out_documents", "sft_selections", PARAMS],
         ["sft_results", "sft_comparison"]),
        (nodes.describe_variants,
         ["sft_selections", "tokenised_instructions", "selected_instructions", "base_model",
          PARAMS], "sft_variants"),
        (nodes.plot_tuning, ["sft_results", "sft_variants"],
         ["ladder_figure", "task_loss_figure"]),
        (nodes.render_tuning_page,
         ["sft_results", "sft_comparison", "sft_variants", "sft_selections", "sft_metrics",
          "rejected_instructions", "ladder_figure", "task_loss_figure"],
         "sft_page"),
    ]  # fmt: skip
    return _boxed(split, "instruction_split") + _boxed(steps, "sft")


def _boxed(steps: list[tuple], namespace: str) -> Pipeline:
    return Pipeline(
        [Node(func, inputs, outputs, name=func.__name__) for func, inputs, outputs in steps],
        namespace=namespace,
        prefix_datasets_with_namespace=False,
    )
