"""The same number of tokens for every run of a comparison."""

from __future__ import annotations

from collections.abc import Mapping

from shoplm.lm.run import TrainingSettings


def share_budget(
    trainings: Mapping[str, TrainingSettings], places: Mapping[str, int]
) -> dict[str, TrainingSettings]:
    """Give all runs that state no length the one that every one of them has the blocks for.

    Args:
        trainings: settings by name of run; those with `tokens` stay as they are.
        places: token places (blocks times their length) of one pass, by name of run.
    """
    unstated = {name: t.passes for name, t in trainings.items() if t.tokens is None}
    fewest = min((int(passes * places[name]) for name, passes in unstated.items()), default=0)
    return {
        name: training.model_copy(update={"tokens": fewest}) if name in unstated else training
        for name, training in trainings.items()
    }
