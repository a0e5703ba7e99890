"""Answers of models read and scored: one row an example and way of asking."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from shoplm.tasks.evaluation.settings import AskingSettings
from shoplm.tasks.task import Task


@dataclass(frozen=True)
class Answered:
    """What one model answered."""

    variant: str
    seed: int
    answers: pd.DataFrame
    """One row a request."""
    benchmarks: Collection[str] | None = None
    """What it was asked; all, if it is not said."""
    tokens: int | None = None
    """Of a checkpoint: tokens seen in pre-training."""


def score_answers(
    answered: Iterable[Answered],
    requests: pd.DataFrame,
    examples: pd.DataFrame,
    library: Mapping[str, Task],
    asking: AskingSettings,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(predictions, unparsed answers)."""
    raise NotImplementedError


def check_predictions(predictions: pd.DataFrame, library: Mapping[str, Task]) -> None:
    """ValueError: rows scored by another version of a task."""
    raise NotImplementedError
