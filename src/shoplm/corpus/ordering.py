"""Seeded order that depends on identity alone, not on rows, threads or engines."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import md5

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def seeded_hash(ids: Iterable[str], seed: int, purpose: str) -> np.ndarray:
    """(n,) uint64: the first 8 bytes of md5 of `seed:purpose:id`. Sorting by it permutes."""
    prefix = md5(f"{seed}:{purpose}:".encode())

    def digest(identity: str) -> bytes:
        state = prefix.copy()
        state.update(identity.encode())
        return state.digest()[:8]

    return np.frombuffer(b"".join(map(digest, ids)), dtype=">u8").astype(np.uint64)


def codes(values: pa.ChunkedArray) -> np.ndarray:
    """(n,) int: the place of each value among the sorted distinct values."""
    encoded = values.combine_chunks().dictionary_encode()
    place = np.empty(len(encoded.dictionary), dtype=np.int64)
    place[pc.sort_indices(encoded.dictionary).to_numpy()] = np.arange(len(place))
    return place[encoded.indices.to_numpy()]
