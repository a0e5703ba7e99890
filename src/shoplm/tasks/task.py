"""One YAML of the task library, and one example of a task."""

from __future__ import annotations

import string
import unicodedata
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import Field, model_validator

from shoplm.variants import Settings

Capability = Literal["concepts", "reasoning", "behaviour", "multilingual", "general"]
"""ShopBench's four (KDD Cup 2024), and `general` for GeneralICL (EcomGPT-CT, section 4.1)."""

TaskType = Literal[
    "multiple_choice",
    "classification",
    "retrieval",
    "ranking",
    "ner",
    "extraction",
    "generation",
]

Metric = Literal[
    "accuracy",
    "hit_rate@3",
    "ndcg@5",
    "micro_f1",
    "rouge_l",
    "exact_match",
    "squad_f1",
    "bleu",
    "sentence_similarity",
]

METRICS_OF: dict[str, frozenset[str]] = {
    "multiple_choice": frozenset({"accuracy"}),
    "classification": frozenset({"accuracy"}),
    "retrieval": frozenset({"hit_rate@3"}),
    "ranking": frozenset({"ndcg@5"}),
    "ner": frozenset({"micro_f1"}),
    "extraction": frozenset({"micro_f1", "rouge_l", "exact_match"}),
    "generation": frozenset({"rouge_l", "exact_match", "squad_f1", "bleu", "sentence_similarity"}),
}
"""What may score an answer of each type."""

Gold = int | str | list[int] | list[float] | list[tuple[str, str]]
"""By type. multiple_choice: place of the right choice, from 0. classification: the canonical label.
retrieval: places of the relevant choices, from 0. ranking: relevance of each choice. ner: (label,
span) pairs, the label empty where the prompt fixes it. extraction: (attribute, value) pairs, or
one (empty, text) pair. generation: the text."""

TYPES_WITH_CHOICES = frozenset({"multiple_choice", "retrieval", "ranking"})

SHOWN_TO_ALL = frozenset({"instruction", "choices", "labels"})
"""Placeholders that rendering fills: a paraphrase, the numbered choices, the labels' surfaces."""


class AnswerSettings(Settings):
    """How an answer is written, and so read."""

    first_number: Literal[0, 1] = 0
    """Number of the first choice."""
    separator: str = Field(", ", min_length=1)
    """Between several items."""
    pair_separator: str = Field(": ", min_length=1)
    """Between the two members of a pair."""
    none: dict[str, str] = {}
    """Written where there is nothing to extract, by language."""

    @model_validator(mode="after")
    def _separators_differ(self) -> AnswerSettings:
        if self.separator.strip() == self.pair_separator.strip():
            raise ValueError("pair_separator: it is the separator too")
        return self


class SourceFile(Settings):
    """A file of a published benchmark or training set, and how its rows become examples."""

    file: str
    """Path below the raw root."""
    reader: str
    """Name of a reader in `shoplm.tasks.readers`."""
    fields: dict[str, str] = {}
    """Placeholder of the template: column of the file."""
    options: dict[str, Any] = {}
    """What else the reader takes."""
    language: str | None = None
    """Of all rows; the default is the task's only language."""


class RecipeSettings(Settings):
    """How examples are made from tables of a catalogue."""

    kind: str
    """Name of a recipe in `shoplm.tasks.recipes`."""
    options: dict[str, Any] = {}
    """What it takes, checked by its own settings class."""


class SyntheticField(Settings):
    """One delimited field of the sample output that a language model imitates."""

    name: str
    """What it becomes: a placeholder of the template, `choices`, `answer`, `difficulty` or a
    characteristic that is recorded."""
    label: dict[str, str]
    """How the sample output names it, by language: `Question Difficulty`."""
    values: list[str] | None = None
    """The values it may take; shown in the sample output, and balanced by quota."""
    many: bool = False
    """A list of items, numbered."""
    items: int | None = Field(None, ge=1)
    """Number of items of a `many` field; null is any from one up (two for `choices`)."""


class SyntheticSettings(Settings):
    """How a language model is asked for examples (arXiv 2504.08002, section on data generation)."""

    request: dict[str, str]
    """What is asked, by language; it names no wanted characteristic, which the sample output
    does."""
    fields: list[SyntheticField] = Field(min_length=1)
    """Of the sample output, in order."""
    grounding: list[str] = []
    """Columns of a product record that the request shows."""
    samples_per_request: int = Field(4, ge=1)
    """Samples asked for at a time."""


class Task(Settings):
    """A task of the library.

    Raises (on validation):
        ValueError: a metric that cannot score this type of answer, a language without two
            instructions, labels missing where the type needs them, or a placeholder that nothing
            fills.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    """The file's name."""
    title: str
    """What a table calls it: `Attribute value extraction (AVE)`."""
    capability: Capability
    type: TaskType
    languages: list[str] = Field(min_length=1)
    """ISO 639-1 codes."""
    instructions: dict[str, list[str]]
    """Two or more paraphrases for each language; they may hold placeholders too."""
    template: str
    """The prompt: text with placeholders of the example's fields, {instruction}, {choices} and
    {labels}."""
    labels: dict[str, dict[str, str]] | None = None
    """classification: canonical label to its surface by language."""
    answer: AnswerSettings = AnswerSettings()
    metric: Metric
    few_shot: int = Field(0, ge=0)
    """Examples before the question when it is evaluated."""
    benchmarks: list[str] = []
    """The published benchmarks that have it: ecom_icl, ecom_sft, shopbench, general_icl."""
    shopbench: list[str] = []
    """Names of this task in the ShopBench development set (`task1`)."""
    benchmark: SourceFile | None = None
    """Where the benchmark's examples are."""
    training: list[SourceFile] = []
    """Published files with examples to train on."""
    recipe: RecipeSettings | None = None
    synthetic: SyntheticSettings | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Task:
        if self.metric not in METRICS_OF[self.type]:
            allowed = ", ".join(sorted(METRICS_OF[self.type]))
            raise ValueError(f"metric: {self.metric!r} cannot score {self.type}; one of {allowed}")
        for language in self.languages:
            if len(set(self.instructions.get(language, []))) < 2:
                raise ValueError(f"instructions: {language!r} needs two or more different ones")
        if (self.type == "classification") != (self.labels is not None):
            raise ValueError("labels: a classification needs them, no other type has them")
        for label, surfaces in (self.labels or {}).items():
            if missing := set(self.languages) - set(surfaces):
                raise ValueError(f"labels: {label!r} has no surface in {sorted(missing)}")
        for language in self.languages if self.labels else []:
            surfaces = [bare(shown[language]) for shown in self.labels.values()]
            if len(set(surfaces)) < len(surfaces) or "" in surfaces:
                raise ValueError(f"labels: two in {language!r} are the same, or one is empty")
        self._check_placeholders()
        self._check_synthetic()
        return self

    def _check_placeholders(self) -> None:
        instructions = [text for texts in self.instructions.values() for text in texts]
        try:
            asked = frozenset().union(*map(placeholders, instructions))
        except ValueError as error:
            raise ValueError(f"instructions: {error}") from None
        if "instruction" in asked:
            raise ValueError("instructions: {instruction} cannot hold itself")
        try:
            asked |= placeholders(self.template)
        except ValueError as error:
            raise ValueError(f"template: {error}") from None
        if "instruction" not in asked:
            raise ValueError("template: it shows no {instruction}")
        if "labels" in asked and self.labels is None:
            raise ValueError(f"template: nothing fills {{labels}} of a {self.type}")
        if "choices" in asked and self.type not in TYPES_WITH_CHOICES:
            raise ValueError(f"template: nothing fills {{choices}} of a {self.type}")

    def _check_synthetic(self) -> None:
        if self.synthetic is None:
            return
        if unknown := set(self.synthetic.request) - set(self.languages):
            raise ValueError(f"synthetic.request: {sorted(unknown)} is no language of the task")
        for field_ in self.synthetic.fields:
            if missing := set(self.synthetic.request) - set(field_.label):
                raise ValueError(
                    f"synthetic.fields: {field_.name!r} has no label in {sorted(missing)}"
                )

    def fields(self) -> frozenset[str]:
        """Placeholders that an example's own fields must fill."""
        texts = [self.template, *(t for ts in self.instructions.values() for t in ts)]
        return frozenset().union(*map(placeholders, texts)) - SHOWN_TO_ALL


@dataclass(frozen=True)
class Example:
    """One question of a task with its right answer."""

    example_id: str
    task: str
    language: str
    gold: Gold
    fields: dict[str, str] = field(default_factory=dict)
    """What the template shows."""
    choices: tuple[str, ...] = ()
    """multiple_choice, retrieval, ranking: what is chosen from."""
    prompt: str | None = None
    """A published prompt, shown as it is in place of the template."""
    group: str = ""
    """Keys of all that the question and its right answer are about, one a line, sorted: ids of
    products, queries, reviews and users; a title or a passage where there is no id. A wrong choice
    is no key. Examples with a key in common stay on one side of a split."""
    difficulty: str | None = None
    origin: str = ""
    """Recipe, file or model that it comes from."""
    references: tuple[str, ...] = ()
    """generation: further right answers; the best match counts."""


def bare(text: str) -> str:
    """A label as it is compared: case, width, and marks around it do not matter."""
    return unicodedata.normalize("NFKC", text).casefold().strip(" \t\"'“”‘’`*.。!！()（）[]")


def placeholders(text: str) -> frozenset[str]:
    """Names in braces.

    Raises:
        ValueError: braces that do not match, or a placeholder without a plain name.
    """
    try:
        parsed = list(string.Formatter().parse(text))
    except ValueError as error:
        raise ValueError(f"braces in {text!r}: {error}; a brace that is text is doubled") from None
    fields_ = [(name, spec, how) for _, name, spec, how in parsed if name is not None]
    names = [name for name, _, _ in fields_]
    if decorated := [name for name, spec, how in fields_ if spec or how]:
        raise ValueError(f"placeholder {decorated[0]!r} in {text!r}: expected a name alone in {{}}")
    if wrong := [name for name in names if not name.isidentifier()]:
        raise ValueError(f"placeholder {{{wrong[0]}}} in {text!r}: expected a plain name")
    return frozenset(names)
