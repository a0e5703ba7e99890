"""Rows of JSON, JSON lines, CSV and tab-separated files, whole or damaged, gzipped or not."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from shoplm.tasks.readers.reader import ReaderOptions, Row, RowError

Format = Literal["json", "csv", "tsv"]
FORMATS: dict[str, Format] = {
    ".json": "json", ".jsonl": "json", ".ndjson": "json", ".csv": "csv", ".tsv": "tsv",
    ".txt": "tsv",
}  # fmt: skip


class FileOptions(ReaderOptions):
    """How a file holds its rows."""

    format: Format | None = None
    """By default told by the suffix, `.gz` apart; json is an array, an object or JSON lines."""
    columns: list[str] = []
    """Names of the columns of a csv or tsv file without a header line."""
    quoted: bool = True
    """Whether a cell of a csv or tsv file may stand in double quotes."""
    rows: str | None = None
    """Path to the rows in a JSON object: `data.paragraphs`; lists on the way are walked through,
    and what lies beside them stays in each row under `above`."""


def source_paths(root: Path, file: str) -> list[Path]:
    """The files that a source names, sorted; a name with a wildcard may be many.

    Raises:
        FileNotFoundError: there is none.
    """
    pattern = any(c in file for c in "*?[")
    paths = sorted(Path(root).glob(file)) if pattern else [Path(root) / file]
    if not paths or not paths[0].exists():
        raise FileNotFoundError(f"{Path(root) / file}: no such file")
    return paths


def read_rows(path: Path, options: FileOptions) -> Iterator[Row]:
    """The rows of a file; a row that cannot be read, or a damaged end, is a Row with an error."""
    kind = options.format or FORMATS.get(path.with_suffix("").suffix
                                         if path.suffix == ".gz" else path.suffix)  # fmt: skip
    if kind is None:
        raise ValueError(f"{path}: no format is known for this suffix; set options.format")
    text, damage = read_text(path)
    number = 0
    rows = _json_rows(text, options.rows) if kind == "json" else _cells(text, kind, options)
    for found in rows:
        number += 1
        if isinstance(found, RowError):
            yield Row(number, {}, found)
        else:
            yield Row(number, found)
    if damage:
        yield Row(number + 1, {}, RowError("unreadable", damage))


def read_text(path: Path) -> tuple[str, str]:
    """All of a file that can be read, and what is wrong with the rest, if anything."""
    raw, damage = path.read_bytes(), ""
    if path.suffix == ".gz":
        raw, damage = _decompressed(raw)
    # bytes that are no UTF-8 become lone surrogates: only the rows that hold them are lost
    text = raw.decode("utf-8", errors="surrogateescape").removeprefix("\ufeff")
    return text.replace("\r\n", "\n"), damage


def _decompressed(raw: bytes) -> tuple[bytes, str]:
    parts = []
    stream = gzip.GzipFile(fileobj=io.BytesIO(raw))
    try:
        while part := stream.read1(1 << 16):
            parts.append(part)
    except (EOFError, OSError, zlib.error) as error:
        return b"".join(parts), f"the compressed file is damaged: {error}"
    return b"".join(parts), ""


def _json_rows(text: str, path: str | None) -> Iterator[dict | RowError]:
    body = text.lstrip()
    if path is not None:
        try:
            top = json.loads(body)
        except (ValueError, RecursionError) as error:
            yield RowError("unreadable", f"the file is no whole JSON object: {error}")
            return
        yield from _inside(top, path.split("."), {})
    elif body.startswith("["):
        yield from _array(body)
    else:  # never splitlines: it also cuts at characters that a JSON string may hold
        for line in filter(str.strip, text.split("\n")):
            yield _object(line)


def _object(line: str) -> dict | RowError:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        return RowError("unreadable", f"no JSON: {error}")
    return _mapping(found)


def _mapping(found: Any) -> dict | RowError:
    if isinstance(found, dict):
        return found
    return RowError("wrong_type", f"the row is a {type(found).__name__}, expected an object")


def _array(body: str) -> Iterator[dict | RowError]:
    """Element by element, so that what stands before a cut is read."""
    decoder, place = json.JSONDecoder(), 1
    while True:
        place = _skip(body, place)
        if body.startswith("]", place):
            if _skip(body, place + 1) < len(body):
                yield RowError("unreadable", "text follows the end of the JSON array")
            return
        try:
            found, place = decoder.raw_decode(body, place)
        except (ValueError, RecursionError) as error:
            yield RowError("unreadable", f"the JSON array is cut or broken here: {error}")
            return
        yield _mapping(found)
        place = _skip(body, place)
        if body.startswith(",", place):
            place += 1
        elif not body.startswith("]", place):
            yield RowError("unreadable", "the JSON array is cut or broken after this row")
            return


def _skip(body: str, place: int) -> int:
    while place < len(body) and body[place] in " \t\n\r":
        place += 1
    return place


def _inside(found: Any, names: list[str], above: dict) -> Iterator[dict | RowError]:
    if isinstance(found, list):
        for element in found:
            yield from _inside(element, names, above)
    elif not isinstance(found, dict):
        yield _mapping(found)
    elif not names:
        yield {**found, "above": above}
    elif names[0] not in found:
        yield RowError("missing_field", f"{names[0]!r} is absent on the way to the rows")
    else:
        beside = {name: value for name, value in found.items() if name != names[0]}
        yield from _inside(found[names[0]], names[1:], {**above, **beside})


def _cells(text: str, kind: Format, options: FileOptions) -> Iterator[dict | RowError]:
    delimiter = "," if kind == "csv" else "\t"
    if options.quoted:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    else:
        lines = ([*line.split(delimiter)] for line in text.split("\n"))
    names = list(options.columns)
    while True:
        try:
            cells = next(lines, None)
        except csv.Error as error:
            yield RowError("unreadable", f"quotes that do not match: {error}")
            continue
        if cells is None:
            return
        if not cells or cells == [""]:
            continue
        if not names:
            names = cells
            if len(set(names)) < len(names):
                yield RowError("wrong_columns", f"the first line names a column twice: {names}")
                return
        elif len(cells) != len(names):
            yield RowError("wrong_columns", f"{len(cells)} cells, expected {len(names)}")
        else:
            yield dict(zip(names, cells, strict=True))
