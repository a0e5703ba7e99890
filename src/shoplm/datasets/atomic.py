"""Files and directories that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give a path to write a file or directory to, and put that in the place of `target`.

    What lies at `target` is replaced after the body ends without an error, and else stays as it
    was. The path given has the suffixes of `target` and does not exist yet; it lies in a folder
    beside `target`, so that the last step is a rename on one filesystem.
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    restore(target)
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent))
    try:
        written = aside / target.name
        yield written
        if not target.is_dir():
            written.replace(target)
            return
        # a directory that holds files cannot be renamed over
        previous = _previous(target)
        target.rename(previous)
        try:
            written.rename(target)
        finally:
            restore(target)
        shutil.rmtree(previous, ignore_errors=True)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def copy_linked(source: Path, target: Path) -> None:
    """Copy a directory at no cost: files are hard-linked, or copied where that cannot be."""
    shutil.copytree(source, target, copy_function=_link)


def restore(target: Path) -> None:
    """Put the old directory back if a process was killed between the two renames of a swap."""
    previous = _previous(target)
    if not previous.exists():
        return
    if target.exists():
        shutil.rmtree(previous, ignore_errors=True)
    else:
        previous.rename(target)


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # another filesystem, or one without links
        shutil.copy2(source, target)
    return target


def _previous(target: Path) -> Path:
    return target.parent / f".{target.name}.previous"
