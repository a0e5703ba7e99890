"""What a child prints: all to the log, the end for an error, progress and warnings to view."""

from __future__ import annotations

import collections
import contextlib
import logging
import os
import re
import sys
import threading
import time
from typing import IO

SECONDS_BETWEEN_LINES = 15.0
"""Without a terminal, progress is logged at most this often."""

TAIL_LINES = 30
"""So many last lines go into an error."""

logger = logging.getLogger("shoplm.launch")

_PROGRESS = re.compile(r"(?:^|\s)progress: (.*\S)")  # pdsh puts the host's name before it
_WARNING = re.compile(r"^(?:[\w.-]+: )?warning: (.*\S)")
# torchrun's own account of a failure is longer than the tail, and would drive out the worker's
_EPILOGUE = re.compile(r"torch/distributed/elastic/\S+ failed \(exitcode")


class Output(threading.Thread):
    """Reads `stream` to its end; `tail` and `error` are to be read when it has."""

    def __init__(self, stream: IO[str], log: IO[str], progress: Progress) -> None:
        super().__init__(name="launch output", daemon=True)
        self.stream, self.log, self.progress = stream, log, progress
        self.tail: collections.deque[str] = collections.deque(maxlen=TAIL_LINES)
        self.error: Exception | None = None

    def run(self) -> None:
        """Copy lines to the log, keep the last, pass progress and warnings on."""
        over = False
        try:
            for line in self.stream:
                self.log.write(line)
                if match := _PROGRESS.search(line):
                    self.progress.show(match[1])
                elif match := _WARNING.search(line):
                    self.progress.warn(match[1])
                if not over and line.strip():
                    self.tail.append(line.rstrip())
                    over = _EPILOGUE.search(line) is not None
        except (OSError, ValueError) as error:
            self.error = error
        finally:
            self.stream.close()  # what cannot be logged must not run on


class Progress:
    """One live line on a terminal; a line through logging now and then where there is none."""

    def __init__(self, name: str) -> None:
        self.name, self.stream = name, sys.stderr
        self.live = self.stream is not None and self.stream.isatty()
        self.last, self.drawn, self.drawn_at = "", True, float("-inf")

    def show(self, text: str) -> None:
        """Show `text` in place of what was shown before, unless that was a moment ago."""
        self.last, self.drawn = text, False
        if time.monotonic() - self.drawn_at >= (0.1 if self.live else SECONDS_BETWEEN_LINES):
            self._draw()

    def warn(self, text: str) -> None:
        """Log a warning at once; on a terminal the live line goes on below it."""
        if self.live and self.last:
            self._write("\r\x1b[2K")
        logger.warning("%s: %s", self.name, text)
        if self.live and self.last:
            self._draw()

    def close(self) -> None:
        """Show what was last given to `show`, if it has not been, and end the live line."""
        if not self.drawn:
            self._draw()
        if self.live and self.last:
            self._write("\n")
        self.last = ""

    def _draw(self) -> None:
        self.drawn, self.drawn_at = True, time.monotonic()
        line = f"{self.name}: {self.last}"
        if self.live:
            self._write(f"\r\x1b[2K{line[: self._columns() - 1]}")
        else:
            logger.info("%s", line)

    def _columns(self) -> int:
        try:
            return os.get_terminal_size(self.stream.fileno()).columns or 80
        except OSError:
            return 80

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # a terminal that went is no reason to stop
            self.stream.write(text)
            self.stream.flush()
