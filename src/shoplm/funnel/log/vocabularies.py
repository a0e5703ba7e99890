"""Categories as numbers from 1 on; 0 is what is missing or was not seen in training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from ibis import Column, Table


@ibis.udf.scalar.builtin
def md5_number_lower(text: str) -> ibis.dtype("uint64"):
    """Of DuckDB: a hash that is the same in every version and on every machine."""


def hashed(column: Column, buckets: int) -> Column:
    """1 + hash mod `buckets` of a column of text, or of lists of it; null stays."""
    if column.type().is_array():
        return column.map(lambda value: hashed(value, buckets))
    bucket = md5_number_lower(column) % ibis.literal(buckets, "uint64")
    return (bucket + ibis.literal(1, "uint64")).cast("int32")


def fit_vocabulary(rows: Table, name: str, min_count: int) -> pa.Array:
    """Categories of a text or list column on the training rows, sorted; n of them is number n+1."""
    values = rows.filter(rows["_side"] == 0)[name]
    if values.type().is_array():
        values = values.unnest()
    counts = values.name("value").as_table().group_by("value").aggregate(n=lambda t: t.count())
    counts = counts.filter((counts.n >= min_count) & counts.value.notnull())
    return counts.order_by("value").to_pyarrow()["value"].combine_chunks().cast(pa.large_string())


def numbered(values: pa.Array, vocabulary: pa.Array | None) -> np.ndarray:
    """Numbers of categories, (n,) int32. Without a vocabulary they are numbers already."""
    if vocabulary is None:
        return pc.fill_null(values.cast(pa.int32()), 0).to_numpy(zero_copy_only=False)
    places = pc.index_in(values.cast(pa.large_string()), value_set=vocabulary, skip_nulls=True)
    return (pc.fill_null(places, -1).to_numpy(zero_copy_only=False) + 1).astype(np.int32)


def size_of(vocabulary: pa.Array | None, buckets: int | None) -> int:
    """Numbers that there are, 0 among them."""
    return (buckets if vocabulary is None else len(vocabulary)) + 1


def as_json(vocabularies: dict[str, pa.Array | None]) -> dict[str, Any]:
    """Categories by column; null: hashed."""
    return {name: None if v is None else v.to_pylist() for name, v in vocabularies.items()}
