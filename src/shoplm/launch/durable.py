"""Files that are on the disk once they are there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def placed_durably(file: Path) -> Iterator[Path]:
    """Give a path to write to, and put what is there onto the disk and in the place of `file`.

    Raises:
        OSError: it cannot be written; what was in its place stays.
    """
    partial = file.with_name(f".{file.name}.part")
    try:
        yield partial
        sync(partial)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
    sync(file.parent)


def write_durably(file: Path, text: str) -> None:
    """Write text that is on the disk, its name too, once it is in place; see `placed_durably`."""
    with placed_durably(file) as partial:
        partial.write_text(text, "utf-8")


def sync(path: Path) -> None:
    """Wait until a file, or the list of names in a folder, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
