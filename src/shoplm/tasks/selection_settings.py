"""Which instructions are trained on and which are measured; importable without pandas."""

from __future__ import annotations

from pydantic import Field, model_validator

from shoplm.tasks.task import Capability
from shoplm.variants import Settings


class ValidationSettings(Settings):
    """Instructions that are never trained on, so that models can be measured on them."""

    share: float = Field(0.1, gt=0, lt=1)
    """Share of the keys (of a product, a query, a review, a user; a text where there is no id) that
    is held out, with all instructions of every task about one of them."""
    max_per_task: int = Field(100, ge=1)
    """Instructions of a task that are kept to measure on, those about the fewest other things
    first, since nothing that they are about is trained on. The rest of what is held out is left
    alone."""
    losses_per_task: int | None = Field(None, ge=1)
    """As many of them, the same ones first, have their answer's loss measured during training; the
    default is all. Benchmarks are made of all that is kept."""
    choices_per_task: int = Field(50, ge=0)
    """As many of those with a loss, of tasks with a set of possible answers, are measured on each
    of these."""
    seed: int = 0
    """Another seed holds out others."""


class SelectionSettings(Settings):
    """Which instructions a model is tuned on (arXiv 2504.08002, Table 2)."""

    capabilities: list[Capability] | None = None
    """Those included; the default is all."""
    tasks: list[str] | None = None
    """Those included; the default is all of the capabilities."""
    without_tasks: list[str] = []
    """Tasks left out."""
    tasks_per_capability: int | None = Field(None, ge=1)
    """So many tasks of each capability, the same ones first whatever the number."""
    samples_per_task: int | None = Field(None, ge=1)
    """Instructions of a task, at most; a smaller number is the beginning of a larger one."""
    total: int | None = Field(None, ge=1)
    """Instructions over all tasks, at most; none is taken twice."""
    temperature: float | None = Field(None, gt=0)
    """Of a task with n instructions, as large a part of `total` as n^(1/temperature) is of the sum
    over tasks: 1, the default, keeps their proportions, and a high one evens them out."""

    @model_validator(mode="after")
    def _fits(self) -> SelectionSettings:
        if self.temperature is not None and self.total is None:
            raise ValueError("temperature: mixes a `total`, which is not set")
        return self
