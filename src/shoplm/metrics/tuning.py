"""Instruction-tuned models before and after, and against each other, on the same examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

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
            n_characters, group.
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
    for cell, rows in _cells(scores):
        table = _by_group(rows, cell)
        results.append(_measure(table, cell, bootstrap))
        if cell["metric"] in (LOSS, ACCURACY):
            comparison.append(_differences(table, cell, models, pairs, bootstrap))
    compared = pd.concat(
        [c for c in comparison if len(c)] or [pd.DataFrame(columns=COMPARISON)], ignore_index=True
    )
    compared["p_holm"] = np.nan
    against_untuned = compared["against"].isin({untuned(model) for model in models.values()})
    for _, family in compared.groupby([compared["metric"], compared["level"], against_untuned]):
        compared.loc[family.index, "p_holm"] = adjust_holm(family["p_value"].to_numpy(float))
    return (
        pd.concat(results or [pd.DataFrame(columns=RESULTS)], ignore_index=True)[RESULTS],
        compared[COMPARISON],
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
        questions = chosen.drop_duplicates("instruction_id")
        guesses = guess_choices(questions).merge(questions, on="instruction_id")
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


def _cells(scores: pd.DataFrame) -> Iterator[tuple[dict[str, str], pd.DataFrame]]:
    """The scores of each split and metric, of one task, of one capability and of all tasks."""
    for (split, metric), rows in scores.groupby(["split", "metric"], sort=True):
        place = {"split": split, "metric": metric}
        for task, of_task in rows.groupby("task"):
            yield place | {"level": "task", "task": task}, of_task
        # a task counts as much as another, whatever the number of its examples
        by_model = rows.groupby(["variant", "seed", "task"])["weight"].transform("sum")
        even = rows.assign(value=rows["value"] / by_model, weight=rows["weight"] / by_model)
        for capability, of_capability in even.groupby("capability"):
            yield place | {"level": "capability", "task": capability}, of_capability
        yield place | {"level": "all", "task": ALL}, even


def _by_group(rows: pd.DataFrame, cell: Mapping[str, str]) -> pd.DataFrame:
    """Index group; columns (variant, seed) and `weight`, and `n` examples."""
    models = ["variant", "seed"]
    wide = rows.pivot_table(index="group", columns=models, values="value", aggfunc="sum")
    weights = rows.pivot_table(index="group", columns=models, values="weight", aggfunc="sum")
    first = weights.iloc[:, 0]
    for model, weight in weights.items():
        if not np.allclose(weight, first):
            raise ValueError(
                f"document_losses: {model[0]!r}, seed {model[1]}, was not measured on the same "
                f"examples of {cell['task']!r} ({cell['split']}) as {first.name[0]!r}"
            )
    wide.columns = wide.columns.to_flat_index()
    wide["weight"] = first
    wide.attrs["n"] = rows["instruction_id"].nunique()
    return wide


def _of_model(table: pd.DataFrame, variant: str) -> dict[int, np.ndarray]:
    return {c[1]: table[c].to_numpy() for c in table if isinstance(c, tuple) and c[0] == variant}


def _measure(
    table: pd.DataFrame, cell: Mapping[str, str], bootstrap: BootstrapSettings
) -> pd.DataFrame:
    variants = dict.fromkeys(c[0] for c in table if isinstance(c, tuple))
    rows, values = [], []
    for variant in variants:
        for seed, numbers in _with_mean(_of_model(table, variant)):
            rows.append({"variant": variant, "seed": seed, **cell, "n": table.attrs["n"]})
            values.append(numbers)
    intervals = _intervals(values, table["weight"].to_numpy(), bootstrap)
    figures = pd.DataFrame(intervals, columns=["value", "ci_low", "ci_high"])
    return pd.concat([pd.DataFrame(rows), figures], axis=1)


def _differences(
    table: pd.DataFrame,
    cell: Mapping[str, str],
    models: Mapping[str, str],
    pairs: Sequence[tuple[str, str]],
    bootstrap: BootstrapSettings,
) -> pd.DataFrame:
    rows, values = [], []
    for variant, other in [*((v, untuned(m)) for v, m in models.items()), *pairs]:
        mine, its = _of_model(table, variant), _of_model(table, other)
        gaps = {seed: mine[seed] - its[seed] for seed in mine if seed in its}
        for seed, numbers in _with_mean(gaps) if gaps else ():
            rows.append({"variant": variant, "against": other, "seed": seed, **cell,
                         "n": table.attrs["n"]})  # fmt: skip
            values.append(numbers)
    if not rows:
        return pd.DataFrame(columns=COMPARISON)
    intervals = _intervals(values, table["weight"].to_numpy(), bootstrap)
    figures = pd.DataFrame(intervals, columns=["value", "ci_low", "ci_high"])
    figures["p_value"] = np.nan
    pooled = np.array([row["seed"] == ALL_SEEDS for row in rows])
    figures.loc[pooled, "p_value"] = sign_flip_test(np.stack(values)[pooled], bootstrap)
    return pd.concat([pd.DataFrame(rows), figures], axis=1)


def _with_mean(by_seed: Mapping[int, np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    yield ALL_SEEDS, np.mean(list(by_seed.values()), axis=0)
    for seed, numbers in by_seed.items():
        yield str(seed), numbers


def _intervals(
    values: Sequence[np.ndarray], weights: np.ndarray, bootstrap: BootstrapSettings
) -> np.ndarray:
    """(n, 3) value, low, high; equal rows are done once."""
    rows, places = np.unique(np.stack(values), axis=0, return_inverse=True)
    return np.stack(bootstrap_ratio(rows, weights, bootstrap), axis=1)[places.ravel()]


def _check_pairs(pairs: Sequence[tuple[str, str]], losses: pd.DataFrame) -> None:
    seeds = losses.groupby("variant")["seed"].agg(set).to_dict()
    for pair in pairs:
        for name in pair:
            if name not in seeds:
                raise ValueError(f"pairs: no variant {name!r} to compare; there are {list(seeds)}")
        if not seeds[pair[0]] & seeds[pair[1]]:
            raise ValueError(f"pairs: {pair[0]!r} and {pair[1]!r} have no seed in common")
