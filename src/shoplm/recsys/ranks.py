"""What becomes of ranks in a training run: a few means, and a file."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from shoplm.launch.durable import placed_durably
from shoplm.metrics.recommendation_ranks import METRICS, gains


def mean_gains(ranks: pd.DataFrame) -> dict[str, float]:
    """Recall@1, recall@10 and NDCG@10 over cases; none without cases."""
    if not len(ranks):
        return {}
    values = gains(ranks["rank"].to_numpy()).mean(1).tolist()
    return dict(zip(METRICS, values, strict=True))


def write_ranks(file: Path, ranks: pd.DataFrame) -> None:
    """Write ranks whole, or not at all."""
    with placed_durably(file) as partial:
        ranks.to_parquet(partial, index=False)
