"""Tables as Ibis expressions, stored as parquet."""

from __future__ import annotations

import atexit
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
from ibis import Table
from kedro.io import DatasetError
from kedro_datasets._typing import TablePreview
from kedro_datasets.ibis import FileDataset

from shoplm.datasets.atomic import replacing
from shoplm.datasets.preview import preview_table

if TYPE_CHECKING:
    from ibis import BaseBackend
    from pandas import DataFrame


ROW_GROUP = 30 * 1024
"""Rows that one thread reads at a time: small, so that all cores share a small table too."""


class TableDataset(FileDataset):
    """`ibis.FileDataset` whose file is replaced whole, with a preview.

    `save` takes an Ibis expression, which the engine that it is bound to runs and writes without
    holding the result in memory, a stream of Arrow batches, or a pandas or pyarrow table. `load`
    gives an expression on the connection of the catalog entry; entries with the same `connection`
    share one, so their tables can be joined. Where an entry names none: DuckDB in memory.
    """

    DEFAULT_SAVE_ARGS: ClassVar[dict[str, Any]] = {"compression": "zstd"}

    _engines: ClassVar[list[BaseBackend]] = []

    @classmethod
    def interrupt(cls) -> None:
        """Make queries that run on the connections of tables fail now; any thread may call this."""
        for engine in cls._engines:
            if hasattr(engine.con, "interrupt"):
                engine.con.interrupt()

    def load(self) -> Table:
        """The table, not read yet.

        Raises:
            DatasetError: the file is missing or is no parquet file.
        """
        path = self._path()
        reader = getattr(self.connection, f"read_{self._file_format}")
        try:
            return reader(str(path), table_name=self._table_name, **self._load_args)
        except Exception as error:
            raise DatasetError(f"{path}: cannot be read as {self._file_format}: {error}") from error

    def save(self, data: Table | DataFrame | pa.Table | pa.RecordBatchReader) -> None:
        """Run the expression and write what it gives.

        Raises:
            DatasetError: the expression failed; the file that was there before is untouched.
        """
        target = Path(self._get_save_path())
        with replacing(target) as path:
            try:
                self._write(data, path)
            except Exception as error:
                raise DatasetError(f"{target}: cannot be written: {error}") from error

    def _write(self, data: Table | DataFrame | pa.Table | pa.RecordBatchReader, path: Path) -> None:
        if isinstance(data, Table):
            self.connection  # noqa: B018 - is there before a backend is asked for
            write = getattr(data.get_backend(), f"to_{self._file_format}")
            write(data, str(path), row_group_size=ROW_GROUP, **self._save_args)
            return
        if not isinstance(data, pa.Table | pa.RecordBatchReader):
            data = pa.Table.from_pandas(data, preserve_index=False)
        with pq.ParquetWriter(path, data.schema, **self._save_args) as writer:
            for batch in data if isinstance(data, pa.RecordBatchReader) else [data]:
                writer.write(batch, ROW_GROUP)

    def row_count(self) -> int:
        """Rows of the stored table, from the file's own metadata."""
        return pq.read_metadata(self._path()).num_rows

    def preview(self, nrows: int = 5) -> TablePreview:
        """The first rows, for kedro-viz."""
        batches = pq.ParquetFile(self._path()).iter_batches(batch_size=nrows)
        first = next(batches, None)
        schema = pq.read_schema(self._path())
        table = pa.Table.from_batches([] if first is None else [first], schema)
        return preview_table(table.to_pandas())

    def _connect(self) -> BaseBackend:
        engine = super()._connect()
        with suppress(Exception):  # an engine without one, or a notebook that cannot show one
            engine.raw_sql("SET enable_progress_bar = false")
        self._engines.append(engine)
        ibis.set_backend(engine)  # runs expressions over no stored table at all
        atexit.register(self._close_all)
        return engine

    @classmethod
    def _close_all(cls) -> None:
        # DuckDB prints a page about connections and functions that are still there at exit
        while cls._engines:
            cls._engines.pop().disconnect()
        cls._connections.clear()
        ibis.options.default_backend = None

    def _path(self) -> Path:
        path = Path(self._get_load_path())
        if not path.exists():
            raise DatasetError(f"{path}: not there; run the node that writes it first")
        return path
