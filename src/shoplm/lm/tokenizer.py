"""A byte-level BPE tokenizer trained on general text."""

from __future__ import annotations

from hashlib import md5

import pandas as pd
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from shoplm.lm.settings import TokenizerSettings

SPECIAL = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
"""BLOOM's own, in its order of ids."""


def train_tokenizer(texts: pd.DataFrame, settings: TokenizerSettings) -> PreTrainedTokenizerFast:
    """Train on `texts` (columns `text, language`); the result does not depend on row order.

    Raises:
        ValueError: there is no text, a column is missing, or the vocabulary has no room for the
            bytes and special tokens.
    """
    least = len(SPECIAL) + len(pre_tokenizers.ByteLevel.alphabet())
    if settings.vocabulary_size < least:
        raise ValueError(
            f"vocabulary_size: {settings.vocabulary_size} is below {least}, the bytes and "
            "special tokens alone"
        )
    if not {"text", "language"} <= set(texts.columns):
        raise ValueError(
            f"general_text: expected the columns text and language, got {list(texts.columns)}"
        )
    texts = texts[texts["text"].fillna("").str.strip() != ""]
    if texts.empty:
        raise ValueError("general_text: there is no text to train a tokenizer on")
    # a lone surrogate, as broken JSON escapes leave, has no bytes
    texts = texts.assign(text=texts["text"].map(lambda t: t.encode(errors="replace").decode()))
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=settings.vocabulary_size,
        min_frequency=settings.min_frequency,
        special_tokens=list(SPECIAL.values()),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_training_texts(texts, settings.balance_languages), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, clean_up_tokenization_spaces=False, **SPECIAL
    )


def _training_texts(texts: pd.DataFrame, balance: bool) -> list[str]:
    """Texts in an order that only their content decides; of each language, up to the text that
    reaches the size of the scarcest."""
    digest = texts["text"].map(lambda text: md5(text.encode()).hexdigest())
    ordered = texts.assign(digest=digest).sort_values(["digest", "language"], ignore_index=True)
    if balance:
        size = ordered["text"].map(lambda text: len(text.encode()))
        before = size.groupby(ordered["language"]).cumsum() - size
        ordered = ordered[before < size.groupby(ordered["language"]).sum().min()]
    return ordered["text"].tolist()
