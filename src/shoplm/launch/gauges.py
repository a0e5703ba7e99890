"""Speed and memory of a training run."""

from __future__ import annotations

import contextlib
import platform
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import torch

SECONDS_BETWEEN_REPORTS = 0.5


class Clock:
    """Speed of training proper, measurements and checkpoints not counted."""

    def __init__(self) -> None:
        """Start."""
        self.since, self.tokens, self.rate = time.perf_counter(), 0, 0.0
        self.reported = float("-inf")

    def add(self, tokens: int) -> None:
        """Count tokens of a step."""
        self.tokens += tokens
        self.rate = self.tokens / max(time.perf_counter() - self.since, 1e-9)

    def tokens_per_second(self) -> float:
        """Since the last call."""
        rate, self.tokens, self.since = self.rate, 0, time.perf_counter()
        return rate

    def is_time_to_report(self) -> bool:
        """Whether the last report is a moment ago."""
        now = time.perf_counter()
        if now - self.reported < SECONDS_BETWEEN_REPORTS:
            return False
        self.reported = now
        return True

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Do not count the time that the body takes."""
        started = time.perf_counter()
        yield
        self.since += time.perf_counter() - started


def reset_peak_memory(device: torch.device) -> None:
    """Forget the peak of a run before this one in the same process."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        return
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_memory(device: torch.device) -> float:
    """GB that this process held at most: on its device, or resident on a CPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e9
    try:
        status = Path("/proc/self/status").read_text()
        kibibytes = next(line.split()[1] for line in status.splitlines() if "VmHWM" in line)
    except (OSError, StopIteration):
        kibibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(kibibytes) * 1024 / 1e9


def device_name(device: torch.device) -> str:
    """The GPU's name, or the processor's architecture."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU ({platform.machine()})"
