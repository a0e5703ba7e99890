"""Wiring of `base_model`."""

from kedro.pipeline import Node, Pipeline

from shoplm.pipelines.base_model import nodes


def create_pipeline() -> Pipeline:
    """Train a tokenizer, build a small model for it and pre-train that on general text."""
    return Pipeline(
        [
            Node(
                nodes.train_tokenizer,
                ["general_text", "params:base_model"],
                "base_tokenizer",
                name="train_tokenizer",
            ),
            Node(
                nodes.build_model,
                ["base_tokenizer", "params:base_model"],
                "initial_model",
                name="build_model",
            ),
            Node(
                nodes.pack_general_text,
                ["general_text", "base_tokenizer", "params:base_model"],
                "base_blocks",
                name="pack_general_text",
            ),
            Node(
                nodes.pretrain_base_model,
                ["initial_model", "base_blocks", "params:base_model"],
                ["base_model", "base_metrics"],
                name="pretrain_base_model",
            ),
        ],
        namespace="base_model",
        prefix_datasets_with_namespace=False,
    )
