"""Attention on packed rows for CPUs: each run of queries meets only the keys that it may see.

PyTorch's kernel for CPUs visits every pair of places that the mask covers, although half of them
lie in the future and most of the rest in other documents. Here a row is cut into tiles of queries,
and a tile is given the keys from the start of its first query's segment to its own end. The kernel
is PyTorch's own, and so is the arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

TILE = 96
"""Queries of a tile: shorter ones skip more, longer ones are fewer calls (64 to 128 measured
alike)."""

_NAME = "_scaled_dot_product_flash_attention_for_cpu"
AVAILABLE = hasattr(torch.ops.aten, _NAME) and hasattr(torch.ops.aten, f"{_NAME}_backward")
"""The kernel is not part of PyTorch's public interface; without it the masked one will do."""


@dataclass(frozen=True)
class Tile:
    """Some queries of a row and the keys that they may see."""

    row: slice
    queries: slice
    keys: slice
    bias: Tensor
    """(1, heads, queries, keys) fp32, added to the scores."""


def tiles_of(segments: Tensor, slopes: Tensor) -> list[Tile]:
    """Tiles that cover packed rows; padding is one more segment.

    Args:
        segments: (B, L) int.
        slopes: (heads,) fp32 of ALiBi.
    """
    length = segments.shape[1]
    place = torch.arange(length)
    begins = torch.ones_like(segments, dtype=torch.bool)
    begins[:, 1:] = segments[:, 1:] != segments[:, :-1]
    start = torch.where(begins, place, 0).cummax(1).values
    tiles = []
    for row in range(len(segments)):
        for first in range(0, length, TILE):
            queries = slice(first, min(first + TILE, length))
            keys = slice(int(start[row, first]), queries.stop)
            distance = place[keys] - place[queries, None]
            unseen = (place[keys] < start[row, queries, None]) | (distance > 0)
            bias = (slopes[:, None, None] * distance).masked_fill_(unseen, -torch.inf)
            tiles.append(Tile(slice(row, row + 1), queries, keys, bias[None]))
    return tiles


def tiled_attention(fused: Tensor, tiles: list[Tile], scale: float) -> Tensor:
    """Softmax attention.

    Args:
        fused: (B, L, heads, 3, d), of which the third axis is query, key and value.
        tiles: see `tiles_of`.
        scale: of the scores, before the bias.

    Returns:
        (B, L, heads, d).
    """
    return _TiledAttention.apply(fused, tiles, scale)


def _by_head(fused: Tensor) -> tuple[Tensor, ...]:
    return tuple(part.transpose(1, 2) for part in fused.unbind(3))


class _TiledAttention(torch.autograd.Function):
    @staticmethod
    def forward(ctx, fused, tiles, scale):
        kernel = getattr(torch.ops.aten, _NAME)
        query, key, value = _by_head(fused)
        batch, length, heads, _, width = fused.shape
        output = fused.new_empty(batch, length, heads, width)
        by_head = output.transpose(1, 2)
        normalisers = []
        for t in tiles:
            by_head[t.row, :, t.queries], normaliser = kernel(
                query[t.row, :, t.queries],
                key[t.row, :, t.keys],
                value[t.row, :, t.keys],
                attn_mask=t.bias,
                scale=scale,
            )
            normalisers.append(normaliser)
        ctx.save_for_backward(fused, output, *normalisers)
        ctx.tiles, ctx.scale = tiles, scale
        return output

    @staticmethod
    @once_differentiable
    def backward(ctx, d_output):
        kernel = getattr(torch.ops.aten, f"{_NAME}_backward")
        fused, output, *normalisers = ctx.saved_tensors
        query, key, value = _by_head(fused)
        by_head, d_by_head = output.transpose(1, 2), d_output.transpose(1, 2)
        d_fused = torch.zeros_like(fused)
        d_query, d_key, d_value = _by_head(d_fused)
        for t, normaliser in zip(ctx.tiles, normalisers, strict=True):
            d_q, d_k, d_v = kernel(
                d_by_head[t.row, :, t.queries],
                query[t.row, :, t.queries],
                key[t.row, :, t.keys],
                value[t.row, :, t.keys],
                by_head[t.row, :, t.queries],
                normaliser,
                0.0,
                False,
                attn_mask=t.bias,
                scale=ctx.scale,
            )
            d_query[t.row, :, t.queries] = d_q
            d_key[t.row, :, t.keys] += d_k
            d_value[t.row, :, t.keys] += d_v
        return d_fused, None, None
