"""Benchmark scores of every model, by task, by group of tasks, and as a whole, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from shoplm.metrics.benchmark_figures import PARTS_OF_F1, deviation, group_shares, resample
from shoplm.metrics.benchmark_intervals import replace_flat
from shoplm.metrics.benchmark_means import mean_rows
from shoplm.metrics.benchmark_scores import (
    ABSENT,
    ALL_SEEDS,
    BENCHMARK,
    COMPLETE,
    CONSTRAINED,
    GROUP,
    KEYS,
    PART,
    PARTIAL,
    TASK,
    UNSCORED,
    WHOLE,
    Model,
    TaskScores,
    by_decoding,
    model_rows,
    read_scores,
)
from shoplm.metrics.settings import BootstrapSettings

RESULTS = ["variant", "seed", "benchmark", "task", "metric", "value", "ci_low", "ci_high", "n",
           "n_unparsed", "decoding", "level", "status", "detail", "n_groups", "seed_sd",
           "n_seeds"]  # fmt: skip
CURVE = ["variant", "seed", "tokens", *RESULTS[2:]]

Groups = Mapping[str, Mapping[str, Sequence[str]]]
"""Of each benchmark its named groups of tasks, such as tracks; none for a benchmark without."""


def summarise_scores(
    predictions: pd.DataFrame,
    benchmarks: Groups,
    bootstrap: BootstrapSettings,
    sources: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Scores of every model, baselines included, with intervals.

    A task's score is the mean over its examples, or F1 of the pooled counts (whose precision and
    recall are rows of level `part`). A group's is the unweighted mean over its tasks; a benchmark's
    (task `all`) that over its groups, or over its tasks where it has no groups: so track 5 of
    ShopBench is the mean of its tracks 1 to 4. Means of decoding `constrained` take free answers
    for tasks that have no choices.

    Intervals resample the examples of one `group` together (BCa). Those of means hold what a task
    weighs fixed. Where all examples score alike, see `replace_flat`.

    Rows of seed "all" average the seeds' figures on the same resamples: their interval says how
    much other examples would move the figure, `seed_sd` how much other training runs would; their
    n_unparsed is the rounded mean.

    Args:
        predictions: one row an answer: variant, seed, benchmark, task, example_id, decoding,
            metric, score, parsed, version, group, tp, predicted, gold_items (counts of micro-F1,
            else null), problem. A null score with a problem is an answer that could not be had: the
            task is then `partial`. Without one the task is `unscored`, with no value, since those
            that need no scorer are the easy ones.
        benchmarks: groups by benchmark.
        bootstrap: of the intervals.
        sources: benchmark, task, status, detail: tasks that were asked for. One without predictions
            is a row of status `absent` and null value for every variant, and names the means that
            lack it `partial`.

    Returns:
        RESULTS, seed as text; n counts examples with a score, n_groups what was resampled. Without
        predictions: no rows.

    Raises:
        ValueError: see `shoplm.metrics.benchmark_scores.read_scores`.
    """
    rows: list[dict[str, Any]] = []
    tasks = read_scores(predictions)
    everyone = sorted({model for task in tasks for model in task.models})
    wanted = wanted_tasks(tasks, benchmarks, sources)
    for benchmark, reasons in sorted(wanted.items()):
        of = [task for task in tasks if task.benchmark == benchmark]
        models = sorted({model for task in of for model in task.models}) or everyone
        for task in of:
            rows += _task_rows(task, bootstrap)
        rows += _absent_rows(benchmark, of, reasons, models)
        groups = {name: list(names) for name, names in benchmarks.get(benchmark, {}).items()}
        for decoding, by_name in by_decoding(of):
            place = {"benchmark": benchmark, "decoding": decoding}
            for name, names in groups.items():
                at = place | {"task": name, "level": GROUP}
                rows += mean_rows(at, by_name, [names], models, bootstrap)
            at = place | {"task": WHOLE, "level": BENCHMARK}
            weighting = list(groups.values()) or [sorted(reasons)]
            rows += mean_rows(at, by_name, weighting, models, bootstrap, sorted(reasons))
    return _tidy(rows)


def checkpoint_curve(
    predictions: pd.DataFrame,
    benchmarks: Groups,
    bootstrap: BootstrapSettings,
    sources: pd.DataFrame | None = None,
    baselines: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Scores along training: `summarise_scores` for every number of tokens trained on.

    Args:
        predictions: as there, and `tokens`; 0 is the model that training started from.
        benchmarks: as there; those without predictions are left out.
        bootstrap: of the intervals.
        sources: as there; those of benchmarks without predictions are left out.
        baselines: predictions of what is not trained, such as `random`, without `tokens`: their
            rows stand at 0 tokens. Tasks and decodings that are not in `predictions` are left out.

    Returns:
        CURVE, along tokens.

    Raises:
        ValueError: no column `tokens`, a row without, or as `summarise_scores` does.
    """
    if "tokens" not in predictions:
        raise ValueError("predictions: no column 'tokens', expected where along training they are")
    if predictions.empty:
        return pd.DataFrame(columns=CURVE)
    if (unknown := predictions["tokens"].isna()).any():
        raise ValueError(
            f"predictions: {predictions['variant'][unknown].iloc[0]!r} has no tokens, expected how "
            "many it was trained on"
        )
    here = set(predictions["benchmark"])
    benchmarks = {name: groups for name, groups in benchmarks.items() if name in here}
    if sources is not None:
        sources = sources[sources["benchmark"].isin(here)]
    if baselines is not None:
        asked = pd.MultiIndex.from_frame(predictions[KEYS])
        beside = baselines[pd.MultiIndex.from_frame(baselines[KEYS]).isin(asked)].assign(tokens=0)
        predictions = pd.concat([predictions, beside], ignore_index=True)
    tokens = predictions["tokens"].astype("int64").map("{:015d}".format)
    marked = predictions["variant"] + "\0" + tokens
    table = summarise_scores(predictions.assign(variant=marked), benchmarks, bootstrap, sources)
    parts = table["variant"].str.partition("\0")
    table["variant"], table["tokens"] = parts[0], parts[2].astype("int64")
    return table[CURVE]


def wanted_tasks(
    tasks: Sequence[TaskScores], benchmarks: Groups, sources: pd.DataFrame | None
) -> dict[str, dict[str, str]]:
    """Of each benchmark its tasks, each with why it may be absent.

    Args and what they mean: see `summarise_scores`.
    """
    wanted: dict[str, dict[str, str]] = {}
    for benchmark, groups in benchmarks.items():
        names = [name for of in groups.values() for name in of]
        wanted[benchmark] = dict.fromkeys(names, "not measured")
    if sources is not None:
        for row in sources.to_dict("records"):
            told = str(row["detail"]) if row["status"] == ABSENT else "no predictions"
            wanted.setdefault(row["benchmark"], {})[row["task"]] = told
    for task in tasks:
        wanted.setdefault(task.benchmark, {})[task.task] = "not measured with this model"
    return wanted


def _task_rows(task: TaskScores, bootstrap: BootstrapSettings) -> list[dict[str, Any]]:
    place = {"benchmark": task.benchmark, "task": task.task, "decoding": task.decoding,
             "n_groups": len(task.groups)}  # fmt: skip
    spread = resample(task.summed(task.parts), bootstrap)
    unscored = task.cannot_be_scored()
    rows = model_rows(task.models)
    weights = np.zeros((len(rows), len(task.models)))
    for weight, (_, _, members) in zip(weights, rows, strict=True):
        weight[members] = 1 / len(members)
    known = spread._replace(values=np.nan_to_num(spread.values)).combined(weights)
    ends = known.interval(bootstrap.confidence)
    heaviest = (weights @ group_shares(task)).max(axis=-1)
    ends = replace_flat(ends, known.values, heaviest, bootstrap.confidence)
    n, n_unparsed = task.scored.sum(axis=1), (~task.parsed & ~task.unanswered).sum(axis=1)
    names = [(TASK, task.metric), *((PART, part) for part in PARTS_OF_F1 if task.is_f1)]
    done = []
    for at, (variant, seed, members) in enumerate(rows):
        status, detail = _status(task, members)
        lost = unscored[members].any()
        for figure, (level, metric) in enumerate(names):
            by_seed = spread.values[figure, members]
            done.append(
                place
                | {"variant": variant, "seed": seed, "level": level, "metric": metric,
                   "value": np.nan if lost else known.values[figure, at],
                   "ci_low": np.nan if lost else ends[0, figure, at],
                   "ci_high": np.nan if lost else ends[1, figure, at],
                   "n": int(n[members].max()), "n_unparsed": round(n_unparsed[members].mean()),
                   "status": status, "detail": detail, "n_seeds": len(members),
                   "seed_sd": np.nan if lost else deviation(by_seed)}
            )  # fmt: skip
    return done


def _status(task: TaskScores, members: list[int]) -> tuple[str, str]:
    told = dict.fromkeys(task.problems[n] for n in members if task.problems[n])
    detail = f"no answer: {'; '.join(told)}" if told else ""
    lost = task.cannot_be_scored()[members].any()
    if lost and (blank := (~task.scored & ~task.unanswered)[members].sum()):
        many = task.scored[members].size
        return UNSCORED, f"{blank} of {many} answers have no score: their scorer is not here"
    return (UNSCORED if lost else PARTIAL if told else COMPLETE), detail


def _absent_rows(
    benchmark: str, tasks: Sequence[TaskScores], reasons: Mapping[str, str], models: list[Model]
) -> list[dict[str, Any]]:
    """Of each task, and each way of asking that others were measured in, that a model lacks."""
    rows = []
    for name, reason in sorted(reasons.items()):
        ways = [task for task in tasks if task.task == name]
        for task in ways or [None]:
            lacking = [m for m in models if task is None or m not in task.models]
            for variant, seed, members in model_rows(lacking):
                if seed == ALL_SEEDS and any(
                    variant == v and (v, s) not in lacking for v, s in models
                ):
                    continue  # other seeds of it have the task
                rows.append(
                    {"variant": variant, "seed": seed, "benchmark": benchmark, "task": name,
                     "metric": task.metric if task else None, "level": TASK, "status": ABSENT,
                     "decoding": task.decoding if task else None, "n": 0, "n_unparsed": 0,
                     "detail": reason, "n_groups": 0, "n_seeds": len(members)}
                )  # fmt: skip
    return rows


def _tidy(rows: list[dict[str, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=RESULTS)
    levels = [BENCHMARK, GROUP, TASK, PART]
    by = {
        "variant": table["variant"],
        "seed": table["seed"].map(lambda seed: -1 if seed == ALL_SEEDS else int(seed)),
        "benchmark": table["benchmark"],
        "level": table["level"].map(levels.index),
        "task": table["task"],
        "decoding": table["decoding"].map(lambda d: d if isinstance(d, str) else CONSTRAINED),
        "metric": table["metric"].map(lambda m: m if isinstance(m, str) else ""),
    }
    order = pd.DataFrame(by).sort_values(list(by), kind="stable").index
    counts = ["n", "n_unparsed", "n_groups", "n_seeds"]
    return table.loc[order].reset_index(drop=True).astype(dict.fromkeys(counts, "int64"))
