"""All tasks, one YAML each."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from shoplm.tasks.task import Task

SUFFIXES = (".yml", ".yaml")


def load_library(paths: Iterable[Path]) -> dict[str, Task]:
    """Tasks by name, in the order of their names.

    A task of a later folder replaces one of the same name in an earlier folder.

    Args:
        paths: folders with one YAML a task; what lies in folders below counts too.

    Raises:
        FileNotFoundError: a folder is not there.
        ValueError: there is no task at all, or a file is no task; the message names file and field.
    """
    tasks: dict[str, Task] = {}
    folders = [Path(path) for path in paths]
    for folder in folders:
        if not folder.is_dir():
            raise FileNotFoundError(f"{folder}: the task library has no such folder")
        tasks |= _load_folder(folder)
    if not tasks:
        raise ValueError(f"{', '.join(map(str, folders))}: no tasks; one YAML a task expected")
    return dict(sorted(tasks.items()))


def load_task(file: Path) -> Task:
    """The task of one file.

    Only `true` and `false` are booleans, so that a label may be called `yes` without quotes.

    Raises:
        ValueError: no YAML, a key given twice, a field that is missing, unknown or wrong, or a
            name that is not the file's; the message names file and field.
    """
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=_Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{file}: no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise ValueError(f"{file}: expected a mapping of a task's fields")
    try:
        task = Task.model_validate(content)
    except ValidationError as error:
        raise ValueError(f"{file}: {_first_problem(error)}") from None
    if task.name != file.stem:
        raise ValueError(f"{file}: field 'name': {task.name!r}, expected the file's, {file.stem!r}")
    return task


def _load_folder(folder: Path) -> dict[str, Task]:
    files: dict[str, Path] = {}
    tasks: dict[str, Task] = {}
    for file in sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES):
        task = load_task(file)
        if task.name in files:
            raise ValueError(f"{file}: field 'name': {task.name!r} is taken by {files[task.name]}")
        files[task.name], tasks[task.name] = file, task
    return tasks


def _first_problem(error: ValidationError) -> str:
    first, *more = error.errors()
    field = ".".join(map(str, first["loc"]))
    told = first["msg"].removeprefix("Value error, ")
    if field and first["type"] != "missing":
        told += f", got {_short(first['input'])}"
    problem = f"field {field!r}: {told}" if field else told  # which begins with the field
    return problem + (f" (and {len(more)} more)" if more else "")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


class _Loader(yaml.SafeLoader):
    """YAML as version 1.2 reads it where it matters: `yes` is a text, a key stands once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        scalars = (key for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        keys = [key.value for key in scalars if key.tag != "tag:yaml.org,2002:merge"]
        if twice := {key for key in keys if keys.count(key) > 1}:
            raise yaml.constructor.ConstructorError(
                None, None, f"key {min(twice)!r} is given twice", node.start_mark
            )
        return super().construct_mapping(node, deep)


_BOOLEAN = "tag:yaml.org,2002:bool"
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOLEAN or first in "tTfF"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
