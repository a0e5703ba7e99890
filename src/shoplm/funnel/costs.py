"""What a run costs: time, memory and rates, measured by the program itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import torch

from shoplm.launch.gauges import device_name, peak_memory


@dataclass
class Costs:
    """Seconds by what they went to, over all starts of a run."""

    seconds: dict[str, float] = field(
        default_factory=lambda: {"training": 0.0, "validation": 0.0, "scoring": 0.0}
    )
    rows: int = 0
    """Rows that were learned from, as often as they were."""
    scored: int = 0
    """Test rows."""
    memory: float = 0.0
    """GB at most."""

    @contextmanager
    def time(self, what: str) -> Iterator[None]:
        """Add the time that the body takes."""
        started = perf_counter()
        yield
        self.seconds[what] += perf_counter() - started

    def note_memory(self, device: torch.device) -> None:
        """Take note of the peak so far."""
        self.memory = max(self.memory, peak_memory(device))

    def report(self, device: torch.device) -> dict[str, Any]:
        """The content of `costs.json`, but for what the trainer adds.

        train_seconds and rows_per_second (reading of batches included), validation_seconds,
        scoring_seconds and scored_per_second (test rows), peak_memory_gb, rows, threads, device.
        """
        seconds = self.seconds
        return {
            "train_seconds": seconds["training"],
            "validation_seconds": seconds["validation"],
            "scoring_seconds": seconds["scoring"],
            "rows_per_second": _rate(self.rows, seconds["training"]),
            "scored_per_second": _rate(self.scored, seconds["scoring"]),
            "peak_memory_gb": self.memory,
            "rows": self.rows,
            "threads": torch.get_num_threads(),
            "device": device_name(device),
        }


def _rate(count: int, seconds: float) -> float | None:
    return count / seconds if count and seconds > 0 else None
