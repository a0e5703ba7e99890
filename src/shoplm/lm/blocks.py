"""Packed blocks as the trainer reads them: memory-mapped arrays, without pandas."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import md5
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

IDS_READ_AT_ONCE = 1 << 24


class MicroBatch(NamedTuple):
    """Rows that go through a model at a time."""

    tokens: torch.Tensor
    """(B, L) int64."""
    segments: torch.Tensor
    """(B, L) int64: number of the segment within its row, -1 for padding."""
    supervised: torch.Tensor | None = None
    """(B, L) bool: tokens that may be targets; all of them by default."""


@dataclass(frozen=True)
class Blocks:
    """Rows of tokens, each row filled with segments and padded behind the last one.

    A segment is a document or a piece of one. Its first token is predicted from nothing, and its
    prompt is not learnt: a segment of n tokens, the first p of them its prompt, has n - max(p, 1)
    targets. Padding has none.
    """

    directory: Path
    tokens: np.ndarray
    """(n_blocks, sequence_length) unsigned ids."""
    lengths: np.ndarray
    """(n_segments,) int32 tokens of each segment, block after block."""
    offsets: np.ndarray
    """(n_blocks + 1,) int64: block b holds the segments `offsets[b]:offsets[b + 1]`."""
    document_of: np.ndarray
    """(n_segments,) int64 number of the segment's document."""
    meta: dict[str, Any]
    """What `meta.json` says."""
    prompts: np.ndarray | None = None
    """(n_segments,) leading tokens of each segment that are context alone; none by default."""

    @classmethod
    def open(cls, directory: Path, tokenizer: str | None = None) -> Blocks:
        """Memory-map a directory of packed blocks.

        Args:
            directory: holds tokens.npy, lengths.npy, offsets.npy, documents.npy and meta.json, and
                prompts.npy where prompts are masked.
            tokenizer: fingerprint of the model's tokenizer, which the blocks must carry.

        Raises:
            FileNotFoundError: a file is missing.
            ValueError: a file is damaged or does not fit the others (ids are looked at by
                `check_ids`), or the blocks were written with another tokenizer.
        """
        directory = Path(directory)
        names = ["tokens", "lengths", "offsets", "documents"]
        names += ["prompts"] if (directory / "prompts.npy").exists() else []
        try:
            meta = json.loads((directory / "meta.json").read_text())
            arrays = {name: np.load(directory / f"{name}.npy", mmap_mode="r") for name in names}
            shape = (meta["n_blocks"], meta["sequence_length"])
            written_with = meta["tokenizer"]
        except FileNotFoundError as error:
            raise FileNotFoundError(f"{error.filename}: packed blocks are incomplete") from None
        except KeyError as error:
            raise ValueError(f"{directory}/meta.json: field {error} is missing") from None
        except (ValueError, TypeError, EOFError, OSError) as error:
            raise ValueError(f"{directory}: packed blocks are damaged ({error})") from None
        offsets = np.asarray(arrays["offsets"])
        n_segments = {len(arrays["lengths"]), len(arrays["documents"])}
        if (
            arrays["tokens"].shape != shape
            or len(offsets) != shape[0] + 1
            or n_segments != {int(offsets[-1])}
            or arrays["tokens"].dtype.kind != "u"
        ):
            raise ValueError(f"{directory}: arrays do not fit meta.json")
        lengths = np.asarray(arrays["lengths"])
        _check_segments(directory, lengths, offsets, arrays["documents"], shape[1])
        prompts = arrays.get("prompts")
        if prompts is not None:
            prompts = np.asarray(prompts)
            _check_prompts(directory, prompts, lengths)
        if tokenizer is not None and tokenizer != written_with:
            raise ValueError(
                f"{directory}/meta.json: field 'tokenizer' is {written_with}, but the model's "
                f"tokenizer is {tokenizer}: these blocks were written with another tokenizer, "
                "pack the text again with the model's own"
            )
        return cls(
            directory=directory,
            tokens=arrays["tokens"],
            lengths=lengths,
            offsets=offsets,
            document_of=arrays["documents"],
            meta=meta,
            prompts=prompts,
        )

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def sequence_length(self) -> int:
        """Token places of a block."""
        return self.tokens.shape[1]

    def check_ids(self, vocabulary_size: int) -> None:
        """Read all tokens once and compare them with the model's vocabulary.

        Raises:
            ValueError: an id has no embedding; the message names the first such block.
        """
        at_once = max(1, IDS_READ_AT_ONCE // self.sequence_length)
        for first in range(0, len(self), at_once):
            largest = self.tokens[first : first + at_once].max(axis=1, initial=0)
            if (beyond := largest >= vocabulary_size).any():
                row = int(beyond.argmax())
                raise ValueError(
                    f"{self.directory}/tokens.npy: block {first + row} has token {largest[row]}, "
                    f"but the model's vocabulary has {vocabulary_size} (0 to "
                    f"{vocabulary_size - 1}); expected blocks that were packed for this model"
                )

    def segments(self, rows: Sequence[int] | np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        """Tokens and segment numbers of some blocks.

        Returns:
            (B, L) int64 ids, and (B, L) int64 number of the segment within its block from 0 on,
            -1 for padding.
        """
        rows = np.asarray(rows, dtype=np.int64)
        tokens = torch.from_numpy(self.tokens[rows].astype(np.int64))
        segments = np.full(tokens.shape, -1, dtype=np.int64)
        for place, row in enumerate(rows.tolist()):
            lengths = self._lengths(row)
            numbers = np.repeat(np.arange(len(lengths)), lengths)
            segments[place, : len(numbers)] = numbers
        return tokens, torch.from_numpy(segments)

    def supervised(self, rows: Sequence[int] | np.ndarray) -> torch.Tensor | None:
        """(B, L) bool: tokens of some blocks that lie behind their segment's prompt.

        None if these blocks have no prompts: every token may be a target.
        """
        if self.prompts is None:
            return None
        rows = np.asarray(rows, dtype=np.int64)
        supervised = np.zeros((len(rows), self.sequence_length), dtype=bool)
        for place, row in enumerate(rows.tolist()):
            of_row = slice(self.offsets[row], self.offsets[row + 1])
            ends = np.cumsum(self.lengths[of_row])
            begins = ends - self.lengths[of_row] + self.prompts[of_row]
            for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
                supervised[place, begin:end] = True
        return torch.from_numpy(supervised)

    def micro_batch(self, rows: Sequence[int] | np.ndarray) -> MicroBatch:
        """What a model needs to know of some blocks."""
        return MicroBatch(*self.segments(rows), self.supervised(rows))

    @cached_property
    def targets_of_segments(self) -> np.ndarray:
        """(n_segments,) int64 targets of each segment."""
        context = 1 if self.prompts is None else np.maximum(self.prompts, 1)
        return self.lengths.astype(np.int64) - context

    @cached_property
    def targets_of_blocks(self) -> np.ndarray:
        """(n_blocks,) int64 targets of each block."""
        before = np.r_[0, np.cumsum(self.targets_of_segments)]
        return before[self.offsets[1:]] - before[self.offsets[:-1]]

    def n_targets(self, rows: Sequence[int] | np.ndarray) -> int:
        """Targets in some blocks, from lengths alone."""
        return int(self.targets_of_blocks[np.asarray(rows, dtype=np.int64)].sum())

    def n_tokens(self, rows: Sequence[int] | np.ndarray) -> int:
        """Tokens of documents in some blocks, padding not counted."""
        return sum(int(self._lengths(row).sum()) for row in np.asarray(rows).tolist())

    def documents(self, rows: Sequence[int] | np.ndarray) -> torch.Tensor:
        """(B, L) int64 number of the document that each token belongs to, -1 for padding."""
        rows = np.asarray(rows, dtype=np.int64)
        documents = np.full((len(rows), self.sequence_length), -1, dtype=np.int64)
        for place, row in enumerate(rows.tolist()):
            of_segments = self.document_of[self.offsets[row] : self.offsets[row + 1]]
            of_tokens = np.repeat(of_segments, self._lengths(row))
            documents[place, : len(of_tokens)] = of_tokens
        return torch.from_numpy(documents)

    def _lengths(self, row: int) -> np.ndarray:
        return self.lengths[self.offsets[row] : self.offsets[row + 1]]


def _check_segments(
    directory: Path,
    lengths: np.ndarray,
    offsets: np.ndarray,
    documents: np.ndarray,
    sequence_length: int,
) -> None:
    """Refuse segments that lie in no block, in two, or beyond the end of theirs."""
    for name, array in (("lengths", lengths), ("offsets", offsets), ("documents", documents)):
        if array.ndim != 1 or array.dtype.kind not in "iu":
            raise ValueError(f"{directory}/{name}.npy: expected one column of whole numbers")
    if offsets[0] != 0:
        raise ValueError(f"{directory}/offsets.npy: row 0 is {offsets[0]}, expected 0")
    if (falls := np.diff(offsets) < 0).any():
        row = int(falls.argmax()) + 1
        raise ValueError(
            f"{directory}/offsets.npy: row {row} is {offsets[row]}, less than the one before; "
            "expected numbers that never fall"
        )
    if (empty := lengths < 1).any():
        row = int(empty.argmax())
        raise ValueError(
            f"{directory}/lengths.npy: row {row} is {lengths[row]}, expected segments of one "
            "token or more"
        )
    if (nameless := documents < 0).any():
        row = int(nameless.argmax())
        raise ValueError(
            f"{directory}/documents.npy: row {row} is {documents[row]}, expected 0 or more"
        )
    ends = np.r_[0, np.cumsum(lengths, dtype=np.int64)]
    filled = ends[offsets[1:]] - ends[offsets[:-1]]
    if (over := filled > sequence_length).any():
        row = int(over.argmax())
        raise ValueError(
            f"{directory}/lengths.npy: block {row} has segments of {filled[row]} tokens, but a "
            f"block has {sequence_length} places"
        )


def _check_prompts(directory: Path, prompts: np.ndarray, lengths: np.ndarray) -> None:
    """Refuse prompts of no segment, or longer than theirs."""
    if prompts.shape != lengths.shape or prompts.dtype.kind not in "iu":
        raise ValueError(
            f"{directory}/prompts.npy: expected one column of {len(lengths)} whole numbers, one a "
            "segment"
        )
    if (wrong := (prompts < 0) | (prompts > lengths)).any():
        row = int(wrong.argmax())
        raise ValueError(
            f"{directory}/prompts.npy: row {row} is {prompts[row]}, but its segment has "
            f"{lengths[row]} tokens; expected 0 to {lengths[row]}"
        )


def block_order(n_blocks: int, seed: int, pass_: int) -> np.ndarray:
    """(n_blocks,) int64: the order of blocks in a pass over them.

    It follows from the arguments alone, so that mixtures of equally many blocks are read in the
    same order. Each pass has its own.
    """
    keys = [md5(f"{seed}:pass {pass_}:{block}".encode()).digest() for block in range(n_blocks)]
    return np.array(sorted(range(n_blocks), key=keys.__getitem__), dtype=np.int64)
