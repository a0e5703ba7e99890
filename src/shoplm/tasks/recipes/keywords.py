"""Which set of keywords suits a product that is described in another language."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from pydantic import Field, model_validator

from shoplm.tasks.recipes.listings import Listing, read_listings, read_translations
from shoplm.tasks.recipes.recipe import Recipe, RecipeOptions, Rejection, Tables
from shoplm.tasks.recipes.sampling import digest, example_id, shuffled
from shoplm.tasks.recipes.vocabulary import contains
from shoplm.tasks.task import Example, Task


class KeywordsOptions(RecipeOptions):
    """Options of the recipe `keywords`, which reads products and translations."""

    attributes: list[str] = ["type", "material", "colour", "style", "feature", "use"]
    """What keywords are taken from."""
    size: int = Field(3, ge=2)
    """Keywords a set."""
    choices: int = Field(4, ge=3)
    """Sets to choose from: at most one more than keywords a set."""

    @model_validator(mode="after")
    def _enough_keywords(self) -> KeywordsOptions:
        if self.choices > self.size + 1:
            raise ValueError(f"choices: at most {self.size + 1} with {self.size} keywords a set")
        return self


def make(task: Task, tables: Tables, options: KeywordsOptions, seed: int) -> Iterator:
    """One example a translated product: its translation is shown, the sets and the prompt are in
    the language of its own listing.

    Keywords are properties that the listing's texts state too. Each wrong set is of another
    product of the department, with one keyword of the right set in place of its own; so every
    keyword stands in two sets, and counting them gives nothing away.
    """
    listings, _ = read_listings(task, tables)
    shelves: dict[tuple[str, str], list[Listing]] = defaultdict(list)
    for listing in listings.values():
        shelves[listing.language, listing.department].append(listing)
    others = read_translations(task, tables, listings)
    for product_id in shuffled(others, seed, task.name):
        own, other = listings[product_id], others[product_id]
        if own.language not in task.languages or not other.description:
            continue
        keywords = _keywords(own, options, seed)
        if len(keywords) < options.size:
            yield Rejection(product_id, "translations", "too_few_keywords", own.title)
            continue
        shelf = shelves[own.language, own.department]
        choices = _choices(own, keywords, shelf, options, seed)
        if not choices:
            yield Rejection(product_id, "translations", "too_few_candidates", own.department)
            continue
        order = shuffled(range(len(choices)), seed, f"choices:{product_id}")
        yield Example(
            example_id=example_id(task.name, product_id),
            task=task.name,
            language=own.language,
            gold=order.index(0),
            fields={"title": other.title, "description": other.description},
            choices=tuple(choices[at] for at in order),
            group=product_id,
            origin=f"translations:{product_id}",
        )


def _keywords(own: Listing, options: KeywordsOptions, seed: int) -> list[tuple[str, str]]:
    """(attribute, value) of properties that the listing's texts state, one an attribute."""
    text = f"{own.title}\n{own.description}"
    stated: dict[str, str] = {}
    for attribute in shuffled(options.attributes, seed, f"attributes:{own.product_id}"):
        for value in own.properties.get(attribute, []):
            if contains(text, value):
                stated.setdefault(attribute, value)
    return list(stated.items())[: options.size]


def _choices(
    own: Listing,
    keywords: list[tuple[str, str]],
    shelf: list[Listing],
    options: KeywordsOptions,
    seed: int,
) -> list[str]:
    """Sets of keywords as text, the right one first; none where no product of the shelf differs
    in all of the attributes."""
    text = f"{own.title}\n{own.description}"
    joint = "、" if own.language == "zh" else ", "
    others = sorted(shelf, key=lambda one: digest(seed, own.product_id, one.product_id))
    for other in others:
        foreign = [
            next(
                (
                    value
                    for value in other.properties.get(attribute, ())
                    if value.lower() not in own.values and not contains(text, value)
                ),
                None,
            )
            for attribute, _ in keywords
        ]
        if all(foreign):
            break
    else:
        return []
    right = [value for _, value in keywords]
    sets = [right]
    for kept in range(options.choices - 1):
        sets.append([right[at] if at == kept else value for at, value in enumerate(foreign)])
    return [
        joint.join(shuffled(one, seed, f"{own.product_id}:{number}"))
        for number, one in enumerate(sets)
    ]


KEYWORDS = Recipe(KeywordsOptions, lambda options: frozenset({"products", "translations"}), make)
