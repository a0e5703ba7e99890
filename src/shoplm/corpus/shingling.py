"""Words, shingles and fingerprints of texts as 64-bit hashes, a batch of texts at a time.

Texts are compared by their words alone: compatibility forms (NFKC) without case, white space or
punctuation. In scripts without spaces a character is a word, so text that mixes scripts is one
sequence of words too.

Hashes are sums modulo 2**64 over the characters of a word, and over the words of a shingle, each
drawn at random and multiplied by a power of an odd number, then scrambled; they depend on nothing
but the text.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from shoplm.corpus.characters import Characters, character_tables

_BASE = 0x9E3779B97F4A7C15  # odd, so it has an inverse
_INVERSE = pow(_BASE, -1, 1 << 64)
_STEP = np.uint64(0xD1B54A32D192ED03)
_CACHED = 1 << 17
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True)
class Words:
    """The words of a batch of texts, one after another."""

    hash: np.ndarray
    """(w,) uint64."""
    alone: np.ndarray
    """(w,) bool: a character of a script without spaces (or a pictograph)."""
    start: np.ndarray
    """(w,) int64: the place of its first character in the batch."""
    offsets: np.ndarray
    """(n + 1,) int64: text i has `hash[offsets[i]:offsets[i + 1]]`."""


@dataclass(frozen=True)
class Shingles:
    """The shingles (n-grams of words) of a batch of texts, one after another, with repeats."""

    hash: np.ndarray
    """(s,) uint64."""
    word: np.ndarray
    """(s,) int64: the place of its first word in the batch."""
    length: np.ndarray
    """(s,) int64: words."""
    offsets: np.ndarray
    """(n + 1,) int64: text i has `hash[offsets[i]:offsets[i + 1]]`."""


def hash_words(characters: Characters) -> Words:
    """The words of folded texts."""
    unit = character_tables().unit[characters.code]
    inside = unit == 1
    begins = inside.copy()
    begins[1:] &= ~inside[:-1]
    texts = characters.offsets[:-1][np.diff(characters.offsets) > 0]
    begins[texts] = inside[texts]
    begins |= unit == 2
    start = np.flatnonzero(begins)
    offsets = np.searchsorted(start, characters.offsets)
    if not len(start):
        return Words(np.zeros(0, np.uint64), np.zeros(0, bool), start, offsets)
    # separators weigh nothing; powers run on through the batch and are taken back at each word
    powers, inverses = _powers(len(unit))
    weighed = _character_weights()[characters.code]
    weighed *= powers[: len(unit)]
    sums = np.add.reduceat(weighed, start)
    sums *= inverses[start]
    return Words(scramble(sums), unit[start] == 2, start, offsets)


def hash_shingles(words: Words, word_ngram: int, character_ngram: int) -> Shingles:
    """All runs of `word_ngram` words; runs of `character_ngram` where a character is among them.

    A run that starts at a word has `word_ngram` words if each of them is a word of a script with
    spaces, else `character_ngram`. Runs stay inside their text.
    """
    n = len(words.hash)
    place = np.arange(n)
    ends = np.repeat(words.offsets[1:], np.diff(words.offsets))
    runs = hash_runs(words.hash, {word_ngram, character_ngram})
    if words.alone.any():
        seen = np.r_[0, np.cumsum(words.alone)]
        plain = seen[np.minimum(place + word_ngram, n)] == seen[:-1]
        hashes = np.where(plain, runs[word_ngram], runs[character_ngram])
        length = np.where(plain, word_ngram, character_ngram)
    else:
        hashes, length = runs[word_ngram], np.full(n, word_ngram)
    fits = place + length <= ends
    offsets = np.r_[0, np.cumsum(fits)][words.offsets]
    return Shingles(hashes[fits], place[fits], length[fits], offsets)


def hash_runs(hashes: np.ndarray, lengths: Collection[int]) -> dict[int, np.ndarray]:
    """Length to (w,) uint64: the run of so many words from each word on, for each of `lengths`.

    Runs that would go beyond the batch have no meaning.
    """
    runs = {}
    sums = hashes.copy()
    for length in range(1, max(lengths, default=0) + 1):
        if length > 1:
            sums *= np.uint64(_BASE)
            sums[: 1 - length] += hashes[length - 1 :]
        if length in lengths:
            runs[length] = scramble(sums)
    return runs


def hash_groups(hashes: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """(g, 2) uint64: 128-bit fingerprints of the sequences between `offsets` (g + 1,)."""
    place = np.arange(len(hashes), dtype=np.uint64)
    place -= np.repeat(offsets[:-1], np.diff(offsets)).astype(np.uint64)
    place *= _STEP
    place += np.uint64(1)
    size = np.diff(offsets).astype(np.uint64)
    first = sum_groups(scramble(hashes ^ place), offsets)
    second = sum_groups(scramble(hashes + scramble(place)), offsets)
    return np.stack([scramble(first ^ size), scramble(second + size)], axis=1)


def sum_groups(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """(g,) sums of `values` between `offsets` (g + 1,); an empty group has the sum 0."""
    sums = np.zeros(len(offsets) - 1, values.dtype)
    filled = np.flatnonzero(np.diff(offsets))
    if len(filled):
        sums[filled] = np.add.reduceat(values, offsets[filled])
    return sums


def scramble(values: np.ndarray) -> np.ndarray:
    """(n,) uint64 to (n,) uint64: the finaliser of SplitMix64 (Steele et al., OOPSLA 2014)."""
    mixed = values ^ (values >> np.uint64(30))
    mixed *= _FIRST
    mixed ^= mixed >> np.uint64(27)
    mixed *= _SECOND
    mixed ^= mixed >> np.uint64(31)
    return mixed


def fingerprint_texts(characters: Characters, words: Words) -> pa.Array:
    """(n,) 16 bytes: equal for folded texts that have the same words.

    Texts without words (punctuation alone) are compared by their characters.
    """
    prints = hash_groups(words.hash, words.offsets)
    empty = np.diff(words.offsets) == 0
    if empty.any():
        code = scramble(characters.code.astype(np.uint64) + _STEP)
        prints[empty] = hash_groups(code, characters.offsets)[empty]
    fixed = pa.Array.from_buffers(pa.binary(16), len(prints), [None, pa.py_buffer(prints)])
    return fixed.cast(pa.binary())


@cache
def _character_weights() -> np.ndarray:
    """(0x110000,) uint64: random for what makes words, 0 for separators."""
    tables = character_tables()
    weights = scramble(np.arange(len(tables.unit), dtype=np.uint64) + np.uint64(_BASE))
    return np.where(tables.unit > 0, weights, np.uint64(0))


@cache
def _cached_powers() -> tuple[np.ndarray, np.ndarray]:
    return _powers_of(_BASE, _CACHED), _powers_of(_INVERSE, _CACHED)


def _powers(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Powers of the base and of its inverse, at least `size` of each."""
    if size <= _CACHED:
        return _cached_powers()
    return _powers_of(_BASE, size), _powers_of(_INVERSE, size)


def _powers_of(factor: int, size: int) -> np.ndarray:
    powers = np.full(size, factor, np.uint64)
    powers[0] = 1
    return np.cumprod(powers, dtype=np.uint64)
