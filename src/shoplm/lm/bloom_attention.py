"""BLOOM on packed rows: attention that knows where a document starts, through SDPA."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers.models.bloom.modeling_bloom import (
    BloomAttention,
    BloomGelu,
    BloomModel,
    dropout_add,
)

from shoplm.lm.tiled_attention import AVAILABLE, Tile, tiled_attention, tiles_of


def use_packed_attention(model: nn.Module) -> None:
    """Let the BLOOM inside `model` take `segments`.

    Modules change their class and nothing else: parameters, hooks, adapters and the names in the
    state dictionary stay, and a call without `segments` does what it always did.
    """
    packed = {BloomModel: PackedBloomModel, BloomAttention: PackedBloomAttention,
              BloomGelu: FusedGelu}  # fmt: skip
    for module in model.modules():
        if type(module) in packed:
            module.__class__ = packed[type(module)]


def alibi_slopes(n_heads: int) -> Tensor:
    """(n_heads,) fp32: how steeply each head's attention falls with distance.

    Heads beyond the largest power of two take every other slope of twice as many heads (ALiBi,
    arXiv 2108.12409, section 3).
    """
    power = 2 ** math.floor(math.log2(n_heads))
    slopes = [2 ** (-8 * (head + 1) / power) for head in range(power)]
    slopes += [2 ** (-4 * (2 * head + 1) / power) for head in range(n_heads - power)]
    return torch.tensor(slopes, dtype=torch.float32)


def packed_bias(segments: Tensor, slopes: Tensor, dtype: torch.dtype) -> Tensor:
    """What is added to attention scores: ALiBi within a segment, minus infinity elsewhere.

    Distances are relative, so that they are small numbers: in bf16 they are exact up to 256
    places and off by at most 1 in 256 beyond, where stock BLOOM's absolute ones lose track.

    Args:
        segments: (B, L) int; places of equal number see those before them. Padding is one more
            segment, so no row of the softmax is empty.
        slopes: (heads,) fp32.
        dtype: of the result.

    Returns:
        (B, heads, L, L), from query to key.
    """
    place = torch.arange(segments.shape[1], device=segments.device)
    distance = place - place[:, None]  # key less query, 0 or less where seen
    unseen = (segments[:, :, None] != segments[:, None, :]) | (distance > 0)
    bias = (slopes[:, None, None] * distance).to(dtype).expand(len(segments), -1, -1, -1)
    return bias.masked_fill(unseen[:, None], -torch.inf)


class PackedBloomModel(BloomModel):
    """BLOOM's decoder; with `segments` each one is read alone."""

    def forward(self, input_ids: Tensor | None = None, *args, segments=None, **kwargs):
        """With `segments` (B, L): last hidden states (B, L, width) in a tuple."""
        if segments is None:
            return super().forward(input_ids, *args, **kwargs)
        hidden = self.word_embeddings_layernorm(self.word_embeddings(input_ids))
        bias = self._bias(segments, hidden.dtype)  # made once, shared by all layers
        for block in self.h:
            hidden = block(hidden, alibi=None, attention_mask=bias)[0]
        return (self.ln_f(hidden),)

    def _bias(self, segments: Tensor, dtype: torch.dtype) -> Tensor | list[Tile]:
        slopes = alibi_slopes(self.num_heads).to(segments.device)
        device = segments.device.type
        drops = self.training and self.config.attention_dropout > 0
        if device == "cpu" and AVAILABLE and not drops:
            return tiles_of(segments, slopes)
        if torch.is_autocast_enabled(device):
            dtype = torch.get_autocast_dtype(device)
        return packed_bias(segments, slopes, dtype)


class PackedBloomAttention(BloomAttention):
    """Attention that takes `packed_bias` or tiles as its mask when there is no `alibi`."""

    def forward(self, hidden_states, residual, alibi, attention_mask, *args, **kwargs):
        """Stock BLOOM's, but without attention probabilities when `alibi` is None."""
        if alibi is not None:
            return super().forward(hidden_states, residual, alibi, attention_mask, *args, **kwargs)
        fused = self.query_key_value(hidden_states)
        fused = fused.unflatten(-1, (self.num_heads, 3, self.head_dim))
        if isinstance(attention_mask, list):
            context = tiled_attention(fused, attention_mask, self.inv_norm_factor)
        else:
            # unbound at once: the backward pass writes the three gradients into one tensor
            query, key, value = (part.transpose(1, 2) for part in fused.unbind(3))
            context = F.scaled_dot_product_attention(
                query,
                key,
                value,
                attn_mask=attention_mask,
                dropout_p=self.attention_dropout.p if self.training else 0.0,
                scale=self.inv_norm_factor,
            ).transpose(1, 2)
        output = self.dense(context.flatten(2))
        return dropout_add(output, residual, self.hidden_dropout, self.training), None


class FusedGelu(BloomGelu):
    """BLOOM's own approximation by tanh, in one kernel each way."""

    def forward(self, x: Tensor) -> Tensor:
        """The same values to the last digits."""
        return F.gelu(x, approximate="tanh")
