"""The examples that models are measured on, and the answered ones that they are shown first."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from shoplm.tasks.evaluation.settings import BenchmarkSettings, ExampleSettings
from shoplm.tasks.task import Task


def gather_examples(
    library: Mapping[str, Task],
    benchmarks: Mapping[str, BenchmarkSettings],
    settings: ExampleSettings,
    instructions: pd.DataFrame | None = None,
    splits: pd.DataFrame | None = None,
    tables: Mapping[str, pd.DataFrame] | None = None,
    root: Path | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """(examples, rejected, sources): COLUMNS, REJECTED, SOURCES below."""
    raise NotImplementedError
