"""Which of the possible answers a model finds most probable."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

Normalisation = Literal["sum", "tokens", "characters"]
"""What the loss of an answer is divided by before answers are compared: nothing, so that the most
probable text wins; its tokens with the end mark; or its characters."""

TOLERANCE = 1e-9
"""Scores no further apart than this share of the best are the same."""


def score_choices(
    choice_losses: pd.DataFrame, normalisation: Normalisation = "sum"
) -> pd.DataFrame:
    """Whether the right answer has the least loss, for every model and question.

    Where several answers share the least loss, the right one among k of them counts 1/k, which is
    what picking one of them at random gives on average.

    Args:
        choice_losses: one row a possible answer and model: variant, seed, step, instruction_id,
            choice (its number), is_right, loss (sum over the answer's tokens, in nats), n_targets,
            n_characters.
        normalisation: see `Normalisation`.

    Returns:
        variant, seed, step, instruction_id, correct (0 to 1).

    Raises:
        ValueError: a question has not exactly one right answer, or fewer than two possible ones.
    """
    divisor = {"sum": 1, "tokens": choice_losses["n_targets"]}.get(normalisation)
    if divisor is None:
        divisor = choice_losses["n_characters"].clip(lower=1)
    keys = ["variant", "seed", "step", "instruction_id"]
    scored = choice_losses[[*keys, "choice", "is_right"]].assign(
        score=choice_losses["loss"] / divisor, is_right=choice_losses["is_right"].astype(bool)
    )
    grouped = scored.groupby(keys, sort=False)
    least = grouped["score"].transform("min")
    best = scored["score"] <= least + TOLERANCE * np.abs(least)
    scored["part"] = (best & scored["is_right"]) / best.groupby(
        [scored[key] for key in keys]
    ).transform("sum")
    table = scored.groupby(keys, sort=False).agg(
        correct=("part", "sum"), n_choices=("choice", "nunique"), n_right=("is_right", "sum")
    )  # fmt: skip
    for wrong, told in (
        (table["n_right"] != 1, "right answers, expected one"),
        (table["n_choices"] < 2, "possible answers, expected two or more"),
    ):
        if wrong.any():
            row = table[wrong].iloc[0]
            number = row["n_right"] if "right" in told else row["n_choices"]
            raise ValueError(f"instruction {row.name[-1]!r} has {number:.0f} {told}")
    return table.drop(columns=["n_right", "n_choices"]).reset_index()


def guess_choices(choices: pd.DataFrame) -> pd.DataFrame:
    """What needs no model: a random answer, and the task's commonest answer to every question.

    Args:
        choices: one row a possible answer: instruction_id, is_right, is_common (the label, or the
            place of a choice, that is right most often in the task).

    Returns:
        instruction_id, random_accuracy (1 / number of answers), majority_accuracy (0 or 1).
    """
    right, common = choices["is_right"].astype(bool), choices["is_common"].astype(bool)
    return (
        choices.assign(both=right & common)
        .groupby("instruction_id", sort=False)
        .agg(random_accuracy=("both", lambda b: 1 / len(b)), majority_accuracy=("both", "max"))
        .astype(float)
        .reset_index()
    )
