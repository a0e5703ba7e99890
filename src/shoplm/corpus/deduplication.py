"""Exact and near duplicates.

*Exact*: same language and same words (see `shingling`), whatever the source. *Near*: Jaccard
similarity of the shingle sets at or above a threshold, by default inside a source. Titles and
properties of different products look alike by nature: texts with few shingles are only compared
exactly, and sources of such texts can be exempted: there only the same words about the same
products are a duplicate.

Of several the record with the most keys stays (it holds the graph together), then the longest
text, then the smallest id. Records are ranked in this order before anything else, and the rank is
their number in all that follows, so nothing depends on the order of rows.

MinHash bands are joined in the engine. In a bucket, the records that share a band, each is compared
with the best of them and with the few before it in the order of their next band, where similar
ones stand together: all pairs of a small bucket, and a number linear in the size of a large one.
Candidates are verified on their texts; only the pairs that hold come to memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Literal, Self

import ibis
import numpy as np
import pyarrow as pa
from ibis import Schema, Table, _
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from shoplm.corpus.minhash import SKETCH, band_shape, jaccard_similarity, sketch_texts
from shoplm.corpus.quality_settings import DeduplicationSettings

NEIGHBOURS = 3
"""How many before it in its bucket each record is compared with, beside the best."""


def find_duplicates(
    records: Table, settings: DeduplicationSettings, exempt_sources: Sequence[str] = ()
) -> tuple[Table, Table]:
    """(near_duplicate_pairs, duplicate_records).

    Args:
        records: `record_id, source, language, keys, text`; where there is a column `reason`, rows
            that have one are left out.
        settings: threshold, scope and survivors.
        exempt_sources: sources that say what a product is, such as titles and properties: two
            products may be described alike. A record of theirs is only a duplicate of one with the
            same words and the same keys, never a near duplicate.

    Returns:
        Pairs `left_id, right_id, similarity` (the exact Jaccard similarity; of the two the left one
        would stay) among records that are no exact duplicates; and `record_id, source, reason,
        detail` of each record that goes: `exact_duplicate` or `near_duplicate`, and the id of the
        record that stays for it, which is not listed itself. Both are in memory.
    """
    compared = records
    if "reason" in records.columns:
        compared = records.filter(records.reason.isnull())
    with _Scratch(records) as scratch:
        ranked = scratch.keep(_rank(compared))
        sketches = scratch.keep(_sketch(compared, ranked, settings, exempt_sources))
        exact = scratch.keep(_exact_duplicates(sketches))
        banded = sketches.filter(_.bands.notnull() & ~_.exempt).anti_join(exact, "rank")
        candidates = scratch.keep(_candidates(scratch.keep(banded), band_shape(settings)[0]))
        texts = scratch.keep(_texts(candidates, compared, ranked))
        verified = scratch.keep(_verify(candidates, texts, settings))

        edges = verified.to_pyarrow()
        left, right = edges["left"].to_numpy(), edges["right"].to_numpy()
        near = scratch.keep(choose_survivors(left, right, settings.linkage))
        exact = (
            exact.left_join(near, exact.survivor == near.rank)
            .select("rank", survivor=ibis.coalesce(near.survivor, exact.survivor))
            .mutate(reason=ibis.literal("exact_duplicate"))
        )
        duplicates = exact.union(near.mutate(reason=ibis.literal("near_duplicate")))
        return _name_pairs(verified, ranked), _name_duplicates(duplicates, ranked)


def choose_survivors(
    left: np.ndarray, right: np.ndarray, linkage: Literal["direct", "component"]
) -> pa.Table:
    """Who goes and who stays for it, given pairs of similar records.

    `component`: the best of each connected component stays. `direct`: records are visited from the
    best on; one that is still there stays, and all that are similar to it go. So each that goes is
    similar to its survivor, and no two survivors are known to be similar.

    Args:
        left: (m,) int: the better (smaller) rank of each pair.
        right: (m,) int: the other one.

    Returns:
        `rank, survivor`, one row for each record that goes, by rank.
    """
    if linkage == "component":
        nodes, index = np.unique(np.concatenate([left, right]), return_inverse=True)
        ends = index[: len(left)], index[len(left) :]
        graph = coo_array((np.ones(len(left), np.int8), ends), (len(nodes),) * 2)
        component = connected_components(graph, directed=False)[1] if len(nodes) else nodes
        _, first = np.unique(component, return_index=True)  # nodes are sorted: the best is first
        survivor = nodes[first][component]
        gone = nodes != survivor
        columns = nodes[gone], survivor[gone]
    else:
        survivors: dict[int, int] = {}
        order = np.lexsort((right, left))
        for better, other in zip(left[order].tolist(), right[order].tolist(), strict=True):
            if better not in survivors:  # nothing better is left that could still remove it
                survivors.setdefault(other, better)
        columns = tuple(np.array(sorted(survivors.items()), np.int64).reshape(-1, 2).T)
    return pa.table({"rank": pa.array(columns[0]), "survivor": pa.array(columns[1])})


class _Scratch:
    """Temporary tables of the engine, dropped at the end."""

    def __init__(self, records: Table) -> None:
        self.backend = records.get_backend()
        self.names: list[str] = []

    def keep(self, table: Table | pa.Table) -> Table:
        """Run an expression once, and read what it gave from then on."""
        self.names.append(ibis.util.gen_name("deduplication"))
        return self.backend.create_table(self.names[-1], table, temp=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        for name in self.names:
            self.backend.drop_table(name, force=True)


def _rank(records: Table) -> Table:
    best_first = [_.n_keys.desc(), _.length.desc(), _.record_id]
    return records.select(
        "record_id",
        "source",
        "language",
        n_keys=records["keys"].length().fill_null(0),
        length=records.text.length().fill_null(0),
    ).select("record_id", "source", "language", rank=ibis.row_number().over(order_by=best_first))


def _sketch(
    records: Table, ranked: Table, settings: DeduplicationSettings, exempt_sources: Sequence[str]
) -> Table:
    scope = records.source if settings.within == "source" else ibis.literal("")
    exempt = records.source.isin(list(exempt_sources))
    texts = records.select(
        "record_id",
        "language",
        exempt=exempt,
        own_keys=ibis.ifelse(exempt, records["keys"].sort(), ibis.literal([], "array<string>")),
        sketch=_sketch_function(settings)(records.text, scope),
    )
    texts = texts.inner_join(ranked.select("record_id", "rank"), "record_id")
    columns = ["rank", "language", "exempt", "own_keys"]
    return texts.select(*columns, **{name: texts.sketch[name] for name in SKETCH.names})


def _exact_duplicates(sketches: Table) -> Table:
    """`rank, survivor` of all but the best of the records with the same words."""
    same = ["language", "own_keys", "fingerprint"]
    groups = sketches.group_by(same).agg(survivor=_.rank.min(), size=_.count())
    members = sketches.inner_join(groups.filter(_.size > 1), same)
    return members.filter(_.rank != _.survivor).select("rank", "survivor")


def _candidates(banded: Table, bands: int) -> Table:
    """Distinct pairs `left < right` of ranks that share a band."""
    pairs = []
    for band in range(bands):
        bucket = banded.select(
            "rank", bucket=banded.bands[band], next=banded.bands[(band + 1) % bands]
        )
        shared = bucket.group_by("bucket").agg(best=_.rank.min(), size=_.count())
        members = bucket.inner_join(shared.filter(_.size > 1), "bucket")
        window = ibis.window(group_by=members.bucket, order_by=[members.next, members["rank"]])
        others = [members["rank"].lag(n).over(window) for n in range(1, NEIGHBOURS + 1)]
        others = members.select("rank", other=ibis.array([members.best, *others]))
        others = others.select("rank", other=others.other.unnest())
        pairs.append(
            others.filter(_.other != _.rank).select(
                left=ibis.least(_.rank, _.other), right=ibis.greatest(_.rank, _.other)
            )
        )
    return ibis.union(*pairs, distinct=True) if len(pairs) > 1 else pairs[0].distinct()


def _texts(candidates: Table, records: Table, ranked: Table) -> Table:
    """`rank, text` of the records in a pair."""
    ranks = candidates.select(rank="left").union(candidates.select(rank="right"), distinct=True)
    named = ranked.semi_join(ranks, "rank").select("rank", "record_id")
    return records.inner_join(named, "record_id").select("rank", "text")


def _verify(candidates: Table, texts: Table, settings: DeduplicationSettings) -> Table:
    """`left, right, similarity` of the pairs at or above the threshold."""
    one, other = (
        texts.select(left="rank", left_text="text"),
        texts.select(right="rank", right_text="text"),
    )
    pairs = candidates.inner_join(one, "left").inner_join(other, "right")
    similarity = _similarity_function(settings)
    pairs = pairs.select("left", "right", similarity=similarity(pairs.left_text, pairs.right_text))
    return pairs.filter(_.similarity >= settings.threshold)


def _name_pairs(verified: Table, ranked: Table) -> Table:
    left = ranked.select(left="rank", left_id="record_id")
    right = ranked.select(right="rank", right_id="record_id")
    named = verified.inner_join(left, "left").inner_join(right, "right")
    return ibis.memtable(named.select("left_id", "right_id", "similarity").to_pyarrow())


def _name_duplicates(duplicates: Table, ranked: Table) -> Table:
    kept = ranked.select(survivor="rank", detail="record_id")
    named = duplicates.inner_join(ranked, "rank").inner_join(kept, "survivor")
    return ibis.memtable(named.select("record_id", "source", "reason", "detail").to_pyarrow())


@cache  # a function of the engine for each settings
def _sketch_function(settings: DeduplicationSettings) -> Any:
    @ibis.udf.scalar.pyarrow(
        signature=(
            (ibis.dtype("string"), ibis.dtype("string")),
            Schema.from_pyarrow(pa.schema(SKETCH)).as_struct(),
        )
    )
    def sketch(texts, scopes):
        return sketch_texts(texts, scopes, settings)

    return sketch


@cache
def _similarity_function(settings: DeduplicationSettings) -> Any:
    @ibis.udf.scalar.pyarrow
    def similarity(left: str, right: str) -> float:
        return pa.array(jaccard_similarity(left, right, settings))

    return similarity
