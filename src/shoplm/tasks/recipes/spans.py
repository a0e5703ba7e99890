"""Recipe `spans`: which values of a product's attributes stand in a text about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, ClassVar, Literal

from pydantic import Field

from shoplm.tasks.keys import join_keys
from shoplm.tasks.recipes.attributes import NAMES, attribute_name
from shoplm.tasks.recipes.mentions import SubjectText, subject_texts
from shoplm.tasks.recipes.recipe import Recipe, RecipeOptions, Rejection, Tables
from shoplm.tasks.recipes.sampling import digest, example_id, shuffled
from shoplm.tasks.recipes.vocabulary import Mention
from shoplm.tasks.task import Example, Gold, Task

OTHERS = "*"
"""In a list of attributes: all that have no usual name, such as a height or a page count."""


class SpansSettings(RecipeOptions):
    """Options of the recipe `spans`.

    What a text names is found by all values that the catalogue knows. A label is asked about only
    if the text names no value of it that the product's own properties lack, so that an answer is
    complete as far as the catalogue knows.
    """

    ASKS: ClassVar = frozenset({"table", "text", "labels"})

    table: str = "products"
    """The table of the texts; another than `products` is joined to it by product_id."""
    text: str = "title"
    """The column."""
    field: str = "text"
    """Placeholder of the text."""
    where: dict[str, list[Any]] = {}
    """Rows to use: column and its allowed values."""
    labels: dict[str, list[str]] = Field(min_length=1)
    """Label: the attributes whose values it stands for; `*` is every attribute without a usual
    name. An empty list: the attribute of the label's own name."""
    names: dict[str, dict[str, str]] = {}
    """What prompt and answer call a label, by language; else the attribute's usual name."""
    ask: Literal["pairs", "entities", "one", "type"]
    """pairs: values of the `{attributes}` listed. entities: all spans of all labels. one: values of
    one `{attribute}`. type: the label of one `{entity}`."""
    typed: bool = True
    """entities: whether the answer gives each span its label."""
    required: list[str] = []
    """entities: labels that a text must name."""
    refuse: list[str] = []
    """Attributes of which a text must name no value, since no label fits it: the model of the phone
    that a case is for."""
    absent: list[str] = []
    """pairs, one: labels asked about too where the text does not name them though the product has
    them; only those that a text cannot put into other words."""
    single: bool = False
    """one: only labels of which the text names exactly one value."""
    text_characters: tuple[int, int] = (1, 1000)
    """Least and most characters of a text."""


class _Labels:
    """The spans of each label in one text."""

    def __init__(self, subject: SubjectText, options: SpansSettings) -> None:
        self.spans: dict[str, list[Mention]] = {}
        self.open: set[str] = set()
        self.absent: list[str] = []
        for label, listed in options.labels.items():
            attributes = listed or [label]
            found = _of(attributes, subject.named.own)
            spans = sorted(
                {m.text.lower(): m for name in found for m in subject.named.own[name]}.values(),
                key=lambda mention: mention.start,
            )
            if _of(attributes, subject.named.foreign):
                self.open.add(label)
            elif spans:
                self.spans[label] = spans
            elif label in options.absent and _of(attributes, subject.attributes):
                self.absent.append(label)


def _of(attributes: list[str], found: Any) -> list[str]:
    """Those of the attributes found that the list means."""
    return sorted(
        name for name in found if name in attributes or (OTHERS in attributes and name not in NAMES)
    )


def _separators(task: Task) -> list[str]:
    """Signs that no span may hold: those of the answer, and their full-width twins."""
    signs = (task.answer.separator.strip(), task.answer.pair_separator.strip())
    return [*signs, "，、" if "," in signs else "", "：" if ":" in signs else ""]


def _in_order(spans: dict[str, list[Mention]], called: Callable[[str], str]) -> Gold:
    """(label, span) pairs as they stand in the text."""
    pairs = [(m.start, called(label), m.text) for label, found in spans.items() for m in found]
    return [(label, text) for _, label, text in sorted(pairs)]


def _overlap(spans: dict[str, list[Mention]]) -> bool:
    found = sorted((m.start, m.end) for mentions in spans.values() for m in mentions)
    return any(start < end for (_, end), (start, _) in pairwise(found))


def make(
    task: Task, tables: Tables, options: SpansSettings, seed: int
) -> Iterator[Example | Rejection]:
    """At most one example a text."""
    for subject in subject_texts(
        task, tables, options.table, options.text, options.where, options.text_characters, seed
    ):
        if isinstance(subject, Rejection):
            yield subject
            continue
        strange = {*subject.named.own, *subject.named.foreign} & set(options.refuse)
        asked = None if strange else _ask(task, subject, options, seed)
        if asked is None:
            detail = f"{options.text} and properties do not tell enough"
            yield Rejection(subject.key, options.table, "nothing_to_ask", detail)
            continue
        fields, gold = asked
        yield Example(
            example_id=example_id(task.name, subject.key, *sorted(fields.items())),
            task=task.name,
            language=subject.language,
            gold=gold,
            fields={options.field: subject.text, **fields},
            group=join_keys(subject.keys),
            origin=f"{options.table}:{subject.key}",
        )


def _ask(
    task: Task, subject: SubjectText, options: SpansSettings, seed: int
) -> tuple[dict[str, str], Gold] | None:
    labels, language = _Labels(subject, options), subject.language

    def called(label: str) -> str:
        return options.names.get(label, {}).get(language) or attribute_name(label, language)

    marks = {mark for signs in _separators(task) for mark in signs}
    spans = {
        label: found
        for label, found in labels.spans.items()
        if not any(mark in mention.text for mention in found for mark in marks)
    }
    key = f"{subject.language}:{subject.key}:{subject.text}"
    if options.ask == "pairs":
        if not spans:
            return None
        asked = shuffled({*spans, *labels.absent}, seed, f"{task.name}:{key}")
        listed = ("、" if language == "zh" else ", ").join(map(called, asked))
        return {"attributes": listed}, _in_order(spans, called)
    if options.ask == "entities":
        whole = len(spans) == len(labels.spans) and not labels.open
        if not whole or not set(options.required) <= set(spans) or _overlap(spans):
            return None
        return {}, _in_order(spans, called if options.typed else lambda _: "")
    if options.ask == "one":
        ready = [name for name, found in spans.items() if len(found) == 1 or not options.single]
        candidates = [*ready, *(labels.absent if task.answer.none.get(language) else [])]
        if not ready:
            return None
        label = shuffled(candidates, seed, f"{task.name}:{key}")[0]
        return {"attribute": called(label)}, [("", m.text) for m in spans.get(label, [])]
    single = {
        mention.text: label
        for label, found in spans.items()
        for mention in found
        if sum(mention.text in {m.text for m in other} for other in spans.values()) == 1
    }
    if not single:
        return None
    entity = min(single, key=lambda text: digest(seed, task.name, key, text))
    return {"entity": entity}, single[entity]


SPANS = Recipe(SpansSettings, lambda options: frozenset({"products", options.table}), make)
"""Which values of a product's attributes stand in a text about it."""
