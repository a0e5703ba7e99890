"""Batches of rows as tensors, read block by block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from shoplm.funnel.batch import Batch

if TYPE_CHECKING:
    from shoplm.funnel.log.folder import FunnelLog

BLOCK = 2_048
"""Neighbouring rows that are read together."""
BLOCKS = 64
"""Blocks whose rows are shuffled together: what is in memory."""


def iterate(log: FunnelLog, rows: slice, batch_size: int, seed: int | None) -> Iterator[Batch]:
    """Batches of the rows, in order or shuffled by blocks; see `FunnelLog.batches`."""
    if batch_size < 1:
        raise ValueError(f"batch_size: expected 1 or more, found {batch_size}")
    table = torch.from_numpy(log.region_numeric)
    left = np.empty(0, dtype=np.int64)
    for chunk in _chunks(rows, seed):
        # a batch may span two chunks: its rows are read from the maps, not from the chunk
        chunk = np.concatenate([left, chunk])
        whole = len(chunk) // batch_size * batch_size
        for start in range(0, whole, batch_size):
            yield read_batch(log, chunk[start : start + batch_size], table)
        left = chunk[whole:]
    if len(left):
        yield read_batch(log, left, table)


def read_batch(log: FunnelLog, index: np.ndarray, region_table: Tensor) -> Batch:
    """The rows at `index`, (B,) int64."""
    region = torch.from_numpy(log.region[index].astype(np.int64))
    return Batch(
        numeric=torch.from_numpy(np.ascontiguousarray(log.numeric[index])),
        categorical=torch.from_numpy(log.categorical[index].astype(np.int64)),
        multivalued={n: _gathered(*held, index) for n, held in log.multivalued.items()},
        region=region,
        region_numeric=region_table[region],
        platform=torch.from_numpy(log.platform[index].astype(np.int64)),
        labels=torch.from_numpy(log.labels[index].astype(np.float32)),
        index=torch.from_numpy(index.copy()),
    )


def _chunks(rows: slice, seed: int | None) -> Iterator[np.ndarray]:
    """Places of the rows, some blocks at a time."""
    starts = np.arange(rows.start, rows.stop, BLOCK)
    rng = None if seed is None else np.random.default_rng([seed, 71])
    if rng is not None:
        starts = rng.permutation(starts)
    for first in range(0, len(starts), BLOCKS):
        some = starts[first : first + BLOCKS]
        chunk = np.concatenate([np.arange(s, min(s + BLOCK, rows.stop)) for s in some])
        yield chunk if rng is None else rng.permutation(chunk)


def _gathered(starts: np.ndarray, ids: np.ndarray, index: np.ndarray) -> tuple[Tensor, Tensor]:
    """Ids of some rows one after the other, and where each row's start."""
    first = np.asarray(starts[index])
    sizes = np.asarray(starts[index + 1]) - first
    offsets = np.cumsum(sizes) - sizes
    places = np.repeat(first - offsets, sizes) + np.arange(int(sizes.sum()))
    return torch.from_numpy(ids[places].astype(np.int64)), torch.from_numpy(offsets)
