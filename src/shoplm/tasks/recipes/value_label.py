"""A column's value as a label: the stars of a review, the relevance of a product to a query."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from shoplm.tasks.keys import join_keys
from shoplm.tasks.recipes.listings import read_listings, read_translations, records
from shoplm.tasks.recipes.recipe import Recipe, RecipeOptions, Rejection, Tables
from shoplm.tasks.recipes.sampling import digest, example_id
from shoplm.tasks.recipes.text import is_written_in, readable
from shoplm.tasks.task import Example, Task


class ValueLabelOptions(RecipeOptions):
    """Options of the recipe `value_label`."""

    ASKS: ClassVar = frozenset({"table", "value"})

    table: str
    """reviews, queries, or any other with a language."""
    id: list[str] = Field(min_length=1)
    """Columns that name a row, each a key of what the question is about."""
    value: str
    """The column that decides."""
    labels: dict[str, list[str | float]] = Field(min_length=2)
    """Label: values that mean it; rows with other values are rejected. For a multiple choice the
    labels' order is that of the choices."""
    choices: dict[str, list[str]] = {}
    """multiple_choice: the choices by language, one a label."""
    fields: dict[str, str] = Field(min_length=1)
    """Placeholder: column with its text."""
    product: Literal["own", "other"] | None = None
    """Show the row's product too: its listing in the row's language, or in the other one."""
    product_fields: dict[str, Literal["title", "description", "category"]] = {"product": "title"}
    """Placeholder: text of that listing."""
    near_first: bool = False
    """With `product`: of each label first the rows whose product is of a department of the id's
    products under the first label, so that other labels are hard to tell from it."""
    most_alike: int = Field(2, ge=1)
    """Rows that may have the same text; more of them say nothing (a default review)."""


def make(task: Task, tables: Tables, options: ValueLabelOptions, seed: int) -> Iterator:
    """One example a row; labels and languages take turns, so that none prevails.

    Raises:
        ValueError: labels that the task does not have, or choices that are not one a label.
    """
    _check(task, options)
    products: dict = {}
    if options.product:
        products, _ = read_listings(task, tables)
    if options.product == "other":
        products = read_translations(task, tables, products)
    label_of = {_plain(v): label for label, values in options.labels.items() for v in values}
    columns = {*options.id, options.value, *options.fields.values(), "language"}
    rows = records(task, tables, options.table, columns)
    texts = {column: [readable(row[column]) for row in rows] for column in options.fields.values()}
    first = next(iter(texts.values()))
    alike = Counter() if options.product else Counter(first)
    piles: dict[tuple[str, str], list[tuple[tuple[str, str], str, Example]]] = defaultdict(list)
    departments: dict[str, set[str]] = defaultdict(set)
    for number, row in enumerate(rows):
        row_id = ":".join(str(row[column]) for column in options.id)
        shown = {name: texts[column][number] for name, column in options.fields.items()}
        label = label_of.get(_plain(row[options.value]))
        language = row["language"]
        if language not in task.languages:
            yield Rejection(row_id, options.table, "language", str(language))
            continue
        if label is None:
            detail = f"{options.value} {row[options.value]}"
            yield Rejection(row_id, options.table, "label_outside_set", detail)
            continue
        if not all(is_written_in(text, language) for text in shown.values()):
            yield Rejection(row_id, options.table, "unreadable", "text")
            continue
        if alike[first[number]] > options.most_alike:
            yield Rejection(row_id, options.table, "boilerplate", first[number])
            continue
        if options.product:
            listing = products.get(str(row["product_id"]))
            more = {n: getattr(listing, c, "") for n, c in options.product_fields.items()}
            if listing is None and options.product == "other":
                detail = f"{row['product_id']} in another language"
                yield Rejection(row_id, options.table, "no_listing", detail)
                continue
            if not all(more.values()):
                yield Rejection(row_id, options.table, "no_listing", str(row["product_id"]))
                continue
            shown |= more
        near = getattr(products.get(str(row.get("product_id"))), "department", "")
        if label == next(iter(options.labels)):
            departments[str(row[options.id[0]])].add(near)
        piles[language, label].append(
            (
                (str(row[options.id[0]]), near),
                digest(seed, task.name, row_id),
                Example(
                    example_id=example_id(task.name, row_id),
                    task=task.name,
                    language=language,
                    gold=list(options.labels).index(label) if options.choices else label,
                    fields={name: str(text) for name, text in shown.items()},
                    choices=tuple(options.choices.get(language, ())),
                    group=join_keys(
                        [*(row[column] for column in options.id), row.get("product_id")]
                    ),
                    origin=f"{options.table}:{row_id}",
                ),
            )
        )

    def place(one: tuple[tuple[str, str], str, Example]) -> tuple[bool, str]:
        (first_id, department), drawn, _ = one
        return options.near_first and department not in departments[first_id], drawn

    ordered = [[one[2] for one in sorted(piles[key], key=place)] for key in sorted(piles)]
    for turn in range(max(map(len, ordered), default=0)):
        yield from (pile[turn] for pile in ordered if turn < len(pile))


def _plain(value: object) -> str:
    """5, 5.0 and "5" are one value."""
    try:
        return f"{float(value):g}"  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return str(value)


def _check(task: Task, options: ValueLabelOptions) -> None:
    where = f"task {task.name}: recipe.options"
    if task.labels is not None:
        if unknown := set(options.labels) - set(task.labels):
            raise ValueError(f"{where}.labels: {sorted(unknown)[0]!r} is no label of the task")
        return
    for language in task.languages:
        found = len(options.choices.get(language, ()))
        if found != len(options.labels):
            raise ValueError(
                f"{where}.choices.{language}: expected {len(options.labels)}, one a label; "
                f"found {found}"
            )


def _tables(options: ValueLabelOptions) -> frozenset[str]:
    more = {None: (), "own": ("products",), "other": ("products", "translations")}
    return frozenset({options.table, *more[options.product]})


VALUE_LABEL = Recipe(ValueLabelOptions, _tables, make)
