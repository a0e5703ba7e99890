"""Answers that have been paid for, on the disk as soon as they come."""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """What the endpoint answered to one request."""

    text: str
    cut: bool
    """It stopped for length."""
    prompt_tokens: int
    completion_tokens: int
    seconds: float
    """From sending to the last byte, without the attempts that failed."""
    tokens: tuple[tuple[str, float | None], ...] | None = None
    """Tokens with their log-probabilities, where they were asked for; the first of a text has
    none."""


def request_key(endpoint: str, messages: Any, parameters: Any, repeat: int) -> str:
    """Changes with the endpoint's fingerprint, the messages, the parameters, the repetition."""
    content = json.dumps([endpoint, messages, parameters, repeat], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:32]


class ResponseCache:
    """Answers by the key of their request: JSON lines, each on the disk when `put` returns.

    A last line that a kill cut short is dropped; any other line that cannot be read is skipped with
    a warning. One process at a time works with a file. Without a path it lives in memory.
    """

    def __init__(self, path: Path | None) -> None:
        """Open or make the file.

        Raises:
            RuntimeError: another process has it open.
        """
        self.path, self._answers, self._file = path, {}, None
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a+b", buffering=0)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise RuntimeError(f"{path}: another run is at work with these answers") from None
        except OSError:
            pass  # a file system without locks
        self._read()

    def __enter__(self) -> ResponseCache:
        return self

    def __exit__(self, *error: object) -> None:
        if self._file is not None:
            self._file.close()

    def __len__(self) -> int:
        return len(self._answers)

    def __iter__(self) -> Iterator[Answer]:
        return iter(self._answers.values())

    def get(self, key: str) -> Answer | None:
        """The answer to a request, if it has been paid for."""
        return self._answers.get(key)

    def put(self, key: str, answer: Answer) -> None:
        """Keep an answer; it is on the disk when this returns.

        Raises:
            OSError: it cannot be written.
        """
        if self._file is not None:
            fields = {name: value for name, value in asdict(answer).items() if value is not None}
            line = json.dumps({"key": key, **fields}, ensure_ascii=False) + "\n"
            data = line.encode("utf-8", "surrogatepass")
            while data:
                data = data[self._file.write(data) :]
            os.fsync(self._file.fileno())
        self._answers[key] = answer

    def _read(self) -> None:
        self._file.seek(0)
        data = self._file.read()
        whole = data.rfind(b"\n") + 1
        for number, line in enumerate(data[:whole].split(b"\n")[:-1], start=1):
            try:
                row = json.loads(line)
                key = row.pop("key")
                if (tokens := row.pop("tokens", None)) is not None:
                    row["tokens"] = tuple((str(token), score) for token, score in tokens)
                self._answers[key] = Answer(**row)
            except (ValueError, TypeError, KeyError, AttributeError):
                logger.warning(
                    "%s, line %d: no answer that can be read, skipped", self.path, number
                )
        if whole < len(data):
            logger.warning("%s: the last line was cut short, dropped", self.path)
            self._file.truncate(whole)
