"""Wiring of `recsys`."""

from kedro.pipeline import Node, Pipeline

from shoplm.pipelines.recsys import funnel_nodes, nodes

PARAMS = "params:sequential"
STUDIES = "params:recommendation_studies"
FUNNEL = "params:funnel"
FUNNEL_STUDIES = "params:funnel_studies"


def create_pipeline() -> Pipeline:
    """Recommendation of the next item, and the funnel of search lists."""
    return _recommendation() + _funnel()


def _recommendation() -> Pipeline:
    """Merge and split interactions, train and rank every variant, and compare."""
    backbones = ["title_tokens", "text_backbones", "pretrained_models"]
    measured = ["sequential_results", "sequential_comparison", "sequential_variants",
                "sequential_costs", "interaction_statistics", "sequential_metrics"]  # fmt: skip
    # a box of its own in kedro-viz: no model comes before it
    split = [
        (nodes.merge_interactions, ["interactions", "items", PARAMS],
         ["merged_interactions", "merged_items", "merged_users", "rejected_interactions",
          "rejected_items"]),
        (nodes.split_interactions,
         ["merged_interactions", "merged_items", "merged_users", PARAMS], "recommendation_data"),
        (nodes.list_cases, ["recommendation_data", PARAMS], "sequential_cases"),
    ]  # fmt: skip
    sequential = [
        (nodes.summarise_interactions, ["recommendation_data", PARAMS],
         ["interaction_statistics", "absent_splits"]),
        (nodes.tokenise_titles,
         ["recommendation_data", "text_backbones", "pretrained_models", PARAMS], "title_tokens"),
        (nodes.search_settings, ["recommendation_data", *backbones, PARAMS],
         ["sequential_trials", "tuned_settings"]),
        (nodes.train_models, ["recommendation_data", *backbones, "tuned_settings", PARAMS],
         ["sequential_models", "sequential_metrics", "sequential_costs", "sequential_ranks"]),
        (nodes.describe_variants, ["tuned_settings", PARAMS], "sequential_variants"),
        (nodes.summarise_ranks,
         ["sequential_ranks", "sequential_cases", "absent_splits", PARAMS], "sequential_results"),
        (nodes.compare_models, ["sequential_ranks", "sequential_cases", PARAMS],
         "sequential_comparison"),
        (nodes.draw_recommendation, [*measured, STUDIES],
         ["sequential_studies", "recommendation_figure", "recommendation_learning_figure",
          "study_figures"]),
        (nodes.render_recommendation_page,
         [*measured, "rejected_interactions", "rejected_items", "absent_splits",
          "sequential_trials", "recommendation_figure", "recommendation_learning_figure",
          "study_figures", STUDIES, PARAMS], "recommendation_page"),
    ]  # fmt: skip
    return _boxed(split, "interaction_split") + _boxed(sequential, "sequential")


def _funnel() -> Pipeline:
    """Split search logs and their features, train and measure every variant, and compare."""
    log = [
        (funnel_nodes.build_features, ["search_logs", FUNNEL], "funnel_features"),
        (funnel_nodes.split_log, ["funnel_features", FUNNEL], "funnel_data"),
        (funnel_nodes.summarise_logs, ["funnel_data", FUNNEL],
         ["log_statistics", "rejected_features"]),
        (funnel_nodes.measure_regions, ["funnel_data", FUNNEL],
         ["feature_distances", "feature_split"]),
    ]  # fmt: skip
    data = ["funnel_data", "feature_distances"]
    measured = ["funnel_results", "funnel_comparison", "funnel_variants", "funnel_costs",
                "funnel_metrics", "feature_split", "feature_distances", "region_masks",
                "rejected_features", "log_statistics"]  # fmt: skip
    funnel = [
        (funnel_nodes.train_funnel_models, [*data, FUNNEL],
         ["funnel_models", "funnel_metrics", "funnel_costs", "funnel_predictions"]),
        (funnel_nodes.read_masks, ["funnel_models", "funnel_data", FUNNEL], "region_masks"),
        (funnel_nodes.describe_variants, [*data, FUNNEL], "funnel_variants"),
        (funnel_nodes.summarise_funnel, ["funnel_data", "funnel_predictions", FUNNEL],
         "funnel_results"),
        (funnel_nodes.compare_funnel_models, [*data, "funnel_predictions", FUNNEL],
         "funnel_comparison"),
        (funnel_nodes.draw_funnel, [FUNNEL_STUDIES, *measured],
         ["funnel_studies_table", "funnel_figures"]),
        (funnel_nodes.render_funnel_page, [FUNNEL_STUDIES, "funnel_figures", *measured],
         "funnel_page"),
    ]  # fmt: skip
    return _boxed(log, "search_log_split") + _boxed(funnel, "funnel")


def _boxed(steps: list[tuple], namespace: str) -> Pipeline:
    return Pipeline(
        [Node(func, inputs, outputs, name=func.__name__) for func, inputs, outputs in steps],
        namespace=namespace,
        prefix_datasets_with_namespace=False,
    )
