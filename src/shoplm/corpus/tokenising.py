"""Kept records to token ids, once for all mixtures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
from ibis import Table
from tokenizers import Tokenizer

from shoplm.corpus.engine import stream_batches

BATCH = 8_192


@dataclass(frozen=True)
class Vocabulary:
    """A fast tokenizer with what packing needs to know of it."""

    tokenizer: Tokenizer
    eos_id: int
    fingerprint: str
    """Sixteen hex digits of the tokenizer's definition: blocks carry it, trainers compare it."""

    @classmethod
    def open(cls, directory: Path) -> Vocabulary:
        """The tokenizer of a Hugging Face model directory.

        Raises:
            FileNotFoundError: the directory holds no fast tokenizer.
            ValueError: the tokenizer names no end-of-sequence token.
        """
        from transformers import AutoTokenizer

        if not (Path(directory) / "tokenizer.json").is_file():
            raise FileNotFoundError(f"{directory}: expected a fast tokenizer, tokenizer.json")
        loaded = AutoTokenizer.from_pretrained(directory, trust_remote_code=False)
        if loaded.eos_token_id is None:
            raise ValueError(
                f"{directory}/tokenizer_config.json: field 'eos_token' is missing; "
                "documents of a block cannot be told apart without an end-of-sequence token"
            )
        backend = loaded.backend_tokenizer
        backend.no_truncation()
        backend.no_padding()
        definition = sha256(backend.to_str().encode()).hexdigest()[:16]
        return cls(backend, loaded.eos_token_id, definition)

    @property
    def size(self) -> int:
        """Number of ids, added tokens included."""
        return self.tokenizer.get_vocab_size(with_added_tokens=True)

    @property
    def dtype(self) -> np.dtype:
        """The smallest unsigned type that holds every id."""
        return np.dtype(np.uint16 if self.size <= 1 << 16 else np.uint32)

    def encode(self, text: str) -> list[int]:
        """Ids of `text` without special tokens."""
        return self.tokenizer.encode(text, add_special_tokens=False).ids


def tokenise_records(records: Table, vocabulary: Vocabulary) -> pa.RecordBatchReader:
    """Stream `records` with `n_tokens` and `tokens` beside them; no special token is added."""
    source = stream_batches(records, BATCH)
    item = pa.from_numpy_dtype(vocabulary.dtype)
    schema = pa.schema(
        [*source.schema, pa.field("n_tokens", pa.int64()), pa.field("tokens", pa.list_(item))]
    )

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in source:
            encodings = vocabulary.tokenizer.encode_batch_fast(
                batch["text"].to_pylist(), add_special_tokens=False
            )
            ids = [encoding.ids for encoding in encodings]
            lengths = np.fromiter(map(len, ids), np.int64, len(ids))
            flat = np.fromiter(chain.from_iterable(ids), vocabulary.dtype, lengths.sum())
            offsets = np.r_[0, lengths.cumsum()].astype(np.int32)
            tokens = pa.ListArray.from_arrays(pa.array(offsets), pa.array(flat))
            yield pa.RecordBatch.from_arrays(
                [*batch.columns, pa.array(lengths), tokens], schema=schema
            )

    return pa.RecordBatchReader.from_batches(schema, batches())
