"""The best weights so far, on the disk, and how long there have been no better ones."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor

from shoplm.launch.durable import sync
from shoplm.launch.processes import Processes

FOLDER = "best"


@dataclass
class Best:
    """Which measurement was the best."""

    step: int | None = None
    value: float | None = None
    """Null where there was nothing to measure by."""
    worse: int = 0
    """Measurements since then, none of them better."""

    def add(self, step: int, value: float | None) -> bool:
        """Take note of a measurement; whether it is the best. The earlier of two equal ones is.

        Without anything to measure by the last weights are.
        """
        if self.step is None or value is None or self.value is None or value > self.value:
            self.step, self.value, self.worse = step, value, 0
            return True
        self.worse += 1
        return False

    def facts(self) -> dict[str, Any]:
        """For a manifest."""
        return asdict(self)


class BestWeights:
    """Files of weights by step; the first process writes them, all read them."""

    def __init__(self, directory: Path, processes: Processes) -> None:
        """Nothing is written yet.

        Args:
            directory: of the run.
            processes: every one calls every method.
        """
        self.folder, self.processes = directory / FOLDER, processes

    def write(self, step: int, weights: dict[str, Tensor]) -> None:
        """Keep the weights after a step, in the first process."""
        self.processes.first(lambda: self._write(self._file(step), weights))

    def read(self, step: int) -> dict[str, Tensor]:
        """The weights after a step, in every process."""
        return load_file(self._file(step))

    def keep(self, steps: set[int]) -> None:
        """Remove the others."""
        if self.processes.is_first:
            names = {self._file(step).name for step in steps}
            for file in self.folder.glob("*"):
                if file.name not in names:
                    file.unlink()

    def remove(self) -> None:
        """Remove all: the run is complete."""
        if self.processes.is_first:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _file(self, step: int) -> Path:
        return self.folder / f"step-{step:06d}.safetensors"

    def _write(self, file: Path, weights: dict[str, Tensor]) -> None:
        self.folder.mkdir(exist_ok=True)
        aside = file.with_suffix(".part")
        save_file({name: t.contiguous() for name, t in weights.items()}, aside)
        sync(aside)
        aside.replace(file)
        sync(self.folder)
