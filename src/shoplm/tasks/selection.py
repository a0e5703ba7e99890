"""The instructions of a selection: nested, so that a ladder of selections compares like with like.

Everything is ordered by md5 of seed, purpose and name. Where one setting is made smaller, the
others are equal and there is no total, what is selected is among what was; and so it is where the
total alone is made smaller. Only fewer `tasks` may let others of them into `tasks_per_capability`.
"""

from __future__ import annotations

import heapq
import logging
from collections.abc import Iterable, Mapping
from hashlib import md5

import pandas as pd

from shoplm.tasks.selection_settings import SelectionSettings
from shoplm.tasks.task import Task
from shoplm.variants import suggest

logger = logging.getLogger(__name__)

COLUMNS = [
    "selection", "seed", "capability", "task", "n_available", "n", "share", "left_out_by",
]  # fmt: skip


def select_instructions(
    instructions: pd.DataFrame,
    library: Mapping[str, Task],
    settings: SelectionSettings,
    seed: int,
    name: str = "",
    held_out_tasks: Iterable[str] = (),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows that a model with this selection and seed is tuned on, and an account of them.

    Args:
        instructions: instruction_id, task: all that may be trained on.
        library: tasks by name.
        settings: what is selected.
        seed: of the choice of tasks and of samples.
        name: of the selection, for its account and for messages.
        held_out_tasks: never trained on; a selection may not ask for them.

    Returns:
        `selection, seed, instruction_id, task`, by task and in the seeded order; and COLUMNS, one
        row a task of the library that is not held out: `left_out_by` names the setting that took
        it out.

    Raises:
        ValueError: the selection names a task that is unknown or held out, or nothing is selected.
    """
    held_out = set(held_out_tasks)
    check_selection(name, settings, library, held_out)
    available = instructions.groupby("task").size().to_dict()
    left_out = _left_out(
        {n: t for n, t in library.items() if n not in held_out}, available, settings, seed
    )
    chosen = [task for task, why in left_out.items() if why is None]
    limit = settings.samples_per_task
    if few := [task for task in chosen if available[task] < (limit or 0)]:
        logger.warning(
            "selection %r, seed %d: %d of %d tasks have fewer than %d instructions",
            name, seed, len(few), len(chosen), limit,
        )  # fmt: skip
    counts = {t: min(available[t], limit or available[t]) for t in chosen}
    if settings.total is not None:
        counts = share_total(counts, settings.total, settings.temperature or 1.0)
    if not sum(counts.values()):
        raise ValueError(f"selection {name!r}: there is no instruction in it")
    parts = []
    for task, n in counts.items():
        rows = instructions.loc[instructions["task"] == task, ["instruction_id", "task"]]
        key = rows["instruction_id"].map(lambda i: _key(seed, "sample", i))
        parts.append(rows.loc[key.sort_values(kind="stable").index].head(n))
    account = pd.DataFrame(
        {
            "selection": name,
            "seed": seed,
            "capability": library[task].capability,
            "task": task,
            "n_available": available.get(task, 0),
            "n": counts.get(task, 0),
            "share": counts.get(task, 0) / sum(counts.values()),
            "left_out_by": why,
        }
        for task, why in left_out.items()
    )
    chosen_rows = pd.concat(parts, ignore_index=True)
    chosen_rows.insert(0, "selection", name)
    chosen_rows.insert(1, "seed", seed)
    return chosen_rows, account[COLUMNS]


def share_total(available: Mapping[str, int], total: int, temperature: float) -> dict[str, int]:
    """Divide `total` over tasks in proportion to n^(1/temperature), none above its n.

    Whole numbers by the method of Webster and Sainte-Laguë: the next one goes where weight over
    (2 * taken + 1) is largest. Unlike rounding, a larger total takes no task's share from it.

    Args:
        available: instructions of each task.
        total: to divide; all are taken where there are fewer.
        temperature: 1 is proportional, infinity the same for all.
    """
    weights = {task: n ** (1 / temperature) for task, n in available.items() if n}
    taken = dict.fromkeys(available, 0)
    queue = [(-weight, task) for task, weight in weights.items()]
    heapq.heapify(queue)
    for _ in range(min(total, sum(available.values()))):
        _, task = heapq.heappop(queue)
        taken[task] += 1
        if taken[task] < available[task]:
            heapq.heappush(queue, (-weights[task] / (2 * taken[task] + 1), task))
    return taken


def check_selection(
    name: str, settings: SelectionSettings, library: Mapping[str, Task], held_out: Iterable[str]
) -> None:
    """Refuse a selection that names a task which the library has not, or which is held out.

    Raises:
        ValueError: names the selection and the task.
    """
    check_tasks([*(settings.tasks or []), *settings.without_tasks], library, f"selection {name!r}")
    if wrong := sorted(set(settings.tasks or []) & set(held_out)):
        raise ValueError(f"selection {name!r}: task {wrong[0]!r} is held out, it is never trained")


def check_tasks(names: Iterable[str], library: Mapping[str, Task], where: str) -> None:
    """Refuse a task that the library has not.

    Raises:
        ValueError: names it, and the nearest that there is.
    """
    for name in names:
        if name not in library:
            raise ValueError(f"{where}: unknown task {name!r}; {suggest(name, library)}")


def _left_out(
    library: Mapping[str, Task],
    available: Mapping[str, int],
    settings: SelectionSettings,
    seed: int,
) -> dict[str, str | None]:
    """Each task, and the setting that leaves it out."""
    why: dict[str, str | None] = {}
    for name, task in sorted(library.items()):
        if settings.capabilities is not None and task.capability not in settings.capabilities:
            why[name] = "capabilities"
        elif settings.tasks is not None and name not in settings.tasks:
            why[name] = "tasks"
        elif name in settings.without_tasks:
            why[name] = "without_tasks"
        else:
            why[name] = None if available.get(name) else "no_instructions"
    if settings.tasks_per_capability is not None:
        by_capability: dict[str, list[str]] = {}
        for name in sorted((n for n, w in why.items() if not w), key=lambda n: _task_key(seed, n)):
            by_capability.setdefault(library[name].capability, []).append(name)
        for names in by_capability.values():
            for name in names[settings.tasks_per_capability :]:
                why[name] = "tasks_per_capability"
    return why


def _task_key(seed: int, name: str) -> str:
    return _key(seed, "task", name)


def _key(seed: int, purpose: str, name: str) -> str:
    return md5(f"{seed}:{purpose}:{name}".encode()).hexdigest()
