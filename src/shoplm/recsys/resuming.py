"""How far a run has come, and the checkpoints from which it goes on."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from shoplm.launch.best import Best, BestWeights
from shoplm.launch.checkpoints import MANIFEST, Checkpoints
from shoplm.launch.processes import Processes
from shoplm.recsys.costs import Costs
from shoplm.recsys.data import RecommendationData
from shoplm.recsys.engines import Engine
from shoplm.recsys.run import CHECKPOINTS
from shoplm.recsys.saving import check_catalogue


@dataclass
class Progress:
    """What there is to know of a run between two steps, besides model and optimizer."""

    step: int = 0
    measured: int = 0
    """The step after which the last measurement was made."""
    loss: float = 0.0
    """Sum over the steps since then."""
    steps: int = 0
    """Their number."""
    best: Best = field(default_factory=Best)
    costs: Costs = field(default_factory=Costs)

    @classmethod
    def of(cls, facts: dict[str, Any]) -> Progress:
        """As it was when `asdict` was taken of it."""
        best, costs = Best(**facts["best"]), Costs(**facts["costs"])
        return cls(**facts | {"best": best, "costs": costs})


class RunCheckpoints:
    """The checkpoints of one run and the best weights that they refer to."""

    def __init__(
        self, directory: Path, run: str, data: RecommendationData, kind: str, processes: Processes
    ) -> None:
        """Nothing is read or written yet.

        Args:
            directory: of the run.
            run: digest of what the run is; checkpoints of another are refused.
            data: whose items the model knows.
            kind: of engine: `plain` or `deepspeed`.
            processes: every one calls every method.
        """
        self.checkpoints = Checkpoints(directory / CHECKPOINTS, run, processes)
        self.best_weights = BestWeights(directory, processes)
        self.data, self.kind, self.processes = data, kind, processes
        self.saved: int | None = None
        """Step of the newest one."""
        self._best_before: int | None = None

    def save(self, progress: Progress, engine: Engine) -> None:
        """Make one, and forget weights that none refers to."""
        facts = {
            "catalogue": self.data.fingerprint,
            "engine": self.kind,
            "world_size": self.processes.world_size,
            "progress": asdict(progress),
        }
        self.checkpoints.save(progress.step, engine.save, **facts)
        self.best_weights.keep({progress.best.step, self._best_before} - {None})
        self.saved, self._best_before = progress.step, progress.best.step

    def resume(self, engine: Engine) -> Progress | None:
        """Put the newest one's state into the engine; null where there is none.

        Raises:
            ValueError: it is of another catalogue or run, or DeepSpeed wrote it with another
                number of processes.
        """
        self.processes.first(self._check_catalogue)
        found = self.checkpoints.newest()
        if found is None:
            return None
        path, manifest = found
        written_by = manifest["engine"], manifest["world_size"]
        ours = self.kind, self.processes.world_size
        if written_by[0] == "deepspeed" and written_by != ours:
            raise ValueError(
                f"{path}: written by DeepSpeed with {written_by[1]} processes, now there are "
                f"{ours[1]}; resume with as many, or remove the folder to start afresh"
            )
        engine.load(path)
        progress = Progress.of(manifest["progress"])
        self.saved, self._best_before = progress.step, progress.best.step
        return progress

    def vouch(self, step: int) -> None:
        """Take note that the loss after a step was finite, if there is a checkpoint after it."""
        if self.saved == step and step:
            self.checkpoints.vouch(step)

    def check_finite(self, step: int, name: str, value: float) -> None:
        """See `Checkpoints.check_finite`."""
        self.checkpoints.check_finite(step, name, value)

    def remove(self) -> None:
        """Remove all: the run is complete."""
        self.checkpoints.remove()
        self.best_weights.remove()

    def _check_catalogue(self) -> None:
        for step in self.checkpoints.steps():
            path = self.checkpoints.path(step)
            try:
                manifest = json.loads((path / MANIFEST).read_text("utf-8"))
            except (OSError, ValueError):  # damaged: `newest` says so
                continue
            check_catalogue(path, manifest.get("catalogue"), self.data)
