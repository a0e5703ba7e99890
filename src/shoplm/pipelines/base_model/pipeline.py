"""Wiring of `base_model`."""

from kedro.pipeline import Node, Pipeline

from shoplm.pipelines.base_model import nodes


def create_pipeline() -> Pipeline:
    """Train a tokenizer and build a small model for it."""
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
                "base_model",
                name="build_model",
            ),
        ],
        namespace="base_model",
        prefix_datasets_with_namespace=False,
    )
