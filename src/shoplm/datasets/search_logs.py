"""Search logs of several formats as one catalog entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset, DatasetError

from shoplm.datasets.table import TableDataset
from shoplm.funnel.log import published
from shoplm.funnel.log.merchandise import read_merchandise
from shoplm.variants import suggest

if TYPE_CHECKING:
    from ibis import Table

FORMATS = ("table", "merchandise", "aliexpress", "ali_ccp", "kuairand")


class SearchLogsDataset(AbstractDataset["Sequence[str]", "dict[str, Callable[[], Table]]"]):
    """Logs of shown lists by name, each read when its function is called.

    `path` is the folder of the files, `logs` gives each log its `format` and `files`:

    - `table`: a parquet or CSV file with columns as the settings of the log name them;
    - `merchandise`: `events` and `items` of the Google merchandise store;
    - `aliexpress`: by region, and in it by side (train, validation, test);
    - `ali_ccp`: by side;
    - `kuairand`: one file.

    A pipeline that writes files itself saves their names, which orders it before those that read
    them.
    """

    def __init__(
        self,
        *,
        path: str,
        logs: Mapping[str, Mapping[str, Any]],
        connection: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Check what is asked for; nothing is read.

        Args:
            path: folder of the files.
            logs: by name.
            connection: the engine, as of `TableDataset`. It must keep rows in the order of their
                file, which numbers and places follow from.
            metadata: for other tools.
        """
        for name, log in logs.items():
            if set(log) != {"format", "files"}:
                raise DatasetError(
                    f"search_logs, {name}: found {', '.join(log)}; expected format and files"
                )
            if log["format"] not in FORMATS:
                raise DatasetError(
                    f"search_logs, {name}: no format {log['format']!r}; "
                    f"{suggest(str(log['format']), FORMATS)}"
                )
        self._path, self._logs = Path(path), logs
        self._connection = connection
        self.metadata = metadata

    def load(self) -> dict[str, Callable[[], Table]]:
        """By name, a function that gives the log as it is published."""
        return {name: partial(self._read, name) for name in self._logs}

    def save(self, data: Sequence[str]) -> None:
        """Take note that the files called `data`, relative to the folder, have been written.

        Raises:
            DatasetError: one does not exist.
        """
        for name in data:
            if not (self._path / name).is_file():
                raise DatasetError(f"{self._path / name}: was not written")

    def _read(self, name: str) -> Table:
        kind, files = self._logs[name]["format"], self._locate(self._logs[name]["files"])
        try:
            if kind == "table":
                return self._open(files).load()
            engine = self._open(self._path).connection
            if kind == "merchandise":
                return read_merchandise(**files, engine=engine)
            read = {
                "aliexpress": published.read_aliexpress,
                "ali_ccp": published.read_aliccp,
                "kuairand": published.read_kuairand,
            }
            return read[kind](files, engine)
        except (OSError, TypeError, ValueError) as error:
            raise DatasetError(f"search_logs, {name}: {error}") from error

    def _open(self, file: Path) -> TableDataset:
        kind = "csv" if ".csv" in file.suffixes else "parquet"
        return TableDataset(filepath=str(file), file_format=kind, connection=self._connection)

    def _locate(self, files: Any) -> Any:
        if isinstance(files, Mapping):
            return {name: self._locate(of) for name, of in files.items()}
        return self._path / files

    def _exists(self) -> bool:
        return self._path.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path), "logs": list(self._logs)}
