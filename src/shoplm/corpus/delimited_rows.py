"""Rows of CSV and TSV files, streamed, with quoted line breaks."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from shoplm.corpus.rows import BYTE_ORDER_MARK, Rows, Unreadable, check_columns, skip_line
from shoplm.corpus.sources import ReadingSettings, TextSource


class _TooLarge(Exception):
    pass


class _Lines:
    """Decoded lines for the csv module, which calls for as many as a row takes."""

    def __init__(self, stream: io.BufferedReader, encoding: str, limit: int) -> None:
        self.stream = stream
        self.encoding = encoding
        self.limit = limit
        self.number = 0
        self.start_row()

    def start_row(self) -> None:
        self.size = 0
        self.undecodable: str | None = None
        self.first = self.number + 1

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.stream.readline(self.limit + 1)
        if not line:
            raise StopIteration
        self.number += 1
        self.size += len(line)
        if self.size > self.limit:
            if not line.endswith(b"\n"):
                skip_line(self.stream, self.limit)
            raise _TooLarge
        if self.number == 1:
            line = line.removeprefix(BYTE_ORDER_MARK)
        try:
            return line.decode(self.encoding)
        except UnicodeDecodeError as error:
            self.undecodable = f"line {self.number} is not {self.encoding} at byte {error.start}"
            return line.decode(self.encoding, "replace")


def read_delimited(
    file: Path, stream: io.BufferedReader, source: TextSource, settings: ReadingSettings
) -> Rows:
    """One row a record; row 1 follows the header. Every row has all columns, as text.

    A quote that is never closed swallows what follows it, up to the size limit of a record; that
    row is unreadable and reading goes on behind it.

    Raises:
        ValueError: the header names a column twice, or lacks one that `source` declares.
    """
    limit = settings.max_record_bytes
    tabs = source.resolved_format == "tsv"
    delimiter = source.delimiter or ("\t" if tabs else ",")
    quote = source.quote if source.quote is not None else ("" if tabs else '"')
    csv.field_size_limit(max(csv.field_size_limit(), limit + 1))
    lines = _Lines(stream, source.encoding, limit)
    reader = csv.reader(
        lines,
        delimiter=delimiter,
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        strict=True,
    )
    columns = source.columns or _header(file, reader)
    check_columns(file, source, columns)
    width = len(columns)
    number = 0
    while True:
        lines.start_row()
        try:
            values = next(reader)
        except StopIteration:
            return
        except _TooLarge:
            row = Unreadable("too_large", f"more than {limit:,} bytes from line {lines.first} on")
        except csv.Error as error:
            row = Unreadable("invalid_csv", f"{error}, lines {lines.first} to {lines.number}")
        else:
            if not values:
                continue  # a blank line
            if lines.undecodable:
                row = Unreadable("undecodable", lines.undecodable)
            elif len(values) != width:
                row = Unreadable(
                    "wrong_columns",
                    f"expected {width} columns, found {len(values)} in line {lines.first}",
                )
            else:
                row = dict(zip(columns, values, strict=True))
        number += 1
        yield number, row


def _header(file: Path, reader: object) -> list[str]:
    try:
        columns = [name.strip() for name in next(reader, [])]
    except (_TooLarge, csv.Error) as error:
        raise ValueError(
            f"{file}: the header line cannot be read ({error or 'too long'})"
        ) from None
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise ValueError(f"{file}: the header names column {twice[0]!r} twice")
    return columns
