"""Nodes of `data_mixing`: each calls one step of `shoplm.corpus`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shoplm.pipelines.data_mixing.params import DataMixingParams

if TYPE_CHECKING:
    from ibis import Table
    from pandas import DataFrame
    from plotly.graph_objects import Figure
    from pyarrow import RecordBatchReader

    from shoplm.corpus.packing import PackedBlocks
    from shoplm.corpus.sources import TextSources
else:  # kedro resolves these hints to validate parameters; the first node that runs imports them
    Table = DataFrame = Figure = RecordBatchReader = PackedBlocks = TextSources = Any


def reformulate_sources(
    text_sources: TextSources, params: DataMixingParams
) -> tuple[Table, Table, Table]:
    """Raw rows of every source as text records; rows that cannot be read; names of products."""
    from shoplm.corpus import reformulation

    return reformulation.reformulate_sources(text_sources, params.reading)


def link_mentions(
    reformulated_records: Table,
    product_names: Table,
    text_sources: TextSources,
    params: DataMixingParams,
) -> Table:
    """Give records of sources that ask for it the keys of the products that they name."""
    from shoplm.corpus import linking

    asking = [name for name, source in text_sources.sources.items() if source.link_mentions]
    return linking.link_mentions(reformulated_records, product_names, asking, params.linking)


def clean_records(records: Table, params: DataMixingParams) -> Table:
    """Repair texts; mark what a filter rule refuses with its reason."""
    from shoplm.corpus import filtering

    return filtering.clean_records(records, params.cleaning)


def find_duplicates(
    cleaned_records: Table, text_sources: TextSources, params: DataMixingParams
) -> tuple[Table, Table]:
    """Pairs of near-duplicates, and the records that a kept one stands for."""
    from shoplm.corpus import deduplication, filtering

    filtering.require_records(cleaned_records)
    exempt = [name for name, source in text_sources.sources.items() if source.identifies_product]
    return deduplication.find_duplicates(cleaned_records, params.deduplication, exempt)


def read_benchmarks(benchmark_files: TextSources, params: DataMixingParams) -> tuple[Table, Table]:
    """Texts that training must not contain; rows of their files that cannot be read."""
    from shoplm.corpus import reformulation

    records, unreadable, _ = reformulation.reformulate_sources(benchmark_files, params.reading)
    return records.select(name="source", text="text"), unreadable


def find_contaminated(
    cleaned_records: Table,
    duplicate_records: Table,
    benchmark_texts: Table,
    params: DataMixingParams,
) -> Table:
    """Records that share long n-grams with a benchmark."""
    from shoplm.corpus import contamination

    candidates = _kept(cleaned_records, duplicate_records)
    return contamination.find_contaminated(candidates, benchmark_texts, params.contamination)


def collect_rejected(
    unreadable_rows: Table, cleaned_records: Table, contaminated_records: Table
) -> Table:
    """Everything that was refused at any step, with its reason; duplicates are listed apart."""
    from shoplm.corpus import filtering

    return filtering.collect_rejected(unreadable_rows, cleaned_records, contaminated_records)


def tokenise_records(
    cleaned_records: Table,
    duplicate_records: Table,
    contaminated_records: Table,
    base_model: Path,
) -> RecordBatchReader:
    """The kept records with their token ids."""
    from shoplm.corpus import filtering, tokenising

    filtering.require_records(cleaned_records, duplicate_records, contaminated_records)
    kept = _kept(cleaned_records, duplicate_records, contaminated_records)
    return tokenising.tokenise_records(kept, tokenising.Vocabulary.open(base_model))


def link_records(tokenised_records: Table) -> Table:
    """The record graph: which record names which product."""
    from shoplm.corpus import clusters

    return clusters.link_records(tokenised_records)


def select_clusters(
    tokenised_records: Table, record_graph: Table, base_model: Path, params: DataMixingParams
) -> Any:
    """Partition the records into connected clusters that cover many sources."""
    from shoplm.corpus import clusters, tokenising

    graph = clusters.Graph.from_tables(tokenised_records, record_graph, params.seed)
    separator = tokenising.Vocabulary.open(base_model).encode(params.packing.separator)
    budget = params.clusters.max_tokens or params.packing.sequence_length
    return clusters.select_clusters(graph, params.clusters, budget - 1, len(separator))


def permute_clusters(selected_clusters: Table, params: DataMixingParams) -> Any:
    """Permute the records of each cluster by seed."""
    from shoplm.corpus import clusters

    return clusters.permute_clusters(selected_clusters.to_pyarrow(), params.seed)


def hold_out_records(tokenised_records: Table, clusters: Table, params: DataMixingParams) -> Any:
    """The records that no mixture may have, so that losses on them can be measured."""
    from shoplm.corpus import held_out

    return held_out.hold_out_records(tokenised_records, clusters, params.held_out)


def pack_held_out(
    held_out_records: Table,
    clusters: Table,
    tokenised_records: Table,
    base_model: Path,
    params: DataMixingParams,
) -> tuple[dict[str, PackedBlocks], DataFrame]:
    """Packed blocks of each held-out split, and which documents are in them."""
    from shoplm.corpus import held_out, packing, tokenising

    vocabulary, settings = tokenising.Vocabulary.open(base_model), params.held_out
    separator = vocabulary.encode(params.packing.separator)
    splits = held_out.measured_documents(
        held_out_records, clusters, tokenised_records, settings, len(separator)
    )
    tokens = packing.RecordTokens.from_table(
        tokenised_records.semi_join(held_out_records, "record_id")
    )
    blocks = {
        name: packing.pack_documents(rows, tokens, vocabulary, params.packing, settings.seed)
        for name, rows in splits.items()
    }
    return blocks, held_out.list_documents(splits, held_out_records)


def mix_documents(
    clusters: Table,
    tokenised_records: Table,
    held_out_records: Table,
    base_model: Path,
    params: DataMixingParams,
) -> tuple[dict[str, Any], DataFrame]:
    """Every named mixture on one token budget, and how far each side of it reached."""
    from shoplm.corpus import mixture, tokenising

    separator = tokenising.Vocabulary.open(base_model).encode(params.packing.separator)
    return mixture.build_mixtures(
        clusters.anti_join(held_out_records, "record_id"),
        tokenised_records,
        params.resolved_mixtures(),
        params.token_budget,
        len(separator),
        params.seed,
    )


def pack_documents(
    training_mixture: dict[str, Callable[[], Table]],
    tokenised_records: Table,
    base_model: Path,
    params: DataMixingParams,
) -> dict[str, Callable[[], PackedBlocks]]:
    """Packed blocks of each mixture, made as they are saved so that one at a time is in memory."""
    from shoplm.corpus import packing, tokenising

    vocabulary = tokenising.Vocabulary.open(base_model)

    def pack(load: Callable[[], Table]) -> PackedBlocks:
        mixture = load()
        tokens = packing.RecordTokens.from_table(tokenised_records.semi_join(mixture, "record_id"))
        return packing.pack_documents(
            mixture.to_pyarrow(), tokens, vocabulary, params.packing, params.seed
        )

    return {name: partial(pack, load) for name, load in training_mixture.items()}


def describe_corpus(
    records: Table,
    cleaned_records: Table,
    duplicate_records: Table,
    contaminated_records: Table,
    tokenised_records: Table,
) -> DataFrame:
    """The paper's Table 1 for this corpus."""
    from shoplm.corpus import statistics

    return statistics.describe_corpus(
        records, cleaned_records, duplicate_records, contaminated_records, tokenised_records
    )


def describe_mixing(
    rejected_records: Table,
    duplicate_records: Table,
    clusters: Table,
    tokenised_records: Table,
    held_out_records: Table,
    held_out_blocks: dict[str, PackedBlocks],
    mixture_accounts: DataFrame,
    packed_blocks: dict[str, PackedBlocks],
    params: DataMixingParams,
) -> dict[str, Any]:
    """What filtering, clustering, holding out, mixing and packing did, in numbers."""
    from shoplm.corpus import statistics

    blocks = {name: packed.meta for name, packed in packed_blocks.items()}
    measured = {name: packed.meta for name, packed in held_out_blocks.items()}
    return {
        "reasons": statistics.describe_reasons(rejected_records, duplicate_records).to_dict(
            "records"
        ),
        "clusters": statistics.describe_clusters(
            clusters, tokenised_records, params.clusters.min_records
        ),
        "held_out": statistics.describe_held_out(held_out_records, tokenised_records, measured),
        "mixtures": statistics.describe_mixtures(mixture_accounts, blocks),
    }


def sample_documents(
    training_mixture: dict[str, Callable[[], Table]],
    tokenised_records: Table,
    params: DataMixingParams,
) -> DataFrame:
    """A few documents of each mixture with their texts, for reading."""
    from shoplm.corpus import statistics

    return statistics.sample_documents(
        {name: load() for name, load in training_mixture.items()},
        tokenised_records,
        params.samples,
        params.seed,
    )


def plot_mixing(
    corpus_statistics: DataFrame, mixing_report: dict[str, Any]
) -> tuple[Figure, Figure, Figure]:
    """Records by fate, cluster sizes, and token shares as figures."""
    from shoplm.reporting import figures

    return (
        figures.plot_corpus(corpus_statistics),
        figures.plot_clusters(mixing_report["clusters"]),
        figures.plot_mixtures(mixing_report["mixtures"]),
    )


def render_mixing_page(
    corpus_statistics: DataFrame,
    mixing_report: dict[str, Any],
    document_samples: DataFrame,
    corpus_figure: Figure,
    clusters_figure: Figure,
    mixtures_figure: Figure,
) -> str:
    """All of it on one HTML page."""
    from shoplm.reporting import mixing

    figures = {"corpus": corpus_figure, "clusters": clusters_figure, "mixtures": mixtures_figure}
    return mixing.render_mixing_page(corpus_statistics, mixing_report, document_samples, figures)


def _kept(cleaned: Table, *removed: Table) -> Table:
    kept = cleaned.filter(cleaned.reason.isnull()).drop("reason", "detail")
    for ids in removed:
        kept = kept.anti_join(ids, "record_id")
    return kept
