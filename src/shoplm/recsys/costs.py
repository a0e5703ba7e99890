"""What a run costs: hours, memory and rates, measured by the program itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from time import perf_counter
from typing import Any

import torch

from shoplm.launch.gauges import device_name, peak_memory
from shoplm.launch.processes import Processes


@dataclass
class Costs:
    """Seconds by what they went to, over all starts of a run."""

    seconds: dict[str, float] = field(
        default_factory=lambda: {"fitting": 0.0, "training": 0.0, "validation": 0.0, "ranking": 0.0}
    )
    examples: int = 0
    """Targets that were learned from."""
    ranked: int = 0
    """Test cases."""
    memory: float = 0.0
    """GB at most in one process."""

    @contextmanager
    def time(self, what: str) -> Iterator[None]:
        """Add the time that the body takes."""
        started = perf_counter()
        yield
        self.seconds[what] += perf_counter() - started

    def note_memory(self, processes: Processes) -> None:
        """Take note of the peak so far; every process calls it."""
        self.memory = max(self.memory, processes.maximum(peak_memory(processes.device)))

    def facts(self) -> dict[str, Any]:
        """For a manifest."""
        return asdict(self)

    def report(self, processes: Processes) -> dict[str, Any]:
        """The content of `costs.json`.

        fitting_seconds (what needs no gradient: counts, title vectors), train_hours,
        validation_hours, evaluation_seconds (of the test cases, the item matrix included),
        peak_memory_gb (of a process: on its GPU, or resident), examples_per_second (targets
        learned from), users_per_second (test cases), examples, processes, threads, device.
        """
        seconds = self.seconds
        return {
            "fitting_seconds": seconds["fitting"],
            "train_hours": seconds["training"] / 3600,
            "validation_hours": seconds["validation"] / 3600,
            "evaluation_seconds": seconds["ranking"],
            "peak_memory_gb": self.memory,
            "examples_per_second": _rate(self.examples, seconds["training"]),
            "users_per_second": _rate(self.ranked, seconds["ranking"]),
            "examples": self.examples,
            "processes": processes.world_size,
            "threads": torch.get_num_threads(),
            "device": device_name(processes.device),
        }


def _rate(count: int, seconds: float) -> float | None:
    return count / seconds if count and seconds > 0 else None
