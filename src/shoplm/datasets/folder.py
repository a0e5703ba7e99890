"""A folder of files whose layout others know."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError


class FolderDataset(AbstractDataset["None", Path]):
    """The path of a folder, read-only; what is in it is the business of who reads it."""

    def __init__(self, *, path: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(path)
        self.metadata = metadata

    def load(self) -> Path:
        """The path.

        Raises:
            DatasetError: there is no such folder.
        """
        if not self._path.is_dir():
            raise DatasetError(f"{self._path}: there is no such folder")
        return self._path

    def save(self, data: None) -> NoReturn:
        """Nothing can be saved.

        Raises:
            DatasetError: always.
        """
        raise DatasetError(f"{self._path}: a folder of raw files can only be read")

    def _exists(self) -> bool:
        return self._path.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}
