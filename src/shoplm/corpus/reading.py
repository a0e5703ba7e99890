"""Rows of a file in any of the formats that sources come in; what is broken says why."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from shoplm.corpus.delimited_rows import read_delimited
from shoplm.corpus.json_rows import holds_json_lines, read_json, read_json_lines
from shoplm.corpus.opening import open_text
from shoplm.corpus.rows import BYTE_ORDER_MARK, Rows, Unreadable, bounded_lines, check_columns
from shoplm.corpus.sources import ReadingSettings, TextSource

SURELY_WRONG = 1000
"""So many unreadable rows at the start of a file, and not one readable, end the reading."""


def read_rows(file: Path, source: TextSource, settings: ReadingSettings) -> Rows:
    """Yields (row number, values) in file order, or (row number, why it is unreadable).

    Numbers start at 1 and count lines (JSON lines, text) or data rows. Nothing but a JSON file is
    held whole.

    Raises:
        FileNotFoundError: the file does not exist.
        ValueError: it is empty, is not what its format says, or more of its rows are unreadable
            than `settings` allow; the message names file, rows and what was expected.
    """
    if not file.is_file():
        raise FileNotFoundError(f"{file}: the file does not exist")
    kind = source.resolved_format
    try:
        if kind == "parquet":
            yield from _counted(file, kind, _parquet_rows(file, source), settings)
            return
        with closing(open_text(file, kind)) as stream:
            if kind == "json" and not source.format and not source.rows:
                kind = "jsonl" if holds_json_lines(stream) else kind
            rows = _READERS[kind](file, stream, source, settings)
            yield from _counted(file, kind, rows, settings)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{file}: damaged gzip file ({error})") from None


def _counted(file: Path, kind: str, rows: Rows, settings: ReadingSettings) -> Rows:
    """The rows; an error when there are none, or too many unreadable ones."""
    total = bad = 0
    first: list[str] = []
    for number, values in rows:
        total += 1
        if type(values) is Unreadable:
            bad += 1
            if len(first) < 3:
                first.append(f"row {number}: {values.reason}, {values.detail}")
            if bad == total == SURELY_WRONG:
                break
        yield number, values
    if not total:
        raise ValueError(f"{file}: has no rows; expected {kind}")
    if bad / total > settings.max_unreadable_share:
        raise ValueError(
            f"{file}: {bad} of {total} rows are unreadable as {kind}, more than the share of "
            f"{settings.max_unreadable_share:g} that is allowed; {'; '.join(first)}"
        )


def _text_rows(
    file: Path, stream: io.BufferedReader, source: TextSource, settings: ReadingSettings
) -> Rows:
    limit = settings.max_record_bytes
    if source.document == "file":
        text = stream.read(limit + 1).removeprefix(BYTE_ORDER_MARK)
        large = Unreadable("too_large", f"more than {limit:,} bytes")
        documents: Any = [(1, large if len(text) > limit else text)]
    elif source.document == "line":
        documents = bounded_lines(stream, limit)
    else:
        documents = _paragraphs(stream, limit)
    for number, text in documents:
        if type(text) is Unreadable:
            yield number, text
        elif not text.isspace():
            try:
                yield number, {"text": text.decode(source.encoding)}
            except UnicodeDecodeError as error:
                where = f"not {source.encoding} at byte {error.start}"
                yield number, Unreadable("undecodable", where)


def _paragraphs(stream: io.BufferedReader, limit: int) -> Iterator[tuple[int, bytes | Unreadable]]:
    """Runs of lines between blank ones, by number of paragraph."""
    number = 0
    text = b""
    large: Unreadable | None = None
    for _, line in bounded_lines(stream, limit):
        if type(line) is Unreadable or len(text) + len(line) > limit:
            large = large or Unreadable("too_large", f"more than {limit:,} bytes")
            text = b""
        elif line.strip():
            text += line
        elif text or large:
            number += 1
            yield number, large or text
            text, large = b"", None
    if text or large:
        yield number + 1, large or text


def _parquet_rows(file: Path, source: TextSource) -> Rows:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(file)
    except (pa.ArrowInvalid, OSError) as error:
        raise ValueError(f"{file}: is not parquet ({str(error).splitlines()[0]})") from None
    number = 0
    with table:
        names = table.schema_arrow.names
        check_columns(file, source, names)
        top = {path if path in names else path.split(".")[0] for path in source.row_paths()}
        columns = None if source.row_key else sorted(top.intersection(names))
        for batch in table.iter_batches(batch_size=1024, columns=columns):
            for row in _python_rows(batch):
                number += 1
                yield number, row


def _python_rows(batch: Any) -> list[dict | Unreadable]:
    try:
        return batch.to_pylist()
    except UnicodeDecodeError:
        pass
    rows: list[dict | Unreadable] = []
    for index in range(len(batch)):
        try:
            rows += batch.slice(index, 1).to_pylist()
        except UnicodeDecodeError as error:
            rows.append(Unreadable("undecodable", f"a value is not utf-8 at byte {error.start}"))
    return rows


_READERS = {
    "jsonl": read_json_lines,
    "json": read_json,
    "csv": read_delimited,
    "tsv": read_delimited,
    "text": _text_rows,
}
