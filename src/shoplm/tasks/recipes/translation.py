"""One product listed in two languages: translate a text, or find the text that is a translation."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from shoplm.tasks.recipes.listings import Listing, read_listings, read_translations
from shoplm.tasks.recipes.recipe import Recipe, RecipeOptions, Rejection, Tables
from shoplm.tasks.recipes.sampling import chance, digest, example_id, shuffled
from shoplm.tasks.recipes.text import units
from shoplm.tasks.task import Example, Task

_STOP = re.compile(r"(?<=[。！？])|(?<=[.!?])\s+")

_STRANGE_NAME = {
    "en": re.compile(r"[\u4e00-\u9fff]"),
    "zh": re.compile(r"(?<![A-Za-z])[A-Z][a-z]{2,}"),
}
"""What a name in the other script looks like, by language of the text; units and USB are none."""


class TranslationOptions(RecipeOptions):
    """Options of the recipe `translation`, which reads products and translations."""

    ASKS: ClassVar = frozenset({"text"})

    text: Literal["title", "description"] = "title"
    """What is translated."""
    to: Literal["listed", "translated", "either"] = "either"
    """Into the product's own language, into that of its translation, or by chance."""
    without_name: bool = False
    """Leave out the sentences that name the product, and those with another name in the script of
    the other language (a town, a designer), so that no name gives the answer away."""
    sentences: int = Field(1, ge=1)
    """Sentences that a text must have then."""
    refuse: dict[str, list[str]] = {}
    """generation: words by language that no answer in it may hold."""
    choices: int = Field(4, ge=2)
    """Texts to choose from in a multiple choice."""


def make(task: Task, tables: Tables, options: TranslationOptions, seed: int) -> Iterator:
    """One example a translated product.

    generation: a text to translate; the prompt's language is the answer's. multiple_choice: the
    prompt's language is that of the text shown, and the choices are in the other one; the wrong
    ones are of products of other categories, of the same department as far as there are any.
    """
    listings, _ = read_listings(task, tables)
    pairs: dict[str, tuple[Listing, Listing]] = {}
    for product_id, other in read_translations(task, tables, listings).items():
        own = listings[product_id]
        back = chance(seed, task.name, "direction", product_id) < 0.5
        if options.to == "listed" or (options.to == "either" and back):
            own, other = other, own
        prompt = own.language if task.type == "multiple_choice" else other.language
        if prompt in task.languages:
            pairs[product_id] = own, other
    texts = {key: (_text(a, options), _text(b, options)) for key, (a, b) in pairs.items()}
    targets: dict[tuple[str, bool], list[tuple[Listing, str]]] = defaultdict(list)
    for product_id in sorted(pairs):
        other, text = pairs[product_id][1], texts[product_id][1]
        if text:  # beside originals stand originals, beside translations translations
            targets[other.language, other is listings[product_id]].append((other, text))
    for product_id in shuffled(pairs, seed, task.name):
        (own, other), (shown, answer) = pairs[product_id], texts[product_id]
        if not (shown and answer):
            yield Rejection(product_id, "translations", "too_short", options.text)
            continue
        held = [word for word in options.refuse.get(other.language, ()) if word in answer]
        if held and task.type == "generation":
            yield Rejection(product_id, "translations", "language", f"{held[0]} in the answer")
            continue
        choices: list[str] = []
        if task.type == "multiple_choice":
            others = targets[other.language, other is listings[product_id]]
            choices = _choices(other, answer, others, options, seed)
            if len(choices) < options.choices:
                yield Rejection(product_id, "translations", "too_few_candidates", other.department)
                continue
        yield Example(
            example_id=example_id(task.name, product_id),
            task=task.name,
            language=own.language if choices else other.language,
            gold=choices.index(answer) if choices else answer,
            fields={"text": shown},
            choices=tuple(choices),
            group=product_id,
            origin=f"translations:{product_id}",
        )


def sentences(text: str) -> list[str]:
    """Split behind full stops, question and exclamation marks of either script."""
    return [part.strip() for part in _STOP.split(text) if part.strip()]


def _text(listing: Listing, options: TranslationOptions) -> str:
    text = listing.title if options.text == "title" else listing.description
    if not options.without_name:
        return text
    named = units(listing.name)
    if re.search(r"[\u4e00-\u9fff]", listing.name):  # a character alone stands in other words
        name = re.sub(r"\s", "", listing.name)
        parts = {name[at : at + 2] for at in range(len(name) - 1)}
        kept = [part for part in sentences(text) if not any(two in part for two in parts)]
    else:
        kept = [part for part in sentences(text) if not named & units(part)]
    strange = _STRANGE_NAME.get(listing.language)
    kept = [part for part in kept if not (strange and strange.search(part))]
    if len(kept) < options.sentences:
        return ""
    return ("" if listing.language == "zh" else " ").join(kept)


def _choices(
    right: Listing,
    answer: str,
    targets: list[tuple[Listing, str]],
    options: TranslationOptions,
    seed: int,
) -> list[str]:
    """The answer among texts of other products, in an order that the seed decides."""
    others = [
        (listing, text)
        for listing, text in targets
        if listing.category != right.category and text != answer
    ]
    others.sort(
        key=lambda one: (
            one[0].department != right.department,
            digest(seed, "distractor", right.product_id, one[0].product_id),
        )
    )
    wrong: dict[str, str] = {}  # one a category
    for listing, text in others:
        if text not in wrong.values():
            wrong.setdefault(listing.category, text)
        if len(wrong) == options.choices - 1:
            break
    return shuffled([answer, *wrong.values()], seed, f"choices:{right.product_id}")


TRANSLATION = Recipe(
    TranslationOptions, lambda options: frozenset({"products", "translations"}), make
)
