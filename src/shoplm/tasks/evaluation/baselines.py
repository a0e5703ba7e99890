"""What needs no model: a random answer, and the commonest one."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from shoplm.tasks.task import Task


def predict_baselines(
    requests: pd.DataFrame,
    examples: pd.DataFrame,
    sources: pd.DataFrame,
    library: Mapping[str, Task],
    seed: int = 0,
) -> pd.DataFrame:
    """Rows as in predictions, of the variants `random` and `majority`, seed 0."""
    raise NotImplementedError
