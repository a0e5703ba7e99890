"""Recipes about reviews: the aspects that one covers, and the snippets that cover one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from pydantic import Field

from shoplm.tasks.keys import join_keys
from shoplm.tasks.recipes.attributes import NAMES, attribute_name
from shoplm.tasks.recipes.choices import Pool, arrange, pick_wrong
from shoplm.tasks.recipes.mentions import SubjectText, subject_texts
from shoplm.tasks.recipes.recipe import Recipe, RecipeOptions, Rejection, Tables
from shoplm.tasks.recipes.rows import products_by_id, require_columns, shown
from shoplm.tasks.recipes.sampling import chance, example_id, shuffled
from shoplm.tasks.recipes.vocabulary import contains, product_attributes
from shoplm.tasks.task import Example, Task
from shoplm.variants import Settings


class ReviewAspectsSettings(RecipeOptions):
    """Options of the recipe `review_aspects`.

    A review covers an attribute if it names the product's value of it, which is a value of no
    other attribute of the product. It does not cover one if it names no value of it that the
    catalogue knows and none of its names, and the attribute is either one of `plain` or one that
    no product of the department has.
    """

    plain: list[str] = ["material", "colour", "origin", "warranty"]
    """Attributes of any product that a review calls by their values or names."""
    no_aspects: list[str] = ["brand"]
    """Attributes that are neither right nor wrong."""
    generic: dict[str, list[str]] = {}
    """Words by language: an attribute whose name holds one is never wrong, since a review may
    cover it in other words (heavy: a weight)."""
    choices: int = Field(10, ge=2)
    """Aspects to choose from."""
    most_right: int = Field(3, ge=1)
    """Most aspects that a review may cover; the score takes the first three."""
    text_characters: tuple[int, int] = (20, 800)
    """Least and most characters of a review."""


def make_review_aspects(
    task: Task, tables: Tables, options: ReviewAspectsSettings, seed: int
) -> Iterator[Example | Rejection]:
    """One example a review: `{review}` and the `{category}` of its product."""
    having: dict[tuple[str, str], set[str]] = defaultdict(set)
    names: dict[str, set[str]] = defaultdict(set)
    for row in products_by_id(tables).values():
        for attribute in product_attributes(row):
            having[row["language"], shown(row, "department")].add(attribute)
            known = attribute in options.plain or attribute not in NAMES
            if known and attribute not in options.no_aspects:
                names[row["language"]].add(attribute)
    for subject in subject_texts(
        task, tables, "reviews", "text", {}, options.text_characters, seed
    ):
        if isinstance(subject, Rejection):
            yield subject
            continue
        language, category = subject.language, shown(subject.product, "leaf")
        has, named = having[language, shown(subject.product, "department")], subject.named
        right = [name for name in named.certain() if name in names[language]]
        wrong = [
            name
            for name in _candidates(names[language], options, seed, f"{task.name}:{subject.key}")
            if (name in options.plain or name not in has)
            and not any(word in name.lower() for word in options.generic.get(language, ()))
            and name not in named.own
            and name not in named.foreign
            and not any(contains(subject.text, word) for word in _words(name, language))
        ]
        wrong = _apart(wrong, right, language)[: options.choices - len(right)]
        if not 0 < len(right) <= options.most_right or len(right) + len(wrong) < options.choices:
            detail = f"{len(right)} aspects covered, {len(wrong)} others"
            yield Rejection(subject.key, "reviews", "nothing_to_ask", detail)
            continue
        identity = example_id(task.name, subject.key, subject.text)
        choices, places = arrange(
            [attribute_name(name, language) for name in right],
            [attribute_name(name, language) for name in wrong],
            seed,
            identity,
        )
        yield Example(
            example_id=identity,
            task=task.name,
            language=language,
            gold=places,
            fields={"review": subject.text, "category": category},
            choices=choices,
            group=join_keys(subject.keys),
            origin=f"reviews:{subject.key}",
        )


def _candidates(
    names: set[str], options: ReviewAspectsSettings, seed: int, purpose: str
) -> list[str]:
    """Attributes in any order, but those that a review of any product could cover first."""
    return sorted(shuffled(names, seed, purpose), key=lambda name: name not in options.plain)


def _words(attribute: str, language: str) -> tuple[str, ...]:
    """How a text may call an attribute."""
    return NAMES.get(attribute, {}).get(language, (attribute,))


def _apart(wrong: list[str], right: list[str], language: str) -> list[str]:
    """Aspects whose name is no part of a right one's, nor the other way round."""
    names = [attribute_name(name, language) for name in right]
    return [
        name
        for name in wrong
        if not any(
            own in attribute_name(name, language) or attribute_name(name, language) in own
            for own in names
        )
    ]


class ReviewSnippetsSettings(RecipeOptions):
    """Options of the recipe `review_snippets`.

    A snippet is a whole short review, so that its rating is what it says. The right ones are good
    and name the aspect, a value that a product has. Wrong ones are reviews of the same category
    that name it with a bad rating, and reviews of other categories that name something else.
    """

    aspects: list[str] = ["feature", "material"]
    """Attributes whose values are asked about."""
    choices: int = Field(15, ge=2)
    """Snippets to choose from."""
    most_right: int = Field(3, ge=1)
    """Most right snippets of a question."""
    good: int = 4
    """Least rating of a good review."""
    bad: int = 2
    """Highest rating of a bad one."""
    text_characters: dict[str, tuple[int, int]] = {"en": (8, 110), "zh": (4, 40)}
    """Least and most characters of a snippet, by language."""


def make_review_snippets(
    task: Task, tables: Tables, options: ReviewSnippetsSettings, seed: int
) -> Iterator[Example | Rejection]:
    """One example for each category and value that good snippets name: `{category}`, `{aspect}`."""
    require_columns(task, tables["reviews"], "reviews", {"rating"})
    snippets: dict[str, SubjectText] = {}
    about: dict[tuple[str, str, str], list[SubjectText]] = defaultdict(list)
    members: dict[str, list[tuple[str, list[str]]]] = defaultdict(list)
    for subject in subject_texts(
        task, tables, "reviews", "text", {}, options.text_characters, seed
    ):
        if isinstance(subject, Rejection):
            yield subject
            continue
        if not subject.named.own:
            yield Rejection(subject.key, "reviews", "nothing_to_ask", "it names no property")
            continue
        snippets[subject.text] = subject
        near = [shown(subject.product, "leaf"), shown(subject.product, "department")]
        members[subject.language].append((subject.text, near))
        for name in options.aspects:
            for mention in subject.named.own.get(name, []):
                about[subject.language, near[0], mention.text.lower()].append(subject)
    pools = {language: Pool(found, seed) for language, found in members.items()}
    for language, category, value in shuffled(about, seed, task.name):
        good = [
            found
            for found in about[language, category, value]
            if found.row["rating"] >= options.good
        ]
        if not good:
            yield Rejection(f"{category}:{value}", "reviews", "nothing_to_ask", "no good snippet")
            continue
        size = 1 + int(chance(seed, task.name, category, value) * options.most_right)
        right = [found.text for found in good[:size]]

        def refuse(text: str, category: str = category, value: str = value) -> bool:
            other = snippets[text]
            if shown(other.product, "leaf") == category:
                return other.row["rating"] > options.bad or not contains(text, value)
            return contains(text, value) or contains(text, category)

        identity = example_id(task.name, language, category, value, *right)
        near = [category, shown(good[0].product, "department")]
        count = options.choices - len(right)
        wrong = pick_wrong(pools[language], near, count, f"{seed}:{identity}", refuse)
        if len(wrong) < count:
            detail = f"{len(wrong)} wrong snippets, {count} needed"
            yield Rejection(f"{category}:{value}", "reviews", "too_few_choices", detail)
            continue
        choices, places = arrange(right, wrong, seed, identity)
        yield Example(
            example_id=identity,
            task=task.name,
            language=language,
            gold=places,
            fields={"category": category, "aspect": value},
            choices=choices,
            group=join_keys(key for found in good[:size] for key in found.keys),
            origin=f"reviews:{good[0].key}",
        )


def _reviews(_: Settings) -> frozenset[str]:
    return frozenset({"products", "reviews"})


REVIEW_ASPECTS = Recipe(ReviewAspectsSettings, _reviews, make_review_aspects)
"""Which aspects of a product a review covers."""

REVIEW_SNIPPETS = Recipe(ReviewSnippetsSettings, _reviews, make_review_snippets)
"""Which short reviews praise an aspect of a kind of product."""
