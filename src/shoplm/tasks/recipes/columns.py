"""Recipe `columns`: some columns of a row are shown, another is the answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import permutations
from typing import Annotated, Any

from pydantic import Field

from shoplm.tasks.recipes.recipe import Recipe, Rejection, Tables
from shoplm.tasks.recipes.rows import Row, ordered_rows, read_columns, require_columns, shown
from shoplm.tasks.recipes.sampling import chance, example_id
from shoplm.tasks.recipes.text import is_written_in, units
from shoplm.tasks.recipes.vocabulary import contains
from shoplm.tasks.task import Example, Gold, Task, placeholders
from shoplm.variants import Settings

TRIES = 50


class ColumnsSettings(Settings):
    """Options of the recipe `columns`."""

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
    unanswerable: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of rows whose `asked` field comes from another row that this row cannot answer; the
    answer is then empty, which a task writes as its `answer.none`; languages without one have
    none such."""
    asked: str = "question"
    """The field that is exchanged for that."""


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
    return read_columns({*options.fields.values(), *answers})


def _cannot_answer(question: str, answer: str, passage: str) -> bool:
    """Whether a question names something that the passage does not, and its answer is not there."""
    names = re.findall(r"\b[A-Z]\w+", question[1:])
    return answer.lower() not in passage.lower() and any(name not in passage for name in names)


def _strange_question(
    rows: list[Row], at: int, options: ColumnsSettings, fields: dict[str, str]
) -> str | None:
    rest = " ".join(text for name, text in fields.items() if name != options.asked)
    for step in range(1, min(TRIES, len(rows))):
        other = rows[(at + step) % len(rows)]
        question = shown(other, options.fields[options.asked])
        if other["language"] != rows[at]["language"] or not question:
            continue
        if _cannot_answer(question, _answer_of(other, options.answer), rest):
            return question
    return None


def make(
    task: Task, tables: Tables, options: ColumnsSettings, seed: int
) -> Iterator[Example | Rejection]:
    """One example a row."""
    require_columns(task, tables[options.table], options.table, _columns_of(options))
    rows = ordered_rows(tables, options.table, task, seed, options.where)
    hide = tuple(options.hide)
    for at, row in enumerate(rows):
        key, language = row["_key"], row["language"]
        fields = {name: shown(row, column, hide) for name, column in options.fields.items()}
        answer = _answer_of(row, options.answer)
        if reason := _fault(fields, answer, language, options):
            yield Rejection(key, options.table, *reason)
            continue
        drawn = chance(seed, f"{task.name}:unanswerable", key)
        if task.answer.none.get(language) and drawn < options.unanswerable:
            question = _strange_question(rows, at, options, fields)
            if question is not None:
                fields[options.asked], answer = question, ""
        gold: Gold = [("", answer)] if task.type == "extraction" else answer
        yield Example(
            example_id=example_id(task.name, options.table, key, *sorted(fields.items()), answer),
            task=task.name,
            language=language,
            gold=gold,
            fields=fields,
            group=str(row.get("product_id") or key),
            origin=f"{options.table}:{key}",
        )


def _fault(
    fields: dict[str, str], answer: str, language: str, options: ColumnsSettings
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
    return None


COLUMNS = Recipe(ColumnsSettings, lambda options: frozenset({options.table}), make)
"""Some columns of a row are shown, another is the answer."""
