"""Recipe `matching`: whether a title and a set of properties are of one product."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field

from shoplm.tasks.keys import join_keys
from shoplm.tasks.recipes.attributes import attribute_of
from shoplm.tasks.recipes.choices import Pool
from shoplm.tasks.recipes.mentions import SubjectText, subject_texts
from shoplm.tasks.recipes.recipe import Recipe, RecipeOptions, Rejection, Tables
from shoplm.tasks.recipes.rows import properties_of, shown
from shoplm.tasks.recipes.sampling import chance, digest, example_id
from shoplm.tasks.recipes.text import property_lines
from shoplm.tasks.recipes.vocabulary import contains
from shoplm.tasks.task import Example, Task

TRIES = 60
Share = Annotated[float, Field(ge=0, le=1)]


class MatchingSettings(RecipeOptions):
    """Options of the recipe `matching`.

    A pair that does not match contradicts the text: one of `attributes` that the text names has
    another value in the properties, and the text does not name that one.
    """

    ASKS: ClassVar = frozenset({"table", "text"})

    table: str = "products"
    """The table of the texts; another than `products` is joined to it by product_id."""
    text: str = "title"
    """The column."""
    field: str = "title"
    """Placeholder of the text."""
    match: str = "match"
    """Label of a pair that belongs together."""
    no_match: str = "not_match"
    """Label of one that does not."""
    no_match_share: Share = 0.5
    """Share of pairs that do not match."""
    one_value_share: Share = 0.5
    """Share of these that differ from the product's own properties in one value only; the others
    show the properties of a product much like it."""
    attributes: list[str] = ["brand", "model", "material", "colour"]
    """Attributes that a product has one of."""
    near: list[str] = ["leaf", "parent", "department"]
    """What makes another product like it, the nearest first."""
    least_properties: int = Field(3, ge=1)
    """Properties that a product must have."""
    text_characters: tuple[int, int] = (1, 1000)
    """Least and most characters of a text."""


def make(
    task: Task, tables: Tables, options: MatchingSettings, seed: int
) -> Iterator[Example | Rejection]:
    """One pair a text: its own properties, or wrong ones."""
    subjects: list[SubjectText] = []
    members: dict[str, list[tuple[str, list[str]]]] = defaultdict(list)
    for subject in subject_texts(
        task, tables, options.table, options.text, {}, options.text_characters, seed
    ):
        if isinstance(subject, Rejection):
            yield subject
        elif len(properties_of(subject.product)) < options.least_properties:
            yield Rejection(subject.key, options.table, "empty_cell", "properties")
        else:
            subjects.append(subject)
            members[subject.language].append((subject.key, _near(subject, options)))
    pools = {language: Pool(found, seed) for language, found in members.items()}
    by_key = {subject.key: subject for subject in subjects}
    for subject in subjects:
        own = properties_of(subject.product)
        label, pair, of = options.match, own, frozenset()
        if chance(seed, f"{task.name}:label", subject.key) < options.no_match_share:
            wrong = _wrong_properties(task, subject, pools[subject.language], by_key, options, seed)
            if wrong is None:
                detail = "no other product contradicts the text"
                yield Rejection(subject.key, options.table, "nothing_to_ask", detail)
                continue
            label, (pair, of) = options.no_match, wrong
        elif not any(name in options.attributes for name in subject.named.own):
            detail = "the text names none of the attributes"
            yield Rejection(subject.key, options.table, "nothing_to_ask", detail)
            continue
        properties = property_lines(pair, subject.language)
        yield Example(
            example_id=example_id(task.name, subject.key, properties),
            task=task.name,
            language=subject.language,
            gold=label,
            fields={options.field: subject.text, "properties": properties},
            group=join_keys(subject.keys | of),
            origin=f"{options.table}:{subject.key}",
        )


def _near(subject: SubjectText, options: MatchingSettings) -> list[str]:
    return [f"{column}:{shown(subject.product, column)}" for column in options.near]


def _wrong_properties(
    task: Task,
    subject: SubjectText,
    pool: Pool,
    by_key: dict[str, SubjectText],
    options: MatchingSettings,
    seed: int,
) -> tuple[dict[str, list[str]], frozenset[str]] | None:
    """Properties that contradict the text; and the keys of the product whose they all are."""
    one = chance(seed, f"{task.name}:kind", subject.key) < options.one_value_share
    start = f"{seed}:{task.name}:{subject.key}"
    for tried, key in enumerate(pool.draw(_near(subject, options), start)):
        if tried >= TRIES:
            return None
        other = by_key[key]
        differing = [
            name
            for name in options.attributes
            if name in subject.named.own and _contradicts(subject, other, name)
        ]
        if not differing:
            continue
        if not one:
            return properties_of(other.product), other.keys
        name = min(differing, key=lambda name: digest(start, name))
        changed = {
            key: other.attributes[name] if attribute_of(key, subject.language) == name else values
            for key, values in properties_of(subject.product).items()
        }
        return changed, frozenset()
    return None


def _contradicts(subject: SubjectText, other: SubjectText, name: str) -> bool:
    values = other.attributes.get(name, [])
    named = [mention.text for mention in subject.named.own[name]]
    return bool(values) and not any(
        contains(subject.text, value)
        or any(contains(value, mine) or contains(mine, value) for mine in named)
        for value in values
    )


MATCHING = Recipe(MatchingSettings, lambda options: frozenset({"products", options.table}), make)
"""Whether a title and a set of properties are of one product."""
