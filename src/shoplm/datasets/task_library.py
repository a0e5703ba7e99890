"""The task library as a catalog entry."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError

from shoplm.tasks.library import load_library
from shoplm.tasks.task import Task


class TaskLibraryDataset(AbstractDataset["None", "dict[str, Task]"]):
    """Tasks by name out of folders with one YAML each; read-only.

    `path` is the folder that holds all `folders`, relative to the project like every `path` of a
    catalog. The first folder must be there; a later one may, and its tasks replace those of the
    same name: `path: conf`, `folders: [base/tasks, local/tasks]`.
    """

    def __init__(
        self,
        *,
        path: str,
        folders: Sequence[str] = (".",),
        metadata: dict[str, Any] | None = None,
    ) -> None:
        if not folders or isinstance(folders, str):
            raise DatasetError(f"folders: expected a list of folders below {path}, got {folders!r}")
        self._folders = [Path(path) / folder for folder in folders]
        self.metadata = metadata

    def load(self) -> dict[str, Task]:
        """The tasks, in the order of their names.

        Raises:
            DatasetError: the first folder is not there, or a file is no task.
        """
        first, *more = self._folders
        try:
            return load_library([first, *(folder for folder in more if folder.is_dir())])
        except (FileNotFoundError, ValueError) as error:
            raise DatasetError(str(error)) from None

    def save(self, data: None) -> NoReturn:
        """Nothing can be saved.

        Raises:
            DatasetError: always.
        """
        raise DatasetError("the task library can only be read: a new task is a new file")

    def _exists(self) -> bool:
        return self._folders[0].is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"folders": [str(folder) for folder in self._folders]}
