"""Recipes about attributes: which category has one, and which value a product has."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from shoplm.tasks.keys import join_keys
from shoplm.tasks.recipes.attributes import attribute_name
from shoplm.tasks.recipes.choices import Pool, arrange, pick_wrong
from shoplm.tasks.recipes.mentions import SubjectText, subject_texts
from shoplm.tasks.recipes.recipe import Recipe, RecipeOptions, Rejection, Tables
from shoplm.tasks.recipes.rows import ordered_rows, require_columns, shown
from shoplm.tasks.recipes.sampling import chance, digest, example_id, shuffled
from shoplm.tasks.recipes.vocabulary import contains, product_attributes
from shoplm.tasks.task import Example, Task
from shoplm.variants import Settings

NEAR = ("parent", "department")
Share = Annotated[float, Field(ge=0, le=1)]


class AttributeCategorySettings(RecipeOptions):
    """Options of the recipe `attribute_category`."""

    choices: int = Field(4, ge=2)
    """Categories to choose from."""
    least_products: int = Field(3, ge=1)
    """Products that a category must have to be offered."""
    most_categories: Share = 0.1
    """Largest share of all categories that may have an attribute to be asked about: what many
    things have, such as a weight, could be had by a wrong one too."""
    least_share: Share = 0.4
    """Least share of the right category's products that have the attribute. A wrong category is of
    a department of which no product has it: what its neighbours have it may have too, listed or
    not (the power of a power bank)."""
    exclude: dict[str, list[str]] = {}
    """Attributes by language that are not asked about, since their names could mean something on
    any page."""


def make_attribute_category(
    task: Task, tables: Tables, options: AttributeCategorySettings, seed: int
) -> Iterator[Example | Rejection]:
    """One example for each attribute and each category that has it: `{attribute}`."""
    require_columns(task, tables["products"], "products", {"category", "properties"})
    products: Counter[tuple[str, str]] = Counter()
    having: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    departments: dict[tuple[str, str], set[str]] = defaultdict(set)
    of: dict[tuple[str, str], set[str]] = defaultdict(set)
    near: dict[tuple[str, str], list[str]] = {}
    for row in ordered_rows(tables, "products", task, seed):
        category = row["language"], shown(row, "leaf")
        if not category[1]:
            yield Rejection(row["_key"], "products", "empty_cell", "category")
            continue
        products[category] += 1
        of[category].add(shown(row, "department"))
        near.setdefault(category, [shown(row, column) for column in NEAR])
        for attribute in product_attributes(row):
            having[category[0], attribute][category[1]] += 1
            departments[category[0], attribute].add(shown(row, "department"))
    offered = {category for category, count in products.items() if count >= options.least_products}
    pools = {
        language: Pool(((c[1], near[c]) for c in sorted(offered) if c[0] == language), seed)
        for language in {c[0] for c in offered}
    }
    n_offered = Counter(language for language, _ in offered)
    pairs = [
        (language, attribute, leaf)
        for (language, attribute), leaves in having.items()
        if len(leaves) <= max(1, options.most_categories * n_offered[language])
        and attribute_name(attribute, language) not in options.exclude.get(language, ())
        for leaf, count in leaves.items()
        if (language, leaf) in offered and count >= options.least_share * products[language, leaf]
    ]
    for language, attribute, leaf in shuffled(pairs, seed, task.name):
        name = example_id(task.name, language, attribute, leaf)

        def refuse(value: str, language: str = language, attribute: str = attribute) -> bool:
            return bool(of[language, value] & departments[language, attribute])

        wrong = pick_wrong(
            pools[language],
            near[language, leaf],
            options.choices - 1,
            f"{seed}:{name}",
            refuse,
        )
        if len(wrong) < options.choices - 1:
            detail = f"{attribute}: {len(wrong)} categories of departments without it"
            yield Rejection(f"{leaf}:{attribute}", "products", "too_few_choices", detail)
            continue
        choices, places = arrange([leaf], wrong, seed, name)
        yield Example(
            example_id=name,
            task=task.name,
            language=language,
            gold=places[0],
            fields={"attribute": attribute_name(attribute, language)},
            choices=choices,
            group=f"{language}:{attribute}",
            origin=f"products:{leaf}",
        )


class AttributeValueSettings(RecipeOptions):
    """Options of the recipe `attribute_value`."""

    questions: dict[str, dict[str, str]] = Field(min_length=1)
    """Attribute: the question about it, by language."""
    unknown: dict[str, str]
    """The choice that says that the title does not tell, by language."""
    unknown_share: Share = 0.25
    """Share of questions for which that is right; asked of attributes in `unstated`."""
    unstated: list[str] = []
    """Attributes that a title names by a value that the catalogue knows, or not at all."""
    choices: int = Field(4, ge=3)
    """Answers to choose from, `unknown` among them."""
    near: list[str] = ["leaf", "parent", "department"]
    """Products whose values make hard wrong answers, the nearest first."""


def make_attribute_value(
    task: Task, tables: Tables, options: AttributeValueSettings, seed: int
) -> Iterator[Example | Rejection]:
    """One example a title: `{title}` and `{question}`."""
    subjects: list[SubjectText] = []
    members: dict[tuple[str, str], list[tuple[str, list[str]]]] = defaultdict(list)
    for subject in subject_texts(task, tables, "products", "title", {}, (1, 500), seed):
        if isinstance(subject, Rejection):
            yield subject
            continue
        subjects.append(subject)
        for name in options.questions:
            for value in subject.attributes.get(name, []):
                members[subject.language, name].append((value, _near(subject, options)))
    pools = {key: Pool(found, seed) for key, found in members.items()}
    for subject in subjects:
        made = _value_question(task, subject, pools, options, seed)
        if made is None:
            detail = "title and properties do not tell enough"
            yield Rejection(subject.key, "products", "nothing_to_ask", detail)
        else:
            yield made


def _near(subject: SubjectText, options: AttributeValueSettings) -> list[str]:
    return [f"{column}:{shown(subject.product, column)}" for column in options.near]


def _value_question(
    task: Task,
    subject: SubjectText,
    pools: dict[tuple[str, str], Pool],
    options: AttributeValueSettings,
    seed: int,
) -> Example | None:
    language, named = subject.language, subject.named
    if language not in options.unknown:
        return None
    known = {n for n in options.questions if language in options.questions[n]} - named.foreign
    told = [name for name in known if len(named.own.get(name, ())) == 1]
    untold = [name for name in known if name in options.unstated and name not in named.own]
    drawn = chance(seed, f"{task.name}:unknown", subject.key)
    unknown = bool(untold) and drawn < options.unknown_share
    for name in shuffled(untold if unknown else told, seed, f"{task.name}:{subject.key}"):
        own = [value.lower() for value in subject.attributes.get(name, [])]
        right = options.unknown[language]
        if not unknown:
            said = named.own[name][0].text.lower()
            right = next(v for v in subject.attributes[name] if v.lower() == said)
        identity = example_id(task.name, subject.key, subject.text, name)
        count = options.choices - (1 if unknown else 2)

        def refuse(value: str, own: list[str] = own) -> bool:
            mine = any(contains(value, other) or contains(other, value) for other in own)
            return mine or contains(subject.text, value)

        pool = pools.get((language, name))
        start = f"{seed}:{identity}"
        wrong = pick_wrong(pool, _near(subject, options), count, start, refuse) if pool else []
        if len(wrong) < count:
            continue
        rest = wrong if unknown else [*wrong, options.unknown[language]]
        choices, places = arrange([right], rest, seed, digest(identity))
        return Example(
            example_id=identity,
            task=task.name,
            language=language,
            gold=places[0],
            fields={"title": subject.text, "question": options.questions[name][language]},
            choices=choices,
            group=join_keys(subject.keys),
            origin=f"products:{subject.key}",
        )
    return None


def _products(_: Settings) -> frozenset[str]:
    return frozenset({"products"})


ATTRIBUTE_CATEGORY = Recipe(AttributeCategorySettings, _products, make_attribute_category)
"""Which category has an attribute."""

ATTRIBUTE_VALUE = Recipe(AttributeValueSettings, _products, make_attribute_value)
"""Which value of an attribute a title tells, if it does."""
