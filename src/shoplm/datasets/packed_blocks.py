"""Packed training blocks by mixture name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset, DatasetError

from shoplm.datasets.atomic import replacing, restore

if TYPE_CHECKING:
    from shoplm.corpus.packing import PackedBlocks


class PackedBlocksDataset(AbstractDataset["Mapping[str, Any]", "dict[str, PackedBlocks]"]):
    """One directory a mixture below `path`, each with memory-mapped arrays.

    Saving replaces all mixtures at once: a name that is not saved again is gone. A value may be a
    function that makes the blocks, so that one mixture is in memory at a time.
    """

    def __init__(self, *, path: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(path)
        self.metadata = metadata

    def load(self) -> dict[str, PackedBlocks]:
        """The blocks by mixture name, memory-mapped.

        Raises:
            DatasetError: there are none, or a file of one is missing, truncated or does not fit.
        """
        from shoplm.corpus.packing import PackedBlocks

        restore(self._path)
        if not self._path.is_dir():
            raise DatasetError(f"{self._path}: not there; run the node that writes it first")
        folders = sorted(folder for folder in self._path.iterdir() if folder.is_dir())
        try:
            return {folder.name: PackedBlocks.open(folder) for folder in folders}
        except (OSError, ValueError) as error:
            raise DatasetError(str(error)) from error

    def save(self, data: Mapping[str, PackedBlocks | Callable[[], PackedBlocks]]) -> None:
        """Write all mixtures, then put them in the place of the old ones."""
        with replacing(self._path) as folder:
            folder.mkdir()
            for name, blocks in data.items():
                if not re.fullmatch(r"\w[\w .-]*", name):
                    raise DatasetError(f"{name!r} cannot name a mixture: it is no folder name")
                (blocks() if callable(blocks) else blocks).save(folder / name)

    def _exists(self) -> bool:
        restore(self._path)
        return self._path.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}
