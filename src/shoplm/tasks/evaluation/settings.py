"""What is measured on, and how models are asked; importable without pandas."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from shoplm.tasks.task import TaskType
from shoplm.variants import Settings

Decoding = Literal["constrained", "free"]
"""constrained: only what can be an answer is compared. free: the model writes what it likes."""


Normalisation = Literal["sum", "tokens", "characters"]
"""What the log-likelihood of a possible answer is divided by before answers are compared: nothing;
its tokens, what ends it among them; or its characters."""


class BenchmarkSettings(Settings):
    """A benchmark: a list of tasks."""

    tasks: list[str] | None = None
    """By name; the default is all whose YAML names the benchmark."""
    shots: int | None = Field(None, ge=0)
    """Answered examples before a question; the default is each task's own `few_shot`."""
    groups: dict[str, list[str]] | Literal["capability"] = {}
    """Tasks by the name of a group (held_in and held_out, say), of which means are taken too.
    capability: one group each, which are the tracks 1 to 4 of ShopBench."""

    @model_validator(mode="after")
    def _names_stand_once(self) -> BenchmarkSettings:
        lists = {"tasks": self.tasks or []}
        if isinstance(self.groups, dict):
            lists |= {f"groups.{name}": tasks for name, tasks in self.groups.items()}
            lists["groups"] = [task for tasks in self.groups.values() for task in tasks]
        for where, names in lists.items():
            if twice := {name for name in names if names.count(name) > 1}:
                raise ValueError(f"{where}: {min(twice)!r} stands there twice")
        if self.tasks == []:
            raise ValueError("tasks: an empty list; null is all that name the benchmark")
        return self


class ExampleSettings(Settings):
    """Where examples come from."""

    source: Literal["shop", "files"] = "shop"
    """shop: instructions that are kept from training, and recipes of tasks that are never
    trained. files: the published files that tasks name as their `benchmark`."""
    per_task: int = Field(1_000, ge=1, le=1_000)
    """Examples of a task that are measured, at most (EcomGPT-CT, section 4.1)."""
    seed: int = 0
    """Another seed draws other examples and shots."""


class AnswerLengths(Settings):
    """Tokens that a model may write in answer, at most, by type of task."""

    multiple_choice: int = Field(8, ge=1)
    """The number of a choice."""
    classification: int = Field(16, ge=1)
    """A label."""
    retrieval: int = Field(24, ge=1)
    """A few numbers."""
    ranking: int = Field(48, ge=1)
    """As many numbers as there are choices."""
    ner: int = Field(64, ge=1)
    """A list of names."""
    extraction: int = Field(96, ge=1)
    """A list of pairs, or a phrase."""
    generation: int = Field(128, ge=1)
    """A text."""

    def of(self, kind: TaskType) -> int:
        """The length for a type of task."""
        return getattr(self, kind)


class AskingSettings(Settings):
    """How a question is put."""

    constrained: bool = True
    """Multiple choice, classification, ranking, retrieval: compare the possible answers."""
    free: bool = True
    """Let the model write, whatever the type; types without a closed set of answers are always
    asked so."""
    max_new_tokens: AnswerLengths = AnswerLengths()
    """Room for what it writes."""
    stop: list[str] | None = Field(None, min_length=1)
    """Texts that end what it writes. The default depends on the task's answers. One line each: the
    end of a line. Several lines: an empty line after shots, which end with one; without shots
    only the end-of-text token."""
    answer_ends: bool = True
    """Score with a possible answer what ends it: after shots an empty line, without shots the
    end-of-text token, or what stands there in the frame. Without it `match` always beats
    `match in part`, which begins with it."""
    normalisation: Normalisation = "sum"
    """What the log-likelihood of a possible answer is divided by; see `Normalisation`."""
    seed: int = 0
    """Of the choice among paraphrases of an instruction, and between answers that are equal."""

    @model_validator(mode="after")
    def _asks(self) -> AskingSettings:
        if not (self.constrained or self.free):
            raise ValueError("constrained, free: one of them must be true, or nothing is asked")
        return self


class PromptFrame(Settings):
    """What stands around a prompt without shots: what a model was tuned with."""

    head: str = ""
    """Before the prompt."""
    tail: str = "\n"
    """Between it and the answer."""
    end_of_answer: str = ""
    """What a model learned to write after an answer, `<|im_end|>` say; empty is the end-of-text
    token of its tokenizer."""

    @classmethod
    def of_template(cls, template: str, end_of_text: str = "") -> PromptFrame:
        """Of a text that shows {prompt}, and may go on with {answer} and what ends it.

        Args:
            template: `Question: {prompt}\\nAnswer: {answer}</s>` say.
            end_of_text: of the tokenizer that the template is for (`</s>`). An answer that ends
                with nothing else is ended by any model's own.

        Raises:
            ValueError: {prompt} does not stand in it once.
        """
        if template.count("{prompt}") != 1:
            raise ValueError(f"template {template!r}: expected {{prompt}} in it once")
        head, rest = template.split("{prompt}")
        tail, _, end = rest.partition("{answer}")
        return cls(head=head, tail=tail, end_of_answer="" if end == end_of_text else end)
