"""Attention over a shared prefix, a row's own past and new tokens, each taken apart and merged.

The prefix is met by all rows' queries in one product, so that neither its keys nor its values are
ever copied for a row. Softmax over the three is exact: each gives an average of its values and the
logarithm of its normaliser, by which the averages are weighed.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor

from shoplm.lm.inference.contexts import Context, LayerCache
from shoplm.lm.tiled_attention import AVAILABLE

NAME = "shoplm_shared_prefix"
"""Under which transformers knows `attend_for_transformers`."""

UNSEEN = -1e30
"""Added to scores of what is not seen; finite, so that a row that sees nothing of a part gives that
part no weight, and no NaN."""

MOST_SCORES = 1 << 26
"""Scores held at a time where there is no fused kernel."""

current_reading: ContextVar[Reading] = ContextVar("current_reading")
"""The forward pass that goes on, for attention called by transformers' modules."""


class Reading:
    """One forward pass of new tokens behind a context."""

    def __init__(self, context: Context, shape: tuple[int, int], fan: int, keep: bool) -> None:
        """Prepare positions.

        Args:
            context: what was read; without rows, the new tokens are one row of prefix.
            shape: (rows times fan, new tokens).
            fan: continuations of each row, which stand side by side.
            keep: collect keys and values of the new tokens in `read`.
        """
        self.context, self.fan, self.keep = context, fan, keep
        self.read: dict[int, LayerCache] = {}
        self.n_prefix, self.length = len(context.prefix), shape[1]
        device = context.device
        lengths = torch.tensor(context.lengths or [0], device=device)
        self.n_past = int(max(context.lengths, default=0))
        self.lengths = lengths
        steps = torch.arange(self.length, device=device)
        # counted from the end of the prefix
        self.row_positions = lengths.repeat_interleave(fan)[:, None] + steps  # (N, L)
        self.positions = self.row_positions + self.n_prefix
        self._biases: dict[Any, tuple[Tensor | None, ...]] = {}

    def attend(
        self,
        layer: int,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        scale: float,
        slopes: Tensor | None = None,
        window: int | None = None,
        softcap: float | None = None,
    ) -> Tensor:
        """Attention of new tokens.

        Args:
            layer: its number.
            query: (N, heads, L, d), N being rows times fan.
            key: (N, key heads, L, d).
            value: like `key`.
            scale: of the scores.
            slopes: (heads,) fp32 of ALiBi.
            window: a token sees itself and those before it, so many in all.
            softcap: scores are bounded by its tanh, before any bias.

        Returns:
            (N, L, heads, d).
        """
        if self.keep:
            self.read[layer] = key, value
        n, heads, length, _ = query.shape
        groups, fan = heads // key.shape[1], self.fan
        if (known := (slopes is not None, window)) not in self._biases:
            self._biases[known] = self._make_biases(slopes, window, groups)
        new_bias, past_bias, prefix_bias, past_shift, prefix_shift = self._biases[known]

        # (N, key heads, groups, L, d), from which each part takes the queries that share its keys
        grouped = query.unflatten(1, (-1, groups))
        if length == 1:  # it sees itself: no kernel is needed
            score = (grouped * key[:, :, None]).sum(-1).float() * scale
            normalisers = [(score / softcap).tanh() * softcap if softcap else score]
            averages = [value[:, :, None].expand_as(grouped)]
        else:
            average, normaliser = _attend_to(
                grouped.flatten(2, 3), key, value, new_bias, scale, softcap
            )
            averages = [average.unflatten(2, (groups, length))]
            normalisers = [normaliser.unflatten(2, (groups, length))]
        if self.n_past:
            keys, values = (t[:, :, : self.n_past] for t in self.context.row_cache[layer])
            by_row = grouped.unflatten(0, (-1, fan)).transpose(1, 2)  # (B, key heads, fan, G, L, d)
            average, normaliser = _attend_to(
                by_row.flatten(2, 4), keys, values, past_bias, scale, softcap
            )
            shape = (fan, groups, length)
            averages.append(average.unflatten(2, shape).transpose(1, 2).flatten(0, 1))
            normaliser = normaliser.unflatten(2, shape).transpose(1, 2).flatten(0, 1)
            normalisers.append(normaliser if past_shift is None else normaliser + past_shift)
        if self.n_prefix:
            keys, values = self.context.prefix_cache[layer]
            by_head = grouped.transpose(0, 1)
            flat = by_head.transpose(1, 2).flatten(1, 3)[None]  # (1, key heads, G N L, d)
            average, normaliser = _attend_to(flat, keys, values, prefix_bias, scale, softcap)
            shape = (groups, n, length)
            averages.append(average[0].unflatten(1, shape).permute(2, 0, 1, 3, 4))
            normaliser = normaliser[0].unflatten(1, shape).permute(2, 0, 1, 3)
            normalisers.append(normaliser if prefix_shift is None else normaliser + prefix_shift)
        merged = _merge(averages, normalisers)
        return merged.flatten(1, 2).transpose(1, 2)

    def _make_biases(
        self, slopes: Tensor | None, window: int | None, groups: int
    ) -> tuple[Tensor | None, ...]:
        """What is added to the scores of new, past and prefix keys, and to two normalisers.

        Past keys are those of the row itself, beyond the prefix.

        ALiBi's bias is that of the distance from query to key. What of it depends on the query
        alone is added to the part's normaliser, so that a bias needs no axis of queries and its
        numbers stay small.
        """
        context, length = self.context, self.length
        device, steps = context.device, torch.arange(self.length, device=context.device)
        distance = steps - steps[:, None]  # key less query
        unseen = distance > 0
        if window is not None:
            unseen = unseen | (-distance >= window)
        new = torch.zeros(1, 1, length, length, device=device)
        if slopes is not None:
            new = slopes[:, None, None] * distance
            new = new[None]
        new = new.masked_fill(unseen, UNSEEN)
        new = new.repeat(1, 1, groups, 1)
        past_bias = prefix_bias = past_shift = prefix_shift = None
        if self.n_past:
            places = torch.arange(self.n_past, device=device)
            # reference: the last own place of each row
            past_bias = torch.zeros(1, 1, 1, 1, device=device)
            if slopes is not None:
                past_bias = slopes[:, None, None] * (places - self.lengths[:, None, None, None])
                past_shift = -(slopes[:, None] * steps)[None, :, None]  # (1, heads, 1, L)
            beyond = places >= self.lengths[:, None, None, None]
            past_bias = past_bias.masked_fill(beyond, UNSEEN)
            queries = self.fan * groups * length
            if window is not None and self.n_past + length > window:
                distances = self.lengths[:, None, None] + steps[:, None] - places  # (B, L, R)
                far = distances.repeat(1, self.fan * groups, 1) >= window
                past_bias = past_bias.expand(-1, -1, queries, -1).masked_fill(far[:, None], UNSEEN)
            else:
                past_bias = past_bias.expand(-1, -1, queries, -1)
        if self.n_prefix:
            places = torch.arange(self.n_prefix, device=device)
            queries = groups * self.positions.numel()
            if slopes is not None:
                prefix_bias = (slopes[:, None, None] * (places - self.n_prefix))[None]
                prefix_bias = prefix_bias.expand(-1, -1, queries, -1)
                prefix_shift = -(slopes[:, None] * self.row_positions[:, None]).unsqueeze(2)
            if window is not None and int(self.positions.max()) >= window:
                far = self.positions.reshape(-1, 1) - places >= window
                far = far.repeat(groups, 1)[None, None]
                prefix_bias = torch.zeros(1, device=device) if prefix_bias is None else prefix_bias
                prefix_bias = (
                    prefix_bias.expand(1, -1, queries, len(places))
                    if prefix_bias.ndim == 4
                    else (prefix_bias.expand(1, 1, queries, len(places)))
                )
                prefix_bias = prefix_bias.masked_fill(far, UNSEEN)
        return new, past_bias, prefix_bias, past_shift, prefix_shift


def attend_for_transformers(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """`Reading.attend` as transformers calls attention functions; masks are its own."""
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    output = current_reading.get().attend(
        module.layer_idx, query, key, value, scale, window=sliding_window, softcap=softcap
    )
    return output, None


def _attend_to(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    bias: Tensor | None,
    scale: float,
    softcap: float | None,
) -> tuple[Tensor, Tensor]:
    """Softmax attention, (B, heads, L, d), and the logarithm of its normaliser, (B, heads, L)."""
    if query.device.type == "cpu" and query.dtype == torch.float32 and AVAILABLE and not softcap:
        kernel = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
        if bias is not None:
            bias = bias.expand(len(query), *bias.shape[1:])
        return kernel(query, key, value, 0.0, False, attn_mask=bias, scale=scale)
    per_query = query.shape[0] * query.shape[1] * key.shape[2]
    step = max(1, MOST_SCORES // per_query)
    pieces = [
        _attend_by_matrices(
            query[:, :, first : first + step],
            key,
            value,
            None if bias is None else bias[:, :, first : first + step],
            scale,
            softcap,
        )
        for first in range(0, query.shape[2], step)
    ]
    if len(pieces) == 1:
        return pieces[0]
    averages, normalisers = zip(*pieces, strict=True)
    return torch.cat(averages, 2), torch.cat(normalisers, 2)


def _attend_by_matrices(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    bias: Tensor | None,
    scale: float,
    softcap: float | None,
) -> tuple[Tensor, Tensor]:
    scores = (query @ key.transpose(-1, -2)).float().mul_(scale)
    if softcap:
        scores = scores.div_(softcap).tanh_().mul_(softcap)
    if bias is not None:
        scores += bias
    normaliser = scores.logsumexp(-1)
    return (scores - normaliser[..., None]).exp_().to(value.dtype) @ value, normaliser


def _merge(averages: list[Tensor], normalisers: list[Tensor]) -> Tensor:
    if len(averages) == 1:
        return averages[0]
    weights = torch.stack(torch.broadcast_tensors(*normalisers)).softmax(0)
    merged = averages[0] * weights[0][..., None].to(averages[0].dtype)
    for average, weight in zip(averages[1:], weights[1:], strict=True):
        merged += average * weight[..., None].to(average.dtype)
    return merged
