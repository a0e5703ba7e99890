"""Rows of records: joined with a second file, and taken apart where one holds several questions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from shoplm.tasks.readers import gold as golds
from shoplm.tasks.readers.files import read_rows, read_text
from shoplm.tasks.readers.reader import Row, RowError
from shoplm.tasks.readers.record_options import JoinedFile, RecordOptions
from shoplm.tasks.readers.values import value_at


def record_rows(path: Path, options: RecordOptions) -> Iterator[Row]:
    """The rows of one file, joined and taken apart as the options say."""
    joined = _joined(path, options.join)
    rows = (_with_joined(row, options.join, joined) for row in read_rows(path, options))
    return taken_apart(rows, options)


def taken_apart(rows: Iterable[Row], options: RecordOptions) -> Iterator[Row]:
    """A row for every element of `each`, or for every label of `one_label`, numbered anew."""
    number = 0
    for row in rows:
        try:
            parts = [row.values] if row.error else _parts(row.values, options)
        except RowError as error:
            row, parts = Row(row.number, row.values, error), [row.values]
        for values in parts:
            number += 1
            yield Row(number, values, row.error)


def _parts(values: dict[str, Any], options: RecordOptions) -> list[dict[str, Any]]:
    if options.each is not None:
        elements = value_at(values, options.each)
        if not isinstance(elements, list):
            raise RowError("wrong_type", f"{options.each!r} is no list")
        return [{**values, "each": element} for element in elements]
    if options.one_label is None:
        return [values]
    by_label: dict[str, list[Any]] = {}
    for span in golds.listed(value_at(values, options.gold)):
        label = golds.plain_text(value_at(span, options.one_label), "a label")
        by_label.setdefault(label, []).append(span)
    if not by_label:
        raise RowError("no_answer", "there is nothing to extract")
    return [{**values, options.gold: spans, "label": label} for label, spans in by_label.items()]


def _joined(path: Path, join: JoinedFile | None) -> Mapping[str, Any]:
    if join is None:
        return {}
    beside = path.parent / join.file
    if not beside.exists():
        raise FileNotFoundError(f"{beside}: no such file")
    try:
        found = json.loads(read_text(beside)[0])
    except ValueError as error:
        raise ValueError(f"{beside}: no JSON: {error}") from None
    if not isinstance(found, dict):
        raise ValueError(f"{beside}: expected a JSON object with a key for each row")
    return found


def _with_joined(row: Row, join: JoinedFile | None, joined: Mapping[str, Any]) -> Row:
    if join is None or row.error:
        return row
    key = str(row.values.get(join.key, ""))
    if key not in joined:
        error = RowError("missing_field", f"{join.file} has nothing for {join.key} {key!r}")
        return Row(row.number, row.values, error)
    return Row(row.number, {**row.values, "joined": joined[key]})
