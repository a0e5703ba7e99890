"""Instructions from open data: recipes over tables of a catalogue, and published files.

Every row from which no instruction could be made is listed with its reason.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd

from shoplm.tasks.gate_settings import OpenDataSettings
from shoplm.tasks.gates import refused_example
from shoplm.tasks.readers import read_examples
from shoplm.tasks.readers.files import source_paths
from shoplm.tasks.recipes import make_examples
from shoplm.tasks.records import COLUMNS, Source, instruction_row
from shoplm.tasks.selection import check_tasks
from shoplm.tasks.task import Example, Task

logger = logging.getLogger(__name__)

REFUSED_COLUMNS = [
    "instruction_id", "source", "reason", "detail", "task", "origin", "prompt", "answer",
    "gate", "capability", "language", "difficulty",
]  # fmt: skip
"""Of what became no instruction: the columns of `quarantined_samples`, the gate, and what counts
are made by."""

OPEN_DATA: Source = "open_data"


def choose_tasks(
    library: Mapping[str, Task],
    include: Sequence[str] | None,
    leave_out: Sequence[str],
    named: Iterable[str] = (),
) -> dict[str, Task]:
    """The tasks of the library that are asked for, in its order.

    Args:
        library: tasks by name.
        include: names; None for all.
        leave_out: names of those that are not used though they are included.
        named: further names that settings use.

    Raises:
        ValueError: a name that the library has not, with the nearest that it has; or no task is
            left.
    """
    check_tasks([*(include or ()), *leave_out, *named], library, "the task library")
    chosen = {
        name: task
        for name, task in library.items()
        if (include is None or name in include) and name not in leave_out
    }
    if not chosen:
        raise ValueError("tasks: none is left of the task library")
    return chosen


def make_open_instructions(
    library: Mapping[str, Task],
    tables: Mapping[str, pd.DataFrame],
    root: Path,
    settings: OpenDataSettings,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(instructions, refused rows) of all tasks: those of recipes, and those of training files.

    Args:
        library: tasks by name.
        tables: of a catalogue, by name; `unreadable_rows` among them lists rows refused before.
        root: folder that the tasks' files are relative to; a file that is not there is passed over.
        settings: how many.
        seed: of what is drawn.

    Returns:
        Instructions as the `instructions` table has them, by id, and `REFUSED_COLUMNS`.

    Raises:
        ValueError: a file is not in the format that its reader takes, or a recipe's or reader's
            options are wrong.
    """
    rows, refused = [], []
    if "unreadable_rows" in tables:
        refused += [_refused_row(row, None) for row in tables["unreadable_rows"].to_dict("records")]
    absent: set[str] = set()
    for task in library.values():
        if task.recipe is not None and (n := settings.samples(task.name)):
            examples, rejected = make_examples(task, tables, n, seed)
            _collect(task, examples, rejected, seed, rows, refused)
        for source in task.training:
            try:
                examples, rejected = read_examples(task, source, root)
            except FileNotFoundError:
                absent.add(source.file)
                continue
            _collect(task, _draw(examples, settings.samples_per_file, seed), rejected, seed, rows,
                     refused)  # fmt: skip
    if absent:
        logger.info("published files that are not below %s: %s", root, len(absent))
    instructions = pd.DataFrame(rows, columns=COLUMNS)
    order = ["instruction_id", "origin", "example"]
    instructions = instructions.sort_values(order, ignore_index=True)
    logger.info("open data: %s instructions, %s rows refused", f"{len(rows):,}", len(refused))
    return instructions, as_refused(refused)


def read_benchmark_examples(
    library: Mapping[str, Task], root: Path
) -> tuple[pd.DataFrame, set[Path]]:
    """The examples that tasks are measured on, as instructions; and the files that tasks read.

    Files of a benchmark count among the latter as those of training do. A benchmark whose file is
    not there has no examples.
    """
    rows: list[dict[str, Any]] = []
    files: set[Path] = set()
    for task in library.values():
        for source in task.training:
            with suppress(FileNotFoundError):
                files |= set(source_paths(root, source.file))
        if task.benchmark is not None:
            with suppress(FileNotFoundError):
                files |= set(source_paths(root, task.benchmark.file))
                examples, _ = read_examples(task, task.benchmark, root)
                _collect(task, examples, [], 0, rows, [])
    return pd.DataFrame(rows, columns=COLUMNS), files


def as_refused(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """A table of REFUSED_COLUMNS; all values are text, and a gate that is not known is null."""
    table = pd.DataFrame(rows, columns=REFUSED_COLUMNS)
    text = table.drop(columns="gate").fillna("").astype(str)
    table = text.assign(gate=table["gate"].astype("string"))[REFUSED_COLUMNS]
    return table.sort_values(["task", "instruction_id", "reason"], ignore_index=True)


def _collect(
    task: Task,
    examples: Iterable[Example],
    rejected: Iterable[Mapping[str, Any]],
    seed: int,
    rows: list[dict[str, Any]],
    refused: list[dict[str, Any]],
) -> None:
    refused += [_refused_row(row, task) for row in rejected]
    for example in examples:
        try:
            rows.append(instruction_row(task, example, OPEN_DATA, seed))
        except ValueError as error:
            gate, reason, detail = refused_example(task, example, str(error))
            listed = {"id": example.example_id, "reason": reason, "detail": detail}
            about = {"gate": gate, "language": example.language, "origin": example.origin,
                     "difficulty": example.difficulty, "prompt": example.prompt}  # fmt: skip
            refused.append(_refused_row(listed, task) | about)


def _refused_row(row: Mapping[str, Any], task: Task | None) -> dict[str, Any]:
    """A row that a recipe (id, source) or a reader (file, row) refused, by the table's columns."""
    file = row.get("file")
    return {
        "instruction_id": f"{file}:row-{row['row']}" if file else row["id"],
        "source": OPEN_DATA,
        "reason": row["reason"],
        "detail": row.get("detail", ""),
        "task": task.name if task else "",
        "origin": file or row.get("source", ""),
        "prompt": row.get("prompt", ""),
        "answer": row.get("answer", ""),
        "capability": task.capability if task else "",
    }


def _draw(examples: Sequence[Example], n: int | None, seed: int) -> Sequence[Example]:
    if n is None or len(examples) <= n:
        return examples

    def place(example: Example) -> str:
        content = f"{seed}:training_file:{example.example_id}".encode()
        return hashlib.md5(content, usedforsecurity=False).hexdigest()

    return sorted(examples, key=place)[:n]
