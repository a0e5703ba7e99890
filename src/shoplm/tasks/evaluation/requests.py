"""What models are asked: one row a question and way of asking."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from shoplm.tasks.evaluation.settings import AskingSettings, PromptFrame
from shoplm.tasks.task import Task


def make_requests(
    examples: pd.DataFrame,
    library: Mapping[str, Task],
    asking: AskingSettings,
    frame: PromptFrame,
) -> pd.DataFrame:
    """Requests of all measured examples (how many shots: those that `examples` holds)."""
    raise NotImplementedError
