"""Answers by request id on disk: appended as they come, so that a killed run loses a batch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from shoplm.launch import report_warning

Answer = dict[str, Any]


def read_store(directory: Path) -> dict[str, Answer]:
    """All answers in a folder's files, by request id.

    A last line that was cut short is ignored; so is any other that is damaged, with a warning.
    """
    answers: dict[str, Answer] = {}
    for file in sorted(Path(directory).glob("*.jsonl")):
        lines = file.read_bytes().split(b"\n")
        for number, line in enumerate(lines[:-1], start=1):  # a whole line has its end
            try:
                answer = json.loads(line)
                answers[answer["request_id"]] = answer
            except (ValueError, KeyError, TypeError):
                report_warning(f"{file}, line {number}: damaged, it is asked again")
    return answers


class StoreFile:
    """One process's file of a store, to append to."""

    def __init__(self, file: Path) -> None:
        """Open a file, less a line that was cut short at its end."""
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.exists():
            held = file.read_bytes()
            whole = held.rfind(b"\n") + 1
            if whole < len(held):
                with file.open("r+b") as torn:
                    torn.truncate(whole)
        self._file = file.open("ab", buffering=0)

    def append(self, answers: Iterable[Mapping[str, Any]]) -> None:
        """Write answers in one piece.

        Raises:
            OSError: there is no room.
        """
        data = "".join(json.dumps(answer) + "\n" for answer in answers).encode()
        while data:
            data = data[self._file.write(data) :]

    def __enter__(self) -> StoreFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
