"""The text sources of a corpus as one catalog entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from shoplm.corpus.sources import TextSources, parse_text_sources


class TextSourcesDataset(AbstractDataset["Sequence[str]", TextSources]):
    """Files below one folder with a specification of each source; loads no data.

    `path` is the folder, relative to the project like every `path` and `filepath` of a catalog.
    `sources` maps names to the fields of `shoplm.corpus.sources.TextSource`.

    A pipeline that writes the files itself saves their names, which orders it before those that
    read them.
    """

    def __init__(
        self, *, path: str, sources: Mapping[str, Any], metadata: dict[str, Any] | None = None
    ) -> None:
        try:
            self._sources = parse_text_sources(path, sources)
        except ValueError as error:
            raise DatasetError(str(error)) from None
        self.metadata = metadata

    def load(self) -> TextSources:
        """The specifications, each of them with a file that exists.

        Raises:
            DatasetError: a source has no file.
        """
        try:
            for name in self._sources.sources:
                self._sources.files(name)
        except FileNotFoundError as error:
            raise DatasetError(str(error)) from None
        return self._sources

    def save(self, data: Sequence[str]) -> None:
        """Take note that the files called `data`, relative to the folder, have been written.

        Raises:
            DatasetError: no source of this entry reads one of them, or it does not exist.
        """
        root, sources = self._sources.root, self._sources.sources
        for name in data:
            readers = [source for source in sources.values() if Path(name).match(source.file)]
            if not readers:
                read = ", ".join(sorted({source.file for source in sources.values()}))
                raise DatasetError(f"{root / name}: no source reads this file; they read {read}")
            if not (root / name).is_file():
                raise DatasetError(f"{root / name}: was not written")

    def _exists(self) -> bool:
        try:
            self.load()
        except DatasetError:
            return False
        return True

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._sources.root), "sources": list(self._sources.sources)}
