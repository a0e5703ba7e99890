"""Documents into blocks by best-fit decreasing (arXiv 2404.10830), boundaries beside the tokens."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ibis import Table

from shoplm.corpus.ordering import codes, seeded_hash
from shoplm.corpus.settings import PackingSettings
from shoplm.corpus.tokenising import Vocabulary

ARRAYS = ("tokens", "lengths", "offsets", "documents")
PROMPTS = "prompts"
"""An array that only blocks of instructions have."""
PER_SEGMENT = ("lengths", "documents", PROMPTS)


@dataclass(frozen=True)
class BlocksMeta:
    """What a trainer must know of a set of blocks."""

    sequence_length: int
    n_blocks: int
    n_tokens: int
    """Tokens of documents, end marks included, padding not."""
    n_documents: int
    n_cut: int
    """Documents longer than a block, cut into several segments; of instructions, those whose prompt
    was cut."""
    fill: float
    """Share of token places that hold a document."""
    eos_id: int
    vocabulary_size: int
    tokenizer: str
    """Fingerprint of the tokenizer."""
    seed: int


@dataclass(frozen=True)
class PackedBlocks:
    """Blocks of tokens and the segments in them.

    Block `b` is `tokens[b]`; its segments have the lengths `lengths[offsets[b]:offsets[b + 1]]`,
    in order from its start, each a document or a piece of one that exceeds a block; what follows
    the last segment is padding with the end mark.
    """

    tokens: np.ndarray
    """(n_blocks, sequence_length) uint16 or uint32."""
    lengths: np.ndarray
    """(n_segments,) int32."""
    offsets: np.ndarray
    """(n_blocks + 1,) int64, into `lengths` and `documents`."""
    documents: np.ndarray
    """(n_segments,) int64: place of the segment's document among the sorted document ids of the
    training mixture."""
    meta: BlocksMeta
    directory: Path | None = None
    """Where they lie, if they were opened."""
    prompts: np.ndarray | None = None
    """(n_segments,) int32: leading tokens of each segment that are read and not learned; none where
    there is no such array."""

    def segments(self, block: int) -> list[np.ndarray]:
        """Token ids of each segment of a block."""
        lengths = self.lengths[self.offsets[block] : self.offsets[block + 1]]
        return np.split(self.tokens[block], np.cumsum(lengths))[:-1]

    def save(self, directory: Path) -> None:
        """Write one .npy file an array and `meta.json`, which comes last.

        Raises:
            OSError: there is no room.
        """
        directory.mkdir(parents=True, exist_ok=True)
        arrays = {name: getattr(self, name) for name in (*ARRAYS, PROMPTS)}
        for name, array in arrays.items():
            if array is None:
                continue
            file = directory / f"{name}.npy"
            try:
                np.save(file, array)
            except OSError as error:  # numpy only says how many items it wrote
                raise OSError(f"{file}: cannot be written, is the disk full? {error}") from error
        (directory / "meta.json").write_text(json.dumps(asdict(self.meta), indent=1))

    @classmethod
    def open(cls, directory: Path) -> PackedBlocks:
        """Memory-map blocks written by `save`.

        Raises:
            FileNotFoundError: a file is missing.
            ValueError: a file is truncated or does not fit the others.
        """
        try:
            meta = BlocksMeta(**json.loads((directory / "meta.json").read_text()))
            names = [*ARRAYS, *([PROMPTS] if (directory / f"{PROMPTS}.npy").exists() else [])]
            arrays = {name: np.load(directory / f"{name}.npy", mmap_mode="r") for name in names}
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f"{error.filename}: packed blocks are incomplete; run the pipeline that makes them"
            ) from None
        except (ValueError, TypeError, EOFError, OSError) as error:
            raise ValueError(
                f"{directory}: packed blocks are damaged ({error}); "
                "run the pipeline that makes them"
            ) from None
        n_segments = int(arrays["offsets"][-1]) if len(arrays["offsets"]) else -1
        if (
            arrays["tokens"].shape != (meta.n_blocks, meta.sequence_length)
            or len(arrays["offsets"]) != meta.n_blocks + 1
            or {len(array) for name, array in arrays.items() if name in PER_SEGMENT} != {n_segments}
        ):
            raise ValueError(
                f"{directory}: arrays do not fit meta.json; run the pipeline that makes them"
            )
        return cls(**arrays, meta=meta, directory=Path(directory))


def best_fit_decreasing(lengths: np.ndarray, capacity: int) -> tuple[np.ndarray, int]:
    """Put items into the fullest bin that has room, longest items first.

    Args:
        lengths: (n,) int, each from 1 to `capacity`.
        capacity: room of a bin.

    Returns:
        (n,) the bin of each item, and the number of bins. Items of equal length keep their order.
    """
    order = np.argsort(-lengths, kind="stable")
    bins = np.empty(len(lengths), dtype=np.int64)
    with_room: list[list[int]] = [[] for _ in range(capacity + 1)]
    # bit r of `rooms` is set when some bin has exactly r places left: the best fit is one shift
    # and one lowest bit away, whatever the number of bins
    rooms = 0
    n_bins = 0
    placed = []
    for length in lengths[order].tolist():
        fitting = rooms >> length
        if fitting:
            room = length + (fitting & -fitting).bit_length() - 1
            chosen = with_room[room].pop()
            if not with_room[room]:
                rooms ^= 1 << room
        else:
            room, chosen = capacity, n_bins
            n_bins += 1
        placed.append(chosen)
        if left := room - length:
            with_room[left].append(chosen)
            rooms |= 1 << left
    bins[order] = placed
    return bins, n_bins


def arrange_segments(
    lengths: np.ndarray, key: np.ndarray, width: int
) -> tuple[np.ndarray, np.ndarray]:
    """Segments into blocks by best-fit decreasing; blocks, and segments in them, in seeded order.

    Args:
        lengths: (n,) int tokens of each segment, from 1 to `width`.
        key: (n,) sorting by it permutes (see `seeded_hash`).
        width: tokens a block.

    Returns:
        (n,) the segments in the order of blocks; (n_blocks + 1,) int64 where each block begins.
    """
    shuffled = np.argsort(key, kind="stable")
    bins, n_blocks = best_fit_decreasing(lengths[shuffled], width)
    # a block's place is that of its first segment in the permutation
    _, place = np.unique(bins, return_index=True)
    block = np.argsort(np.argsort(place))[bins]
    in_order = np.argsort(block, kind="stable")
    offsets = np.searchsorted(block[in_order], np.arange(n_blocks + 1))
    return shuffled[in_order], offsets.astype(np.int64)


def columns(lengths: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """(n,) where in its block each segment starts, given their lengths in the order of blocks."""
    before = np.cumsum(lengths) - lengths
    return before - np.repeat(before[offsets[:-1]], np.diff(offsets))


@dataclass(frozen=True)
class RecordTokens:
    """Token ids of records, end to end."""

    record_id: pa.ChunkedArray
    """(n,) str."""
    flat: np.ndarray
    """(sum of lengths,) ids."""
    offsets: np.ndarray
    """(n + 1,) int64, into `flat`."""

    @classmethod
    def from_table(cls, records: Table) -> RecordTokens:
        """Read `record_id, tokens` of tokenised records, a batch at a time."""
        ids, flat, lengths = [], [], []
        for batch in records.select("record_id", "tokens").to_pyarrow_batches(chunk_size=100_000):
            ids.append(batch["record_id"])
            flat.append(batch["tokens"].flatten().to_numpy(zero_copy_only=False))
            lengths.append(batch["tokens"].value_lengths().to_numpy())
        return cls(
            record_id=pa.chunked_array(ids, pa.string()),
            flat=np.concatenate(flat),
            offsets=np.r_[0, np.cumsum(np.concatenate(lengths), dtype=np.int64)],
        )


def pack_documents(
    mixture: pa.Table,
    tokens: RecordTokens,
    vocabulary: Vocabulary,
    settings: PackingSettings,
    seed: int,
) -> PackedBlocks:
    """Blocks of a training mixture.

    A document is its records' tokens with the separator's between them and the end mark behind.
    One that fits a block is never cut; a longer one is cut at every full block. The order of
    blocks, and of segments in a block, is permuted by seed.

    Args:
        mixture: `document_id, position, record_id` in any order of rows (see `mix_documents`).
        tokens: the token ids of each record.
        vocabulary: gives the end mark, the separator's tokens and the type of the ids.
        settings: block length and separator.
        seed: another seed permutes anew.
    """
    width = settings.sequence_length
    stream, ends, document_id = _write_stream(mixture, tokens, vocabulary, settings.separator)
    starts = np.r_[0, ends[:-1]]

    pieces = -(-(ends - starts) // width)
    document = np.repeat(np.arange(len(ends)), pieces)
    piece = np.arange(len(document)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    start = starts[document] + piece * width
    length = np.minimum(ends[document] - start, width)

    key = seeded_hash(
        (f"{document_id[d]} {p}" for d, p in zip(document, piece, strict=True)), seed, "pack"
    )
    order, offsets = arrange_segments(length, key, width)
    n_blocks = len(offsets) - 1
    block = np.repeat(np.arange(n_blocks), np.diff(offsets))
    column = columns(length[order], offsets)
    blocks = np.full((n_blocks, width), vocabulary.eos_id, dtype=vocabulary.dtype)
    for b, c, s, n in zip(
        block.tolist(), column.tolist(), start[order].tolist(), length[order].tolist(), strict=True
    ):
        blocks[b, c : c + n] = stream[s : s + n]
    return PackedBlocks(
        tokens=blocks,
        lengths=length[order].astype(np.int32),
        offsets=offsets,
        documents=document[order],
        meta=BlocksMeta(
            sequence_length=width,
            n_blocks=n_blocks,
            n_tokens=len(stream),
            n_documents=len(ends),
            n_cut=int((pieces > 1).sum()),
            fill=len(stream) / blocks.size,
            eos_id=vocabulary.eos_id,
            vocabulary_size=vocabulary.size,
            tokenizer=vocabulary.fingerprint,
            seed=seed,
        ),
    )


def _write_stream(
    mixture: pa.Table, tokens: RecordTokens, vocabulary: Vocabulary, separator: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All documents end to end, where each ends, and their names."""
    in_order = np.lexsort((mixture["position"].to_numpy(), codes(mixture["document_id"])))
    mixture = mixture.take(in_order)
    rows = pc.index_in(mixture["record_id"], tokens.record_id)
    if rows.null_count:
        raise ValueError("the training mixture names records that are not among the kept records")
    rows = rows.to_numpy()
    names = mixture["document_id"].to_numpy(zero_copy_only=False)
    last = np.r_[names[1:] != names[:-1], True]
    between = np.array(vocabulary.encode(separator), dtype=vocabulary.dtype)
    first, stop = tokens.offsets[rows], tokens.offsets[rows + 1]
    ends = np.cumsum(stop - first + np.where(last, 1, len(between)))
    stream = np.empty(ends[-1], dtype=vocabulary.dtype)
    at = 0
    for a, b, is_last in zip(first.tolist(), stop.tolist(), last.tolist(), strict=True):
        stream[at : at + b - a] = tokens.flat[a:b]
        at += b - a
        if is_last:
            stream[at] = vocabulary.eos_id
            at += 1
        else:
            stream[at : at + len(between)] = between
            at += len(between)
    return stream, ends[last], names[last]
