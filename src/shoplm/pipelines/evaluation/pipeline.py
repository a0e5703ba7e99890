"""Wiring of `evaluation`."""

from kedro.pipeline import Node, Pipeline

from shoplm.pipelines.evaluation import nodes, report_nodes

PARAMS = "params:evaluation"
TABLES = "params:paper_tables"
PRETRAINING, TUNING = "params:continual_pretrain", "params:sft"


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
          "pretrain_checkpoints", "sft_models", "evaluated_endpoint", PARAMS, PRETRAINING,
          TUNING],
         ["benchmark_answers", "evaluated_models", "evaluation_costs"]),
        (nodes.score_answers,
         ["benchmark_answers", "evaluated_models", "benchmark_requests", "benchmark_examples",
          "benchmark_sources", "task_library", PARAMS],
         ["benchmark_predictions", "checkpoint_predictions", "unparsed_answers"]),
        (nodes.summarise_scores,
         ["benchmark_predictions", "benchmark_sources", "task_library", PARAMS],
         "benchmark_results"),
        (nodes.trace_checkpoints,
         ["checkpoint_predictions", "benchmark_predictions", "benchmark_sources",
          "pretrain_metrics", "task_library", PARAMS, PRETRAINING], "checkpoint_curve"),
        (nodes.compare_models,
         ["benchmark_predictions", "benchmark_sources", "task_library", PARAMS],
         "benchmark_comparison"),
        (report_nodes.list_problems,
         ["benchmark_sources", "benchmark_predictions", "sft_variants", "sft_selections", PARAMS],
         "benchmark_problems"),
        (nodes.fill_tables, ["benchmark_results", TABLES], "paper_tables"),
        (report_nodes.plot_benchmarks,
         ["benchmark_results", "checkpoint_curve", "paper_tables", "pretrain_metrics",
          "sft_variants", PARAMS],
         ["benchmarks_figure", "curve_figure", "score_ladder_figure"]),
        (report_nodes.render_report,
         ["benchmark_results", "paper_tables", "benchmark_comparison", "checkpoint_curve",
          "benchmark_predictions", "unparsed_answers", "benchmark_sources",
          "rejected_benchmark_rows", "benchmark_problems", "evaluation_costs",
          "corpus_statistics", "mixing_report", "pretrain_metrics",
          "instruction_statistics", "sft_variants", "sft_metrics", "sequential_results",
          "funnel_results", "funnel_figures", "benchmarks_figure", "curve_figure",
          "score_ladder_figure", TABLES, PARAMS],
         ["report", "report_markdown"]),
        (report_nodes.write_cards,
         ["pretrained_models", "sft_models", "benchmark_results", "benchmark_predictions",
          "benchmark_problems", "mixing_report", "pretrain_metrics", "sft_variants",
          "sft_selections", "sft_metrics", PRETRAINING, TUNING], "model_cards"),
    ]  # fmt: skip
    return Pipeline(
        [Node(func, inputs, outputs, name=func.__name__) for func, inputs, outputs in steps],
        namespace="evaluation",
        prefix_datasets_with_namespace=False,
    )
