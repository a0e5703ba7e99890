"""Rows of the tables that recipes read, in an order that only their content decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from shoplm.tasks.recipes.attributes import hidden_keys
from shoplm.tasks.recipes.recipe import Tables
from shoplm.tasks.recipes.sampling import digest
from shoplm.tasks.recipes.text import levels, property_lines, readable
from shoplm.tasks.task import Task

Row = dict[str, Any]
KEYS = {
    "products": "product_id",
    "reviews": "review_id",
    "queries": "query_id",
    "articles": "article_id",
    "translations": "product_id",
    "passages": "example_id",
}
"""The column that names a row of a table; of any other table, the first."""


def key_of(table: pd.DataFrame, name: str) -> str:
    """The column that names a row."""
    return KEYS.get(name) or str(table.columns[0])


def keys_of(*rows: Row) -> set[str]:
    """What rows are about: their own names, and the products that they name."""
    keys: set[str] = set()
    for row in rows:
        several = row.get("product_ids")
        ids = [row["_key"], row.get("product_id")]
        ids += list(several) if isinstance(several, (list, tuple)) else []
        keys |= {str(one) for one in ids if one is not None and one == one}
    return keys


class MissingColumnError(ValueError):
    """A table lacks a column that a recipe reads."""


def require_columns(task: Task, table: pd.DataFrame, name: str, columns: set[str]) -> None:
    """Raises MissingColumnError where a table lacks a column that a recipe reads."""
    if missing := sorted(columns - set(table.columns)):
        raise MissingColumnError(
            f"task {task.name}: table {name} has no column {missing[0]!r}; "
            f"it has {', '.join(map(str, table.columns))}"
        )


def ordered_rows(
    tables: Tables, name: str, task: Task, seed: int, where: Mapping[str, list[Any]] | None = None
) -> list[Row]:
    """The rows in the task's languages that `where` admits (column: the values allowed).

    A row has `_key`, its name in its table, beside the table's columns.
    """
    table = tables[name]
    key = key_of(table, name)
    require_columns(task, table, name, {key, "language", *(where or {})})
    kept = table[table["language"].isin(task.languages)]
    for column, allowed in (where or {}).items():
        kept = kept[kept[column].isin(allowed)]
    rows = [{**row, "_key": str(row[key])} for row in kept.to_dict("records")]
    columns = sorted(map(str, table.columns))
    return sorted(
        rows,
        key=lambda row: (
            digest(seed, task.name, row["_key"]),
            *(repr(row[column]) for column in columns),
        ),
    )


def properties_of(row: Row) -> dict[str, list[str]]:
    """The properties of a product row, as readable text."""
    found = row.get("properties")
    if not isinstance(found, dict):
        return {}
    clean = {readable(key): [readable(v) for v in values] for key, values in found.items()}
    return {key: [v for v in values if v] for key, values in clean.items() if key and any(values)}


def products_by_id(tables: Tables) -> dict[str, Row]:
    """Product rows by product id; of several rows of one id, the same one in any order of rows."""
    rows = tables["products"].to_dict("records")
    rows.sort(key=lambda row: repr(sorted(row.items(), key=lambda item: str(item[0]))))
    return {str(row["product_id"]): row for row in rows}


def shown(row: Row, column: str, hide: tuple[str, ...] = ()) -> str:
    """A column of a row as a prompt shows it; empty where there is nothing.

    Beside a table's own columns: `leaf` and `parent`, the last level of a category path and what
    stands above it; `properties`, as one line, without the attributes in `hide`.
    """
    if column in ("leaf", "parent"):
        path = levels(readable(row.get("category")))
        if column == "leaf":
            return path[-1] if path else ""
        return " > ".join(path[:-1])
    if column == "properties":
        properties = properties_of(row)
        hidden = hidden_keys(properties, hide, row["language"])
        kept = {key: values for key, values in properties.items() if key not in hidden}
        return property_lines(kept, row["language"])
    value = row.get(column)
    if isinstance(value, list):
        return "\n".join(filter(None, map(readable, value)))
    if isinstance(value, float):
        return "" if value != value else f"{value:g}"
    return readable(value) if isinstance(value, str) else "" if value is None else str(value)


DERIVED = frozenset({"leaf", "parent"})
"""Columns that `shown` makes from the category."""


def read_columns(columns: set[str]) -> set[str]:
    """The table's own columns behind what `shown` is asked for."""
    return {"category" if column in DERIVED else column for column in columns}
