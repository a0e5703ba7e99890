"""What every tuned and untuned model makes of every example."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from shoplm.metrics.choices import Normalisation, guess_choices, score_choices

LOSS, ACCURACY = "loss", "accuracy"
BASELINE = "baseline"
BASELINES = ("random_accuracy", "majority_accuracy")
UNTUNED = "untuned"
SAME_START = 1e-3
"""Relative difference of mean losses under which two variants start from one model."""
_SCORES = ["variant", "seed", "split", "task", "capability", "instruction_id", "group", "metric",
           "value", "weight"]  # fmt: skip


def untuned(model: str) -> str:
    """What the model that variants start from is called in results."""
    return f"{model} {UNTUNED}"


def untuned_for(variant: str, model: str) -> str:
    """What it is called where this variant starts from other losses than the model's first one."""
    return f"{untuned(model)} ({variant})"


def own_start(variant: str) -> str:
    """What a variant's own losses before tuning are called among scores."""
    return f"{variant} at step 0"


def name_starts(losses: pd.DataFrame, models: Mapping[str, str]) -> dict[str, str]:
    """What each variant's start is called in results.

    It is `untuned(model)`, that of the first variant of the model, but `untuned_for` where the
    mean losses at step 0 are not the same: another precision, or an adapter that is not drawn as
    nothing, starts elsewhere.

    Raises:
        ValueError: a variant and seed has no losses at step 0.
    """
    starts = losses[losses["step"] == 0]
    started = set(map(tuple, starts[["variant", "seed"]].to_numpy()))
    for variant, seed in losses[["variant", "seed"]].drop_duplicates().itertuples(index=False):
        if (variant, seed) not in started:
            raise ValueError(
                f"document_losses: variant {variant!r}, seed {seed} has no losses at step 0"
            )
    totals = starts.groupby(["variant", "seed", "split"])["loss"].sum()
    means = totals.groupby(["variant", "split"]).mean().unstack()
    first: dict[str, str] = {}
    names = {}
    for variant in dict.fromkeys(losses["variant"]):
        model = models[variant]
        pair = means.loc[[first.setdefault(model, variant), variant]].to_numpy()
        same = np.allclose(*pair, rtol=SAME_START, equal_nan=True)
        names[variant] = untuned(model) if same else untuned_for(variant, model)
    return names


def example_scores(
    document_losses: pd.DataFrame,
    documents: pd.DataFrame,
    models: Mapping[str, str],
    normalisation: Normalisation = "sum",
) -> pd.DataFrame:
    """Every model's value of every example: a figure is a sum of values over a sum of weights.

    Args and errors: see `shoplm.metrics.tuning.compare_tuned`. Models are the variants, their
    starts as `name_starts` calls them, and the starts of each as `own_start` calls them.

    Returns:
        variant, seed, split, task, capability, instruction_id, group, metric, value, weight.
    """
    ends = _ends(document_losses, models)
    joined = ends.merge(documents, on=["split", "document"], how="left", validate="many_to_one")
    if (lost := joined["instruction_id"].isna()).any():
        row = joined[lost].iloc[0]
        raise ValueError(
            f"document_losses: document {row['document']} of split {row['split']!r} is not among "
            "sft_held_out_documents; were the models measured in another run?"
        )
    joined["split"] = joined["side"]
    alone = joined["choice"] < 0
    answers = joined[alone].assign(metric=LOSS, value=joined["loss"], weight=joined["n_targets"])
    parts = [answers[_SCORES]]
    if (~alone).any():
        chosen = score_choices(joined[~alone].assign(step=0), normalisation).drop(columns="step")
        about = documents.drop_duplicates("instruction_id")
        about = about[["instruction_id", "side", "task", "capability", "group"]]
        chosen = chosen.merge(about.rename(columns={"side": "split"}), on="instruction_id")
        parts.append(chosen.assign(metric=ACCURACY, value=chosen["correct"], weight=1.0)[_SCORES])
        choices = documents[documents["choice"] >= 0]
        questions = chosen.drop_duplicates("instruction_id")
        guesses = guess_choices(choices).merge(questions, on="instruction_id")
        for name in BASELINES:
            guess = guesses.assign(
                variant=BASELINE, seed=0, metric=name, value=guesses[name], weight=1.0
            )
            parts.append(guess[_SCORES])
    return pd.concat(parts, ignore_index=True)


def _ends(losses: pd.DataFrame, models: Mapping[str, str]) -> pd.DataFrame:
    """The losses at the end; each variant's own at step 0; and those of the untuned, once each."""
    last = losses.groupby(["variant", "seed"])["step"].transform("max")
    start = losses[losses["step"] == 0]
    shown = start.assign(variant=start["variant"].map(name_starts(losses, models)))
    return pd.concat(
        [
            losses[(losses["step"] == last) & (last > 0)],
            start.assign(variant=start["variant"].map(own_start)),
            shown.drop_duplicates(["variant", "seed", "split", "document"]),
        ],
        ignore_index=True,
    )
