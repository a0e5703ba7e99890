"""Sentence similarity: what only a sentence encoder can score."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

Encoder = Callable[[Sequence[str]], np.ndarray]
"""Texts to vectors, (n, dimensions)."""


def score_similarity(
    predictions: pd.DataFrame, examples: pd.DataFrame, encoders: Mapping[str, Encoder]
) -> pd.DataFrame:
    """`predictions` with null scores filled, for languages (or `*`) with an encoder."""
    raise NotImplementedError
