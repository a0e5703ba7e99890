"""Recipe `columns`: some columns of a row are shown, another is the answer."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import Annotated, Any, ClassVar

from pydantic import Field

from shoplm.tasks.keys import join_keys
from shoplm.tasks.recipes.mentions import NEEDED
from shoplm.tasks.recipes.recipe import Recipe, RecipeOptions, Rejection, Tables
from shoplm.tasks.recipes.rows import (
    Row,
    keys_of,
    ordered_rows,
    products_by_id,
    read_columns,
    require_columns,
    shown,
)
from shoplm.tasks.recipes.sampling import example_id
from shoplm.tasks.recipes.text import is_written_in, units
from shoplm.tasks.recipes.vocabulary import Vocabulary, contains, product_attributes, vocabularies
from shoplm.tasks.task import Example, Gold, Task, placeholders


class ColumnsSettings(RecipeOptions):
    """Options of the recipe `columns`."""

    ASKS: ClassVar = frozenset({"table", "answer"})

    table: str = "products"
    """The table."""
    fields: dict[str, str] = Field(min_length=1)
    """Placeholder of the template: column. Beside the table's own: leaf, parent (of the category
    path) and properties, as one line."""
    answer: str | dict[str, str]
    """The column that holds the answer; or, by language, text with columns in braces."""
    where: dict[str, list[Any]] = {}
    """Rows to use: column and its allowed values."""
    hide: list[str] = []
    """Attributes that the properties do not show, because they give the answer away."""
    answer_characters: tuple[int, int] = (1, 2000)
    """Least and most characters of an answer."""
    shown_characters: int = Field(3000, ge=1)
    """Most characters of what is shown."""
    least_shown_characters: int = Field(1, ge=1)
    """Least characters of it."""
    grounded: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Least share of the answer's words (Chinese: characters) that what is shown must have, so
    that an answer tells little that nobody could know."""
    known_values: bool = False
    """products: whether an answer that names a value of an attribute (a colour, a size, a use) must
    find it in what is shown."""
    facts: list[str] = []
    """products: attributes whose values in what is shown an answer by language may use as
    {facts}, a list in the order of the attributes."""
    least_facts: int = Field(2, ge=1)
    """Values that there must be of them."""


def _answer_of(row: Row, answer: str | dict[str, str]) -> str:
    if isinstance(answer, str):
        return shown(row, answer)
    text = answer.get(row["language"], "")
    values = {name: shown(row, name) for name in placeholders(text)}
    pairs = permutations(values.values(), 2)
    if not all(values.values()) or any(contains(one, other) for one, other in pairs):
        return ""  # a name that says already what the category says again
    return text.format(**values)


def _columns_of(options: ColumnsSettings) -> set[str]:
    answers = [options.answer] if isinstance(options.answer, str) else []
    if not answers:
        answers = [name for text in options.answer.values() for name in placeholders(text)]
    return read_columns({*options.fields.values(), *answers} - {"facts"})


def _facts(row: Row, text: str, known: Vocabulary, options: ColumnsSettings) -> str:
    """Values of the product that the text names; empty where they are too few."""
    properties = product_attributes(row)
    named = known.named(text, properties).certain()
    values = [
        value
        for name in options.facts
        for value in properties.get(name, ())
        if value.lower() in {mention.text.lower() for mention in named.get(name, ())}
    ]
    joint = "、" if row["language"] == "zh" else ", "
    return joint.join(values) if len(values) >= options.least_facts else ""


def make(
    task: Task, tables: Tables, options: ColumnsSettings, seed: int
) -> Iterator[Example | Rejection]:
    """One example a row.

    Raises:
        ValueError: `known_values` or `facts` of another table than products.
    """
    require_columns(task, tables[options.table], options.table, _columns_of(options))
    known: dict[str, Vocabulary] = {}
    if options.known_values or options.facts:
        if options.table != "products":
            raise ValueError(
                f"task {task.name}: recipe.options: known_values and facts need the table "
                f"products, not {options.table}"
            )
        require_columns(task, tables["products"], "products", NEEDED)
        known = vocabularies(products_by_id(tables).values())
    rows = ordered_rows(tables, options.table, task, seed, options.where)
    hide = tuple(options.hide)
    for row in rows:
        key, language = row["_key"], row["language"]
        fields = {name: shown(row, column, hide) for name, column in options.fields.items()}
        if options.facts:
            row["facts"] = _facts(row, "\n".join(fields.values()), known[language], options)
        answer = _answer_of(row, options.answer)
        if reason := _fault(fields, answer, language, options, known.get(language)):
            yield Rejection(key, options.table, *reason)
            continue
        gold: Gold = [("", answer)] if task.type == "extraction" else answer
        yield Example(
            example_id=example_id(task.name, options.table, key, *sorted(fields.items()), answer),
            task=task.name,
            language=language,
            gold=gold,
            fields=fields,
            group=join_keys(keys_of(row)),
            origin=f"{options.table}:{key}",
        )


def _fault(
    fields: dict[str, str],
    answer: str,
    language: str,
    options: ColumnsSettings,
    known: Vocabulary | None,
) -> tuple[str, str] | None:
    """Reason and detail of a row that makes no example."""
    if empty := [name for name, text in fields.items() if not text]:
        return "empty_cell", options.fields[empty[0]]
    if not answer:
        return "empty_answer", str(options.answer)
    text = "\n".join(fields.values())
    least, most = options.answer_characters
    if answer.lower() in map(str.lower, fields.values()):
        return "answer_is_shown", str(options.answer)
    if len(answer) < least:
        return "too_short", f"{len(answer)} characters, at least {least}"
    if len(answer) > most:
        return "too_long", f"{len(answer)} characters, at most {most}"
    low, high = options.least_shown_characters, options.shown_characters
    if not low <= len(text) <= high:
        reason = "too_short" if len(text) < low else "too_long"
        return reason, f"{len(text)} characters shown, {low} to {high} wanted"
    if not is_written_in(text, language) or (
        len(answer) > 20 and not is_written_in(answer, language)
    ):
        return "language", f"not written in {language}"
    words = units(answer)
    share = len(words & units(text)) / max(1, len(words))
    if share < options.grounded:
        return "not_grounded", f"{share:.2f} of the answer is shown, at least {options.grounded}"
    if options.known_values and known is not None:
        hidden = [m.text for m in known.mentions(answer) if not contains(text, m.text)]
        if hidden:
            return "not_grounded", f"{hidden[0]} is not shown"
    return None


COLUMNS = Recipe(ColumnsSettings, lambda options: frozenset({options.table}), make)
"""Some columns of a row are shown, another is the answer."""
