"""Products of a catalogue as recipes need them: cleaned, and by id."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from shoplm.tasks.recipes.attributes import by_attribute
from shoplm.tasks.recipes.recipe import Rejection, Tables
from shoplm.tasks.recipes.rows import properties_of, require_columns
from shoplm.tasks.recipes.text import is_written_in, levels, readable
from shoplm.tasks.task import Task

_PRODUCT_COLUMNS = {"product_id", "language", "title"}


@dataclass(frozen=True)
class Listing:
    """One product in one language; a text is empty where the table has none that is readable."""

    product_id: str
    language: str
    title: str
    description: str = ""
    name: str = ""
    category: str = ""
    """The last level of the category path."""
    department: str = ""
    properties: Mapping[str, list[str]] = field(default_factory=dict)
    """Values by attribute, under one name for what sellers name differently."""
    price: float | None = None

    @property
    def values(self) -> frozenset[str]:
        """Of all properties, in lower case."""
        return frozenset(value.lower() for values in self.properties.values() for value in values)


def records(task: Task, tables: Tables, name: str, columns: set[str]) -> list[dict[str, Any]]:
    """Rows of a table.

    Raises:
        ValueError: it lacks one of the columns.
    """
    require_columns(task, tables[name], name, columns)
    return tables[name].to_dict("records")


def read_listings(task: Task, tables: Tables) -> tuple[dict[str, Listing], list[Rejection]]:
    """The table `products` by product id, and the rows without a title that can be read.

    A table that was read last is not read again: many tasks share one.

    Raises:
        ValueError: the table lacks product_id, language or title.
    """
    require_columns(task, tables["products"], "products", _PRODUCT_COLUMNS)
    if _last and _last[0][0]() is tables["products"]:
        listings, rejected = _last[0][1]
    else:
        listings, rejected = _read_products(tables["products"])
        _last[:] = [(weakref.ref(tables["products"]), (listings, rejected))]
    return dict(listings), list(rejected)


_last: list[tuple[weakref.ref[pd.DataFrame], tuple[dict[str, Listing], list[Rejection]]]] = []


def _read_products(table: pd.DataFrame) -> tuple[dict[str, Listing], list[Rejection]]:
    found: dict[str, Listing] = {}
    rejected: dict[str, Rejection] = {}
    for row in table.to_dict("records"):
        language, title = row["language"], readable(row["title"])
        product_id = str(row["product_id"])
        if not is_written_in(title, language):
            rejected[product_id] = Rejection(product_id, "products", "unreadable", "title")
            continue
        description = readable(row.get("description"))
        listing = Listing(
            product_id=product_id,
            language=language,
            title=title,
            description=description if is_written_in(description, language) else "",
            name=readable(row.get("name")),
            category=(levels(readable(row.get("category"))) or [""])[-1],
            department=readable(row.get("department")),
            properties=by_attribute(properties_of(row), language),
            price=_amount(row.get("price")),
        )
        _keep(found, listing)
    return found, [rejected[product_id] for product_id in sorted(rejected)]


def read_translations(
    task: Task, tables: Tables, listings: Mapping[str, Listing]
) -> dict[str, Listing]:
    """The table `translations` by product id, with category and department of the listing.

    Left out: products without a listing, empty titles, and rows in the listing's own language.

    Raises:
        ValueError: the table lacks product_id, language or title.
    """
    found: dict[str, Listing] = {}
    for row in records(task, tables, "translations", _PRODUCT_COLUMNS):
        own, title = listings.get(str(row["product_id"])), readable(row["title"])
        if own is None or not title or row["language"] == own.language:
            continue
        listing = Listing(
            product_id=own.product_id,
            language=row["language"],
            title=title,
            description=readable(row.get("description")),
            name=own.name,
            category=own.category,
            department=own.department,
        )
        _keep(found, listing)
    return found


def _keep(found: dict[str, Listing], listing: Listing) -> None:
    """Of several rows of one product, the same one whatever their order."""
    other = found.get(listing.product_id)
    if other is None or repr(listing) < repr(other):
        found[listing.product_id] = listing


def _amount(value: object) -> float | None:
    try:
        amount = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return amount if 0 < amount < float("inf") else None
