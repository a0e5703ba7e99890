"""A small BLOOM from a configuration."""

from __future__ import annotations

from pathlib import Path

import torch
from huggingface_hub import save_torch_state_dict
from transformers import BloomConfig, BloomForCausalLM, PreTrainedTokenizerFast

from shoplm.lm.settings import BloomSettings


def write_bloom(
    directory: Path, tokenizer: PreTrainedTokenizerFast, settings: BloomSettings, seed: int
) -> None:
    """Write an untrained BLOOM and its tokenizer as an ordinary Hugging Face directory.

    Args:
        directory: to write to; made if absent.
        tokenizer: gives the vocabulary and the special tokens.
        settings: shape of the model.
        seed: of the initial weights.
    """
    config = BloomConfig(
        vocab_size=len(tokenizer),
        hidden_size=settings.hidden_size,
        n_layer=settings.layers,
        n_head=settings.heads,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = BloomForCausalLM(config)
    # what save_pretrained does, which first imports accelerate and deepspeed where they are
    config.architectures, config.dtype = [type(model).__name__], torch.float32
    directory.mkdir(parents=True, exist_ok=True)
    config.save_pretrained(directory)
    model.generation_config.save_pretrained(directory)
    save_torch_state_dict(dict(model.named_parameters()), directory, metadata={"format": "pt"})
    tokenizer.save_pretrained(directory)
