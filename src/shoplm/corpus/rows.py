"""What reading a file yields: rows by number, or the reason why one cannot be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from shoplm.corpus.sources import TextSource

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Unreadable(NamedTuple):
    """Stands in place of a row's values."""

    reason: str
    """One word: invalid_json, too_large, undecodable, wrong_columns, ..."""
    detail: str
    """What was found, for a person."""


Rows = Iterator[tuple[int, dict[str, Any] | Unreadable]]
"""(row number from 1, values by column)."""


def bounded_lines(stream: BinaryIO, limit: int) -> Iterator[tuple[int, bytes | Unreadable]]:
    """(line number, line with its end); a line of more than `limit` bytes is passed over.

    Never holds more than `limit` bytes and one chunk.
    """
    readline = stream.readline
    number = 0
    while line := readline(limit + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(BYTE_ORDER_MARK)
        if len(line) > limit and not line.endswith(b"\n"):
            yield number, skip_line(stream, limit)
        else:
            yield number, line


def skip_line(stream: BinaryIO, limit: int) -> Unreadable:
    """Passes over the rest of a line that is too long."""
    while (rest := stream.readline(1 << 20)) and not rest.endswith(b"\n"):
        pass
    return Unreadable("too_large", f"more than {limit:,} bytes")


def check_columns(file: Path, source: TextSource, present: Sequence[str]) -> None:
    """Stops at a column that `source` declares and the header of `file` has not.

    Raises:
        ValueError: names file, column and the columns there are.
    """
    for path in source.row_paths(optional=False):
        if path not in present and path.split(".")[0] not in present:
            raise ValueError(missing_column(file, path, present))


def missing_column(file: Path, column: str, present: Iterable[str]) -> str:
    """The message for a column that no row has."""
    return f"{file}: has no column {column!r}; it has {', '.join(map(str, present))[:500]}"
