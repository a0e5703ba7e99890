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

    Of several the longest stays, then the smallest id. Exact duplicates, too, are sought inside a
    source unless settings say `all`.

    Args:
        records: `record_id, source, language, text, parts`; text is the parts, a line each.
        settings: threshold, scope and survivors.

    Returns:
        One row for each record that goes, by id.
    """
    listed = records.select("record_id", "source", "text", "parts").to_pandas()
    listed = listed.assign(size=-listed["text"].str.len())
    listed = listed.sort_values(["size", "record_id"], ignore_index=True)  # the index is the rank
    scope = listed["source"] if settings.within == "source" else pd.Series("", listed.index)
    prints = _fingerprints(listed["parts"].tolist(), settings)
    first = prints.groupby([scope, prints]).transform(lambda group: group.index[0])
    same = first[first != first.index]

    ids = pd.Index(listed["record_id"])
    compared = records.semi_join(_ids(ids.delete(same.index)), "record_id").mutate(
        text=_.text if settings.within == "all" else _.source + "\n" + _.text,
        keys=ibis.literal([], "array<string>"),
    )
    pairs = find_duplicates(compared, settings)[0].select("left_id", "right_id").to_pandas()
    ends = np.sort([ids.get_indexer(pairs["left_id"]), ids.get_indexer(pairs["right_id"])], axis=0)
    ends = ends[:, scope.to_numpy()[ends[0]] == scope.to_numpy()[ends[1]]]
    left, right = (listed["parts"].iloc[side].tolist() for side in ends)
    ends = ends[:, similar_parts(left, right, settings)]
    gone = choose_survivors(*ends, settings.linkage).to_pandas().set_index("rank")["survivor"]

    survivors = pd.concat([same.map(gone).fillna(same), gone]).astype("int64").sort_index()
    goes = listed.loc[survivors.index]
    table = pd.DataFrame(
        {
            "record_id": goes["record_id"],
            "source": goes["source"],
            "reason": np.where(goes.index.isin(same.index), "exact_duplicate", "near_duplicate"),
            "detail": ids[survivors],
        },
        dtype=str,
    )
    return table.sort_values("record_id", ignore_index=True)


def similar_parts(
    left: list[list[str]], right: list[list[str]], settings: DeduplicationSettings
) -> np.ndarray:
    """(n,) bool: whether all parts of each pair are alike; pairs of unequal number are not."""
    alike = np.array([len(a) == len(b) for a, b in zip(left, right, strict=True)], bool)
    rows = [
        (n, *parts) for n in np.flatnonzero(alike) for parts in zip(left[n], right[n], strict=True)
    ]
    if not rows:
        return alike
    pair, *sides = (list(column) for column in zip(*rows, strict=True))
    texts = [pa.array(side, pa.large_string()) for side in sides]
    sketches = [_sketch(text, settings) for text in texts]
    same = np.equal(*(sketch["fingerprint"].to_numpy(zero_copy_only=False) for sketch in sketches))
    short = np.logical_or(*(sketch["bands"].is_null() for sketch in sketches))
    similar = jaccard_similarity(*texts, settings) >= settings.threshold
    alike[np.array(pair)[~same & (short | ~similar)]] = False
    return alike


def _fingerprints(parts: list[list[str]], settings: DeduplicationSettings) -> pd.Series:
    """Equal for records with the same words in the same parts."""
    texts = pa.array([part for record in parts for part in record], pa.large_string())
    prints = _sketch(texts, settings)["fingerprint"].to_pylist() if len(texts) else []
    ends = np.cumsum([len(record) for record in parts], dtype=int)
    joined = [
        b"".join(prints[end - len(record) : end])
        for record, end in zip(parts, ends.tolist(), strict=True)
    ]
    return pd.Series(joined, dtype=object)


def _sketch(texts: pa.Array, settings: DeduplicationSettings) -> dict[str, pa.Array]:
    sketch = sketch_texts(texts, pa.repeat("", len(texts)), settings)
    return {name: sketch.field(name) for name in ("fingerprint", "bands")}


def _ids(ids: pd.Index) -> Table:
    return ibis.memtable(pa.table({"record_id": pa.array(ids.tolist(), pa.string())}))
