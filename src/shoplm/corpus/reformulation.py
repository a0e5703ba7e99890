"""Raw rows of every source become text records (EcomGPT-CT, section 3.2)."""

from __future__ import annotations

import hashlib
import logging
import tempfile
import weakref
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
from ibis import Table, _

from shoplm.corpus.reading import read_rows
from shoplm.corpus.rendering import Renderer
from shoplm.corpus.rows import Unreadable
from shoplm.corpus.sources import ReadingSettings, TextSource, TextSources

logger = logging.getLogger(__name__)

BATCH_CHARACTERS = 1 << 25
"""A batch of long texts is written before it has `batch_rows` rows."""

_STRING = pa.string()
_TABLES = {
    "records": {
        "position": pa.int64(), "digest": _STRING, "source": _STRING, "language": _STRING,
        "kind": _STRING, "keys": pa.list_(_STRING), "text": _STRING, "row": pa.int64(),
    },
    "unreadable_rows": dict.fromkeys(("record_id", "source", "reason", "detail"), _STRING),
    "product_names": dict.fromkeys(("key", "name", "language"), _STRING),
}  # fmt: skip


def reformulate_sources(
    sources: TextSources, settings: ReadingSettings | None = None
) -> tuple[Table, Table, Table]:
    """(records, unreadable rows, product names) of all sources.

    Records have `record_id, source, language, kind, keys, text, row`, where keys are sorted and
    distinct. Every row, or element where a source explodes a list, is in exactly one of the first
    two tables. A record_id is made of source, keys and text, so it does not depend on the order of
    rows; identical repeats are numbered in order. Product names have `key, name, language`.

    The rows are written to a temporary folder that lives as long as the tables do.

    Raises:
        FileNotFoundError: a file does not exist.
        ValueError: a file cannot be read as declared; names file, and row or column.
    """
    settings = settings or ReadingSettings()
    folder = tempfile.TemporaryDirectory(prefix="shoplm-")
    tables = {name: _Spool(Path(folder.name), name, settings.batch_rows) for name in _TABLES}
    try:
        for name, source in sources.sources.items():
            _reformulate(name, source, sources.files(name), settings, tables)
        paths = {name: table.finish() for name, table in tables.items()}
    except BaseException:
        folder.cleanup()
        raise
    total, refused = (f"{tables[name].total:,}" for name in ("records", "unreadable_rows"))
    logger.info("%s sources: %s records, %s unreadable rows", len(sources.sources), total, refused)
    connection = ibis.duckdb.connect(preserve_insertion_order=False, memory_limit="1GB")
    spilled = folder.name.replace("'", "''")
    connection.raw_sql(f"SET temp_directory = '{spilled}'")
    connection.raw_sql("SET enable_progress_bar = false")
    weakref.finalize(connection, folder.cleanup)
    records, unreadable, names = (
        connection.read_parquet(path, table_name=name) for name, path in paths.items()
    )
    return _identified(records), unreadable, names.distinct()


def _reformulate(
    name: str,
    source: TextSource,
    files: list[Path],
    settings: ReadingSettings,
    tables: dict[str, _Spool],
) -> None:
    """Read one source into the tables."""
    records, unreadable, names = tables.values()
    earlier = records.total, unreadable.total
    renderer = Renderer(source)
    limit = settings.max_record_bytes
    for file in files:
        place = f"{name}:{file.name}:row" if len(files) > 1 else f"{name}:row"
        for number, row in islice(read_rows(file, source, settings), source.limit):
            if type(row) is Unreadable:
                unreadable.add((f"{place}-{number}", name, *row))
                continue
            for index, scope in enumerate(renderer.elements(row), 1):
                found = renderer.render(scope)
                digest = _digest(name, found, limit)
                if type(digest) is Unreadable:
                    element = f"[{index}]" if source.each else ""
                    unreadable.add((f"{place}-{number}{element}", name, *digest))
                    continue
                text, keys, language = found
                position = records.total
                records.add(
                    (position, digest, name, language, source.kind, keys, text, number), len(text)
                )
                if source.names and len(keys) == 1:
                    for product in renderer.names(scope):
                        names.add((keys[0], product, language))
    renderer.check_columns(files)
    kept, refused = records.total - earlier[0], unreadable.total - earlier[1]
    logger.debug("%s: %s records, %s unreadable rows", name, f"{kept:,}", f"{refused:,}")


def _digest(
    source: str, found: tuple[str, tuple[str, ...], str] | Unreadable, limit: int
) -> str | Unreadable:
    """Sixteen hex digits of source, keys and text, or why the record cannot be stored."""
    if type(found) is Unreadable:
        return found
    text, keys, language = found
    try:
        content = "\x1f".join((source, "\x1e".join(keys), text)).encode()
        language.encode()
    except UnicodeEncodeError:
        return Unreadable("lone_surrogate", "half a surrogate pair, which no encoding can hold")
    if len(content) > limit:
        return Unreadable("too_large", f"the text has more than {limit:,} bytes")
    return hashlib.md5(content).hexdigest()[:16]


class _Spool:
    """Rows on their way to a parquet file, a batch at a time."""

    def __init__(self, folder: Path, name: str, batch_rows: int) -> None:
        self.total = 0
        self._path = folder / f"{name}.parquet"
        self._schema = pa.schema(list(_TABLES[name].items()))
        few = [column for column in ("source", "language", "kind") if column in _TABLES[name]]
        self._writer = pq.ParquetWriter(
            self._path, self._schema, compression="lz4", use_dictionary=few, write_statistics=False
        )
        self._batch_rows = batch_rows
        self._columns: list[list] = [[] for _ in self._schema]
        self._characters = 0

    def add(self, row: tuple, characters: int = 0) -> None:
        self.total += 1
        for column, value in zip(self._columns, row):  # noqa: B905 - once a record
            column.append(value)
        self._characters += characters
        if len(self._columns[0]) == self._batch_rows or self._characters > BATCH_CHARACTERS:
            self._flush()

    def finish(self) -> Path:
        self._flush()
        self._attempt(self._writer.close)
        return self._path

    def _flush(self) -> None:
        types = self._schema.types
        arrays = [pa.array(*column) for column in zip(self._columns, types, strict=True)]
        self._attempt(self._writer.write_batch, pa.record_batch(arrays, schema=self._schema))
        self._columns, self._characters = [[] for _ in self._schema], 0

    def _attempt(self, write: Callable, *values: pa.RecordBatch) -> None:
        try:
            write(*values)
        except OSError as error:
            raise OSError(f"{self._path}: temporary rows cannot be written; {error}") from error


def _identified(records: Table) -> Table:
    """Records with ids. Only digests that occur twice are numbered, so texts are not sorted."""
    repeated = records.group_by("digest").having(_.count() > 1).agg()
    repeats = (
        records.select("digest", "position")
        .semi_join(repeated, "digest")
        .group_by("digest")
        .order_by("position")
        .mutate(repeat=ibis.row_number())
        .filter(_.repeat > 0)
        .select("position", "repeat")
    )
    suffix = ("-" + (_.repeat + 1).cast("string")).fill_null("")
    identified = records.left_join(repeats, "position").mutate(
        record_id=_.source + "-" + _.digest + suffix
    )
    return identified.select("record_id", "source", "language", "kind", "keys", "text", "row")
