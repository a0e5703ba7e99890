"""Recipe `choice`: the right values of a column among values of rows much like it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from shoplm.tasks.keys import join_keys
from shoplm.tasks.recipes.choices import Pool, arrange, pick_wrong
from shoplm.tasks.recipes.recipe import Recipe, RecipeOptions, Rejection, Tables
from shoplm.tasks.recipes.rows import (
    Row,
    keys_of,
    ordered_rows,
    read_columns,
    require_columns,
    shown,
)
from shoplm.tasks.recipes.sampling import chance, example_id, shuffled
from shoplm.tasks.recipes.text import is_written_in, levels
from shoplm.tasks.recipes.vocabulary import contains
from shoplm.tasks.task import Example, Task


class ChoiceSettings(RecipeOptions):
    """Options of the recipe `choice`."""

    ASKS: ClassVar = frozenset({"table", "choice"})

    table: str = "products"
    """The table."""
    fields: dict[str, str] = Field(min_length=1)
    """Placeholder of the template: column that is shown."""
    choice: str
    """The column whose values are chosen from."""
    near: list[str] = ["parent", "department"]
    """Columns that make a wrong answer a hard one where its row agrees with the right row's; the
    nearest first. One that the table lacks is passed over."""
    choices: int = Field(4, ge=2)
    """Answers to choose from."""
    most_right: int = Field(3, ge=1)
    """retrieval: most right answers of a question."""
    where: dict[str, list[Any]] = {}
    """Rows to use: column and its allowed values."""
    hide: list[str] = []
    """Attributes that shown properties leave out."""


def make(
    task: Task, tables: Tables, options: ChoiceSettings, seed: int
) -> Iterator[Example | Rejection]:
    """multiple_choice: one example a row. retrieval: a few right rows of each question."""
    table = tables[options.table]
    near = [c for c in options.near if next(iter(read_columns({c}))) in table.columns]
    columns = read_columns({*options.fields.values(), options.choice})
    require_columns(task, table, options.table, columns)
    questions: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    members: dict[str, list[tuple[str, list[str]]]] = defaultdict(list)
    for row in ordered_rows(tables, options.table, task, seed, options.where):
        fields = [shown(row, column, tuple(options.hide)) for column in options.fields.values()]
        value, language = shown(row, options.choice), row["language"]
        if not value or not all(fields):
            yield Rejection(row["_key"], options.table, "empty_cell", options.choice)
        elif not is_written_in("\n".join((*fields, value)), language):
            yield Rejection(row["_key"], options.table, "language", f"not written in {language}")
        else:
            row = row | {"_value": value, "_near": [shown(row, c) for c in near]}
            questions[language, *fields].append(row)
            members[language].append((value, row["_near"]))
    pools = {language: Pool(found, seed) for language, found in members.items()}
    asked = [
        (key, rows, part)
        for key, rows in questions.items()
        for part in _parts(rows, task.type == "retrieval", options.most_right, seed)
    ]
    order = {part: (key, rows) for key, rows, part in asked}
    for part in shuffled(order, seed, task.name):
        (language, *texts), rows = order[part]
        right = list(part[1:])
        first = next(row for row in rows if row["_value"] == right[0])
        name = example_id(task.name, language, *texts, *right)
        wrong = pick_wrong(
            pools[language],
            first["_near"],
            options.choices - len(right),
            f"{seed}:{name}",
            _refusal({row["_value"].lower() for row in rows}, texts),
        )
        if len(right) + len(wrong) < options.choices:
            detail = f"{len(wrong)} wrong answers, {options.choices - len(right)} needed"
            yield Rejection(first["_key"], options.table, "too_few_choices", detail)
            continue
        choices, places = arrange(right, wrong, seed, name)
        yield Example(
            example_id=name,
            task=task.name,
            language=language,
            gold=places[0] if task.type == "multiple_choice" else places,
            fields=dict(zip(options.fields, texts, strict=True)),
            choices=choices,
            group=join_keys(keys_of(*(row for row in rows if row["_value"] in right))),
            origin=f"{options.table}:{first['_key']}",
        )


def _parts(rows: list[Row], several: bool, most: int, seed: int) -> Iterator[tuple[str, ...]]:
    """The right answers of each question, after a name that tells questions apart."""
    first = rows[0]
    values = shuffled({row["_value"] for row in rows}, seed, "right")
    name = f"{first['language']}:{first['_key']}"
    while values:
        size = 1
        if several:
            size += int(chance(seed, "right", name, len(values)) * most)
        part, values = values[:size], values[size:]
        yield (name, *part)


def _refusal(right: set[str], texts: list[str]):
    """Whether an answer may be right too: it is one of the right ones, or what is shown says it."""
    ends = [levels(text)[-1] for text in texts if levels(text)]
    whole = "\n".join(texts)

    def refuse(value: str) -> bool:
        path = levels(value)
        return (
            value.lower() in right
            or contains(whole, path[-1] if path else value)
            or any(contains(value, end) for end in ends)
        )

    return refuse


CHOICE = Recipe(ChoiceSettings, lambda options: frozenset({options.table}), make)
"""The right values of a column among values of rows much like it."""
