"""Which tasks a benchmark is of, and which version of a task an answer was scored by."""

from __future__ import annotations

from collections.abc import Mapping

from shoplm.tasks.evaluation.settings import BenchmarkSettings
from shoplm.tasks.selection import check_tasks
from shoplm.tasks.task import Task
from shoplm.variants import fingerprint


def benchmark_tasks(
    name: str, benchmark: BenchmarkSettings, library: Mapping[str, Task]
) -> list[str]:
    """The tasks of a benchmark, in the order of its settings, or else of the library.

    Raises:
        ValueError: a task is unknown, no task is of this benchmark, or a group names a task that is
            not.
    """
    where = f"benchmark {name!r}"
    check_tasks(benchmark.tasks or (), library, where)
    tasks = benchmark.tasks or [task for task in library if name in library[task].benchmarks]
    if not tasks:
        known = ", ".join(sorted({one for task in library.values() for one in task.benchmarks}))
        raise ValueError(
            f"{where}: no task of the library names it, so its tasks must be listed; "
            f"named are {known or 'none'}"
        )
    if isinstance(benchmark.groups, dict):
        for group, members in benchmark.groups.items():
            check_tasks(members, dict.fromkeys(tasks), f"{where}, group {group!r}")
    return tasks


def benchmark_groups(
    name: str, benchmark: BenchmarkSettings, library: Mapping[str, Task]
) -> dict[str, list[str]]:
    """Tasks by group; empty where a benchmark has none.

    Raises:
        ValueError: as `benchmark_tasks`.
    """
    tasks = benchmark_tasks(name, benchmark, library)
    if isinstance(benchmark.groups, dict):
        return {group: list(members) for group, members in benchmark.groups.items()}
    groups: dict[str, list[str]] = {}
    for task in tasks:
        groups.setdefault(library[task].capability, []).append(task)
    return groups


def list_groups(
    benchmarks: Mapping[str, BenchmarkSettings], library: Mapping[str, Task]
) -> dict[str, dict[str, list[str]]]:
    """`benchmark_groups` of every benchmark, by its name."""
    return {name: benchmark_groups(name, one, library) for name, one in benchmarks.items()}


def n_shots_of(task: Task, benchmark: BenchmarkSettings) -> int:
    """Answered examples before each question of a task."""
    return task.few_shot if benchmark.shots is None else benchmark.shots


def task_version(task: Task) -> str:
    """Sixteen hex digits of all that the task's YAML says."""
    return fingerprint(task)


def check_versions(versions: Mapping[str, str], library: Mapping[str, Task], where: str) -> None:
    """Refuse rows that were made by another version of a task.

    Args:
        versions: by name of a task.
        library: tasks by name.
        where: what holds the rows; begins the message of an error.

    Raises:
        ValueError: names the task and both versions.
    """
    check_tasks(versions, library, where)
    for name, version in versions.items():
        if version != (now := task_version(library[name])):
            raise ValueError(
                f"{where}: task {name!r} is of version {version}, the task library has version "
                f"{now}; make the table again"
            )
