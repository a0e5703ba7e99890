"""Wiring of `data_mixing`."""

from kedro.pipeline import Node, Pipeline

from shoplm.pipelines.data_mixing import nodes

PARAMS = "params:data_mixing"


def create_pipeline() -> Pipeline:
    """Reformulate, clean, deduplicate, cluster, hold out, mix and pack the text sources."""
    steps = [
        (nodes.reformulate_sources, ["text_sources", PARAMS],
         ["reformulated_records", "unreadable_rows", "product_names"]),
        (nodes.link_mentions, ["reformulated_records", "product_names", "text_sources", PARAMS],
         "records"),
        (nodes.clean_records, ["records", PARAMS], "cleaned_records"),
        (nodes.find_duplicates, ["cleaned_records", "text_sources", PARAMS],
         ["near_duplicate_pairs", "duplicate_records"]),
        (nodes.read_benchmarks, ["benchmark_files", PARAMS],
         ["benchmark_texts", "unreadable_benchmark_rows"]),
        (nodes.find_contaminated,
         ["cleaned_records", "duplicate_records", "benchmark_texts", PARAMS],
         "contaminated_records"),
        (nodes.collect_rejected, ["unreadable_rows", "cleaned_records", "contaminated_records"],
         "rejected_records"),
        (nodes.tokenise_records,
         ["cleaned_records", "duplicate_records", "contaminated_records", "base_model"],
         "tokenised_records"),
        (nodes.link_records, "tokenised_records", "record_graph"),
        (nodes.select_clusters, ["tokenised_records", "record_graph", "base_model", PARAMS],
         "selected_clusters"),
        (nodes.permute_clusters, ["selected_clusters", PARAMS], "clusters"),
        (nodes.hold_out_records, ["tokenised_records", "clusters", PARAMS], "held_out_records"),
        (nodes.pack_held_out,
         ["held_out_records", "clusters", "tokenised_records", "base_model", PARAMS],
         ["held_out_blocks", "held_out_documents"]),
        (nodes.mix_documents,
         ["clusters", "tokenised_records", "held_out_records", "base_model", PARAMS],
         ["training_mixture", "mixture_accounts"]),
        (nodes.pack_documents, ["training_mixture", "tokenised_records", "base_model", PARAMS],
         "packed_blocks"),
        (nodes.describe_corpus,
         ["records", "cleaned_records", "duplicate_records", "contaminated_records",
          "tokenised_records"],
         "corpus_statistics"),
        (nodes.describe_mixing,
         ["rejected_records", "duplicate_records", "clusters", "tokenised_records",
          "held_out_records", "held_out_blocks", "mixture_accounts", "packed_blocks", PARAMS],
         "mixing_report"),
        (nodes.sample_documents, ["training_mixture", "tokenised_records", PARAMS],
         "document_samples"),
        (nodes.plot_mixing, ["corpus_statistics", "mixing_report"],
         ["corpus_figure", "clusters_figure", "mixtures_figure"]),
        (nodes.render_mixing_page,
         ["corpus_statistics", "mixing_report", "document_samples", "corpus_figure",
          "clusters_figure", "mixtures_figure"],
         "mixing_page"),
    ]  # fmt: skip
    return Pipeline(
        [Node(func, inputs, outputs, name=func.__name__) for func, inputs, outputs in steps],
        namespace="data_mixing",
        prefix_datasets_with_namespace=False,
    )
