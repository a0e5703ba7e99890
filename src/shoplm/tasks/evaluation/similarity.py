"""Sentence similarity, which a sentence encoder computes (KDD Cup 2024)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from shoplm.tasks.evaluation.predictions import NOT_ASKED, read_measured

Encoder = Callable[[Sequence[str]], np.ndarray]
"""Texts to vectors: (n, dimensions)."""

METRIC = "sentence_similarity"
ANY_LANGUAGE = "*"


def score_similarity(
    predictions: pd.DataFrame, examples: pd.DataFrame, encoders: Mapping[str, Encoder]
) -> pd.DataFrame:
    """`predictions` with the similarities filled in that are null: the cosine, or 0 below that.

    The nearest of several right answers counts. ShopBench takes all-MiniLM-L6-v2 for English and
    paraphrase-multilingual-MiniLM-L12-v2 for other languages.

    Args:
        predictions: see `score_answers`.
        examples: see `gather_examples`.
        encoders: by language; `*` is for those that are not named. Without an encoder the score
            stays null.

    Raises:
        ValueError: an encoder gives other than one vector a text.
    """
    open_rows = (
        (predictions["metric"] == METRIC)
        & predictions["score"].isna()
        & (predictions["problem"].fillna("") != NOT_ASKED)
    )
    scores = predictions["score"].copy()
    measured = read_measured(examples) if open_rows.any() else {}
    for language, rows in predictions[open_rows].groupby("language"):
        encoder = encoders.get(language, encoders.get(ANY_LANGUAGE))
        if encoder is None:
            continue
        golds = []
        for key in zip(rows["benchmark"], rows["task"], rows["example_id"], strict=True):
            example, _ = measured[key]
            golds.append([text.strip() for text in (example.gold, *example.references)])
        said = [text.strip() for text in rows["prediction"]]
        vectors = _encode(encoder, {*said, *(text for of in golds for text in of)}, language)
        scores.loc[rows.index] = [
            max(0.0, *(float(vectors[text] @ vectors[gold]) for gold in of))
            for text, of in zip(said, golds, strict=True)
        ]
    return predictions.assign(score=scores)


def _encode(encoder: Encoder, texts: set[str], language: str) -> dict[str, np.ndarray]:
    """Vectors of length 1."""
    ordered = sorted(texts)
    vectors = np.asarray(encoder(ordered), dtype=float)
    if vectors.ndim != 2 or len(vectors) != len(ordered):
        raise ValueError(
            f"the encoder for {language!r} gave an array of shape {vectors.shape} for "
            f"{len(ordered)} texts, expected one vector each"
        )
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return dict(zip(ordered, vectors / np.where(lengths == 0, 1, lengths), strict=True))
