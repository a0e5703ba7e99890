"""Records that share long n-grams with a benchmark.

Texts are compared by their words, as for duplicates (see `shingling`): an n-gram is 13 words, the
length of GPT-3's filter (Brown et al., 2020, appendix C), or 30 characters where a script without
spaces is among them. Every n-gram of the benchmarks is held as a 64-bit hash, 12 bytes each; a
benchmark text shorter than an n-gram is held whole and sought inside the records.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass

import ibis
import numpy as np
import pyarrow as pa
from ibis import Table, _

from shoplm.corpus.characters import Characters, character_tables, slices
from shoplm.corpus.quality_settings import ContaminationSettings
from shoplm.corpus.shingling import Words, hash_runs, hash_shingles, hash_words

_SHOWN = 200
_SPARSE = 16
"""Places in a bitmap for each n-gram: one n-gram in so many passes the first look by chance."""


def find_contaminated(
    records: Table, benchmark_texts: Table, settings: ContaminationSettings
) -> Table:
    """`record_id, source, reason, detail` of the records that share an n-gram with a benchmark.

    Args:
        records: `record_id, source, text`.
        benchmark_texts: `name, text`; read into memory.
        settings: lengths of n-grams.

    Returns:
        One row a record, with reason `contaminated`; detail names the benchmark and shows the first
        shared n-gram, folded and cut to 200 characters.
    """
    texts = benchmark_texts.select("name", "text").filter(_.text.notnull()).to_pyarrow()
    matcher = BenchmarkNgrams.of(texts, settings)

    @ibis.udf.scalar.pyarrow(null_handling="special")  # it returns nulls
    def shared_ngram(texts: str) -> str:
        return matcher.search(texts)

    found = records.select("record_id", "source", detail=shared_ngram(records.text))
    return found.filter(_.detail.notnull()).select(
        "record_id", "source", reason=ibis.literal("contaminated"), detail="detail"
    )


def find_overlap(records: Table, benchmark_texts: Table, settings: ContaminationSettings) -> Table:
    """`find_contaminated`, and records that are the same question as one of a benchmark.

    Args:
        records: `record_id, source, text, whole`, where `whole` is equal for the same question.
        benchmark_texts: `name, text, whole`; an empty `whole` is no question.
        settings: lengths of n-grams.
    """
    asked = benchmark_texts.filter(_.whole != "").group_by("whole").agg(name=_.name.min())
    same = records.inner_join(asked, "whole").select(
        "record_id",
        "source",
        reason=ibis.literal("contaminated"),
        detail=_.name + ": the same question",
    )
    others = records.anti_join(same, "record_id")
    return same.union(find_contaminated(others, benchmark_texts, settings))


@dataclass(frozen=True)
class BenchmarkNgrams:
    """The n-grams of all benchmarks and their short texts, by hash.

    A short text is found by its first words, of which all short texts have equally many, so few
    lengths are looked up at every word of a record.
    """

    names: list[str]
    """Names of the benchmarks, sorted."""
    hashes: dict[int, np.ndarray]
    """Length in words to (g,) uint64, sorted."""
    owners: dict[int, np.ndarray]
    """Length in words to (g,) int: the first benchmark that has the n-gram."""
    anchors: dict[int, np.ndarray]
    """Length in words of what is looked up to (a,) uint64, sorted."""
    lengths: dict[int, list[int]]
    """The same to the lengths of what may start there."""
    bitmap: np.ndarray
    """(2**b,) bool: some anchor starts with these b bits."""

    @classmethod
    def of(cls, texts: pa.Table, settings: ContaminationSettings) -> BenchmarkNgrams:
        """From `name, text`."""
        texts = texts.sort_by("name").combine_chunks()
        names = texts["name"].to_pylist()
        known = sorted(set(names))
        codes = np.searchsorted(known, names) if known else np.zeros(0, np.int64)
        parts, first = [_Ngrams.none()], 0
        for part in slices(texts["text"]):
            parts.append(_Ngrams.of(hash_words(Characters.folded(part)), settings))
            parts[-1].text += first
            first += len(part)
        every = _Ngrams(*(np.concatenate(c) for c in zip(*map(astuple, parts), strict=True)))

        hashes, owners, anchors, lengths = {}, {}, {}, {}
        for size in np.unique(every.length).tolist():
            mine = every.length == size
            # texts are sorted by name, so the first of equals is of the first benchmark
            hashes[size], place = np.unique(every.hash[mine], return_index=True)
            owners[size] = codes[every.text[mine][place]]
        for size in np.unique(every.anchor_length).tolist():
            mine = every.anchor_length == size
            anchors[size] = np.unique(every.anchor[mine])
            lengths[size] = np.unique(every.length[mine]).tolist()
        bits = max(12, (_SPARSE * len(every.hash)).bit_length())
        bitmap = np.zeros(1 << bits, bool)
        bitmap[every.anchor >> np.uint64(64 - bits)] = True
        return cls(known, hashes, owners, anchors, lengths, bitmap)

    def search(self, texts: pa.Array | pa.ChunkedArray) -> pa.Array:
        """(n,) str: the benchmark and the first n-gram that a text shares with it, else null."""
        found = [text for part in slices(texts) for text in self._search(part)]
        return pa.array(found, pa.string())

    def _search(self, texts: pa.LargeStringArray) -> list[str | None]:
        characters = Characters.folded(texts)
        words = hash_words(characters)
        shift = np.uint64(65 - len(self.bitmap).bit_length())
        first: dict[int, tuple[int, int, int]] = {}  # by text: first word, length, benchmark
        for length, runs in hash_runs(words.hash, self.anchors.keys()).items():
            place = np.flatnonzero(self.bitmap[(runs >> shift).view(np.int64)])
            place = place[_find(self.anchors[length], runs[place]) >= 0]
            text_of = np.searchsorted(words.offsets, place, "right") - 1
            for start, text in zip(place.tolist(), text_of.tolist(), strict=True):
                if text not in first or start <= first[text][0]:
                    hits = self._match(words, start, self.lengths[length])
                    for hit in hits:
                        first[text] = min(hit, first.get(text, hit))
        found: list[str | None] = [None] * len(texts)
        for text, (start, length, owner) in first.items():
            ngram = _show(characters, words, text, start, start + length)
            found[text] = f"{self.names[owner]}: {ngram}"
        return found

    def _match(
        self, words: Words, start: int, lengths: list[int]
    ) -> Iterator[tuple[int, int, int]]:
        """(start, length, benchmark) of what starts at a word and ends inside its text."""
        end = words.offsets[np.searchsorted(words.offsets, start, "right")]
        for length in lengths:
            if start + length <= end:
                run = hash_runs(words.hash[start : start + length], {length})[length][:1]
                at = _find(self.hashes[length], run)[0]
                if at >= 0:
                    yield start, length, int(self.owners[length][at])


@dataclass
class _Ngrams:
    """(g,) each: the n-grams of a batch of texts, and its short texts as a whole."""

    hash: np.ndarray
    length: np.ndarray
    anchor: np.ndarray
    anchor_length: np.ndarray
    text: np.ndarray

    @classmethod
    def none(cls) -> _Ngrams:
        hashes, numbers = np.zeros(0, np.uint64), np.zeros(0, np.int64)
        return cls(hashes, numbers, hashes, numbers, numbers)

    @classmethod
    def of(cls, words: Words, settings: ContaminationSettings) -> _Ngrams:
        ngrams = hash_shingles(words, settings.word_ngram, settings.character_ngram)
        number = np.diff(ngrams.offsets)
        text = np.repeat(np.arange(len(number)), number)

        size = np.diff(words.offsets)
        unspaced = np.zeros(len(size), bool)
        unspaced[np.searchsorted(words.offsets, np.flatnonzero(words.alone), "right") - 1] = True
        least = np.where(unspaced, settings.min_characters, settings.min_words)
        short = np.flatnonzero((number == 0) & (size >= least))
        runs = hash_runs(words.hash, {*size[short].tolist(), *least[short].tolist()})
        first = words.offsets[short].tolist()

        def pick(lengths: np.ndarray) -> np.ndarray:
            picked = [runs[n][i] for n, i in zip(lengths[short].tolist(), first, strict=True)]
            return np.array(picked, np.uint64)

        return cls(
            np.concatenate([ngrams.hash, pick(size)]),
            np.concatenate([ngrams.length, size[short]]),
            np.concatenate([ngrams.hash, pick(least)]),
            np.concatenate([ngrams.length, least[short]]),
            np.concatenate([text, short]),
        )


def _find(known: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """(w,) the place of each wanted value in sorted ones, or -1."""
    place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[place] == wanted, place, -1)


def _show(characters: Characters, words: Words, text: int, first: int, end: int) -> str:
    """The characters of a run of words, without what follows the last one."""
    inside = end < words.offsets[text + 1]
    stop = words.start[end] if inside else characters.offsets[text + 1]
    code = characters.code[words.start[first] : stop]
    size = np.flatnonzero(character_tables().unit[code])[-1] + 1
    return "".join(map(chr, code[:size][:_SHOWN].tolist()))
