"""How far a run has come, and the checkpoints from which it goes on."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import torch
from torch import nn

from shoplm.funnel.costs import Costs
from shoplm.funnel.run import CHECKPOINTS
from shoplm.launch.best import Best, BestWeights
from shoplm.launch.checkpoints import Checkpoints
from shoplm.launch.processes import Processes

STATE = "state.pt"


@dataclass
class Progress:
    """What there is to know of a run between two steps, besides model and optimizer."""

    step: int = 0
    """Steps of choosing and refitting together."""
    refit_from: int | None = None
    """The step after which training started afresh on all rows before the test."""
    measured: int = 0
    """The step after which the last measurement was made."""
    loss: float = 0.0
    """Sum over the steps since then."""
    stopped_by: str = "steps"
    """What ended the choice of passes: `steps`, `patience`, or `fitted` where there are none."""
    best: Best = field(default_factory=Best)
    costs: Costs = field(default_factory=Costs)

    @classmethod
    def of(cls, facts: dict[str, Any]) -> Progress:
        """As it was when `asdict` was taken of it."""
        return cls(**facts | {"best": Best(**facts["best"]), "costs": Costs(**facts["costs"])})


class RunCheckpoints:
    """The checkpoints of one run and the best weights that they refer to."""

    def __init__(self, directory: Path, run: str, processes: Processes) -> None:
        """Nothing is read or written yet.

        Args:
            directory: of the run.
            run: digest of what the run is; checkpoints of another are refused.
            processes: one.
        """
        self.checkpoints = Checkpoints(directory / CHECKPOINTS, run, processes)
        self.best_weights = BestWeights(directory, processes)
        self.saved: int | None = None
        """Step of the newest one."""
        self._best_before: int | None = None

    def save(self, progress: Progress, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        """Make one, and forget weights that none refers to."""

        def write(folder: Path) -> None:
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
            torch.save(state, folder / STATE)

        self.checkpoints.save(progress.step, write, progress=asdict(progress))
        self.best_weights.keep({progress.best.step, self._best_before} - {None})
        self.saved, self._best_before = progress.step, progress.best.step

    def resume(self) -> tuple[Progress, dict[str, Any]] | None:
        """The newest one and its states of `model` and `optimizer`; null where there is none.

        Raises:
            ValueError: it is of another run.
        """
        found = self.checkpoints.newest()
        if found is None:
            return None
        path, manifest = found
        state = torch.load(path / STATE, map_location="cpu", weights_only=True)
        progress = Progress.of(manifest["progress"])
        self.saved, self._best_before = progress.step, progress.best.step
        return progress, state

    def vouch(self, step: int) -> None:
        """Take note that the loss after a step was finite, if there is a checkpoint after it."""
        if self.saved == step and step:
            self.checkpoints.vouch(step)

    def check_finite(self, step: int, name: str, value: float) -> None:
        """See `Checkpoints.check_finite`."""
        self.checkpoints.check_finite(step, name, value)

    def diverged(self, what: str) -> NoReturn:
        """See `Checkpoints.diverged`."""
        self.checkpoints.diverged(what)

    def remove(self) -> None:
        """Remove all: the run is complete."""
        self.checkpoints.remove()
        self.best_weights.remove()
