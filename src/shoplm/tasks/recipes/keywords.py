"""Which set of keywords suits a product that is described in another language."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from pydantic import Field

from shoplm.tasks.recipes.listings import Listing, read_listings, read_translations
from shoplm.tasks.recipes.recipe import Recipe, Rejection, Tables
from shoplm.tasks.recipes.sampling import digest, example_id, shuffled
from shoplm.tasks.recipes.vocabulary import contains
from shoplm.tasks.task import Example, Task
from shoplm.variants import Settings


class KeywordsOptions(Settings):
    """Options of the recipe `keywords`, which reads products and translations."""

    attributes: list[str] = ["type", "material", "colour", "style", "feature", "use"]
    """What keywords are taken from."""
    size: int = Field(3, ge=2)
    """Keywords a set."""
    replaced: int = Field(2, ge=1)
    """Keywords of a wrong set that are values of other products."""
    choices: int = Field(4, ge=2)
    """Sets to choose from."""


def make(task: Task, tables: Tables, options: KeywordsOptions, seed: int) -> Iterator:
    """One example a translated product: its translation is shown, the sets and the prompt are in
    the language of its own listing.

    Keywords are properties that the listing's texts state too. A wrong set keeps some of them and
    replaces others by values of the same attributes that the product does not have.
    """
    listings, _ = read_listings(task, tables)
    pools: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for listing in listings.values():
        for attribute, values in listing.properties.items():
            pools[listing.language, listing.department, attribute].update(values)
    others = read_translations(task, tables, listings)
    for product_id in shuffled(others, seed, task.name):
        own, other = listings[product_id], others[product_id]
        if own.language not in task.languages or not other.description:
            continue
        keywords = _keywords(own, options, seed)
        if len(keywords) < options.size:
            yield Rejection(product_id, "translations", "too_few_keywords", own.title)
            continue
        choices = _choices(own, keywords, pools, options, seed)
        if len(choices) < options.choices:
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
    pools: dict[tuple[str, str, str], set[str]],
    options: KeywordsOptions,
    seed: int,
) -> list[str]:
    """Sets of keywords as text, the right one first; fewer than wanted where pools run dry."""
    text = f"{own.title}\n{own.description}"
    joint = "、" if own.language == "zh" else ", "
    sets = [[value for _, value in keywords]]
    for number in range(1, options.choices):
        purpose = f"wrong:{own.product_id}:{number}"
        replaced = shuffled(range(len(keywords)), seed, purpose)[: options.replaced]
        made = [value for _, value in keywords]
        for at in replaced:
            attribute, _ = keywords[at]
            used = {value.lower() for one in sets for value in one}
            pool = [
                value
                for value in pools[own.language, own.department, attribute]
                if value.lower() not in own.values | used and not contains(text, value)
            ]
            if not pool:
                return []
            made[at] = min(pool, key=lambda v: digest(seed, purpose, v))
        sets.append(made)
    return [
        joint.join(shuffled(one, seed, f"{own.product_id}:{number}"))
        for number, one in enumerate(sets)
    ]


KEYWORDS = Recipe(KeywordsOptions, lambda options: frozenset({"products", "translations"}), make)
