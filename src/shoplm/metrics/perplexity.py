"""Perplexity of trained models on held-out text, compared."""

from __future__ import annotations

from collections.abc import Sequence

from pandas import DataFrame

from shoplm.metrics.settings import BootstrapSettings

COLUMNS = [
    "variant", "seed", "split", "metric", "value", "ci_low", "ci_high", "n",
    "against", "p_value", "p_holm", "seed_sd", "n_seeds",
]  # fmt: skip


def compare_models(
    document_losses: DataFrame,
    bootstrap: BootstrapSettings,
    pairs: Sequence[tuple[str, str]] = (),
    vocabulary_size: int | None = None,
) -> DataFrame:
    """Final perplexity of every variant, its change against the base model, and between variants.

    Args:
        document_losses: one row a document and measured model, columns variant, seed, step,
            tokens, split, document, n_targets, loss (sum over the targets, in nats).
        bootstrap: of intervals and tests.
        pairs: variants to compare, as (variant, against).
        vocabulary_size: adds the perplexity of a uniform guess.
    """
    raise NotImplementedError
