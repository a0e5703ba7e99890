"""What a model has read: a prefix that all rows share, and what each row has beyond it."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

LayerCache = tuple[Tensor, Tensor]
"""Keys and values of one layer, (rows, heads, places, width) each."""


@dataclass
class Context:
    """Tokens that were read, with their keys and values by layer.

    The prefix is held once, whatever the number of rows. A row's own keys stand side by side from
    its first place, so that padding is only ever behind what counts.
    """

    device: torch.device
    prefix: list[int] = field(default_factory=list)
    """Tokens of the prefix."""
    prefix_cache: dict[int, LayerCache] = field(default_factory=dict)
    """Keys and values of the prefix, by layer: one row, which all rows share."""
    rows: list[list[int]] = field(default_factory=list)
    """Tokens of each row beyond the prefix."""
    row_cache: dict[int, LayerCache] = field(default_factory=dict)
    """Keys and values of each row beyond the prefix, by layer, with room behind what counts."""

    @property
    def lengths(self) -> list[int]:
        """Tokens of each row beyond the prefix."""
        return [len(row) for row in self.rows]

    def fork(self, n_rows: int) -> Context:
        """Rows that begin behind the prefix; this context stays as it is."""
        return Context(self.device, self.prefix, self.prefix_cache, [[] for _ in range(n_rows)])

    def select(self, rows: list[int]) -> Context:
        """The context of some rows, in the order given; this one stays as it is."""
        if rows == list(range(len(self.rows))):
            cache = dict(self.row_cache)
        else:
            index = torch.tensor(rows, device=self.device)
            longest = max((len(self.rows[row]) for row in rows), default=0)
            cache = {
                layer: (keys[index, :, :longest], values[index, :, :longest])
                for layer, (keys, values) in self.row_cache.items()
            }
        return Context(
            self.device,
            self.prefix,
            self.prefix_cache,
            [list(self.rows[row]) for row in rows],
            cache,
        )

    def extend_prefix(self, tokens: list[int], read: dict[int, LayerCache]) -> None:
        """Put what was read behind the prefix; there are no rows yet."""
        for layer, (keys, values) in read.items():
            if layer in self.prefix_cache:
                before = self.prefix_cache[layer]
                keys, values = (
                    torch.cat(pair, 2) for pair in zip(before, (keys, values), strict=True)
                )
            self.prefix_cache[layer] = keys, values
        self.prefix = [*self.prefix, *tokens]

    def extend(self, tokens: list[list[int]], read: dict[int, LayerCache], room: int = 0) -> None:
        """Put what was read of each row behind it.

        Args:
            tokens: what counts of each row.
            read: padded behind it.
            room: places to keep for tokens to come, should more be needed than there are.
        """
        lengths = self.lengths
        width = max(map(len, tokens))
        needed = max(lengths) + width
        places = None
        for layer, (keys, values) in read.items():
            if layer not in self.row_cache and not room:
                self.row_cache[layer] = keys, values
                continue
            if places is None:
                start = torch.tensor(lengths, device=self.device)[:, None]
                places = start + torch.arange(width, device=self.device)
                rows = torch.arange(len(lengths), device=self.device)[:, None]
            held = self.row_cache.get(layer, (keys[:, :, :0], values[:, :, :0]))
            if held[0].shape[2] < needed:
                held = tuple(_widened(t, needed + room) for t in held)
            for buffer, new in zip(held, (keys, values), strict=True):
                buffer[rows, :, places] = new[:, :, :width].transpose(1, 2)
            self.row_cache[layer] = held
        self.rows = [[*row, *more] for row, more in zip(self.rows, tokens, strict=True)]


def _widened(tensor: Tensor, places: int) -> Tensor:
    shape = list(tensor.shape)
    shape[2] = places
    wider = tensor.new_zeros(shape)
    wider[:, :, : tensor.shape[2]] = tensor
    return wider
