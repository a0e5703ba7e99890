"""Rows of JSON lines, streamed, and of JSON files, loaded whole within a limit."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import orjson

from shoplm.corpus.rows import BYTE_ORDER_MARK, Rows, Unreadable, bounded_lines
from shoplm.corpus.sources import ReadingSettings, TextSource


def holds_json_lines(stream: io.BufferedReader) -> bool:
    """Whether the first line is a whole object and another one follows."""
    line, _, rest = stream.peek(1 << 20).lstrip().partition(b"\n")
    return rest.strip()[:1] == b"{" and _is_object(line)


def read_json_lines(
    file: Path, stream: io.BufferedReader, source: TextSource, settings: ReadingSettings
) -> Rows:
    """One row a line; blank lines are none, but count in the numbers."""
    loads = orjson.loads
    encoding = source.encoding
    recode = not _is_utf8(encoding)
    for number, line in bounded_lines(stream, settings.max_record_bytes):
        if type(line) is Unreadable:
            yield number, line
            continue
        try:
            row = loads(line.decode(encoding) if recode else line)
        except (orjson.JSONDecodeError, UnicodeDecodeError):
            if line.isspace():
                continue
            row = _loads_leniently(line, encoding)
        if type(row) is not dict and type(row) is not Unreadable:
            row = Unreadable("not_an_object", f"expected a JSON object, found {_start(line)}")
        yield number, row


def read_json(
    file: Path, stream: io.BufferedReader, source: TextSource, settings: ReadingSettings
) -> Rows:
    """The elements of the array, or of the lists at `source.rows`.

    Raises:
        ValueError: the file is not JSON, is too large, or holds no list there.
    """
    data = stream.read(settings.max_json_bytes + 1)
    if len(data) > settings.max_json_bytes:
        raise ValueError(
            f"{file}: has more than max_json_bytes = {settings.max_json_bytes:,} bytes, and a "
            "JSON file is loaded whole; convert it to JSON lines"
        )
    data = data.removeprefix(BYTE_ORDER_MARK)
    try:
        value = orjson.loads(data if _is_utf8(source.encoding) else data.decode(source.encoding))
    except (orjson.JSONDecodeError, UnicodeDecodeError):
        value = _loads_leniently(data, source.encoding)
    if type(value) is Unreadable:
        if _is_object(data.lstrip().partition(b"\n")[0]):
            raise ValueError(f"{file}: looks like JSON lines; expected json (state format: jsonl)")
        raise ValueError(f"{file}: is not JSON; {value.detail}")
    del data
    rows = _listed(value, source.rows.split(".") if source.rows else [])
    if rows is None:
        here = f"; it has {', '.join(value)[:200]}" if isinstance(value, dict) else ""
        raise ValueError(
            f"{file}: expected a list of rows at {source.rows or 'the top'!r} (`rows`){here}"
        )
    for number, row in enumerate(rows, 1):
        if type(row) is not dict:
            row = Unreadable("not_an_object", f"expected a JSON object, found {str(row)[:60]!r}")
        yield number, row


def _listed(value: Any, path: list[str]) -> list | None:
    """The elements of the lists at `path`, of all lists on the way; None where there is none."""
    if isinstance(value, list):
        if not path:
            return value
        parts = [part for item in value if (part := _listed(item, path)) is not None]
        return [item for part in parts for item in part] if parts or not value else None
    if isinstance(value, dict) and path and path[0] in value:
        return _listed(value[path[0]], path[1:])
    return None


def _loads_leniently(text: bytes, encoding: str) -> Any:
    """What the strict parser refuses but still means something: NaN, raw tabs, huge numbers."""
    try:
        return json.loads(text.decode(encoding), strict=False, parse_constant=lambda _: None)
    except UnicodeDecodeError as error:
        return Unreadable("undecodable", f"not {encoding} at byte {error.start}")
    except (ValueError, RecursionError) as error:
        return Unreadable("invalid_json", f"{str(error)[:100]}: {_start(text)}")


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line.removeprefix(BYTE_ORDER_MARK)), dict)
    except orjson.JSONDecodeError:
        return False


def _is_utf8(encoding: str) -> bool:
    return encoding.lower().replace("_", "-") in ("utf-8", "utf8")


def _start(line: bytes) -> str:
    return repr(line[:60].decode(errors="replace"))
