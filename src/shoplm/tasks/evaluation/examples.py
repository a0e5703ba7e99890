"""The examples that models are measured on, and the answered ones that they are shown first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from shoplm.tasks.evaluation.benchmarks import benchmark_tasks, n_shots_of, task_version
from shoplm.tasks.evaluation.drawing import Drawn, commonest_answers, draw_examples
from shoplm.tasks.evaluation.pools import Pool, Shop, read_files
from shoplm.tasks.evaluation.settings import BenchmarkSettings, ExampleSettings
from shoplm.tasks.records import example_json
from shoplm.tasks.task import Task

EXAMPLES = [
    "benchmark", "task", "example_id", "role", "position", "language", "version", "example",
]  # fmt: skip
"""Columns of the table of examples. role: measured or shot; a shot is shown before questions in its
language, in the order of `position`."""

REJECTED = ["benchmark", "task", "example_id", "reason", "detail"]
"""Of what could not be measured; a row of a file is called `file:row-3`."""

SOURCES = [
    "benchmark", "task", "status", "origin", "n_available", "n_measured", "n_shots",
    "n_shots_wanted", "n_rejected", "majority", "majority_from", "detail",
]  # fmt: skip
"""One row a task of a benchmark. status: present or absent; n_shots: of the language with fewest;
majority: JSON of the commonest right answer by language; majority_from says of which examples:
others (that are not measured) or measured (where there are fewer others, so that it is the best
that one answer can do)."""


def gather_examples(
    library: Mapping[str, Task],
    benchmarks: Mapping[str, BenchmarkSettings],
    settings: ExampleSettings,
    instructions: pd.DataFrame | None = None,
    splits: pd.DataFrame | None = None,
    tables: Mapping[str, pd.DataFrame] | None = None,
    root: Path | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Examples of every task of every benchmark, drawn by the seed.

    A task is measured on the same examples in all benchmarks, however many shots each shows, and
    the shots of one are the first of those of another.

    Args:
        library: tasks by name.
        benchmarks: by name.
        settings: where examples come from.
        instructions: source shop: the table `instructions`.
        splits: source shop: its sides, see `shoplm.tasks.splitting`.
        tables: source shop: tables of a catalogue, by name.
        root: source files: folder that the tasks' files are relative to.

    Returns:
        EXAMPLES, REJECTED, SOURCES. A task whose file is absent has a row in SOURCES alone.

    Raises:
        ValueError: a benchmark names an unknown task, a file is not in the format that its reader
            takes, or what `settings.source` needs is not given.
    """
    tasks_of = {name: benchmark_tasks(name, one, library) for name, one in benchmarks.items()}
    shots_of: dict[str, int] = {}
    for name, tasks in tasks_of.items():
        for task in tasks:
            wanted = n_shots_of(library[task], benchmarks[name])
            shots_of[task] = max(wanted, shots_of.get(task, 0))
    if settings.source == "files" and root is None:
        raise ValueError("source files: no root folder is given")
    shop = Shop(instructions, splits, tables) if settings.source == "shop" else None
    rows: tuple[list, list, list] = ([], [], [])
    gathered = {}
    for task, n_shots in shots_of.items():
        if shop is None:
            pool = read_files(library[task], Path(root))
        else:
            pool = shop.read(library[task], settings.per_task + n_shots, settings.seed)
        drawn = draw_examples(library[task], pool, n_shots, settings.per_task, settings.seed)
        gathered[task] = (pool, drawn)
    for name, tasks in tasks_of.items():
        for task in tasks:
            wanted = n_shots_of(library[task], benchmarks[name])
            for table, more in zip(
                rows, _rows(name, library[task], *gathered[task], wanted, settings.seed),
                strict=True,
            ):  # fmt: skip
                table.extend(more)
    columns = (EXAMPLES, REJECTED, SOURCES)
    examples, rejected, sources = map(pd.DataFrame, rows, [None] * 3, columns)
    return examples, rejected, sources


def _rows(
    benchmark: str, task: Task, pool: Pool, drawn: Drawn, wanted: int, seed: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of the three tables, of one task in one benchmark."""
    where = {"benchmark": benchmark, "task": task.name}
    measured_in = sorted({example.language for example in drawn.measured})
    shots = {language: drawn.shots[language][:wanted] for language in measured_in}
    listed = [("measured", place, one) for place, one in enumerate(drawn.measured)]
    listed += [("shot", place, one) for of in shots.values() for place, one in enumerate(of)]
    version = task_version(task)
    examples = [
        where
        | {
            "example_id": example.example_id,
            "role": role,
            "position": position,
            "language": example.language,
            "version": version,
            "example": example_json(example),
        }
        for role, position, example in listed
    ]
    refused = [*pool.refused, *drawn.refused]
    rejected = [where | one._asdict() for one in refused]
    n_shown = min((len(of) for of in shots.values()), default=0)
    notes = [pool.absent, *pool.notes] if pool.absent else list(pool.notes)
    notes += [
        f"{len(of)} shots in {language} where {wanted} are wanted"
        for language, of in shots.items()
        if len(of) < wanted
    ]
    majority = commonest_answers(task, drawn.measured, seed)
    from_others = len(pool.training) >= len(drawn.measured)
    if from_others:  # in a language of which there is nothing else, from what is measured
        majority |= commonest_answers(task, pool.training, seed)
    source = where | {
        "status": "present" if drawn.measured else "absent",
        "origin": pool.origin,
        "n_available": len(pool.measured),
        "n_measured": len(drawn.measured),
        "n_shots": n_shown,
        "n_shots_wanted": wanted,
        "n_rejected": len(refused),
        "majority": json.dumps({k: majority[k] for k in measured_in}, ensure_ascii=False),
        "majority_from": ("others" if from_others else "measured") if drawn.measured else None,
        "detail": "; ".join(notes),
    }
    return examples, rejected, [source]
