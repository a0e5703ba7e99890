"""All that a task could be measured on, and all that could be shown before: from the shop's own
instructions and tables, or from published files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from shoplm.tasks.keys import fold, split_keys
from shoplm.tasks.readers import read_examples
from shoplm.tasks.recipes import make_examples
from shoplm.tasks.records import example_of
from shoplm.tasks.scoring import can_be_perfect
from shoplm.tasks.splitting import HELD_OUT, TRAIN, VALIDATION
from shoplm.tasks.task import Example, Task

RECIPE_FACTORS = (2, 20)
"""Examples that a recipe is asked for, for each that is wanted: first few, then many, since most of
them may be about what is trained."""


class Refused(NamedTuple):
    """What is not measured."""

    example_id: str
    """Of an example, or `file:row-3`."""
    reason: str
    detail: str


@dataclass
class Candidates:
    """Examples of one task."""

    origin: str
    """Published file, `instructions`, or the recipe."""
    measured: list[Example] = field(default_factory=list)
    """May be measured; no model is trained on them, nor on what they are about."""
    training_origin: str = ""
    """Published files, or `instructions`; empty where all are kept for measuring."""
    training: list[Example] = field(default_factory=list)
    """May be shown with their answers: what may be trained on, or is about such things; empty where
    all are kept for measuring."""
    refused: list[Refused] = field(default_factory=list)
    absent: str = ""
    """Why there is nothing."""
    notes: list[str] = field(default_factory=list)


def read_files(task: Task, root: Path) -> Candidates:
    """The published files of a task: its benchmark, and what it names as `training`.

    Raises:
        ValueError: a file is not in the format that its reader takes.
    """
    if task.benchmark is None:
        return Candidates("", absent="no published file is named for it")
    candidates = Candidates(task.benchmark.file)
    try:
        candidates.measured, rejected = read_examples(task, task.benchmark, root)
    except FileNotFoundError:
        candidates.absent = f"there is no file {task.benchmark.file}"
        return candidates
    candidates.refused = [
        Refused(f"{row['file']}:row-{row['row']}", row["reason"], row["detail"]) for row in rejected
    ]
    files = []
    for source in task.training:
        try:
            candidates.training += read_examples(task, source, root)[0]
            files.append(source.file)
        except FileNotFoundError:
            candidates.notes.append(f"there is no training file {source.file}")
    candidates.training_origin = ", ".join(dict.fromkeys(files))
    if not candidates.measured:
        candidates.absent = f"no row of {task.benchmark.file} can be scored"
    return candidates


class Shop:
    """The instructions of a shop, those on which nothing is trained apart from the others."""

    def __init__(
        self,
        instructions: pd.DataFrame | None,
        splits: pd.DataFrame | None,
        tables: Mapping[str, pd.DataFrame] | None,
    ) -> None:
        """Nothing is read before it is asked for.

        Raises:
            ValueError: instructions without splits, so that what is trained on is not known.
        """
        if instructions is not None and splits is None:
            raise ValueError("instructions without splits: what is trained on is not known")
        self._tables = tables or {}
        self._of_task: dict[str, pd.DataFrame] = {}
        if instructions is not None:
            once = instructions.drop_duplicates("instruction_id").sort_values("instruction_id")
            sides = splits[["instruction_id", "split"]]
            rows = once.merge(sides, on="instruction_id", how="left", validate="one_to_one")
            self._of_task = dict(iter(rows.groupby("task", sort=False)))

    @cached_property
    def trained_keys(self) -> set[str]:
        """Of all that may be trained on, whatever the task."""
        trained: Iterable[str] = (
            group
            for rows in self._of_task.values()
            for group in rows.loc[rows["split"] == TRAIN, "group"]
        )
        return {fold(key) for group in set(trained) for key in split_keys(group or "")}

    def read(self, task: Task, n: int, seed: int) -> Candidates:
        """What there is of a task: instructions, or what its recipe makes of the tables where
        there are none (a task that is for measuring only).

        Args:
            task: of the library.
            n: examples wanted, with those to be shown.
            seed: of what a recipe draws.
        """
        if task.name in self._of_task:
            return self._of_instructions(task)
        if task.recipe is None:
            return Candidates("", absent="there are no instructions of it, and it has no recipe")
        return self._of_recipe(task, n, seed)

    def _of_instructions(self, task: Task) -> Candidates:
        rows = self._of_task[task.name]
        kept = rows[rows["split"].isin([VALIDATION, HELD_OUT])]
        candidates = Candidates("instructions", training_origin="instructions")
        trained = rows[rows["split"] == TRAIN]
        known = trained[trained["source"] == "open_data"]
        candidates.training = _read(known if len(known) else trained)
        if len(trained) and not len(known):
            candidates.notes.append("answers of shots are a language model's own")
        real = kept[kept["source"] == "open_data"]
        if len(real):  # their answers are known, not written by a model
            candidates.refused += [
                Refused(row.instruction_id, "written_by_a_model", "its answer is no known truth")
                for row in kept[kept["source"] != "open_data"].itertuples()
            ]
        elif len(kept):
            candidates.notes.append("questions and answers are a language model's own")
        examples = _read(real if len(real) else kept)
        candidates.training += self._keep(task, examples, candidates)
        if not candidates.measured:
            candidates.absent = "no instruction of it, nor what one is about, is kept from training"
        return candidates

    def _of_recipe(self, task: Task, n: int, seed: int) -> Candidates:
        for factor in RECIPE_FACTORS:
            candidates, n_made = self._make(task, n * factor, seed)
            if len(candidates.measured) >= n or n_made < n * factor:
                break
        if not candidates.measured:
            why = candidates.refused[0].detail if candidates.refused and not n_made else ""
            candidates.absent = why or "its recipe makes nothing of which no key is trained on"
        return candidates

    def _make(self, task: Task, n: int, seed: int) -> tuple[Candidates, int]:
        """What the recipe makes, and how many that were."""
        candidates = Candidates(f"recipe {task.recipe.kind}")
        made, rejected = make_examples(task, self._tables, n, seed)
        candidates.refused = [Refused(row["id"], row["reason"], row["detail"]) for row in rejected]
        self._keep(task, made, candidates)
        return candidates, len(made)

    def _keep(
        self, task: Task, examples: Iterable[Example], candidates: Candidates
    ) -> list[Example]:
        """Measure those about what nothing is trained on; the others, which a held-out task may
        have since its products are trained on in other tasks, are returned."""
        others = []
        for example in examples:
            shared = {fold(key) for key in split_keys(example.group)} & self.trained_keys
            if shared:
                told = f"trained on is {min(shared)}"
                candidates.refused.append(Refused(example.example_id, "trained_key", told))
                others.append(example)
            elif reason := can_be_perfect(task, example):
                candidates.refused.append(Refused(example.example_id, "cannot_be_scored", reason))
            else:
                candidates.measured.append(example)
        return others


def _read(rows: pd.DataFrame) -> list[Example]:
    """With the row's own keys, which are the instruction's where an example has none."""
    return [
        replace(example_of(row), group=row["group"] or row["instruction_id"])
        for row in rows.to_dict("records")
    ]
