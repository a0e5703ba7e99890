"""What the filter rules look at, measured for a batch of texts at once."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from shoplm.corpus.characters import (
    DIGIT,
    LETTER,
    PICTOGRAPH,
    PUNCTUATION,
    SCRIPTS,
    SPACE,
    SYMBOL,
    Characters,
    character_tables,
    slices,
)
from shoplm.corpus.languages import LANGUAGES, function_word_table
from shoplm.corpus.shingling import (
    Words,
    fingerprint_texts,
    hash_groups,
    hash_shingles,
    hash_words,
    scramble,
)

SHORTEST_RUN = 8
FEWEST_PHRASES = 10
PHRASE = (5, 10)
"""Words, or characters in scripts without spaces."""

MEASURES = pa.struct(
    {
        "symbol_share": pa.float64(),
        "digit_share": pa.float64(),
        "run_share": pa.float64(),
        "line_repetition": pa.float64(),
        "phrase_repetition": pa.float64(),
        "scripts": pa.list_(pa.int32()),
        "function_words": pa.list_(pa.int32()),
        "fingerprint": pa.binary(),
    }
)
"""Of each text: the shares that `RuleLimits` names; words by script (`SCRIPTS`); different function
words by language (`LANGUAGES`); and what is equal for texts with the same words."""


def measure_texts(texts: pa.Array | pa.ChunkedArray) -> pa.StructArray:
    """`MEASURES` of each text, (n,); a null is measured as an empty text."""
    parts = [_measure(part) for part in slices(texts)]
    return pa.concat_arrays(parts) if parts else pa.array([], MEASURES)


def _measure(texts: pa.LargeStringArray) -> pa.StructArray:
    raw = Characters.of(texts)
    tables = character_tables()
    kind = tables.kind[raw.code]
    folded = Characters.folded(texts)
    words = hash_words(folded)
    size = np.diff(raw.offsets)
    visible = size - raw.count(kind == SPACE)
    symbol = (kind == PUNCTUATION) | (kind == SYMBOL) | (kind == PICTOGRAPH)
    symbol[1:] &= raw.code[1:] != raw.code[:-1]  # `!!!!` counts once: it is judged as a run
    columns = [
        _share(raw.count(symbol), visible),
        _share(raw.count(kind == DIGIT), visible),
        _share(_longest_run(raw, kind), size),
        _line_repetition(folded, words),
        _phrase_repetition(words),
        _script_words(words, tables.kind[folded.code[words.start]]),
        _function_words(words),
        fingerprint_texts(folded, words),
    ]
    return pa.StructArray.from_arrays(columns, fields=list(MEASURES))


def _share(part: np.ndarray, whole: np.ndarray) -> pa.Array:
    return pa.array(part / np.maximum(whole, 1))


def _longest_run(characters: Characters, kind: np.ndarray) -> np.ndarray:
    """(n,) int64: the most equal characters in a row that are not white space; 0 if few."""
    code, offsets = characters.code, characters.offsets
    begins = np.ones(len(code), bool)
    begins[1:] = code[1:] != code[:-1]
    filled = np.flatnonzero(np.diff(offsets))
    begins[offsets[filled]] = True
    start = np.flatnonzero(begins)
    length = np.diff(start, append=len(code))
    length[(length < SHORTEST_RUN) | (kind[start] == SPACE)] = 0
    longest = np.zeros(len(offsets) - 1, np.int64)
    if len(filled):
        first_runs = np.searchsorted(start, offsets[filled])
        longest[filled] = np.maximum.reduceat(length, first_runs)
    return longest


def _line_repetition(folded: Characters, words: Words) -> pa.Array:
    breaks = np.flatnonzero(folded.code == ord("\n"))
    ends = np.union1d(folded.offsets, breaks)
    bounds = np.searchsorted(words.start, ends)
    size = np.diff(bounds)
    bounds = np.r_[bounds[:-1][size > 0], bounds[-1:]]  # lines without words do not count
    line = hash_groups(words.hash, bounds)[:, 0]
    text = np.searchsorted(words.offsets, bounds[:-1], "right") - 1
    repeat = _is_repeat(text, line)
    total = np.diff(words.offsets)
    repeated = np.bincount(text[repeat], np.diff(bounds)[repeat], minlength=len(total))
    return _share(repeated, total)


def _phrase_repetition(words: Words) -> pa.Array:
    phrases = hash_shingles(words, *PHRASE)
    number = np.diff(phrases.offsets)
    text = np.repeat(np.arange(len(number)), number)
    repeats = np.bincount(text[_is_repeat(text, phrases.hash)], minlength=len(number))
    return _share(np.where(number < FEWEST_PHRASES, 0, repeats), number)


def _is_repeat(text: np.ndarray, value: np.ndarray) -> np.ndarray:
    """(m,) bool: all but one of the equal values of a text."""
    keyed = value + scramble(text.astype(np.uint64))
    order = np.argsort(keyed)
    repeat = np.zeros(len(value), bool)
    repeat[order[1:]] = np.diff(keyed[order]) == 0
    return repeat


def _script_words(words: Words, first_kind: np.ndarray) -> pa.Array:
    letters = np.flatnonzero(first_kind >= LETTER)
    text = np.searchsorted(words.offsets, letters, "right") - 1
    script = first_kind[letters].astype(np.int64) - LETTER
    return _counts(text, script, len(SCRIPTS), len(words.offsets) - 1)


def _function_words(words: Words) -> pa.Array:
    """How many different function words of each language: a property list says `No` often."""
    table, has = function_word_table()
    place = np.minimum(np.searchsorted(table, words.hash), len(table) - 1)
    found = np.flatnonzero(table[place] == words.hash)
    text = np.searchsorted(words.offsets, found, "right") - 1
    text, place = np.divmod(np.unique(text * len(table) + place[found]), len(table))
    at, language = np.nonzero(has[place])
    return _counts(text[at], language, len(LANGUAGES), len(words.offsets) - 1)


def _counts(text: np.ndarray, column: np.ndarray, columns: int, texts: int) -> pa.Array:
    """(n,) lists of `columns` numbers: how often each (text, column) is named."""
    flat = np.bincount(text * columns + column, minlength=texts * columns).astype(np.int32)
    offsets = np.arange(texts + 1, dtype=np.int32) * columns
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(flat))
