"""Typed parameters of `sft`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from shoplm.corpus.prompt_settings import InstructionPackingSettings, PromptSettings
from shoplm.launch import LaunchSettings
from shoplm.lm.lora import LoraSettings
from shoplm.lm.run import TrainingSettings
from shoplm.metrics.settings import BootstrapSettings
from shoplm.tasks.selection_settings import SelectionSettings, ValidationSettings
from shoplm.variants import Settings, check_comparisons, resolve_variants, suggest

Name = Annotated[str, StringConstraints(pattern=r"^\w[\w.-]*$")]


class TuningSettings(Settings):
    """What a variant may change: model, instructions, adapter, training and how it is started."""

    model: str = "base"
    """What to start from: `base`, a name among `other_base_models`, or one among
    `pretrained_models`, with a seed (`mixed/seed-0`) or without: then that of the run's seed, or
    the only one there is."""
    selection: str
    """Name of the instructions, among `selections`."""
    adapter: LoraSettings | None = None
    """Train low-rank adapters (LoRA); null trains all weights. An override gives it whole."""
    merge: bool = False
    """Leave a whole model beside the adapter too."""
    training: TrainingSettings = TrainingSettings()
    """How to train. `batch_tokens` is brought to whole blocks, and a run without `tokens` makes as
    many whole steps as let it see every example `passes` times."""
    launch: LaunchSettings = LaunchSettings()
    """How the training program is started; it decides nothing of the result."""


class SftParams(Settings):
    """Models to tune on instructions, and how to compare them."""

    seeds: list[int] = Field([0], min_length=1)
    """Each variant is trained once a seed, which chooses its instructions, the order of blocks and
    dropout."""
    runs: Path
    """Folder of the work directories, from which a killed run goes on."""
    held_out_tasks: list[str] = []
    """Never trained on: what models have learned to do unasked. Not trained on either is a twin of
    one, a task whose recipe is of the same kind and asks the same of the same rows, whatever the
    type of its answer (the options that decide it are `ASKS` of the recipe's settings); and an
    instruction of any task that shows the same text as one of theirs."""
    validation: ValidationSettings = ValidationSettings()
    """What is kept of the other tasks to measure on."""
    selection: SelectionSettings = SelectionSettings()
    """What the selections have in common."""
    selections: dict[Name, dict[str, Any] | None]
    """Named overrides of `selection`; null drops one."""
    prompting: PromptSettings = PromptSettings()
    """What the model reads before an answer."""
    packing: InstructionPackingSettings = InstructionPackingSettings()
    """Size of a block."""
    tuning: TuningSettings
    """What the variants have in common."""
    variants: dict[Name, dict[str, Any] | None]
    """Named overrides of `tuning`, one model a seed each; null drops one."""
    answer_score: Literal["sum", "tokens", "characters"] = "sum"
    """What the loss of a possible answer is divided by before the least is taken: nothing, its
    tokens or its characters."""
    comparisons: list[tuple[str, str]] = []
    """Pairs of variants to test against each other on the same examples."""
    bootstrap: BootstrapSettings = BootstrapSettings()
    """Intervals and tests."""

    @model_validator(mode="after")
    def _names_resolve(self) -> SftParams:
        selections, variants = self.resolved_selections(), self.resolved_variants()
        if not variants:
            raise ValueError("variants: name at least one")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"seeds: {self.seeds} names a seed twice")
        for name, variant in variants.items():
            if variant.selection not in selections:
                raise ValueError(
                    f"variants: {name!r} has selection {variant.selection!r}, which is none of "
                    f"`selections`; {suggest(variant.selection, selections)}"
                )
            if variant.merge and variant.adapter is None:
                raise ValueError(f"variants: {name!r} asks for a merge, but has no adapter")
        check_comparisons(self.comparisons, variants)
        return self

    def resolved_selections(self) -> dict[str, SelectionSettings]:
        """The settings of each selection."""
        return resolve_variants(self.selection, self.selections)

    def resolved_variants(self) -> dict[str, TuningSettings]:
        """The settings of each variant."""
        return resolve_variants(self.tuning, self.variants)

    def used_selections(self) -> dict[str, SelectionSettings]:
        """The selections that a variant is trained on."""
        used = {variant.selection for variant in self.resolved_variants().values()}
        return {name: s for name, s in self.resolved_selections().items() if name in used}
