"""What a reader of the results should know before believing them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pandas as pd

from shoplm.tasks.evaluation.predictions import NOT_ASKED
from shoplm.tasks.evaluation.settings import BenchmarkSettings

PROBLEMS = ["kind", "benchmark", "task", "variant", "detail"]
"""kind: absent, few_examples, fewer_shots, noted, trained_on_held_out, shots_dropped, too_long,
empty_choice, endpoint, no_score."""


def describe_problems(
    sources: pd.DataFrame,
    predictions: pd.DataFrame,
    benchmarks: Mapping[str, BenchmarkSettings],
    trained: Mapping[str, Collection[str]] | None = None,
    few: int = 100,
) -> pd.DataFrame:
    """What is absent, small, spoilt or not answered: PROBLEMS, one row each.

    Args:
        sources: see `gather_examples`.
        predictions: see `score_answers`.
        benchmarks: by name; tasks of a group called `held_out` are such that no variant may be
            trained on.
        trained: names of the tasks that each variant was tuned on.
        few: fewer examples of a task than this are worth a word.
    """
    rows = [*_of_sources(sources, few), *_of_training(benchmarks, trained or {}, predictions)]
    rows += _of_predictions(predictions)
    return pd.DataFrame(rows, columns=PROBLEMS)


def _of_sources(sources: pd.DataFrame, few: int) -> Iterator[dict[str, Any]]:
    for row in sources.to_dict("records"):
        about = {"benchmark": row["benchmark"], "task": row["task"], "variant": ""}
        if row["status"] == "absent":
            yield about | {"kind": "absent", "detail": row["detail"]}
            continue
        if row["n_measured"] < few:
            yield about | {"kind": "few_examples", "detail": f"{row['n_measured']} examples"}
        if row["detail"]:
            kind = "fewer_shots" if row["n_shots"] < row["n_shots_wanted"] else "noted"
            yield about | {"kind": kind, "detail": row["detail"]}


def _of_training(
    benchmarks: Mapping[str, BenchmarkSettings],
    trained: Mapping[str, Collection[str]],
    predictions: pd.DataFrame,
) -> Iterator[dict[str, Any]]:
    asked = set(zip(predictions["variant"], predictions["benchmark"], strict=True))
    for name, benchmark in benchmarks.items():
        groups = benchmark.groups if isinstance(benchmark.groups, dict) else {}
        held_out = set(groups.get("held_out", ()))
        for variant, tasks in trained.items():
            if (variant, name) not in asked:
                continue
            for task in sorted(held_out & set(tasks)):
                told = "held out in this benchmark, but the variant was trained on it"
                yield {"kind": "trained_on_held_out", "benchmark": name, "task": task,
                       "variant": variant, "detail": told}  # fmt: skip


def _of_predictions(predictions: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Counts by benchmark, task and variant."""
    dropped = predictions["n_shots_left"] < predictions["n_shots"]
    unscored = predictions["score"].isna() & (predictions["problem"].fillna("") != NOT_ASKED)
    cases = {
        "shots_dropped": (
            dropped.fillna(False),
            "with fewer shots than were wanted: the window has no room",
        ),
        "no_score": (unscored, "without a score, since there is no sentence encoder"),
    }
    for problem in sorted(set(predictions["problem"].dropna())):
        cases[problem] = (predictions["problem"] == problem, f"not answered: {problem}")
    for kind, (where, told) in cases.items():
        by = predictions[where.astype(bool)].groupby(["benchmark", "task", "variant"], sort=True)
        for (benchmark, task, variant), count in by.size().items():
            yield {"kind": kind, "benchmark": benchmark, "task": task, "variant": variant,
                   "detail": f"{count} questions {told}"}  # fmt: skip
