"""Figures of tasks and means over tasks, as measured and under resampling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shoplm.metrics.benchmark_scores import Model, TaskScores
from shoplm.metrics.resampling import bca_interval, iter_resamples
from shoplm.metrics.settings import BootstrapSettings

PARTS_OF_F1 = ("precision", "recall")


class Mean(NamedTuple):
    """A mean over tasks, of several models."""

    models: list[Model]
    """Those that have one."""
    values: NDArray[np.float64]
    """(n_models,)."""
    groups: NDArray[np.object_]
    """(n_groups,)."""
    influences: NDArray[np.float64]
    """(n_models, n_groups), each row summing to 0: what a group more or less moves the mean by."""
    has_spread: NDArray[np.bool_]
    """(n_models,): whether a task has groups enough to say how far others would be."""
    shares: NDArray[np.float64]
    """(n_models, n_groups), each row summing to 1: what a group counts in the mean; nan where it
    takes in an F1, of which no group has a share."""


def figures(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """The figures of summed parts: the mean score, or F1, precision and recall.

    Where nothing is predicted and nothing gold, all three are 1; where one of them is nothing, 0.

    Args:
        sums: (2, ...) score and number, or (3, ...) true positives, predicted and gold items.

    Returns:
        (1, ...), nan without any example; or (3, ...).
    """
    if len(sums) == 2:
        return np.divide(
            sums[0], sums[1], out=np.full(sums[0].shape, np.nan), where=sums[1] > 0
        )[np.newaxis]  # fmt: skip
    right, predicted, gold = sums
    nothing = (predicted + gold == 0).astype(float)
    return np.stack([
        np.divide(top, bottom, out=nothing.copy(), where=bottom > 0)
        for top, bottom in ((2 * right, predicted + gold), (right, predicted), (right, gold))
    ])  # fmt: skip


class Spread(NamedTuple):
    """Figures of a task, and what they become under resampling."""

    values: NDArray[np.float64]
    """(n_figures, n_models)."""
    resampled: NDArray[np.float64]
    """(n_resamples, n_figures, n_models)."""
    left_out: NDArray[np.float64]
    """(n_groups, n_figures, n_models)."""

    def combined(self, weights: NDArray[np.float64]) -> Spread:
        """Weighted sums over the models: weights (n_rows, n_models)."""
        return Spread(*(values @ weights.T for values in self))

    def interval(self, confidence: float) -> NDArray[np.float64]:
        """(2, n_figures, n_models)."""
        shape = self.values.shape
        low, high = bca_interval(
            self.values.ravel(),
            self.resampled.reshape(len(self.resampled), -1),
            self.left_out.reshape(len(self.left_out), -1),
            confidence,
        )
        return np.stack([low.reshape(shape), high.reshape(shape)])


def resample(sums: NDArray[np.float64], bootstrap: BootstrapSettings) -> Spread:
    """Figures of (n_parts, n_models, n_groups) sums, with groups resampled.

    All models see the same resamples. A resample without any scored example of a model stands as
    the figure itself.
    """
    n_parts, n_models, n_groups = sums.shape
    total = sums.sum(axis=-1)
    values = figures(total)
    flat = sums.reshape(-1, n_groups).T
    drawn = [
        figures((counts @ flat).T.reshape(n_parts, n_models, -1))
        for counts in iter_resamples(n_groups, bootstrap)
    ]
    resampled = np.moveaxis(np.concatenate(drawn, axis=-1), -1, 0)
    left_out = np.moveaxis(figures(total[..., np.newaxis] - sums), -1, 0)
    return Spread(
        values,
        np.where(np.isnan(resampled), values, resampled),
        np.where(np.isnan(left_out), values, left_out),
    )


def influences(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n_models, n_groups): how a group moves a task's first figure, to the first order.

    The figure is a ratio of sums; a group of numerator n and denominator d in a sum of
    denominators D moves the ratio r by (n - r d) / D. Of g groups that is sqrt((g - 1) / g) too
    little, since r is that of the same groups, and a mean over many tasks of few groups would seem
    surer than it is: so the moves are divided by that.
    """
    top, bottom = (sums[0], sums[1]) if len(sums) == 2 else (2 * sums[0], sums[1] + sums[2])
    whole = bottom.sum(axis=-1, keepdims=True)
    ratio = figures(sums.sum(axis=-1))[0][:, np.newaxis]
    moves = np.divide(top - ratio * bottom, whole, out=np.zeros_like(top), where=whole > 0)
    # an F1 counts groups in which nothing is said nor gold, a mean none without a score
    n_groups = (bottom > 0).sum(axis=-1, keepdims=True) if len(sums) == 2 else bottom.shape[-1]
    return moves * np.sqrt(n_groups / np.maximum(n_groups - 1, 1))


def group_shares(task: TaskScores) -> NDArray[np.float64]:
    """(n_models, n_groups): of its examples with a score; nan where the figure is F1."""
    if task.is_f1:
        return np.full((len(task.models), len(task.groups)), np.nan)
    number = task.summed(task.parts[1])
    return number / np.maximum(number.sum(axis=-1, keepdims=True), 1)


def mean_over_tasks(
    tasks: Mapping[str, TaskScores], weighting: Sequence[Sequence[str]]
) -> Mean | None:
    """The mean over lists of tasks of the mean over each list's tasks, from what is there.

    Resamples do not change what a task weighs: a group counts by what it moves the figures of its
    tasks by, all of them together where several tasks hold it.

    Args:
        tasks: by name.
        weighting: lists of names; a list none of whose tasks a model has does not count for it.

    Returns:
        None where no model has any of the tasks.
    """
    named = {name for names in weighting for name in names}
    chosen = {name: task for name, task in tasks.items() if name in named}
    models = sorted({model for task in chosen.values() for model in task.models})
    place = {model: n for n, model in enumerate(models)}
    values = np.full((len(chosen), len(models)), np.nan)
    moves, within = [], []
    for n, task in enumerate(chosen.values()):
        sums = task.summed(task.parts)
        rows = [place[model] for model in task.models]
        of_task = figures(sums.sum(axis=-1))[0]
        of_task[task.cannot_be_scored()] = np.nan
        values[n, rows] = of_task
        moved = np.zeros((len(models), len(task.groups)))
        moved[rows] = influences(sums)
        moves.append(moved)
        within.append(np.zeros_like(moved))
        within[-1][rows] = group_shares(task)
    shares = task_shares(list(chosen), ~np.isnan(values), weighting)
    there = shares.any(axis=0)
    if not there.any():
        return None
    groups = np.unique(np.concatenate([task.groups for task in chosen.values()]))
    combined, weights = np.zeros((2, len(models), len(groups)))
    for share, moved, inside, task in zip(shares, moves, within, chosen.values(), strict=True):
        at, counts = np.searchsorted(groups, task.groups), share[:, np.newaxis]
        combined[:, at] += counts * moved
        weights[:, at] += np.where(counts > 0, counts * inside, 0)
    return Mean(
        [model for model, is_there in zip(models, there, strict=True) if is_there],
        (shares * np.nan_to_num(values)).sum(axis=0)[there], groups, combined[there],
        shares[[len(task.groups) > 1 for task in chosen.values()]].any(axis=0)[there],
        weights[there],
    )  # fmt: skip


def task_shares(
    names: Sequence[str], there: NDArray[np.bool_], weighting: Sequence[Sequence[str]]
) -> NDArray[np.float64]:
    """(n_tasks, n_models): what each task counts, summing to 1 for a model that has any."""
    shares = np.zeros(there.shape)
    counted = np.zeros(there.shape[1])
    for of in weighting:
        inside = np.isin(np.array(names, dtype=object), list(of))[:, np.newaxis] & there
        number = inside.sum(axis=0)
        shares += inside / np.maximum(number, 1)
        counted += number > 0
    return shares / np.maximum(counted, 1)


def mean_interval(
    values: NDArray[np.float64], moves: NDArray[np.float64], bootstrap: BootstrapSettings
) -> NDArray[np.float64]:
    """(2, n_rows): the interval of means, given the influences (n_rows, n_groups) of groups."""
    drawn = [counts @ moves.T for counts in iter_resamples(moves.shape[1], bootstrap)]
    resampled = values + np.concatenate(drawn)
    return np.stack(bca_interval(values, resampled, -moves.T, bootstrap.confidence))


def deviation(values: NDArray[np.float64]) -> float:
    """Standard deviation of seeds' figures; nan of one alone."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else np.nan
