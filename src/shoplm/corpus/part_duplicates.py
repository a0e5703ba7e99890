"""Near duplicates among records made of parts, all of which must be alike.

A question about a long passage is most of the way the same text as another question about it. So a
pair that is similar as a whole counts only when each part of one is similar to the same part of
the other: near duplicates themselves, or, where a part has too few shingles to tell, the same
words.
"""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
from ibis import Table, _

from shoplm.corpus.deduplication import choose_survivors, find_duplicates
from shoplm.corpus.minhash import jaccard_similarity, sketch_texts
from shoplm.corpus.quality_settings import DeduplicationSettings


def find_part_duplicates(records: Table, settings: DeduplicationSettings) -> pd.DataFrame:
    """`record_id, source, reason, detail` of each record that goes, as `find_duplicates` has it.

    Args:
        records: `record_id, source, language, keys, text, parts`; text is the parts, a line each.
        settings: threshold, scope and survivors.

    Returns:
        One row for each record that goes, by id. Records with the same words are
        `exact_duplicate` only if their parts are the same too; else they are left.
    """
    pairs, whole = find_duplicates(records, settings)
    pairs = pairs.select("left_id", "right_id").to_pandas()
    exact = whole.filter(_.reason == "exact_duplicate").to_pandas()
    same = exact.rename(columns={"detail": "left_id", "record_id": "right_id"})
    pairs = pd.concat([pairs, same[["left_id", "right_id"]]], ignore_index=True)
    named = pd.unique(pairs.to_numpy().ravel())
    wanted = ibis.memtable({"record_id": named.tolist()}, schema={"record_id": "string"})
    involved = records.semi_join(wanted, "record_id").to_pandas().set_index("record_id")

    left, right = (involved["parts"].reindex(pairs[side]) for side in ("left_id", "right_id"))
    alike = similar_parts(left.tolist(), right.tolist(), settings)
    same_source = involved["source"].reindex(pairs["left_id"]).to_numpy() == (
        involved["source"].reindex(pairs["right_id"]).to_numpy()
    )
    if settings.within == "source":
        alike &= same_source
    pairs = pairs[alike]

    best_first = involved.assign(size=-involved["text"].str.len()).reset_index()
    ranked = best_first.sort_values(["size", "record_id"], ignore_index=True)
    rank = pd.Series(ranked.index, index=ranked["record_id"], dtype="int64")
    ends = np.sort(
        np.stack([rank.reindex(pairs[side]) for side in ("left_id", "right_id")]).astype("int64"),
        axis=0,
    )
    gone = choose_survivors(ends[0], ends[1], settings.linkage).to_pandas()
    identical = set(exact["record_id"])
    listed = [
        (
            ranked["record_id"][row.rank],
            ranked["source"][row.rank],
            ranked["record_id"][row.survivor],
        )
        for row in gone.itertuples()
    ]
    table = pd.DataFrame(listed, columns=["record_id", "source", "detail"], dtype=str)
    reason = ["exact_duplicate" if i in identical else "near_duplicate" for i in table["record_id"]]
    table.insert(2, "reason", pd.Series(reason, dtype=str))
    return table.sort_values("record_id", ignore_index=True)


def similar_parts(
    left: list[list[str]], right: list[list[str]], settings: DeduplicationSettings
) -> np.ndarray:
    """(n,) bool: whether all parts of each pair are alike; pairs of unequal number are not."""
    alike = np.array([len(a) == len(b) for a, b in zip(left, right, strict=True)], bool)
    rows = [
        (n, a, b) for n in np.flatnonzero(alike) for a, b in zip(left[n], right[n], strict=True)
    ]
    if not rows:
        return alike
    pair, one, other = (list(column) for column in zip(*rows, strict=True))
    texts = pa.array(one, pa.large_string()), pa.array(other, pa.large_string())
    scope = pa.array([""] * len(rows))
    sketches = [sketch_texts(text, scope, settings) for text in texts]
    prints = [np.array(sketch.field("fingerprint").to_pylist()) for sketch in sketches]
    long = ~np.logical_or(*(np.array(sketch.field("bands").is_null()) for sketch in sketches))
    similar = jaccard_similarity(*texts, settings) >= settings.threshold
    unlike = ~((prints[0] == prints[1]) | (long & similar))
    alike[np.array(pair)[unlike]] = False
    return alike
