"""BLOOM with attention over a shared prefix."""

from __future__ import annotations

from torch import Tensor, nn
from transformers.models.bloom.modeling_bloom import BloomAttention, BloomGelu, BloomModel

from shoplm.lm.bloom_attention import FusedGelu, alibi_slopes
from shoplm.lm.inference.attention import Reading


def use_shared_attention(model: nn.Module) -> None:
    """Let the BLOOM inside `model` take a `Reading`; parameters and names stay."""
    changed = {BloomModel: SharedBloomModel, BloomAttention: SharedBloomAttention,
               BloomGelu: FusedGelu}  # fmt: skip
    for module in model.modules():
        if type(module) in changed:
            module.__class__ = changed[type(module)]
        if isinstance(module, BloomModel):
            module.slopes = alibi_slopes(module.num_heads).to(module.ln_f.weight.device)


class SharedBloomModel(BloomModel):
    """BLOOM's decoder; with a `Reading` its tokens are read behind a context."""

    def forward(self, input_ids: Tensor, *args, reading: Reading | None = None, **kwargs):
        """With `reading`: last hidden states (N, L, width) in a tuple."""
        if reading is None:
            return super().forward(input_ids, *args, **kwargs)
        hidden = self.word_embeddings_layernorm(self.word_embeddings(input_ids))
        for block in self.h:
            hidden = block(hidden, alibi=self.slopes, attention_mask=reading)[0]
        return (self.ln_f(hidden),)


class SharedBloomAttention(BloomAttention):
    """Attention that takes a `Reading` as its mask, and slopes as `alibi`."""

    def forward(self, hidden_states, residual, alibi, attention_mask, *args, **kwargs):
        """Stock BLOOM's without a `Reading`."""
        if not isinstance(attention_mask, Reading):
            return super().forward(hidden_states, residual, alibi, attention_mask, *args, **kwargs)
        fused = self.query_key_value(hidden_states).unflatten(-1, (self.num_heads, 3, -1))
        query, key, value = (part.transpose(1, 2) for part in fused.unbind(3))
        context = attention_mask.attend(
            self.layer_idx, query, key, value, self.inv_norm_factor, slopes=alibi
        )
        return residual + self.dense(context.flatten(2)), None
