"""Nodes of `demo_shop`: each calls one function of `shoplm.simulation`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shoplm.pipelines.demo_shop.params import DemoShopParams

if TYPE_CHECKING:
    from ibis import Table
    from pandas import DataFrame

    from shoplm.simulation.shop import Shop
else:  # kedro resolves these hints to validate parameters; the first node that runs imports pandas
    DataFrame = Shop = Table = Any


def simulate_catalogue(params: DemoShopParams) -> Shop:
    """Invent the products of the shop."""
    from shoplm.simulation import shop

    return shop.open_shop(params)


def simulate_texts(
    simulated_shop: Shop, params: DemoShopParams
) -> tuple[DataFrame, DataFrame, DataFrame, DataFrame, DataFrame, dict[str, Any]]:
    """Listings, reviews, articles, general text, a benchmark; and what was planted in them."""
    from shoplm.simulation import texts

    tables, truth = texts.write_texts(simulated_shop, params)
    names = ("products", "reviews", "articles", "general_text", "benchmark_passages")
    return *(tables[name] for name in names), truth


def simulate_translations(simulated_shop: Shop, params: DemoShopParams) -> DataFrame:
    """Listings of some products in the other language."""
    from shoplm.simulation import translations

    share = params.catalogue.translated_share
    return translations.write_translations(
        simulated_shop.products, simulated_shop.listings, share, params.seed
    )


def simulate_queries(simulated_shop: Shop, params: DemoShopParams) -> DataFrame:
    """Search queries with graded relevance."""
    from shoplm.simulation import queries

    return queries.write_queries(simulated_shop.products, params.catalogue, params.seed)


def simulate_benchmarks(
    params: DemoShopParams,
) -> tuple[DataFrame, DataFrame, DataFrame, DataFrame, DataFrame]:
    """News, sentence pairs, addresses, category notes and event questions, with their truth."""
    from shoplm.simulation import benchmark_tables

    tables = benchmark_tables.write_benchmark_tables(params.benchmarks, params.seed)
    names = ("news", "sentence_pairs", "addresses", "category_notes", "event_questions")
    return tuple(tables[name] for name in names)


def simulate_behaviour(
    simulated_shop: Shop, params: DemoShopParams
) -> tuple[DataFrame, DataFrame, DataFrame, dict[str, Any]]:
    """Items, purchases, the search log; and the tastes and effects behind them."""
    from shoplm.simulation import behaviour

    tables, truth = behaviour.simulate_behaviour(simulated_shop, params)
    return tables["items"], tables["interactions"], tables["search_log"], truth


def simulate_watching(params: DemoShopParams) -> tuple[DataFrame, dict[str, Any]]:
    """Short videos shown in the tabs of an app, and the effects behind what is watched."""
    from shoplm.simulation import watch_log

    table, truth = watch_log.simulate_watch_log(params.watching, params.seed)
    return table, {"watch_log": truth}


def collect_truth(
    simulated_shop: Shop,
    text_truth: dict[str, Any],
    behaviour_truth: dict[str, Any],
    watch_truth: dict[str, Any],
    params: DemoShopParams,
) -> dict[str, Any]:
    """Everything that was planted, in one place."""
    from shoplm.simulation import truth

    behaviour_truth = behaviour_truth | watch_truth
    return truth.collect_truth(simulated_shop.products, text_truth, behaviour_truth, params.seed)


def publish_sources(
    products: DataFrame, reviews: DataFrame, articles: DataFrame, general_text: DataFrame
) -> list[str]:
    """Names of the files that `text_sources` reads: its readers wait until all are written."""
    return ["products.jsonl.gz", "reviews.jsonl.gz", "articles.jsonl.gz", "general_text.jsonl.gz"]


def publish_benchmarks(
    benchmark_passages: DataFrame, news: DataFrame, sentence_pairs: DataFrame
) -> list[str]:
    """Names of the files that `benchmark_files` reads."""
    return ["benchmark_passages.jsonl.gz", "news.jsonl.gz", "sentence_pairs.jsonl.gz"]


def publish_logs(search_log: Table, watch_log: Table) -> list[str]:
    """Names of the files that `search_logs` reads."""
    return ["search_log.parquet", "watch_log.parquet"]


def publish_tables(
    products: DataFrame,
    reviews: DataFrame,
    queries: DataFrame,
    interactions: DataFrame,
    items: DataFrame,
    articles: DataFrame,
    translations: DataFrame,
    benchmark_passages: DataFrame,
    news: DataFrame,
    sentence_pairs: DataFrame,
    addresses: DataFrame,
    category_notes: DataFrame,
    event_questions: DataFrame,
) -> list[str]:
    """Names of the files that `task_tables` reads."""
    tables = (
        "products", "reviews", "queries", "articles", "translations", "benchmark_passages",
        "news", "sentence_pairs", "addresses", "category_notes", "event_questions",
    )  # fmt: skip
    return [f"{name}.jsonl.gz" for name in tables] + ["interactions.csv.gz", "items.csv.gz"]
