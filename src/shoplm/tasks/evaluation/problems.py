"""What a reader of the results should know."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from shoplm.tasks.evaluation.settings import BenchmarkSettings


def describe_problems(
    sources: pd.DataFrame,
    predictions: pd.DataFrame,
    benchmarks: Mapping[str, BenchmarkSettings],
    trained: Mapping[str, Collection[str]] | None = None,
    few: int = 100,
) -> pd.DataFrame:
    """kind, benchmark, task, variant, detail; `trained`: tasks by variant."""
    raise NotImplementedError
