"""Checkpoints that are whole or not there: a folder each, with a digest of every file in it."""

from __future__ import annotations

import errno
import hashlib
import json
import math
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from shoplm.launch import report_warning
from shoplm.launch.durable import sync, write_durably

if TYPE_CHECKING:  # torch comes with it, and those who only want a folder to appear need none
    from shoplm.launch.processes import Processes

MANIFEST = "manifest.json"
"""Size and SHA-256 of each other file of a checkpoint, and what it was taken from."""

GOOD = "good"
"""An empty file in a checkpoint from which the next step had a finite loss."""

KEPT = 2
"""Checkpoints of a run that are there at a time: the newest, and the one before."""


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of one run; each is a folder named after its step."""

    folder: Path
    run: str
    """Digest of what the run is; checkpoints of another are refused."""
    processes: Processes

    def path(self, step: int) -> Path:
        """Where the checkpoint of a step lies."""
        return self.folder / f"step-{step:06d}"

    def save(self, step: int, write: Callable[[Path], None], **facts: Any) -> None:
        """Let all processes write the state after `step` to a folder, then put it in place.

        Older checkpoints but one are removed. If it fails nothing of it stays, and those that are
        there stay.

        Args:
            step: names the checkpoint.
            write: called with the folder in each process. An error of one of them alone ends the
                others with it, unless they come to know of it in there.
            facts: kept in the manifest.

        Raises:
            OSError: it cannot be written; the message names the folder.
        """
        aside = self.folder / f".step-{step:06d}.part"
        processes = self.processes
        try:
            processes.first(lambda: _make_afresh(aside))
            write(aside)
            names = processes.first(lambda: _files(aside))
            mine = names[processes.rank :: processes.world_size]
            digests = processes.all(lambda: {name: _digest(aside / name) for name in mine})
            files = {name: found for part in digests for name, found in part.items()}
            manifest = {"run": self.run, "step": step, **facts, "files": files}
            processes.first(lambda: self._put_in_place(aside, step, manifest))
        except BaseException as error:
            if processes.is_first:
                shutil.rmtree(aside, ignore_errors=True)
            if is_of_disk(error):
                raise OSError(
                    f"{self.path(step)}: the checkpoint after step {step} cannot be written, is "
                    f"the disk full? ({last_line(error)}) The checkpoints before it stay"
                ) from error
            raise

    def newest(self) -> tuple[Path, dict[str, Any]] | None:
        """The newest whole checkpoint and its manifest; says which newer ones are damaged.

        Raises:
            ValueError: it belongs to another run.
        """
        return self.processes.first(self._newest)

    def vouch(self, step: int) -> None:
        """Take note that the loss after a checkpoint was finite."""
        if self.processes.is_first:
            (self.path(step) / GOOD).touch()

    def check_finite(self, step: int, name: str, value: float) -> None:
        """Let training end where a number of a step shows that it has diverged.

        Raises:
            FloatingPointError: the number is not finite; see `diverged`.
        """
        if not math.isfinite(value):
            self.diverged(f"stopped at step {step}: the {name} is {value}")

    def diverged(self, what: str) -> NoReturn:
        """Raise what names the run's folder and the checkpoint that another start goes on from.

        Raises:
            FloatingPointError: always.
        """
        good = self.last_good()
        goes_on = f"the last good checkpoint is {good}" if good else "there is no good checkpoint"
        raise FloatingPointError(
            f"{self.folder.parent}: {what}; nothing of this step is kept, {goes_on}"
        )

    def last_good(self) -> Path | None:
        """The newest whole checkpoint with a finite loss after it; later ones are removed.

        To be called when training has diverged, so that no other start goes on from there.
        """
        return self.processes.first(self._last_good)

    def remove(self) -> None:
        """Remove all of them: the run is complete."""
        if self.processes.is_first:
            shutil.rmtree(self.folder, ignore_errors=True)

    def steps(self) -> list[int]:
        """Steps that have a checkpoint, damaged or not, oldest first."""
        return sorted(int(path.name.split("-")[1]) for path in self.folder.glob("step-*"))

    def _newest(self) -> tuple[Path, dict[str, Any]] | None:
        for partial in self.folder.glob(".step-*"):
            shutil.rmtree(partial, ignore_errors=True)
        for step in reversed(self.steps()):
            path = self.path(step)
            try:
                manifest = verify(path)
            except (OSError, ValueError) as error:
                report_warning(f"checkpoint passed over: {error}")
                continue
            if manifest["run"] != self.run:
                raise ValueError(
                    f"{path}: a checkpoint of another run (the run file or its inputs were "
                    "changed); remove the folder, or train in another one"
                )
            return path, manifest
        if self.steps():
            report_warning(f"{self.folder}: no checkpoint is whole, training starts afresh")
        return None

    def _last_good(self) -> Path | None:
        for step in reversed(self.steps()):
            path = self.path(step)
            with suppress(OSError, ValueError):
                verify(path)
                if (path / GOOD).exists():
                    return path
            shutil.rmtree(path, ignore_errors=True)
        return None

    def _put_in_place(self, aside: Path, step: int, manifest: dict[str, Any]) -> None:
        write_durably(aside / MANIFEST, json.dumps(manifest, indent=1))
        shutil.rmtree(self.path(step), ignore_errors=True)  # a damaged one
        aside.rename(self.path(step))
        sync(self.folder)
        steps = self.steps()
        later = [s for s in steps if s > step]  # damaged ones, passed over at the start
        for old in steps[: -KEPT - len(later)] + later:
            shutil.rmtree(self.path(old), ignore_errors=True)


def verify(path: Path) -> dict[str, Any]:
    """The manifest of a checkpoint, all of whose files are as they were written.

    Raises:
        ValueError: a file is missing or differs; the message names it.
        OSError: a file cannot be read.
    """
    try:
        manifest = json.loads((path / MANIFEST).read_text("utf-8"))
        expected = manifest["files"]
    except (OSError, ValueError, KeyError, TypeError):
        raise ValueError(f"{path} is damaged: no readable {MANIFEST}") from None
    for name, facts in expected.items():
        file = path / name
        size = file.stat().st_size if file.is_file() else None
        if size != facts["size"]:
            has = "is missing" if size is None else f"has {size} bytes instead of {facts['size']}"
            raise ValueError(f"{path} is damaged: {name} {has}")
        if _sha256(file) != facts["sha256"]:
            raise ValueError(f"{path} is damaged: the bytes of {name} have changed")
    return manifest


@contextmanager
def appearing(directory: Path) -> Iterator[Path]:
    """Give a folder to write to that takes the place of `directory` when the body ends well."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    aside = directory.with_name(f".{directory.name}.part")
    _make_afresh(aside)
    try:
        yield aside
        for name in _files(aside):
            sync(aside / name)
        shutil.rmtree(directory, ignore_errors=True)
        aside.rename(directory)
        sync(directory.parent)
    except BaseException as error:
        shutil.rmtree(aside, ignore_errors=True)
        if is_of_disk(error):
            raise OSError(
                f"{directory}: cannot be written, is the disk full? ({last_line(error)})"
            ) from error
        raise


def _make_afresh(directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)


def _files(directory: Path) -> list[str]:
    return sorted(str(f.relative_to(directory)) for f in directory.rglob("*") if f.is_file())


def _digest(file: Path) -> dict[str, Any]:
    sync(file)
    return {"size": file.stat().st_size, "sha256": _sha256(file)}


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def is_of_disk(error: BaseException) -> bool:
    """Whether there was no room; torch and safetensors say so with errors of their own."""
    if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return True
    words = (
        "PytorchStreamWriter",
        "unexpected pos",
        "No space left",
        "quota exceeded",
        "File too large",
    )
    return any(word in str(error) for word in words)


def last_line(error: BaseException) -> str:
    """The last line of an error's message."""
    return (str(error).strip() or type(error).__name__).splitlines()[-1]
