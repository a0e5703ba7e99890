"""The examples that models are measured on, and the answered ones that they are shown first."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from shoplm.tasks.evaluation.benchmarks import benchmark_tasks, n_shots_of, task_version
from shoplm.tasks.evaluation.candidates import Candidates, Shop, read_files
from shoplm.tasks.evaluation.selecting import Selection, commonest_answers, draw_examples
from shoplm.tasks.evaluation.settings import BenchmarkSettings, ExampleSettings
from shoplm.tasks.records import example_json
from shoplm.tasks.task import Example, Task

EXAMPLES = [
    "benchmark", "task", "example_id", "role", "position", "language", "version", "example",
]  # fmt: skip
"""Columns of the table of examples. role: measured or shot; a shot is shown before questions in its
language, in the order of `position`."""

REJECTED = ["benchmark", "task", "example_id", "reason", "detail"]
"""Of what could not be measured; a row of a file is called `file:row-3`."""

SOURCES = [
    "benchmark", "task", "status", "origin", "n_available", "n_measured", "n_shots",
    "n_shots_wanted", "shots_from", "n_rejected", "majority", "majority_from", "seed", "detail",
]  # fmt: skip
"""One row a task of a benchmark. status: present or absent; n_shots: of the language with fewest;
shots_from: files or instructions that they are of, null without shots; majority: JSON of the
commonest right answer by language; majority_from says of which examples:
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
    """Examples of every task of every benchmark, selected by the seed.

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
            candidates = read_files(library[task], Path(root))
        else:
            candidates = shop.read(library[task], settings.per_task + n_shots, settings.seed)
        selected = draw_examples(
            library[task], candidates, n_shots, settings.per_task, settings.seed
        )
        gathered[task] = (candidates, selected)
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
    benchmark: str, task: Task, candidates: Candidates, selected: Selection, wanted: int, seed: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of the three tables, of one task in one benchmark."""
    where = {"benchmark": benchmark, "task": task.name}
    measured_in = sorted({example.language for example in selected.measured})
    shots = {language: selected.shots[language][:wanted] for language in measured_in}
    listed = [("measured", place, one) for place, one in enumerate(selected.measured)]
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
    refused = [*candidates.refused, *selected.refused]
    rejected = [where | one._asdict() for one in refused]
    n_shown = min((len(of) for of in shots.values()), default=0)
    notes = [candidates.absent, *candidates.notes] if candidates.absent else list(candidates.notes)
    notes += [
        f"{len(of)} shots in {language} where {wanted} are wanted"
        for language, of in shots.items()
        if len(of) < wanted
    ]
    majority = commonest_answers(task, selected.measured, seed)
    from_others = len(candidates.training) >= len(selected.measured)
    if from_others:  # in a language of which there is nothing else, from what is measured
        majority |= commonest_answers(task, candidates.training, seed)
    source = where | {
        "status": "present" if selected.measured else "absent",
        "origin": candidates.origin,
        "n_available": len(candidates.measured),
        "n_measured": len(selected.measured),
        "n_shots": n_shown,
        "n_shots_wanted": wanted,
        "shots_from": _shots_from(candidates, selected, shots),
        "n_rejected": len(refused),
        "majority": json.dumps({k: majority[k] for k in measured_in}, ensure_ascii=False),
        "majority_from": ("others" if from_others else "measured") if selected.measured else None,
        "seed": seed,
        "detail": "; ".join(notes),
    }
    return examples, rejected, [source]


def _shots_from(
    candidates: Candidates, selected: Selection, shots: Mapping[str, Sequence[Example]]
) -> str | None:
    kept = {shot.example_id in selected.from_measurable for of in shots.values() for shot in of}
    origins = [candidates.origin if measurable else candidates.training_origin
               for measurable in sorted(kept)]  # fmt: skip
    return ", ".join(dict.fromkeys(origins)) or None
