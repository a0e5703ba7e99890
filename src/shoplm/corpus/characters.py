"""What each Unicode character is, as tables over code points.

Texts are measured and compared a batch at a time: a batch becomes one array of code points, and a
look-up says of every character at once whether it is a letter, of which script, and what it equals.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

SPACE, PUNCTUATION, SYMBOL, DIGIT, MARK, PICTOGRAPH, LETTER = range(7)
"""Kinds of character; a letter's kind is `LETTER` + the place of its script in `SCRIPTS`."""
SCRIPTS = (
    *("other", "latin", "han", "kana", "hangul", "cyrillic", "greek", "arabic", "hebrew"),
    *("devanagari", "thai", "lao", "khmer", "myanmar", "tibetan"),
)
UNSPACED = ("han", "kana", "thai", "lao", "khmer", "myanmar", "tibetan")
"""Scripts that do not put spaces between words: a character stands for a word."""

_SCRIPT_OF_NAME = {script.upper(): script for script in SCRIPTS} | {
    "CJK": "han", "IDEOGRAPHIC": "han", "HIRAGANA": "kana", "KATAKANA": "kana",
    "MATHEMATICAL": "latin", "FEMININE": "latin", "MASCULINE": "latin", "MICRO": "greek",
}  # fmt: skip
_FOLD_TO_THEMSELVES = (
    *((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xAC00, 0xD7A4), (0x20000, 0x2F800)),
    (0x30000, 0x323B0),
)
_NAMED = 0x323B0
_PICTOGRAPHS = 0x1F000
_SLICE = 1 << 16


@dataclass(frozen=True)
class CharacterTables:
    """Tables indexed by code point, each (0x110000,)."""

    kind: np.ndarray
    """uint8: one of the kinds above."""
    folded: np.ndarray
    """uint32: the character that it compares equal to."""
    unit: np.ndarray
    """uint8: 0 separates words, 1 is part of a word, 2 is a word by itself."""
    composite: np.ndarray
    """bool: does not fold to one character by itself."""


@cache
def character_tables() -> CharacterTables:
    """Build the tables, once a process, in about 0.2 s."""
    size = 0x110000
    kind = np.full(size, SYMBOL, np.uint8)
    kind[:_NAMED] = [_kind(code) for code in range(_NAMED)]
    letter_or_digit = (kind >= LETTER) | (kind == DIGIT)

    folded = np.arange(size, dtype=np.uint32)
    composite = kind == MARK
    composite[0x1100:0x1200] = True  # Hangul letters join to syllables
    to_fold = letter_or_digit.copy()
    for start, end in _FOLD_TO_THEMSELVES:
        to_fold[start:end] = False
    for code in np.flatnonzero(to_fold).tolist():
        form = fold_text(chr(code))
        if len(form) == 1:
            folded[code] = ord(form)
        else:
            composite[code] = True

    unit = np.zeros(size, np.uint8)
    unit[letter_or_digit | (kind == MARK)] = 1
    unit[[ord("+"), ord("#")]] = 1  # C, C++ and C# differ
    unit[(kind == PICTOGRAPH) | np.isin(kind, [script_kind(s) for s in UNSPACED])] = 2
    return CharacterTables(kind, folded, unit, composite)


def script_kind(script: str) -> int:
    """The kind of a letter of `script`."""
    return LETTER + SCRIPTS.index(script)


def fold_text(text: str) -> str:
    """Compatibility form without case: NFKC, case folding, NFKC."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", folded)


def _only_words(text: str) -> str:
    """Spaces for all that separates words: the trade mark sign, say, folds to letters."""
    unit = character_tables().unit
    return "".join(c if unit[ord(c)] or c == "\n" else " " for c in text)


def _kind(code: int) -> int:
    character = chr(code)
    category = unicodedata.category(character)
    match category[0]:
        case "L":
            words = unicodedata.name(character, "OTHER").replace("-", " ").split()
            first = next(w for w in words if w not in ("FULLWIDTH", "HALFWIDTH", "MODIFIER"))
            return script_kind(_SCRIPT_OF_NAME.get(first, "other"))
        case "N":
            return DIGIT
        case "M":  # variation selectors choose between pictures of one character
            return SPACE if 0xFE00 <= code < 0xFE10 else MARK
        case "P":
            return PUNCTUATION
        case "Z":
            return SPACE
    if character in "\t\n\r":
        return SPACE
    return PICTOGRAPH if category == "So" and code >= _PICTOGRAPHS else SYMBOL


@dataclass(frozen=True)
class Characters:
    """The characters of a batch of texts, one after another."""

    code: np.ndarray
    """(c,) integer: code points."""
    offsets: np.ndarray
    """(n + 1,) int64: text i is `code[offsets[i]:offsets[i + 1]]`."""

    @classmethod
    def of(cls, texts: pa.LargeStringArray) -> Characters:
        """Decode texts without nulls."""
        data, ends = _buffers(texts)
        raw = data[ends[0] : ends[-1]]
        ends = ends - ends[0]
        if not len(raw) or raw.max() < 0x80:
            return cls(raw, ends)
        code = np.frombuffer(str(raw, "utf-8").encode("utf-32-le"), np.uint32)
        before = np.zeros(len(raw) + 1, np.int64)
        np.cumsum((raw & 0xC0) != 0x80, out=before[1:])
        return cls(code, before[ends])

    @classmethod
    def folded(cls, texts: pa.LargeStringArray) -> Characters:
        """Decode texts and fold what words are made of, as `fold_text` does."""
        tables = character_tables()
        characters = cls.of(texts)
        if characters.code.dtype == np.uint32:
            odd = tables.composite[characters.code]
            if odd.any():
                within = np.searchsorted(characters.offsets, np.flatnonzero(odd), "right") - 1
                values = texts.to_pylist()
                for index in np.unique(within).tolist():
                    values[index] = fold_text(_only_words(values[index]))
                characters = cls.of(pa.array(values, pa.large_string()))
        return cls(tables.folded[characters.code], characters.offsets)

    def count(self, which: np.ndarray) -> np.ndarray:
        """(n,) int64: how many of each text's characters `which` (c,) bool selects."""
        before = np.zeros(len(which) + 1, np.int32)
        np.cumsum(which, dtype=np.int32, out=before[1:])
        return np.diff(before[self.offsets])


def slices(texts: pa.Array | pa.ChunkedArray) -> Iterator[pa.LargeStringArray]:
    """Cut a batch so that the arrays made of a slice stay in the processor's cache; null is ''."""
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    texts = pc.fill_null(texts.cast(pa.large_string()), "")
    _, ends = _buffers(texts)
    start = 0
    while start < len(texts):
        stop = int(np.searchsorted(ends, ends[start] + _SLICE, "right")) - 1
        stop = min(max(stop, start + 1), len(texts))
        yield texts.slice(start, stop - start)
        start = stop


def _buffers(texts: pa.LargeStringArray) -> tuple[np.ndarray, np.ndarray]:
    _, ends, data = texts.buffers()
    ends = np.frombuffer(ends, np.int64, len(texts) + 1, 8 * texts.offset)
    return np.frombuffer(data or b"", np.uint8), ends
