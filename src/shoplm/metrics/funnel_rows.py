"""What models predicted for the rows of search lists, checked, and cut by platform and region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shoplm.variants import suggest

ALL = "all"
"""Platform, region or task of a figure over all of them."""

POPULAR_FIRST, RANDOM = "popular_first", "random"
"""Orders that every table has: by the item's past rate, and what chance expects."""


class Cell(NamedTuple):
    """Lists of one platform, one region, or of all."""

    platform: str
    region: str
    lists: NDArray[np.bool_]
    """(n_lists,)."""


@dataclass(frozen=True)
class FunnelTable:
    """Rows in the order of their lists, and what each model predicted for them."""

    tasks: tuple[str, ...]
    """k tasks in their order."""
    of_list: NDArray[np.int32]
    """(n,): number of each row's list, from 0, ascending."""
    labels: NDArray[np.bool_]
    """(n, k)."""
    popularity: NDArray[np.float32]
    """(n,)."""
    cells: list[Cell]
    """All lists first."""
    models: list[tuple[str, int]]
    """Variant and seed."""
    probabilities: list[NDArray[np.float32]]
    """Of each model (n, k); nan throughout for a task that it does not predict."""

    @property
    def n_lists(self) -> int:
        """Number of lists."""
        return int(self.of_list[-1]) + 1

    def column(self, model: int | str, task: int) -> NDArray[np.float32] | None:
        """(n,): the scores of a model, by its place, or of an order; null if it has none."""
        if model == POPULAR_FIRST:
            return self.popularity
        if model == RANDOM:
            return np.zeros_like(self.popularity)
        column = self.probabilities[model][:, task]
        return None if np.isnan(column[0]) else column


def read_funnel(rows: pd.DataFrame, predictions: pd.DataFrame, tasks: Sequence[str]) -> FunnelTable:
    """Bring rows and predictions together.

    Args:
        rows: row, list, platform, region, popularity (the item's rate before the impression), and
            a column of labels (0 or 1) for each task.
        predictions: variant, seed, row, p_1 to p_k in the order of tasks; each variant and seed
            has every row once.
        tasks: names of the k tasks in their order.

    Raises:
        ValueError: a column is missing or a label is neither 0 nor 1; a list has two platforms or
            regions; a model lacks a row or has one twice; a probability is outside 0 to 1.
    """
    names = [f"p_{number}" for number in range(1, len(tasks) + 1)]
    _check_columns("rows", rows, ["row", "list", "platform", "region", "popularity", *tasks])
    _check_columns("predictions", predictions, ["variant", "seed", "row", *names])
    if rows.empty:
        raise ValueError("rows: there is none, expected the rows of the test side")
    if rows["row"].duplicated().any():
        raise ValueError(
            f"rows: row {rows['row'][rows['row'].duplicated()].iloc[0]} is there twice"
        )
    rows = rows.sort_values(["list", "row"], kind="stable", ignore_index=True)
    labels = rows[list(tasks)].to_numpy()
    for place, task in np.argwhere((labels != 0) & (labels != 1))[:1]:
        raise ValueError(
            f"rows: row {rows['row'].iloc[place]}: {tasks[task]} is {labels[place, task]}, "
            "expected 0 or 1"
        )
    lists = rows["list"].to_numpy()
    of_list = np.concatenate([[0], np.cumsum(lists[1:] != lists[:-1])]).astype(np.int32)
    models, probabilities = _columns(rows, predictions, names)
    popularity = np.nan_to_num(rows["popularity"].to_numpy(np.float32), nan=-np.inf)
    cells = _cells(rows, of_list)
    labels = labels.astype(bool)
    return FunnelTable(tuple(tasks), of_list, labels, popularity, cells, models, probabilities)


def _check_columns(name: str, table: pd.DataFrame, wanted: Sequence[str]) -> None:
    for column in wanted:
        if column not in table.columns:
            there = suggest(column, map(str, table.columns))
            raise ValueError(f"{name}: there is no column {column!r}; {there}")


def _columns(
    rows: pd.DataFrame, predictions: pd.DataFrame, names: list[str]
) -> tuple[list[tuple[str, int]], list[NDArray[np.float32]]]:
    wanted = rows["row"].to_numpy()
    order = np.argsort(wanted, kind="stable")
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    ascending = wanted[order]
    models, found = [], []
    for (variant, seed), table in predictions.groupby(
        ["variant", "seed"], sort=False, observed=True
    ):
        where = f"predictions of {variant}/seed-{seed}"
        given = table["row"].to_numpy()
        if len(given) < 2 or (np.diff(given) <= 0).any():
            table = table.sort_values("row", kind="stable")
            given = table["row"].to_numpy()
        if not np.array_equal(given, ascending):
            raise ValueError(f"{where}: {_misfit(given, ascending)}")
        p = table[names].to_numpy(np.float32)
        unlike = np.isnan(p).any(axis=0) & ~np.isnan(p).all(axis=0)
        wrong = np.argwhere((p < 0) | (p > 1) | (np.isnan(p) & unlike))
        for place, task in wrong[:1]:
            raise ValueError(
                f"{where}: row {given[place]}: {names[task]} is {p[place, task]}, expected a "
                "probability from 0 to 1"
            )
        models.append((str(variant), int(seed)))
        found.append(np.asfortranarray(p[back]))
    return models, found


def _misfit(given: NDArray, wanted: NDArray) -> str:
    twice = given[1:][given[1:] == given[:-1]]
    if len(twice):
        return f"row {twice[0]} is there twice"
    missing = np.setdiff1d(wanted, given)
    if len(missing):
        return f"row {missing[0]} is missing, and {len(missing) - 1} others"
    return f"row {np.setdiff1d(given, wanted)[0]} is none of those that are measured"


def _cells(rows: pd.DataFrame, of_list: NDArray[np.int32]) -> list[Cell]:
    starts = np.flatnonzero(np.diff(of_list, prepend=-1))
    keys = {}
    for name in ("platform", "region"):
        column = rows[name].astype(str).to_numpy()
        first = column[starts]
        for place in np.flatnonzero(column != first[of_list])[:1]:
            raise ValueError(
                f"rows: list {rows['list'].iloc[place]} has {name} {first[of_list[place]]!r} and "
                f"{column[place]!r}, expected one of them for all of its rows"
            )
        keys[name] = first
    # a log without platforms has one that is called as all of them are
    platforms, regions = (sorted({*keys[name]} - {ALL}) for name in ("platform", "region"))
    every = np.ones(len(starts), dtype=bool)
    cells = []
    for platform in (ALL, *platforms):
        here = every if platform == ALL else keys["platform"] == platform
        for region in (ALL, *regions):
            lists = here if region == ALL else here & (keys["region"] == region)
            if lists.any():
                cells.append(Cell(platform, region, lists))
    return cells
