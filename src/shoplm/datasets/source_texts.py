"""The texts of a few sources as a data frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from kedro.io import AbstractDataset, DatasetError

from shoplm.datasets.text_sources import TextSourcesDataset

if TYPE_CHECKING:
    from pandas import DataFrame


class SourceTextsDataset(AbstractDataset["None", "DataFrame"]):
    """All readable texts of the sources, in memory and read-only: for a tokenizer, not a corpus.

    `path` and `sources` are those of `TextSourcesDataset`.
    """

    def __init__(
        self, *, path: str, sources: Mapping[str, Any], metadata: dict[str, Any] | None = None
    ) -> None:
        self._files = TextSourcesDataset(path=path, sources=sources)
        self.metadata = metadata

    def load(self) -> DataFrame:
        """Columns `text, language`, ordered by source, row and content.

        Raises:
            DatasetError: a file is missing or cannot be read as declared.
        """
        from shoplm.corpus.reformulation import reformulate_sources

        try:
            records, _, _ = reformulate_sources(self._files.load())
        except ValueError as error:
            raise DatasetError(str(error)) from None
        return records.order_by("source", "row", "record_id")[["text", "language"]].to_pandas()

    def save(self, data: None) -> NoReturn:
        """Nothing can be saved.

        Raises:
            DatasetError: always.
        """
        raise DatasetError(f"{self._files}: texts of sources can only be read")

    def _exists(self) -> bool:
        return self._files.exists()

    def _describe(self) -> dict[str, Any]:
        return self._files._describe()
