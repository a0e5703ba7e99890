import json
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoplm.corpus.packing import (
    PackedBlocks,
    RecordTokens,
    best_fit_decreasing,
    pack_documents,
)
from shoplm.corpus.settings import PackingSettings

EOS, SEPARATOR, WIDTH = 0, 1, 16


@dataclass(frozen=True)
class FixedVocabulary:
    eos_id: int = EOS
    size: int = 1000
    fingerprint: str = "abc"
    dtype: type = np.uint16

    def encode(self, text: str) -> list[int]:
        return [SEPARATOR] * len(text)


@st.composite
def documents(draw):
    """A list of documents, each a list of records, each a list of token ids."""
    record = st.lists(st.integers(2, 999), min_size=1, max_size=40)
    return draw(st.lists(st.lists(record, min_size=1, max_size=4), min_size=1, max_size=12))


def pack(docs, seed=0, width=WIDTH, shuffle=None):
    ids = [f"r{d}.{r}" for d, records in enumerate(docs) for r in range(len(records))]
    flat = [tokens for records in docs for tokens in records]
    tokens = RecordTokens(
        pa.chunked_array([ids]),
        np.concatenate([np.array(t, np.uint16) for t in flat]),
        np.r_[0, np.cumsum([len(t) for t in flat])],
    )
    mixture = pa.table(
        {
            "document_id": [f"d{d:04d}" for d, records in enumerate(docs) for _ in records],
            "position": [r for records in docs for r in range(len(records))],
            "record_id": ids,
        }
    )
    if shuffle is not None:
        mixture = mixture.take(shuffle.permutation(len(mixture)))
    settings = PackingSettings(sequence_length=width, separator="|")
    return pack_documents(mixture, tokens, FixedVocabulary(), settings, seed)


def expected(document):
    stream = []
    for record in document:
        stream += [*record, SEPARATOR]
    return [*stream[:-1], EOS]


@given(documents())
def test_every_document_comes_back_whole_or_cut_at_full_blocks(docs):
    blocks = pack(docs)
    found: dict[int, list[list[int]]] = {}
    for b in range(blocks.meta.n_blocks):
        pieces = blocks.segments(b)
        names = blocks.documents[blocks.offsets[b] : blocks.offsets[b + 1]]
        used = sum(map(len, pieces))
        assert 0 < used <= WIDTH
        assert (blocks.tokens[b, used:] == EOS).all()
        for name, piece in zip(names.tolist(), pieces, strict=True):
            found.setdefault(name, []).append(piece.tolist())
    assert len(found) == len(docs)
    n_cut = 0
    for name, document in enumerate(docs):
        whole = expected(document)
        if len(whole) <= WIDTH:
            assert found[name] == [whole]
        else:
            n_cut += 1
            pieces = [whole[i : i + WIDTH] for i in range(0, len(whole), WIDTH)]
            assert sorted(found[name]) == sorted(pieces)
    meta = blocks.meta
    assert (meta.n_cut, meta.n_documents) == (n_cut, len(docs))
    assert meta.n_tokens == sum(len(expected(d)) for d in docs) == blocks.lengths.sum()
    assert meta.fill == meta.n_tokens / blocks.tokens.size


@given(st.lists(st.integers(1, 32), min_size=1, max_size=60))
def test_best_fit_decreasing_matches_the_obvious_version(lengths):
    bins, n_bins = best_fit_decreasing(np.array(lengths), 32)
    rooms: list[int] = []
    for length in sorted(lengths, reverse=True):
        fitting = [room for room in rooms if room >= length]
        if fitting:
            rooms[rooms.index(min(fitting))] -= length
        else:
            rooms.append(32 - length)
    loads = np.bincount(bins, lengths, n_bins)
    assert n_bins == len(rooms)
    assert sorted(loads) == sorted(32 - np.array(rooms))


def test_the_seed_permutes_blocks_and_loses_nothing():
    docs = [[[i + 2] * (i % 9 + 1)] for i in range(200)]
    one, again, other = pack(docs), pack(docs), pack(docs, seed=1)
    assert (one.tokens == again.tokens).all()
    assert one.tokens.shape != other.tokens.shape or (one.tokens != other.tokens).any()
    assert (np.bincount(one.tokens.ravel())[2:] == np.bincount(other.tokens.ravel())[2:]).all()
    # long and short documents are spread over the blocks, not sorted
    first_half, second_half = np.array_split(one.lengths, 2)
    assert abs(first_half.mean() - second_half.mean()) < 1.5


@given(documents(), st.integers(0, 9))
def test_the_order_of_rows_does_not_matter(docs, seed):
    blocks, again = pack(docs), pack(docs, shuffle=np.random.default_rng(seed))
    assert (blocks.tokens == again.tokens).all()
    assert (blocks.documents == again.documents).all()


def test_blocks_open_memory_mapped_and_equal(tmp_path):
    blocks = pack([[[5, 6, 7]], [[8] * 30, [9]]])
    blocks.save(tmp_path / "b")
    opened = PackedBlocks.open(tmp_path / "b")
    assert isinstance(opened.tokens, np.memmap)
    assert opened.meta == blocks.meta
    assert (blocks.directory, opened.directory) == (None, tmp_path / "b")
    for name in ("tokens", "lengths", "offsets", "documents"):
        assert (getattr(opened, name) == getattr(blocks, name)).all()
        assert getattr(opened, name).dtype == getattr(blocks, name).dtype


@pytest.mark.parametrize("name", ["tokens.npy", "lengths.npy", "offsets.npy", "meta.json"])
@pytest.mark.parametrize("how", ["missing", "truncated", "empty"])
def test_damaged_blocks_are_refused_by_name(tmp_path, name, how):
    pack([[[5, 6, 7]], [[8] * 30, [9]]]).save(tmp_path)
    file = tmp_path / name
    if how == "missing":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[: -20 if how == "truncated" else 0])
    with pytest.raises((FileNotFoundError, ValueError), match="run the pipeline that makes them"):
        PackedBlocks.open(tmp_path)


def test_arrays_of_other_blocks_are_refused(tmp_path):
    pack([[[5, 6, 7]]]).save(tmp_path)
    meta = json.loads((tmp_path / "meta.json").read_text())
    (tmp_path / "meta.json").write_text(json.dumps(meta | {"n_blocks": 7}))
    with pytest.raises(ValueError, match="do not fit"):
        PackedBlocks.open(tmp_path)


def test_a_mixture_of_other_records_is_refused():
    tokens = RecordTokens(pa.chunked_array([["a"]]), np.array([3], np.uint16), np.array([0, 1]))
    mixture = pa.table({"document_id": ["d"], "position": [0], "record_id": ["b"]})
    with pytest.raises(ValueError, match="not among the kept records"):
        pack_documents(mixture, tokens, FixedVocabulary(), PackingSettings(), 0)
