"""What the corpus holds and what mixing made of it."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import numpy as np
import pandas as pd
from ibis import Table, _

from shoplm.corpus.held_out import split_name
from shoplm.corpus.ordering import seeded_hash
from shoplm.corpus.packing import BlocksMeta

SIDE = ["kind", "source", "language"]


def describe_corpus(
    records: Table, cleaned: Table, duplicates: Table, contaminated: Table, tokenised: Table
) -> pd.DataFrame:
    """EcomGPT-CT's Table 1 for this corpus: one row a kind, source and language.

    Returns:
        `kind, source, language, records` (read), `rejected, duplicates, contaminated, kept,
        tokens` (of kept records), `mean_tokens, mean_characters`; records = rejected +
        duplicates + contaminated + kept.
    """
    side = records.select("record_id", *SIDE)

    def count(part: Table, name: str) -> pd.DataFrame:
        joined = side.semi_join(part, "record_id")
        return joined.group_by(SIDE).agg(_.count().name(name)).to_pandas()

    kept = (
        tokenised.group_by(SIDE)
        .agg(
            kept=_.count(),
            tokens=_.n_tokens.sum(),
            mean_tokens=_.n_tokens.mean(),
            mean_characters=_.text.length().mean(),
        )
        .to_pandas()
    )
    table = side.group_by(SIDE).agg(records=_.count()).to_pandas()
    for part in (
        count(cleaned.filter(_.reason.notnull()), "rejected"),
        count(duplicates, "duplicates"),
        count(contaminated, "contaminated"),
        kept,
    ):
        table = table.merge(part, on=SIDE, how="left")
    counts = ["records", "rejected", "duplicates", "contaminated", "kept", "tokens"]
    table[counts] = table[counts].fillna(0).astype("int64")
    return table.sort_values(SIDE, ignore_index=True)


def describe_reasons(rejected: Table, duplicates: Table) -> pd.DataFrame:
    """How many rows each reason took: `source, reason, records`."""
    columns = ["source", "reason"]
    both = ibis.union(
        rejected.group_by(columns).agg(records=_.count()),
        duplicates.group_by(columns).agg(records=_.count()),
    )
    return both.to_pandas().sort_values(columns, ignore_index=True)


def describe_clusters(clusters: Table, tokenised: Table, min_records: int) -> dict:
    """Sizes and source coverage of the clusters of shop records.

    Args:
        clusters: `cluster_id, record_id, component`, one row a record.
        tokenised: the kept records.
        min_records: smaller clusters are counted as small: whole components, or left over of a
            larger one.

    Returns:
        `clusters, records, small_clusters, small_components, left_over, mean_tokens,
        multi_source_share, components` and the histograms
        `by_size`, `by_sources` (clusters) and `by_component_size` (components).
    """
    shop = clusters.inner_join(tokenised.filter(_.kind == "shop"), "record_id")
    sizes = (
        shop.group_by("cluster_id")
        .agg(size=_.count(), sources=_.source.nunique(), tokens=_.n_tokens.sum())
        .to_pandas()
    )
    components = shop.group_by("component").agg(size=_.count()).to_pandas()
    small = int((sizes["size"] < min_records).sum())
    small_components = int((components["size"] < min_records).sum())
    return {
        "clusters": len(sizes),
        "records": int(sizes["size"].sum()),
        "small_clusters": small,
        "small_components": small_components,
        "left_over": small - small_components,
        "mean_tokens": _rounded(sizes["tokens"].mean()),
        "multi_source_share": _rounded((sizes["sources"] > 1).mean()),
        "components": len(components),
        "by_size": _histogram(sizes["size"]),
        "by_sources": _histogram(sizes["sources"]),
        "by_component_size": _histogram(components["size"]),
    }


def describe_held_out(held_out: Table, tokenised: Table, blocks: Mapping[str, BlocksMeta]) -> dict:
    """What is not trained on, and on what of it losses are measured.

    Args:
        held_out: `record_id, split, component`.
        tokenised: the kept records.
        blocks: what was packed, by split; `clusters_*` have records of `shop_*` once more.

    Returns:
        `records, tokens` held out, `trainable_records, trainable_tokens` (with them: all that was
        kept) and `splits`, a list of `split, records, tokens, measured_documents,
        measured_tokens`, one for each kind and language that was kept. A split of which nothing
        is measured has no blocks: too little text to hold any out, or no cluster of two records.
    """
    sizes = [_.count().name("records"), _.n_tokens.sum().fill_null(0).name("tokens")]
    kept = tokenised.group_by("kind", "language").agg(sizes).to_pandas()
    chosen = tokenised.inner_join(held_out, "record_id").group_by("split").agg(sizes).to_pandas()
    held = {row.split: (row.records, row.tokens) for row in chosen.itertuples()}
    names = {split_name(side.kind, side.language): (0, 0) for side in kept.itertuples()} | held
    names |= {  # the records of shop_*, once more
        name.replace("shop", "clusters", 1): (None, None)
        for name in names
        if name.startswith("shop_")
    }
    records, tokens = int(chosen["records"].sum()), int(chosen["tokens"].sum())
    return {
        "records": records,
        "tokens": tokens,
        "trainable_records": int(kept["records"].sum()) - records,
        "trainable_tokens": int(kept["tokens"].sum()) - tokens,
        "splits": [
            {
                "split": name,
                "records": names[name][0],
                "tokens": names[name][1],
                "measured_documents": blocks[name].n_documents if name in blocks else 0,
                "measured_tokens": blocks[name].n_tokens if name in blocks else 0,
            }
            for name in sorted(names)
        ],
    }


def describe_mixtures(accounts: pd.DataFrame, blocks: Mapping[str, BlocksMeta]) -> dict[str, dict]:
    """Achieved ratios, fill and cuts of each mixture.

    Args:
        accounts: the accounts of `mix_documents` with a column `mixture`.
        blocks: what was packed, by mixture name.
    """
    report = {}
    for name, meta in blocks.items():
        sides = accounts[accounts["mixture"] == name]
        total = int(sides["taken"].sum())
        report[name] = {
            "tokens": total,
            "sides": [
                {
                    "kind": side.kind,
                    "language": side.language,
                    "asked_share": _rounded(side.share),
                    "achieved_share": _rounded(side.taken / total),
                    "available": int(side.available),
                    "taken": int(side.taken),
                    "passes": int(side.passes),
                }
                for side in sides.itertuples()
            ],
            "documents": meta.n_documents,
            "cut_documents": meta.n_cut,
            "blocks": meta.n_blocks,
            "sequence_length": meta.sequence_length,
            "fill": _rounded(meta.fill),
        }
    return report


def sample_documents(
    mixtures: Mapping[str, Table], tokenised: Table, number: int, seed: int
) -> pd.DataFrame:
    """A few documents of each mixture and kind, with their texts in reading order.

    Args:
        mixtures: `document_id, position, record_id, kind`, by name.
        tokenised: the kept records with source, language and text.
        number: documents to draw of each mixture and kind.
        seed: another seed draws others.

    Returns:
        `mixture, document_id, position, kind, source, language, text`.
    """
    parts = []
    for name, mixture in mixtures.items():
        documents = mixture.select("document_id", "kind").distinct().to_pandas()
        documents["key"] = seeded_hash(documents["document_id"], seed, "sample")
        drawn = documents.sort_values("key").groupby("kind")["document_id"].head(number)
        drawn = ibis.memtable(drawn.to_frame(), schema={"document_id": "string"})
        parts.append(
            mixture.semi_join(drawn, "document_id")
            .inner_join(tokenised, "record_id")
            .select("document_id", "position", "kind", "source", "language", "text")
            .order_by("document_id", "position")
            .to_pandas()
            .assign(mixture=name)
        )
    columns = ["mixture", "document_id", "position", "kind", "source", "language", "text"]
    return pd.concat(parts, ignore_index=True)[columns]


def _histogram(values: pd.Series) -> dict[str, int]:
    size, number = np.unique(values, return_counts=True)
    return {str(s): int(n) for s, n in zip(size, number, strict=True)}


def _rounded(value: float) -> float | None:
    return None if pd.isna(value) else round(float(value), 5)
