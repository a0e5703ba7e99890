"""MinHash signatures of texts, their bands, and the similarity that they estimate.

Signatures are rensa's. For bands see Leskovec, Rajaraman and Ullman, Mining of Massive Datasets,
section 3.4.
"""

from __future__ import annotations

from functools import cache
from itertools import chain

import numpy as np
import pyarrow as pa
from rensa import RMinHash

from shoplm.corpus.characters import Characters, slices
from shoplm.corpus.ordering import seeded_hash
from shoplm.corpus.quality_settings import DeduplicationSettings
from shoplm.corpus.shingling import (
    Shingles,
    fingerprint_texts,
    hash_shingles,
    hash_words,
    scramble,
)

SKETCH = pa.struct({"fingerprint": pa.binary(), "bands": pa.list_(pa.uint64())})
"""What is equal for texts with the same words; and a hash of each band of the signature, equal
for texts that share the band, or null where a text has too few shingles."""

_MISS_WEIGHT = 0.95
_ODD = np.uint64(0x9E3779B97F4A7C15)
_PAIRS = 256


@cache
def lsh_bands(threshold: float, permutations: int) -> tuple[int, int]:
    """(bands, rows a band) for a threshold.

    A pair of similarity s shares a band with probability p(s) = 1 - (1 - s^rows)^bands. Minimises
    the area above p from the threshold on (missed pairs) plus the area under p below it (needless
    comparisons), weighed 19 to 1. At 0.8 and 128 these are 16 bands of 8 rows.
    """
    similarity = (np.arange(2000) + 0.5) / 2000
    beyond = similarity >= threshold
    costs = {}
    for bands in range(1, permutations + 1):
        rows = permutations // bands
        meets = 1 - (1 - similarity**rows) ** bands
        missed, needless = (1 - meets)[beyond].sum(), meets[~beyond].sum()
        costs[bands, rows] = _MISS_WEIGHT * missed + (1 - _MISS_WEIGHT) * needless
    return min(costs, key=lambda shape: (costs[shape], shape))


def band_shape(settings: DeduplicationSettings) -> tuple[int, int]:
    """(bands, rows a band) that the settings ask for."""
    if settings.bands is None:
        return lsh_bands(settings.threshold, settings.permutations)
    return settings.bands, settings.permutations // settings.bands


def sketch_texts(
    texts: pa.Array | pa.ChunkedArray,
    scopes: pa.Array | pa.ChunkedArray,
    settings: DeduplicationSettings,
) -> pa.StructArray:
    """`SKETCH` of each text, (n,); a null counts as an empty text.

    Bands are equal inside a scope alone; `scopes` (n,) names it for each text.
    """
    codes = _hash_names(scopes)
    parts, first = [], 0
    for part in slices(texts):
        parts.append(_sketch(part, codes[first : first + len(part)], settings))
        first += len(part)
    return pa.concat_arrays(parts) if parts else pa.array([], SKETCH)


def jaccard_similarity(
    left: pa.Array | pa.ChunkedArray,
    right: pa.Array | pa.ChunkedArray,
    settings: DeduplicationSettings,
) -> np.ndarray:
    """(n,) float64: Jaccard similarity of the shingle sets of each pair of texts; 0 if empty."""
    parts = [np.zeros(0)]
    for start in range(0, len(left), _PAIRS):
        one, other = (
            _shingle_sets(texts.slice(start, _PAIRS), settings) for texts in (left, right)
        )
        size = min(_PAIRS, len(left) - start)
        place = np.minimum(np.searchsorted(one[0], other[0]), max(len(one[0]) - 1, 0))
        shared = other[1][one[0][place] == other[0]] if len(one[0]) else other[1][:0]
        both = np.bincount(shared, minlength=size)
        either = sum(np.bincount(pair, minlength=size) for _, pair in (one, other)) - both
        parts.append(both / np.maximum(either, 1))
    return np.concatenate(parts)


def _shingles(texts: pa.LargeStringArray, settings: DeduplicationSettings):
    characters = Characters.folded(texts)
    words = hash_words(characters)
    shingles = hash_shingles(words, settings.word_shingle, settings.character_shingle)
    return characters, words, shingles


def _hash_names(names: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """(n,) uint64: a hash of each of many names of which few differ."""
    if isinstance(names, pa.ChunkedArray):
        names = names.combine_chunks()
    coded = names.dictionary_encode()
    different = [str(name) for name in coded.dictionary.to_pylist()]
    return seeded_hash(different, 0, "scope")[coded.indices.fill_null(0).to_numpy()]


def _sketch(
    texts: pa.LargeStringArray, scopes: np.ndarray, settings: DeduplicationSettings
) -> pa.StructArray:
    characters, words, shingles = _shingles(texts, settings)
    number = np.diff(shingles.offsets)
    hashes = _hash_bands(shingles, settings) ^ scopes[:, None]
    offsets = np.arange(len(number) + 1, dtype=np.int32) * hashes.shape[1]
    bands = pa.ListArray.from_arrays(
        pa.array(offsets),
        pa.array(hashes.ravel()),
        mask=pa.array(number < settings.min_shingles),
    )
    prints = fingerprint_texts(characters, words)
    return pa.StructArray.from_arrays([prints, bands], fields=list(SKETCH))


def _hash_bands(shingles: Shingles, settings: DeduplicationSettings) -> np.ndarray:
    """(n, bands) uint64."""
    number, permutations = len(shingles.offsets) - 1, settings.permutations
    bands, rows = band_shape(settings)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(
        shingles.hash, shingles.offsets.astype(np.uint64), permutations, settings.seed
    )
    flat = np.fromiter(chain.from_iterable(matrix.to_rows()), np.uint64, number * permutations)
    signature = flat.reshape(number, permutations)[:, : bands * rows].reshape(-1, bands, rows)
    hashes = np.arange(1, bands + 1, dtype=np.uint64) * _ODD + np.zeros((number, 1), np.uint64)
    for row in range(rows):
        hashes = scramble(hashes + signature[:, :, row])
    return hashes


def _shingle_sets(
    texts: pa.Array | pa.ChunkedArray, settings: DeduplicationSettings
) -> tuple[np.ndarray, np.ndarray]:
    """Sorted shingles (u,) without repeats, each made one with its text; and (u,) the text."""
    keyed, within = [], []
    first = 0
    for part in slices(texts):
        _, _, shingles = _shingles(part, settings)
        text = first + np.repeat(np.arange(len(part)), np.diff(shingles.offsets))
        keyed.append(shingles.hash + scramble(text.astype(np.uint64)))
        within.append(text)
        first += len(part)
    keys, text = np.concatenate(keyed), np.concatenate(within)
    order = np.argsort(keys)
    keys, text = keys[order], text[order]
    new = np.diff(keys, prepend=keys[:1] + np.uint64(1)) != 0
    return keys[new], text[new]
