"""Texts about products, and what they name of the products' own properties."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shoplm.tasks.recipes.recipe import Rejection, Tables
from shoplm.tasks.recipes.rows import (
    Row,
    keys_of,
    ordered_rows,
    products_by_id,
    require_columns,
    shown,
)
from shoplm.tasks.recipes.text import is_written_in
from shoplm.tasks.recipes.vocabulary import Named, Vocabulary, product_attributes, vocabularies
from shoplm.tasks.task import Task

Characters = tuple[int, int] | dict[str, tuple[int, int]]
"""Least and most characters of a text, of all or by language."""
NEEDED = {"product_id", "language", "properties"}


@dataclass(frozen=True)
class SubjectText:
    """A text and the product that it is about; of several, the first."""

    key: str
    """Name of its row."""
    language: str
    text: str
    row: Row
    product: Row
    attributes: dict[str, list[str]]
    """Attribute: values of the product, or of all products that the text is about."""
    named: Named
    keys: frozenset[str]
    """Of its rows and of the products that it is about."""


def subject_texts(
    task: Task,
    tables: Tables,
    table: str,
    column: str,
    where: Mapping[str, list[Any]],
    characters: Characters,
    seed: int,
    known: Mapping[str, Vocabulary] | None = None,
) -> Iterator[SubjectText | Rejection]:
    """Each different text of a column once, with the products that it is about.

    A text of another table than `products` is about the products whose id its rows hold.
    """
    require_columns(task, tables["products"], "products", NEEDED)
    require_columns(task, tables[table], table, {column, "product_id"})
    products = products_by_id(tables)
    known = known or vocabularies(products.values())
    texts: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in ordered_rows(tables, table, task, seed, where):
        texts[row["language"], str(row[column])].append(row)
    for (language, _), found in texts.items():
        text, rows = shown(found[0], column), []
        for row in found:
            product = products.get(str(row["product_id"]))
            if reason := _fault(text, language, product, characters):
                yield Rejection(row["_key"], table, *reason)
                continue
            rows.append(row)
            if row["_key"] != rows[0]["_key"]:
                yield Rejection(row["_key"], table, "same_text", f"as {rows[0]['_key']}")
        if not rows:
            continue
        attributes: dict[str, list[str]] = {}
        for row in rows:
            for name, values in product_attributes(products[str(row["product_id"])]).items():
                merged = attributes.setdefault(name, [])
                merged += [value for value in values if value not in merged]
        first = rows[0]
        yield SubjectText(
            key=first["_key"],
            language=language,
            text=text,
            row=first,
            product=products[str(first["product_id"])],
            attributes=attributes,
            named=known[language].named(text, attributes),
            keys=frozenset(keys_of(*rows)),
        )


def _fault(
    text: str, language: str, product: Row | None, characters: Characters
) -> tuple[str, str] | None:
    least, most = (
        characters.get(language, (1, 1000)) if isinstance(characters, dict) else characters
    )
    if not text:
        return "empty_cell", "no text"
    if product is None:
        return "unknown_product", "its product_id is in no row of products"
    if product["language"] != language:
        return "language", f"the product is listed in {product['language']}"
    if len(text) < least:
        return "too_short", f"{len(text)} characters, at least {least}"
    if len(text) > most:
        return "too_long", f"{len(text)} characters, at most {most}"
    if not is_written_in(text, language):
        return "language", f"not written in {language}"
    return None
