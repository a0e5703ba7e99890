"""Architectures other than BLOOM: which keep packed documents apart, and which are refused."""

import pytest
import torch
from packed_rows import MIXED, VOCABULARY, distance, gradients, loss_alone, packed, rows
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    Gemma3TextConfig,
    GPT2Config,
    GPTNeoXConfig,
    GraniteConfig,
    LlamaConfig,
    MambaConfig,
    MistralConfig,
    MptConfig,
    OPTConfig,
    PhiConfig,
    Qwen2Config,
)

from shoplm.lm.packed import PackedCausalLM, check_no_leak

SHAPE = {"vocab_size": VOCABULARY, "hidden_size": 48, "num_hidden_layers": 2}
BODY = SHAPE | {"num_attention_heads": 4, "intermediate_size": 64}
TIED = {"tie_word_embeddings": True}
GEMMA = {"num_key_value_heads": 2, "head_dim": 12}
BOTH = ["sliding_attention", "full_attention"]
NO_DROPOUT = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}


@pytest.mark.parametrize(
    "config",
    [
        LlamaConfig(**BODY, num_key_value_heads=2),
        Qwen2Config(**BODY, num_key_value_heads=2, **TIED),
        PhiConfig(**BODY),  # its head has a bias
        MistralConfig(**BODY, num_key_value_heads=2, sliding_window=8),
        Gemma3TextConfig(**BODY, **GEMMA, sliding_window=8, layer_types=BOTH),
        GPT2Config(vocab_size=VOCABULARY, n_embd=48, n_layer=2, n_head=4, **NO_DROPOUT),
        GPTNeoXConfig(**BODY),
    ],
    ids=["llama", "qwen2", "phi", "mistral", "gemma3", "gpt2", "gpt_neox"],
)
@pytest.mark.parametrize("one_row", [False, True])
def test_other_architectures_keep_documents_apart(config, one_row, monkeypatch):
    monkeypatch.setattr(PackedCausalLM, "_reads_one_row", lambda self: one_row)
    torch.manual_seed(0)
    stock = AutoModelForCausalLM.from_config(config).eval()
    ours = packed(stock)
    check_no_leak(ours)
    tokens, segments = rows(*MIXED)
    loss, expected = ours(tokens, segments) / 90, loss_alone(stock, tokens, segments) / 90
    assert loss.item() == pytest.approx(expected.item(), abs=1e-5)
    assert distance(gradients(loss, ours.model), gradients(expected, stock)) <= 1e-5


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (OPTConfig(**SHAPE, num_attention_heads=4, ffn_dim=64, word_embed_proj_dim=48), "editing"),
        (MptConfig(vocab_size=VOCABULARY, d_model=48, n_layers=2, n_heads=4), "editing"),
        (MambaConfig(**SHAPE), "editing"),
        (GraniteConfig(**BODY, logits_scaling=4.0), "not those that it has alone"),
        (Gemma2Config(**BODY, **GEMMA), "caps its logits"),
    ],
    ids=["opt", "mpt", "mamba", "granite", "gemma2"],
)
def test_architectures_that_leak_or_differ_are_refused_by_name(config, reason):
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config)
    name = type(model).__name__
    with pytest.raises(ValueError, match=f"{name} cannot train on packed documents: .*{reason}"):
        check_no_leak(PackedCausalLM(model, 1_000))
