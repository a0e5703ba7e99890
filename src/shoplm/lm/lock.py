"""One program at a time trains in a folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from shoplm.lm.processes import Processes

LOCK_FILE = ".lock"


class FolderInUse(RuntimeError):
    """Another program trains in the folder."""


@contextmanager
def locked(directory: Path, processes: Processes) -> Iterator[None]:
    """Hold the folder's lock in the first process; it goes with the process, however that ends.

    Raises:
        FolderInUse: another program holds it, in every process.
    """
    held: list[IO[str]] = []
    processes.first(lambda: held.append(_lock(directory / LOCK_FILE)))
    try:
        yield
    finally:
        for file in held:
            file.close()


def _lock(path: Path) -> IO[str]:
    file = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise FolderInUse(
            f"{path.parent}: another program (process {holder}) is training here; wait for it, or "
            "train in another folder"
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file
