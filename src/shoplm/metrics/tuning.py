"""Instruction-tuned models before and after, and against each other, on the same examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from shoplm.metrics.choices import Normalisation
from shoplm.metrics.pairs import check_pairs
from shoplm.metrics.settings import BootstrapSettings
from shoplm.metrics.significance import adjust_holm, bootstrap_ratio, sign_flip_test
from shoplm.metrics.tuning_cells import TRAINED, Cell, iter_cells
from shoplm.metrics.tuning_scores import ACCURACY, LOSS, example_scores, name_starts, own_start

ALL_SEEDS = "all"
RESULTS = ["variant", "seed", "split", "task", "metric", "value", "ci_low", "ci_high", "n",
           "level"]  # fmt: skip
COMPARISON = ["variant", "against", "seed", "split", "task", "metric", "value", "ci_low", "ci_high",
              "p_value", "p_holm", "n", "level"]  # fmt: skip


def compare_tuned(
    document_losses: pd.DataFrame,
    documents: pd.DataFrame,
    models: Mapping[str, str],
    bootstrap: BootstrapSettings,
    pairs: Sequence[tuple[str, str]] = (),
    normalisation: Normalisation = "sum",
    trained: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Answer loss and choice accuracy of every model, and what separates them.

    loss: nats a token of the answer, end mark included. accuracy: share of questions whose right
    answer has the least loss of all possible ones. Rows of level `task` are of one task. The others
    are unweighted means over tasks: `all`, those of a `capability`, and `trained`, those that one
    variant was trained on, which stands as `task`; the tasks of a seed, where seeds chose others.

    Intervals resample groups (BCa). For a mean over tasks an example counts by its distance from
    the mean of its task, so that resamples do not change what a task weighs; a task of one group
    then adds no width, and there is no interval where all are such. Two examples are of one group
    if the whole text of `group` is the same. A difference keeps both models' values of a group
    together, takes a variant's own losses at step 0 as the untuned, and has the p-value of a
    sign-flip test, corrected (Holm) over all rows of its metric, level and kind (against the
    untuned, or a pair). Rows of seed "all" average over the seeds first.

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
        trained: variant, seed, task: what each was trained on (`shoplm.metrics.tuning.list_trained`
            gives it); without it there are no rows of level `trained`.

    Returns:
        RESULTS: variants, untuned models (see `name_starts`), and `baseline` with random and
        majority accuracy; n counts examples. COMPARISON: differences, of which below 0 is better
        for the loss and above 0 for the accuracy.

    Raises:
        ValueError: losses of a document that is not listed, of models on different documents, or
            of a variant without step 0; a pair that names what is not there.
    """
    starts = name_starts(document_losses, models)
    scores = example_scores(document_losses, documents, models, normalisation)
    check_pairs(pairs, document_losses.groupby("variant")["seed"].agg(set).to_dict())
    hidden = {own_start(variant) for variant in starts}
    from_start = {v: (v, start, own_start(v)) for v, start in starts.items()}
    names = {v: (start, own_start(v)) for v, start in starts.items()}
    between = [(variant, against, against) for variant, against in pairs]
    results, comparison = [], []
    for cell in iter_cells(scores, names, trained):
        of = cell.variants()
        asked = [(v, None, None) for v in of if v not in hidden]
        results += _figures(cell, asked, bootstrap)
        if cell.place["metric"] in (LOSS, ACCURACY):
            asked = [from_start[v] for v in of if v in from_start]
            asked += between if cell.place["level"] != TRAINED else []
            comparison += _figures(cell, asked, bootstrap)
    compared = pd.DataFrame(comparison, columns=COMPARISON)
    compared["p_holm"] = np.nan
    against_untuned = compared["against"].isin(set(starts.values()))
    for _, family in compared.groupby([compared["metric"], compared["level"], against_untuned]):
        compared.loc[family.index, "p_holm"] = adjust_holm(family["p_value"].to_numpy(float))
    return pd.DataFrame(results, columns=RESULTS), compared


def list_trained(selections: pd.DataFrame, selection_of: Mapping[str, str]) -> pd.DataFrame:
    """variant, seed, task: what each variant was trained on.

    Args:
        selections: selection, seed, task, n (instructions taken).
        selection_of: the selection of each variant.
    """
    variants = pd.DataFrame(selection_of.items(), columns=["variant", "selection"])
    taken = selections.loc[selections["n"] > 0, ["selection", "seed", "task"]]
    return variants.merge(taken, on="selection")[["variant", "seed", "task"]]


def _figures(
    cell: Cell, asked: Sequence[tuple[str, str | None, str | None]], bootstrap: BootstrapSettings
) -> list[dict[str, Any]]:
    """A row for each variant, or its difference from another, over all seeds and for each.

    asked: variant; what it is compared with, as results call it; and as the cell calls it.
    """
    rows, values = [], []
    for variant, against, other in asked:
        mine = cell.of(variant)
        if other is not None:
            its = cell.of(other)
            mine = {seed: mine[seed] - its[seed] for seed in mine if seed in its}
        if not mine:
            continue
        for seed, numbers in [(ALL_SEEDS, np.mean(list(mine.values()), axis=0)), *mine.items()]:
            rows.append(cell.place | {"variant": variant, "against": against, "seed": str(seed)})
            values.append(numbers)
    if not rows:
        return []
    measured, centred = np.stack(values, axis=1)
    unique, places = np.unique(centred, axis=0, return_inverse=True)  # equal ones once
    interval = np.stack(bootstrap_ratio(unique, cell.weights, bootstrap), axis=1)[places.ravel()]
    if not cell.has_spread:
        interval[:, 1:] = np.nan
    for row, (value, low, high) in zip(rows, interval.tolist(), strict=True):
        row |= {"value": value, "ci_low": low, "ci_high": high, "p_value": np.nan}
    tested = [n for n, row in enumerate(rows) if row["against"] and row["seed"] == ALL_SEEDS]
    if tested:
        p_values = sign_flip_test(measured[tested], bootstrap)
        for n, p_value in zip(tested, p_values.tolist(), strict=True):
            rows[n]["p_value"] = p_value
    return rows
