"""Wiring of `demo_shop`."""

from kedro.pipeline import Node, Pipeline

from shoplm.pipelines.demo_shop import nodes

PARAMS = "params:demo_shop"


def create_pipeline() -> Pipeline:
    """Simulate a shop: its catalogue, texts, queries and users, and the truth behind them."""
    steps = [
        (nodes.simulate_catalogue, PARAMS, "simulated_shop"),
        (nodes.simulate_texts, ["simulated_shop", PARAMS],
         ["products", "reviews", "articles", "general_text", "benchmark_passages", "text_truth"]),
        (nodes.simulate_translations, ["simulated_shop", PARAMS], "translations"),
        (nodes.simulate_queries, ["simulated_shop", PARAMS], "queries"),
        (nodes.simulate_benchmarks, PARAMS,
         ["news", "sentence_pairs", "addresses", "category_notes", "event_questions"]),
        (nodes.simulate_behaviour, ["simulated_shop", PARAMS],
         ["items", "interactions", "search_log", "behaviour_truth"]),
        (nodes.simulate_watching, PARAMS, ["watch_log", "watch_truth"]),
        (nodes.collect_truth,
         ["simulated_shop", "text_truth", "behaviour_truth", "watch_truth", PARAMS],
         "simulation_truth"),
        (nodes.publish_sources, ["products", "reviews", "articles", "general_text"],
         "text_sources"),
        (nodes.publish_benchmarks, ["benchmark_passages", "news", "sentence_pairs"],
         "benchmark_files"),
        (nodes.publish_logs, ["search_log", "watch_log"], "search_logs"),
        (nodes.publish_tables,
         ["products", "reviews", "queries", "interactions", "items", "articles", "translations",
          "benchmark_passages", "news", "sentence_pairs", "addresses", "category_notes",
          "event_questions"],
         "task_tables"),
    ]  # fmt: skip
    return Pipeline(
        [Node(func, inputs, outputs, name=func.__name__) for func, inputs, outputs in steps],
        namespace="demo_shop",
        prefix_datasets_with_namespace=False,
    )
