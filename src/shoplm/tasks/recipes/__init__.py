"""Recipes: examples of tasks from tables of a catalogue, configured by a task's YAML."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from shoplm.tasks.recipes.arithmetic import ARITHMETIC
from shoplm.tasks.recipes.aspects import REVIEW_ASPECTS, REVIEW_SNIPPETS
from shoplm.tasks.recipes.attribute_choice import ATTRIBUTE_CATEGORY, ATTRIBUTE_VALUE
from shoplm.tasks.recipes.category_pairs import CATEGORY_PAIRS
from shoplm.tasks.recipes.choice import CHOICE
from shoplm.tasks.recipes.columns import COLUMNS
from shoplm.tasks.recipes.keywords import KEYWORDS
from shoplm.tasks.recipes.matching import MATCHING
from shoplm.tasks.recipes.product_pairs import PRODUCT_PAIRS
from shoplm.tasks.recipes.property_answers import PROPERTY_ANSWERS
from shoplm.tasks.recipes.query_pairs import QUERY_PAIRS
from shoplm.tasks.recipes.ranking import RANKING
from shoplm.tasks.recipes.recipe import Recipe, Rejection, Tables
from shoplm.tasks.recipes.rows import MissingColumnError
from shoplm.tasks.recipes.sequence import SEQUENCE
from shoplm.tasks.recipes.spans import SPANS
from shoplm.tasks.recipes.translation import TRANSLATION
from shoplm.tasks.recipes.value_label import VALUE_LABEL
from shoplm.tasks.task import Example, Task

RECIPES: dict[str, Recipe] = {
    "columns": COLUMNS,
    "choice": CHOICE,
    "matching": MATCHING,
    "spans": SPANS,
    "attribute_category": ATTRIBUTE_CATEGORY,
    "attribute_value": ATTRIBUTE_VALUE,
    "review_aspects": REVIEW_ASPECTS,
    "review_snippets": REVIEW_SNIPPETS,
    "arithmetic": ARITHMETIC,
    "category_pairs": CATEGORY_PAIRS,
    "keywords": KEYWORDS,
    "product_pairs": PRODUCT_PAIRS,
    "property_answers": PROPERTY_ANSWERS,
    "query_pairs": QUERY_PAIRS,
    "ranking": RANKING,
    "sequence": SEQUENCE,
    "translation": TRANSLATION,
    "value_label": VALUE_LABEL,
}
"""By the name that a task's YAML uses."""


def make_examples(
    task: Task, tables: Tables, n: int, seed: int
) -> tuple[list[Example], list[dict[str, Any]]]:
    """At most `n` examples of a task, and the rows from which none could be made.

    Examples that would show the same question with the same answer are made once. The result
    depends on the content of the tables and on the seed, not on the order of rows. A task without a
    recipe gives nothing; one whose table is absent, or without a column that it reads, gives
    nothing and one rejected row that says so.

    Raises:
        ValueError: an unknown recipe, or options that it does not take.
    """
    if task.recipe is None:
        return [], []
    recipe = RECIPES.get(task.recipe.kind)
    if recipe is None:
        known = ", ".join(sorted(RECIPES))
        raise ValueError(f"task {task.name}: no recipe {task.recipe.kind!r}; one of {known}")
    try:
        options = recipe.settings(**task.recipe.options)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ValueError(
            f"task {task.name}: recipe.options.{where} ({task.recipe.kind}): {first['msg']}"
        ) from None
    if missing := sorted(recipe.tables(options) - set(tables)):
        detail = f"recipe {task.recipe.kind} needs the table {', '.join(missing)}"
        return [], [Rejection(task.name, task.recipe.kind, "table_missing", detail).row()]
    examples: list[Example] = []
    rejected: list[dict[str, Any]] = []
    seen: set[tuple[object, ...]] = set()
    for made in _made(recipe, task, tables, options, seed) if n > 0 else ():
        if isinstance(made, Rejection):
            rejected.append(made.row())
            continue
        # with another answer it is no repetition: a gate refuses questions with two answers
        fields = tuple(sorted(made.fields.items()))
        shown = (made.language, fields, made.choices, repr(made.gold))
        if shown in seen:
            detail = f"{made.origin}: the same question again"
            rejected.append(Rejection(made.example_id, made.task, "same_question", detail).row())
            continue
        seen.add(shown)
        examples.append(made)
        if len(examples) >= n:
            break
    return examples, rejected


def _made(
    recipe: Recipe, task: Task, tables: Tables, options: Any, seed: int
) -> Iterator[Example | Rejection]:
    """What the recipe makes; of a table that lacks a column, one rejection."""
    try:
        yield from recipe.examples(task, tables, options, seed)
    except MissingColumnError as error:
        yield Rejection(task.name, task.recipe.kind, "column_missing", str(error))
