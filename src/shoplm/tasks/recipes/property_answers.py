"""A buyer's question about a property, answered in a sentence from what the listing says."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from shoplm.tasks.recipes.listings import read_listings
from shoplm.tasks.recipes.recipe import Recipe, RecipeOptions, Rejection, Tables
from shoplm.tasks.recipes.rows import products_by_id
from shoplm.tasks.recipes.sampling import chance, example_id, shuffled
from shoplm.tasks.recipes.vocabulary import product_attributes, vocabularies
from shoplm.tasks.task import Example, Task
from shoplm.variants import Settings


class PropertyQuestion(Settings):
    """What buyers ask about one attribute, and how it is answered."""

    ask: dict[str, list[str]]
    """Questions by language."""
    answer: dict[str, str]
    """The answer by language, with {value}: all values of the attribute."""


class PropertyAnswersOptions(RecipeOptions):
    """Options of the recipe `property_answers`, which reads products."""

    questions: dict[str, PropertyQuestion] = Field(min_length=1)
    """By attribute."""


def make(task: Task, tables: Tables, options: PropertyAnswersOptions, seed: int) -> Iterator:
    """One example a product, about an attribute whose values the shown text states.

    Not asked: attributes of which the text names a value that the properties lack, and those whose
    value there is a value of another attribute too.
    """
    listings, _ = read_listings(task, tables)
    products = products_by_id(tables)
    known = vocabularies(products.values())
    for product_id in shuffled(listings, seed, task.name):
        listing = listings[product_id]
        language = listing.language
        if language not in task.languages:
            yield Rejection(product_id, "products", "language", language)
            continue
        if not listing.description:
            yield Rejection(product_id, "products", "empty_cell", "description")
            continue
        text = f"{listing.title}\n{listing.description}"
        properties = product_attributes(products[product_id])
        stated = known[language].named(text, properties).certain()
        attributes = [name for name in options.questions if name in stated]
        if not attributes:
            yield Rejection(product_id, "products", "no_answer", listing.title)
            continue
        attribute = shuffled(attributes, seed, f"question:{product_id}")[0]
        question = options.questions[attribute]
        said = {mention.text.lower() for mention in stated[attribute]}
        values = [value for value in properties[attribute] if value.lower() in said]
        asks = question.ask[language]
        joint, last = ("、", "和") if language == "zh" else (", ", " and ")
        value = last.join(part for part in (joint.join(values[:-1]), values[-1]) if part)
        yield Example(
            example_id=example_id(task.name, product_id),
            task=task.name,
            language=language,
            gold=question.answer[language].format(value=value),
            fields={
                "title": listing.title,
                "description": listing.description,
                "question": asks[int(chance(seed, "ask", product_id) * len(asks))],
            },
            group=product_id,
            origin=f"products:{product_id}",
        )


PROPERTY_ANSWERS = Recipe(PropertyAnswersOptions, lambda options: frozenset({"products"}), make)
