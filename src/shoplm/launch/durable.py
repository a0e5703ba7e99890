"""Files that are on the disk once they are there."""

from __future__ import annotations

import os
from pathlib import Path


def write_durably(file: Path, text: str) -> None:
    """Write a file aside, onto the disk, and put it in place, its name on the disk too.

    Raises:
        OSError: it cannot be written; what was in its place stays.
    """
    partial = file.with_name(f".{file.name}.part")
    try:
        partial.write_text(text, "utf-8")
        sync(partial)
        partial.replace(file)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    sync(file.parent)


def sync(path: Path) -> None:
    """Wait until a file, or the list of names in a folder, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
