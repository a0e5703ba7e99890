"""Typed parameters of `synthetic_tasks`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from shoplm.corpus.quality_settings import ContaminationSettings, DeduplicationSettings
from shoplm.tasks.gate_settings import (
    LanguageSettings,
    LengthSettings,
    OpenDataSettings,
    TaskName,
    TemplateSettings,
)
from shoplm.tasks.synthesis.settings import SynthesisSettings
from shoplm.variants import Settings


class SyntheticTasksParams(Settings):
    """Which tasks get instructions, how many by which road, and what gates they pass."""

    seed: int = 0
    """Of what is drawn and of which paraphrase a prompt shows; the language model has its own."""
    tasks: list[TaskName] | None = None
    """Names in the task library; the default is all."""
    leave_out: list[TaskName] = []
    """Tasks that get no instructions though they are named above."""
    open_data: OpenDataSettings = OpenDataSettings()
    """The road from tables of a catalogue and published files."""
    language_model: SynthesisSettings
    """The road from a language model; tasks without a `synthetic` block are not asked for."""
    responses: Path
    """Folder that keeps what the language model answered, so that nothing is paid for twice."""
    keep_partial: bool = False
    """When the language model fails for good, go on with what it had answered. Else the run stops
    there; its answers are kept in `responses`, and the next run goes on from them."""
    lengths: LengthSettings = LengthSettings()
    """Gate: length of prompts and answers."""
    languages: LanguageSettings = LanguageSettings()
    """Gate: language."""
    template: TemplateSettings = TemplateSettings()
    """What is left out when contents are compared: wording that the prompts of a task share."""
    deduplication: DeduplicationSettings = DeduplicationSettings()
    """Gate: near duplicates, by what an instruction is about. `within: source` compares the
    instructions of one task; `all` those of all."""
    contamination: ContaminationSettings = ContaminationSettings()
    """Gate: overlap with benchmarks, by what an instruction is about."""
    samples: int = Field(3, ge=0)
    """Instructions of each task, and quarantined ones of each reason, to show on the page."""

    def named_tasks(self) -> list[str]:
        """Tasks that settings of single tasks name."""
        return [
            *self.open_data.tasks,
            *self.lengths.tasks,
            *self.languages.multilingual_tasks,
            *(self.language_model.tasks or ()),
        ]
