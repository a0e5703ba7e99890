"""Kept records to token ids, once for all mixtures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
from ibis import Table
from tokenizers import Tokenizer

BATCH = 8_192
"""Records read at a time."""
PORTION = 4_000_000
"""Characters encoded at a time."""


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
        backend.encode_special_tokens = True  # a `</s>` in a text is text, not an end mark
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
    source = records.to_pyarrow_batches(chunk_size=BATCH)
    item = pa.from_numpy_dtype(vocabulary.dtype)
    schema = pa.schema(
        [*source.schema, pa.field("n_tokens", pa.int64()), pa.field("tokens", pa.list_(item))]
    )

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in source:
            ids = [
                np.array(encoding.ids, vocabulary.dtype)
                for texts in _portions(batch["text"].to_pylist())
                for encoding in vocabulary.tokenizer.encode_batch_fast(
                    texts, add_special_tokens=False
                )
            ]
            lengths = np.fromiter(map(len, ids), np.int64, len(ids))
            flat = np.concatenate([*ids, np.empty(0, vocabulary.dtype)])
            offsets = np.r_[0, lengths.cumsum()].astype(np.int32)
            tokens = pa.ListArray.from_arrays(pa.array(offsets), pa.array(flat))
            yield pa.RecordBatch.from_arrays(
                [*batch.columns, pa.array(lengths), tokens], schema=schema
            )

    return pa.RecordBatchReader.from_batches(schema, batches())


def _portions(texts: list[str]) -> Iterator[list[str]]:
    """Cut a batch where its texts are long: encodings take a hundred times the memory of ids."""
    portion: list[str] = []
    characters = 0
    for text in texts:
        portion.append(text)
        characters += len(text)
        if characters > PORTION:
            yield portion
            portion, characters = [], 0
    if portion:
        yield portion
