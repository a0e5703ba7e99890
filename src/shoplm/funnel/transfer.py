"""A model that starts from one of fewer tasks: what it takes over, and what of it stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace

import torch
from safetensors.torch import load_file
from torch import Tensor

from shoplm.funnel.log.folder import FunnelLog
from shoplm.funnel.models.base import FunnelModel
from shoplm.funnel.models.description import Description
from shoplm.funnel.run import FunnelRun
from shoplm.funnel.saving import WEIGHTS, check_log, read_settings

MAY_DIFFER = {"task_weights", "dropout"}
"""Settings in which the two models need not be the same."""


class Frozen:
    """Weights that stay as they were taken over, so that only what is new is learned.

    What was taken whole gets no gradient. Where tasks lie side by side in one tensor, the part of
    the first tasks is put back after every step, which undoes the weight decay too; and so are
    buffers that were taken, such as running moments.
    """

    def __init__(self, model: FunnelModel, taken: Mapping[str, Tensor]) -> None:
        """Freeze `taken`, which `FunnelModel.adopt` gave; nothing at all, if it is empty.

        Raises:
            ValueError: nothing would be left to learn.
        """
        parameters = dict(model.named_parameters())
        self._parts = []
        self.n_weights = 0
        """How many of them are in tensors of which the rest learns."""
        for name, own in taken.items():
            if name in parameters and own.shape == parameters[name].shape:
                parameters[name].requires_grad_(False)
            else:
                self._parts.append((own, own.clone()))
                self.n_weights += own.numel() if name in parameters else 0
        if not any(parameter.requires_grad for parameter in parameters.values()):
            raise ValueError("frozen: all weights were taken over, nothing is learned")

    @torch.no_grad()
    def restore(self) -> None:
        """Put back what a step has changed."""
        for own, value in self._parts:
            own.copy_(value)


def adopt_initial(
    model: FunnelModel, run: FunnelRun, description: Description, log: FunnelLog
) -> Frozen:
    """Start from the weights of the run's `initial` model; what stays of them if it is frozen.

    Args:
        model: that takes them, on its device; see `FunnelModel.adopt` for what it takes.
        run: that it is of.
        description: that it was built with.
        log: that it learns from.

    Raises:
        FileNotFoundError: there is no model.
        ValueError: it is of another log, has other settings or features, its tasks are not the
            first of these, or nothing would be left to learn.
    """
    directory = run.initial
    if not (directory / WEIGHTS).is_file():
        raise FileNotFoundError(f"{directory}: no weights to start from, it has no {WEIGHTS}")
    check_log(directory, log)
    settings, told = read_settings(directory)
    if told.tasks != description.tasks[: len(told.tasks)]:
        raise ValueError(
            f"initial: {directory} is of tasks {', '.join(told.tasks)}; expected the first of "
            f"{', '.join(description.tasks)}"
        )
    told = replace(told, tasks=description.tasks, unseen_regions=description.unseen_regions)
    for field in fields(told):
        if getattr(told, field.name) != getattr(description, field.name):
            raise ValueError(f"initial: {directory} reads other data: its {field.name} differs")
    own, other = (m.model_dump(exclude=MAY_DIFFER) for m in (run.model, settings.model))
    for name in {**own, **other}:
        if own.get(name) != other.get(name):
            raise ValueError(
                f"initial: {directory} has {name} {other.get(name)!r}; expected {own.get(name)!r}, "
                "as in the model that starts from it"
            )
    taken = model.adopt(load_file(directory / WEIGHTS))
    return Frozen(model, taken if run.frozen else {})
