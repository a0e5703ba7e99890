"""Instruction-tuned models before and after, and against each other, on the same examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shoplm.metrics.choices import Normalisation, guess_choices, score_choices
from shoplm.metrics.settings import BootstrapSettings
from shoplm.metrics.significance import adjust_holm, bootstrap_ratio, sign_flip_test

LOSS, ACCURACY = "loss", "accuracy"
BASELINE = "baseline"
BASELINES = ("random_accuracy", "majority_accuracy")
UNTUNED = "untuned"
ALL_SEEDS = ALL = "all"
RESULTS = ["variant", "seed", "split", "task", "metric", "value", "ci_low", "ci_high", "n",
           "level"]  # fmt: skip
COMPARISON = ["variant", "against", "seed", "split", "task", "metric", "value", "ci_low", "ci_high",
              "p_value", "p_holm", "n", "level"]  # fmt: skip
_SCORES = ["variant", "seed", "split", "task", "capability", "instruction_id", "group", "metric",
           "value", "weight"]  # fmt: skip


def untuned(model: str) -> str:
    """What the model that variants start from is called in results."""
    return f"{model} {UNTUNED}"


def compare_tuned(
    document_losses: pd.DataFrame,
    documents: pd.DataFrame,
    models: Mapping[str, str],
    bootstrap: BootstrapSettings,
    pairs: Sequence[tuple[str, str]] = (),
    normalisation: Normalisation = "sum",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Answer loss and choice accuracy of every model, and what separates them.

    loss: nats a token of the answer, end mark included. accuracy: share of questions whose right
    answer has the least loss of all possible ones. Rows of level `task` are of one task, those of
    `capability` and `all` the unweighted mean over tasks. Intervals resample groups (BCa); a
    difference keeps both models' values of a group together and has the p-value of a sign-flip
    test, corrected (Holm) over all rows of its metric, level and kind (against the untuned, or a
    pair). Rows of seed "all" average over the seeds first.

    Args:
        document_losses: variant, seed, step, split, document, n_targets, loss; step 0 is the model
            that a variant starts from.
        documents: split, document, instruction_id, task, capability, side (validation, held_out),
            choice (number of the possible answer; -1 for the answer by itself), is_right,
            is_common, n_characters, group.
        models: the model that each variant starts from, by variant.
        bootstrap: of intervals and tests.
        pairs: variants to compare, as (variant, against), on the seeds that both have.
        normalisation: of an answer's loss where answers are compared.

    Returns:
        RESULTS: variants, `<model> untuned`, and `baseline` with random and majority accuracy; n
        counts examples. COMPARISON: differences, of which below 0 is better for the loss and above
        0 for the accuracy.

    Raises:
        ValueError: losses of a document that is not listed, of models on different documents, or
            of a variant without step 0; a pair that names what is not there.
    """
    scores = example_scores(document_losses, documents, models, normalisation)
    _check_pairs(pairs, document_losses)
    results, comparison = [], []
    for cell in _cells(scores):
        results += _figures(cell, [(v, None) for v in cell.variants()], bootstrap)
        if cell.place["metric"] in (LOSS, ACCURACY):
            against = [*((v, untuned(m)) for v, m in models.items()), *pairs]
            comparison += _figures(cell, against, bootstrap)
    compared = pd.DataFrame(comparison, columns=COMPARISON)
    compared["p_holm"] = np.nan
    against_untuned = compared["against"].isin({untuned(model) for model in models.values()})
    for _, family in compared.groupby([compared["metric"], compared["level"], against_untuned]):
        compared.loc[family.index, "p_holm"] = adjust_holm(family["p_value"].to_numpy(float))
    return (
        pd.DataFrame(results, columns=RESULTS),
        compared,
    )


def example_scores(
    document_losses: pd.DataFrame,
    documents: pd.DataFrame,
    models: Mapping[str, str],
    normalisation: Normalisation = "sum",
) -> pd.DataFrame:
    """Every model's value of every example: a figure is a sum of values over a sum of weights.

    Args and errors: see `compare_tuned`.

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
    """The losses at the end, and those at step 0 under the name of the untuned model, once each."""
    last = losses.groupby(["variant", "seed"])["step"].transform("max")
    started = set(map(tuple, losses.loc[losses["step"] == 0, ["variant", "seed"]].to_numpy()))
    for variant, seed in losses[["variant", "seed"]].drop_duplicates().itertuples(index=False):
        if (variant, seed) not in started:
            raise ValueError(
                f"document_losses: variant {variant!r}, seed {seed} has no losses at step 0"
            )
    start = losses[losses["step"] == 0].assign(variant=losses["variant"].map(models).map(untuned))
    start = start.drop_duplicates(["variant", "seed", "split", "document"])
    return pd.concat([losses[(losses["step"] == last) & (last > 0)], start], ignore_index=True)


@dataclass(frozen=True)
class _Cell:
    """Examples that a figure is taken of, summed by group."""

    place: dict[str, Any]
    """split, metric, level, task, n."""
    models: list[tuple[str, int]]
    """Variant and seed."""
    values: NDArray[np.float64]
    """(n_models, n_groups)."""
    weights: NDArray[np.float64]
    """(n_groups,)."""

    def variants(self) -> list[str]:
        return list(dict.fromkeys(variant for variant, _ in self.models))

    def of(self, variant: str) -> dict[int, NDArray[np.float64]]:
        """Values of each seed."""
        models = zip(self.models, self.values, strict=True)
        return {seed: values for (name, seed), values in models if name == variant}


def _cells(scores: pd.DataFrame) -> Iterator[_Cell]:
    """The scores of each split and metric, of one task, of one capability and of all tasks."""
    keys = ["split", "task", "capability", "group", "instruction_id"]
    for metric, rows in scores.groupby("metric"):
        values = rows.pivot(index=keys, columns=["variant", "seed"], values="value")
        weights = rows.pivot(index=keys, columns=["variant", "seed"], values="weight")
        _check_same(weights)
        examples = weights.index.to_frame(index=False)
        value, weight = values.to_numpy(np.float64).T, weights.iloc[:, 0].to_numpy(np.float64)
        # a task counts as much as another, whatever the number of its examples
        of_task = pd.Series(weight).groupby([examples["split"], examples["task"]])
        even = 1 / of_task.transform("sum").to_numpy()
        for split in sorted(examples["split"].unique()):
            here = examples["split"] == split
            for level, column in (("task", "task"), ("capability", "capability"), (ALL, None)):
                scale = np.ones(len(even)) if level == "task" else even
                for name in sorted(examples.loc[here, column].unique()) if column else [ALL]:
                    chosen = (here & (examples[column] == name) if column else here).to_numpy()
                    groups, place = np.unique(examples["group"][chosen], return_inverse=True)
                    summed = np.zeros((len(groups), len(value) + 1))
                    np.add.at(summed, place, (np.vstack([value, weight]) * scale).T[chosen])
                    yield _Cell(
                        {"split": split, "metric": metric, "level": level, "task": name,
                         "n": int(chosen.sum())},
                        list(values.columns), summed[:, :-1].T, summed[:, -1],
                    )  # fmt: skip


def _check_same(weights: pd.DataFrame) -> None:
    """Every model is measured on the same tokens of the same examples."""
    first = weights.iloc[:, 0]
    for model, weight in weights.items():
        if (other := ~np.isclose(weight, first)).any():
            split, task, *_, name = weights.index[other][0]
            raise ValueError(
                f"document_losses: {model[0]!r}, seed {model[1]}, was not measured on the same "
                f"tokens of {name!r} ({task}, {split}) as {first.name[0]!r}"
            )


def _figures(
    cell: _Cell, asked: Sequence[tuple[str, str | None]], bootstrap: BootstrapSettings
) -> list[dict[str, Any]]:
    """A row for each variant, or its difference from another, over all seeds and for each."""
    rows, values = [], []
    for variant, against in asked:
        mine = cell.of(variant)
        if against is not None:
            its = cell.of(against)
            mine = {seed: mine[seed] - its[seed] for seed in mine if seed in its}
        if not mine:
            continue
        for seed, numbers in [(ALL_SEEDS, np.mean(list(mine.values()), axis=0)), *mine.items()]:
            rows.append(cell.place | {"variant": variant, "against": against, "seed": str(seed)})
            values.append(numbers)
    if not rows:
        return []
    unique, places = np.unique(np.stack(values), axis=0, return_inverse=True)  # equal ones once
    interval = np.stack(bootstrap_ratio(unique, cell.weights, bootstrap), axis=1)[places.ravel()]
    for row, (value, low, high) in zip(rows, interval.tolist(), strict=True):
        row |= {"value": value, "ci_low": low, "ci_high": high, "p_value": np.nan}
    tested = [n for n, row in enumerate(rows) if row["against"] and row["seed"] == ALL_SEEDS]
    if tested:
        p_values = sign_flip_test(np.stack(values)[tested], bootstrap)
        for n, p_value in zip(tested, p_values.tolist(), strict=True):
            rows[n]["p_value"] = p_value
    return rows


def _check_pairs(pairs: Sequence[tuple[str, str]], losses: pd.DataFrame) -> None:
    seeds = losses.groupby("variant")["seed"].agg(set).to_dict()
    for pair in pairs:
        for name in pair:
            if name not in seeds:
                raise ValueError(f"pairs: no variant {name!r} to compare; there are {list(seeds)}")
        if not seeds[pair[0]] & seeds[pair[1]]:
            raise ValueError(f"pairs: {pair[0]!r} and {pair[1]!r} have no seed in common")
