"""Settings of what instructions are made from open data, and of the gates that judge them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from shoplm.variants import Settings

TaskName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


class OpenDataSettings(Settings):
    """What is made from tables of a catalogue and from published files."""

    samples_per_task: int = Field(100, ge=0)
    """Examples that the recipe of a task makes, where its tables hold as many."""
    tasks: dict[TaskName, int] = {}
    """The same for a task of its own."""
    samples_per_file: int | None = Field(None, ge=0)
    """Examples taken of each published file with training examples; the default is all."""

    def samples(self, task: str) -> int:
        """How many the recipe of a task makes."""
        return self.tasks.get(task, self.samples_per_task)


class LengthLimits(Settings):
    """Limits in Unicode characters; what is not given is inherited."""

    min_prompt: int | None = Field(None, ge=1)
    """A shorter prompt is `too_short`."""
    max_prompt: int | None = Field(None, ge=1)
    """A longer prompt is `too_long`."""
    min_answer: int | None = Field(None, ge=1)
    """A shorter answer is `too_short`."""
    max_answer: int | None = Field(None, ge=1)
    """A longer answer is `too_long`."""


class LengthSettings(LengthLimits):
    """Limits of all tasks."""

    min_prompt: int | None = Field(10, ge=1)
    """As in `LengthLimits`."""
    max_prompt: int | None = Field(6_000, ge=1)
    """As in `LengthLimits`."""
    min_answer: int | None = Field(1, ge=1)
    """As in `LengthLimits`."""
    max_answer: int | None = Field(4_000, ge=1)
    """As in `LengthLimits`."""
    tasks: dict[TaskName, LengthLimits] = {}
    """Limits for a task; they come before the general ones."""

    def limit(self, task: str, name: str) -> int | None:
        """A limit as it holds for a task."""
        own = getattr(self.tasks.get(task, LengthLimits()), name)
        return getattr(self, name) if own is None else own


class TemplateSettings(Settings):
    """What counts as the wording that the prompts of a task share, and not as their content.

    It concerns published prompts, whose instruction is not marked off from what it asks about, and
    values and answers that many examples have. A run of words or an answer is shared when at least
    `min_prompts` prompts of the task, and `min_share` of them, have it.
    """

    min_prompts: int = Field(5, ge=2)
    """At least so many prompts have it."""
    min_share: float = Field(0.02, ge=0, le=1)
    """At least this share of the task's prompts has it."""
    field_share: float = Field(0.1, ge=0, le=1)
    """The same for a value that fills the template: a passage may have a number of questions."""
    words: int = Field(8, ge=1)
    """Words of a run, in scripts with spaces."""
    characters: int = Field(15, ge=1)
    """Characters of a run, in scripts without."""


class LanguageSettings(Settings):
    """When a text is not in the language that it is said to be in."""

    min_script_share: float = Field(0.2, ge=0, le=1)
    """Words (characters in scripts without spaces) in a script of the language, among all words."""
    min_words: int = Field(5, ge=1)
    """Texts with fewer words are not judged by script."""
    min_function_words: int = Field(6, ge=1)
    """So many different function words of another language, and more than three times as many as
    of its own, show that a text in Latin script is in the other."""
    multilingual_tasks: list[TaskName] = []
    """Tasks whose examples hold text in another language than they are said to be in, beside those
    of the capability `multilingual`; they are not judged."""
