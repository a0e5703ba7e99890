"""Wiring of `evaluation`."""

from kedro.pipeline import Node, Pipeline

from shoplm.pipelines.evaluation import nodes

PARAMS = "params:evaluation"


def create_pipeline() -> Pipeline:
    """Gather benchmarks, put them to every model, score the answers and report."""
    steps = [
        (nodes.gather_examples,
         ["task_library", "instructions", "instruction_splits", "task_tables",
          "instruction_files", PARAMS],
         ["benchmark_examples", "rejected_benchmark_rows", "benchmark_sources"]),
        (nodes.make_requests, ["benchmark_examples", "task_library", "base_model", PARAMS],
         "benchmark_requests"),
        (nodes.answer_requests,
         ["benchmark_requests", "base_model", "other_base_models", "pretrained_models",
          "pretrain_checkpoints", "sft_models", "evaluated_endpoint", PARAMS],
         ["benchmark_answers", "evaluated_models", "evaluation_costs"]),
        (nodes.score_answers,
         ["benchmark_answers", "evaluated_models", "benchmark_requests", "benchmark_examples",
          "benchmark_sources", "task_library", PARAMS],
         ["benchmark_predictions", "checkpoint_predictions", "unparsed_answers"]),
    ]  # fmt: skip
    return Pipeline(
        [Node(func, inputs, outputs, name=func.__name__) for func, inputs, outputs in steps],
        namespace="evaluation",
        prefix_datasets_with_namespace=False,
    )
