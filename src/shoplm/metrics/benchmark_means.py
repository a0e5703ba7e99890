"""Rows of means over tasks: of a group, or of a whole benchmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from shoplm.metrics.benchmark_figures import Mean, deviation, mean_interval, mean_over_tasks
from shoplm.metrics.benchmark_intervals import replace_flat
from shoplm.metrics.benchmark_scores import (
    ABSENT,
    COMPLETE,
    MEAN,
    PARTIAL,
    Model,
    ModelRow,
    TaskScores,
    model_rows,
)
from shoplm.metrics.settings import BootstrapSettings


def mean_rows(
    place: dict[str, Any],
    tasks: Mapping[str, TaskScores],
    weighting: Sequence[Sequence[str]],
    models: list[Model],
    bootstrap: BootstrapSettings,
    asked: Sequence[str] | None = None,
) -> list[dict[str, Any]]:
    """Rows of every model and variant of one mean.

    Args:
        place: benchmark, task, level and decoding of the rows.
        tasks: what there is, by name.
        weighting: see `mean_over_tasks`.
        models: all that were measured on the benchmark.
        bootstrap: of the intervals.
        asked: names of tasks of which those that do not count are told.
    """
    named = list(dict.fromkeys(name for names in weighting for name in names))
    outside = [name for name in asked or [] if name not in named]
    mean = mean_over_tasks(tasks, weighting)
    metrics = {task.metric for name, task in tasks.items() if name in named}
    place = place | {"metric": metrics.pop() if len(metrics) == 1 else MEAN}
    rows = model_rows(models)
    there = mean.models if mean else []
    measured = [row for row in rows if all(models[n] in there for n in row[2])]
    figures = _mean_figures(mean, measured, models, bootstrap) if mean else {}
    done = []
    for variant, seed, members in rows:
        of = [models[n] for n in members]
        lacking, partly, n, n_unparsed = _coverage(named, tasks, of)
        status, detail = describe_coverage(named, lacking, partly, outside)
        numbers = figures.get((variant, seed), {"n_groups": 0})
        status = status if "value" in numbers else ABSENT
        done.append(
            place
            | {"variant": variant, "seed": seed, "status": status, "detail": detail, "n": n,
               "n_unparsed": n_unparsed, "n_seeds": len(members)}
            | numbers
        )  # fmt: skip
    return done


def describe_coverage(
    named: Sequence[str], lacking: Sequence[str], partly: Sequence[str], outside: Sequence[str] = ()
) -> tuple[str, str]:
    """Status and detail of a mean.

    Args:
        named: tasks that it is to be taken over.
        lacking: those of them that have no figure.
        partly: those whose figure is not of all examples.
        outside: tasks that do not count in it.
    """
    told = []
    if lacking:
        there = len(named) - len(lacking)
        told.append(f"{there} of {len(named)} tasks, without {', '.join(lacking)}")
    if partly:
        told.append(f"not all answered: {', '.join(partly)}")
    status = PARTIAL if told else COMPLETE
    if outside:
        told.append(f"in no group: {', '.join(outside)}")
    return status, "; ".join(told)


def _mean_figures(
    mean: Mean,
    rows: Sequence[ModelRow],
    models: list[Model],
    bootstrap: BootstrapSettings,
) -> dict[tuple[str, str], dict[str, Any]]:
    members = [[mean.models.index(models[n]) for n in of] for _, _, of in rows]
    values = np.array([mean.values[of].mean() for of in members])
    moves = np.stack([mean.influences[of].mean(axis=0) for of in members])
    ends = mean_interval(values, moves, bootstrap).clip(0, 1)  # what is linear knows no bound
    shares = np.stack([mean.shares[of].mean(axis=0) for of in members])
    ends = replace_flat(ends, values, shares.max(axis=-1), bootstrap.confidence)
    ends[:, [not mean.has_spread[of].any() for of in members]] = np.nan
    return {
        (variant, seed): {
            "value": value, "ci_low": low, "ci_high": high, "n_groups": len(mean.groups),
            "seed_sd": deviation(mean.values[of]),
        }
        for (variant, seed, _), of, value, low, high in zip(
            rows, members, values, *ends, strict=True
        )
    }  # fmt: skip


def _coverage(
    named: Sequence[str], tasks: Mapping[str, TaskScores], models: Sequence[Model]
) -> tuple[list[str], list[str], int, int]:
    """Of the tasks `named` those that lack and those in part; examples, and unparsed ones."""
    lacking, partly = [], []
    n, n_unparsed = np.zeros(len(models)), np.zeros(len(models))
    for name in named:
        task = tasks.get(name)
        if task is None or any(model not in task.models for model in models):
            lacking.append(name)
            continue
        places = [task.models.index(model) for model in models]
        if task.cannot_be_scored()[places].any():
            lacking.append(name)
            continue
        if task.unanswered[places].any():
            partly.append(name)
        n += task.scored[places].sum(axis=1)
        n_unparsed += (~task.parsed & ~task.unanswered)[places].sum(axis=1)
    return lacking, partly, int(n.max()), round(n_unparsed.mean())
