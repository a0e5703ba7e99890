"""Which of two models is better on a benchmark, by a paired test on the same examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from shoplm.metrics.benchmark import Groups, wanted_tasks
from shoplm.metrics.benchmark_figures import deviation, mean_interval, task_shares
from shoplm.metrics.benchmark_intervals import replace_flat
from shoplm.metrics.benchmark_means import describe_coverage
from shoplm.metrics.benchmark_pairs import Pair, PairedTask, match_seeds, randomisation_test
from shoplm.metrics.benchmark_scores import (
    ABSENT,
    ALL_SEEDS,
    BENCHMARK,
    COMPLETE,
    GROUP,
    MEAN,
    PARTIAL,
    READ,
    TASK,
    WHOLE,
    by_decoding,
    read_scores,
)
from shoplm.metrics.settings import BootstrapSettings
from shoplm.metrics.significance import adjust_holm

COMPARISON = ["variant", "against", "seed", "benchmark", "task", "metric", "value", "ci_low",
              "ci_high", "p_value", "p_holm", "n", "decoding", "level", "status", "detail",
              "n_groups", "seed_sd", "n_seeds"]  # fmt: skip


def compare_models(
    predictions: pd.DataFrame,
    pairs: Sequence[tuple[str, str, str]],
    bootstrap: BootstrapSettings,
    benchmarks: Groups | None = None,
    sources: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Differences between pairs of variants by task, group and benchmark, above 0 where better.

    Intervals are of the paired bootstrap (BCa, groups resampled with both models' answers); where
    all groups differ alike there is none. p is of approximate randomisation (see
    `randomisation_test`). p_holm corrects it over a family: all rows that have a p, of one level
    (task, group or benchmark) and one decoding, of all pairs and benchmarks in the table. So the
    same question asked with choices and freely is not counted twice; tasks whose answers are free
    text, which count in both means, stand as tasks among the free ones. Answers that one of the
    two could not give (an endpoint that died) are left out of both, and the row is `partial`.

    A variant's seeds are compared seed by seed, one with a single seed against all of the other's,
    and differences averaged before anything is resampled: the test asks whether these models
    differ on other examples; seed_sd says how far the seeds' differences are apart.

    Args:
        predictions: see `shoplm.metrics.benchmark.summarise_scores`.
        pairs: (variant, against, benchmark).
        bootstrap: of intervals and tests.
        benchmarks: groups by benchmark, of which means are taken.
        sources: tasks that were asked for, as in `summarise_scores`: a mean that lacks one is
            `partial` and names it.

    Returns:
        COMPARISON, seed "all", in the order of pairs; a benchmark that has no predictions at all is
        one row of status `absent`.

    Raises:
        ValueError: a variant of a pair is not there, the two have no seed in common, or were
            measured on other examples or versions of a task; it names the first difference.
    """
    predictions = predictions[[column for column in READ if column in predictions]]  # no texts
    rows: list[dict[str, Any]] = []
    for benchmark in dict.fromkeys(pair[2] for pair in pairs):
        chosen = list(dict.fromkeys((one, other) for one, other, of in pairs if of == benchmark))
        groups = (benchmarks or {}).get(benchmark, {})
        asked = None if sources is None else sources[sources["benchmark"] == benchmark]
        rows += _compare_on(benchmark, predictions, chosen, groups, asked, bootstrap)
    table = pd.DataFrame(rows, columns=COMPARISON)
    for _, family in table.groupby(["level", "decoding"]):
        table.loc[family.index, "p_holm"] = adjust_holm(family["p_value"].to_numpy(float))
    order = {pair: n for n, pair in enumerate(dict.fromkeys(pairs))}
    keys = zip(table["variant"], table["against"], table["benchmark"], strict=True)
    places = np.array([order[key] for key in keys], dtype=int)
    figures = ["value", "ci_low", "ci_high", "p_value", "p_holm", "seed_sd"]
    table = table.iloc[np.argsort(places, kind="stable")].reset_index(drop=True)
    return table.astype(dict.fromkeys(figures, float))


def _compare_on(
    benchmark: str,
    predictions: pd.DataFrame,
    pairs: list[Pair],
    groups: Mapping[str, Sequence[str]],
    sources: pd.DataFrame | None,
    bootstrap: BootstrapSettings,
) -> list[dict[str, Any]]:
    here = predictions[predictions["benchmark"] == benchmark]
    named = {name for pair in pairs for name in pair}
    if here.empty:
        place = {"benchmark": benchmark, "task": WHOLE, "level": BENCHMARK, "status": ABSENT,
                 "detail": "no predictions", "seed": ALL_SEEDS, "n": 0, "n_groups": 0,
                 "n_seeds": 0}  # fmt: skip
        return [place | {"variant": one, "against": other} for one, other in pairs]
    tasks = read_scores(here[here["variant"].isin(named)])
    models = sorted({model for task in tasks for model in task.models})
    matched = match_seeds(pairs, models, benchmark)
    paired = {id(task): PairedTask.of(task, matched) for task in tasks}
    names = sorted(wanted_tasks(tasks, {benchmark: groups}, sources)[benchmark])
    rows: list[list[dict[str, Any]]] = []
    for decoding, of in by_decoding(tasks):
        place = {"benchmark": benchmark, "decoding": decoding}
        in_mean = {name: paired[id(task)] for name, task in of.items()}
        weighting = list(groups.values()) or [names]
        at = place | {"task": WHOLE, "level": BENCHMARK}
        rows.append(_of_mean(at, in_mean, weighting, matched, bootstrap, names))
        for name, members in groups.items():
            at = place | {"task": name, "level": GROUP}
            rows.append(_of_mean(at, in_mean, [members], matched, bootstrap))
    rows += [_of_task(one, matched, bootstrap) for one in paired.values()]
    return [row for n in range(len(pairs)) for of in rows for row in of[n : n + 1]]


def _of_task(
    paired: PairedTask, matched: Mapping[Pair, Sequence[Any]], bootstrap: BootstrapSettings
) -> list[dict[str, Any]]:
    task = paired.task
    spread = paired.resampled(bootstrap)
    ends = spread.interval(bootstrap.confidence)
    low, high = replace_flat(ends, spread.values, np.nan, bootstrap.confidence)[:, 0]
    p_values = randomisation_test([paired], np.ones((1, len(matched))), bootstrap)
    place = {"benchmark": task.benchmark, "task": task.task, "decoding": task.decoding,
             "metric": task.metric, "level": TASK, "n_groups": len(task.groups)}  # fmt: skip
    rows = []
    for n, row in enumerate(_rows(place, matched)):
        if paired.there[n]:
            by_seed = paired.differences()[paired.weights[n] > 0]
            row |= {"value": spread.values[0, n], "ci_low": low[n], "ci_high": high[n],
                    "p_value": p_values[n], "seed_sd": deviation(by_seed)}  # fmt: skip
        less = len(task.examples) - paired.n[n]
        status = (PARTIAL if less else COMPLETE) if paired.there[n] else ABSENT
        detail = f"{less} of {len(task.examples)} examples lack a score" if less else ""
        rows.append(row | {"n": int(paired.n[n]), "status": status, "detail": detail})
    return rows


def _of_mean(
    place: dict[str, Any],
    tasks: Mapping[str, PairedTask],
    weighting: Sequence[Sequence[str]],
    matched: Mapping[Pair, Sequence[Any]],
    bootstrap: BootstrapSettings,
    asked: Sequence[str] = (),
) -> list[dict[str, Any]]:
    named = list(dict.fromkeys(name for names in weighting for name in names))
    outside = [name for name in asked if name not in named]
    chosen = {name: tasks[name] for name in named if name in tasks}
    metrics = {paired.task.metric for paired in chosen.values()}
    place = place | {"metric": metrics.pop() if len(metrics) == 1 else MEAN}
    if not chosen:
        empty = {"n": 0, "n_groups": 0, "status": ABSENT, "detail": "none of its tasks"}
        return [row | empty for row in _rows(place, matched)]
    there = np.stack([paired.there for paired in chosen.values()])
    shares = task_shares(list(chosen), there, weighting)
    groups = np.unique(np.concatenate([paired.task.groups for paired in chosen.values()]))
    by_match = 0.0
    moves = np.zeros((len(matched), len(groups)))
    for share, paired in zip(shares, chosen.values(), strict=True):
        by_match = by_match + (share @ (paired.weights > 0)) * np.nan_to_num(paired.differences())
        at = np.searchsorted(groups, paired.task.groups)
        moves[:, at] += share[:, np.newaxis] * paired.influences()
    weights = next(iter(chosen.values())).weights
    values = weights @ by_match
    ends = mean_interval(values, moves, bootstrap).clip(-1, 1)
    low, high = replace_flat(ends, values, np.nan, bootstrap.confidence)
    p_values = randomisation_test(list(chosen.values()), shares, bootstrap)
    n_examples = np.stack([paired.n for paired in chosen.values()])
    has_spread = np.array([len(paired.task.groups) > 1 for paired in chosen.values()])
    rows = []
    for n, row in enumerate(_rows(place, matched)):
        used = there[:, n]
        if used.any():
            row |= {"value": values[n], "p_value": p_values[n],
                    "seed_sd": deviation(by_match[weights[n] > 0])}  # fmt: skip
            if has_spread[used].any():
                row |= {"ci_low": low[n], "ci_high": high[n]}
        status, detail = describe_coverage(named, *_coverage(named, chosen, n), outside)
        rows.append(
            row
            | {"n": int(n_examples[used, n].sum()), "n_groups": len(groups),
               "status": status if used.any() else ABSENT, "detail": detail}
        )  # fmt: skip
    return rows


def _coverage(
    named: Sequence[str], tasks: Mapping[str, PairedTask], n: int
) -> tuple[list[str], list[str]]:
    """Of the tasks `named` those that the pair lacks, and those that it has in part."""
    lacking = [name for name in named if name not in tasks or not tasks[name].there[n]]
    less = [
        name for name in named
        if name not in lacking and tasks[name].n[n] < len(tasks[name].task.examples)
    ]  # fmt: skip
    return lacking, less


def _rows(place: dict[str, Any], matched: Mapping[Pair, Sequence[Any]]) -> list[dict[str, Any]]:
    return [
        place | {"variant": one, "against": other, "seed": ALL_SEEDS, "n_seeds": len(matches)}
        for (one, other), matches in matched.items()
    ]
