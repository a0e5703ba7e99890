"""Which category is bought right after another, as purchases that follow each other show."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from shoplm.tasks.recipes.listings import read_listings
from shoplm.tasks.recipes.purchases import Sequels, count_sequels, read_histories
from shoplm.tasks.recipes.recipe import Recipe, RecipeOptions, Rejection, Tables
from shoplm.tasks.recipes.sampling import example_id, shuffled
from shoplm.tasks.task import Example, Task


class CategoryPairsOptions(RecipeOptions):
    """Options of the recipe `category_pairs`, which reads products and interactions."""

    count: int = Field(10, ge=1)
    """Times at least that a product of the one category was bought right after the other."""
    lift: float = Field(5.0, gt=1)
    """Times at least more often than chance would have it."""
    unrelated_lift: float = Field(0.5, ge=0, lt=1)
    """The lift that a wrong category has at most, in both directions."""
    choices: int = Field(4, ge=2)
    """Categories to choose from."""


def make(task: Task, tables: Tables, options: CategoryPairsOptions, seed: int) -> Iterator:
    """One example a pair of categories of one language."""
    listings, _ = read_listings(task, tables)
    histories = read_histories(task, tables)
    sequels: dict[str, Sequels] = {}
    for language in task.languages:
        category_of = {
            listing.product_id: listing.category
            for listing in listings.values()
            if listing.language == language
        }
        sequels[language] = count_sequels(histories.values(), category_of)
    found = [(language, pair) for language in sequels for pair in sequels[language].pairs]
    for language, pair in shuffled(found, seed, task.name):
        yield from _example(task, language, pair, sequels[language], options, seed)


def _example(
    task: Task,
    language: str,
    pair: tuple[str, str],
    sequels: Sequels,
    options: CategoryPairsOptions,
    seed: int,
) -> Iterator[Example | Rejection]:
    first, right = pair
    if first == right or not sequels.follows(first, right, options.count, options.lift):
        return
    name = f"{language}:{first}:{right}"
    wrong = [
        other
        for other in shuffled(sequels.seconds, seed, f"wrong:{name}")
        if other not in pair and sequels.unrelated(first, other, options.unrelated_lift)
    ][: options.choices - 1]
    if len(wrong) < options.choices - 1:
        yield Rejection(name, "interactions", "too_few_candidates", f"{len(wrong)} unrelated")
        return
    choices = shuffled([right, *wrong], seed, f"choices:{name}")
    yield Example(
        example_id=example_id(task.name, name),
        task=task.name,
        language=language,
        gold=choices.index(right),
        fields={"category": first},
        choices=tuple(choices),
        group=":".join((language, *sorted(pair))),  # the pair turned round asks the same
        origin=f"interactions:{name}",
    )


CATEGORY_PAIRS = Recipe(
    CategoryPairsOptions, lambda options: frozenset({"products", "interactions"}), make
)
