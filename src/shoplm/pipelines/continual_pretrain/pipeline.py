"""Wiring of `continual_pretrain`."""

from kedro.pipeline import Node, Pipeline

from shoplm.pipelines.continual_pretrain import nodes

PARAMS = "params:continual_pretrain"


def create_pipeline() -> Pipeline:
    """Train a model a variant on its packed blocks, and compare them on held-out text."""
    steps = [
        (nodes.train_models,
         ["packed_blocks", "held_out_blocks", "base_model", "other_base_models", PARAMS],
         ["pretrained_models", "pretrain_checkpoints", "pretrain_metrics", "document_losses"]),
        (nodes.compare_models,
         ["document_losses", "held_out_documents", "held_out_blocks", PARAMS],
         "pretrain_comparison"),
        (nodes.plot_pretraining, ["pretrain_metrics", "pretrain_comparison"],
         ["pretraining_figure", "perplexity_figure"]),
        (nodes.render_pretraining_page,
         ["pretrain_metrics", "pretrain_comparison", "pretraining_figure", "perplexity_figure"],
         "pretraining_page"),
    ]  # fmt: skip
    return Pipeline(
        [Node(func, inputs, outputs, name=func.__name__) for func, inputs, outputs in steps],
        namespace="continual_pretrain",
        prefix_datasets_with_namespace=False,
    )
