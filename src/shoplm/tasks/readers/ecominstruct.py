"""Reader of EcomInstruct task folders: `test.json` beside `meta-info.json`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shoplm.tasks.readers.reader import Context, Reader, Row, RowError
from shoplm.tasks.readers.record_options import RecordOptions
from shoplm.tasks.readers.record_rows import record_rows
from shoplm.tasks.readers.records import check_records, record_draft
from shoplm.tasks.readers.values import value_at


class EcomInstructOptions(RecordOptions):
    """As records, and the label set that the folder states."""

    label_key: str | None = None
    """Which of the label sets in `meta-info.json` the answers must be of: `cn`, `coarse`."""
    label_path: str | None = None
    """Column with a row's labels; by default `gold`."""


META = "meta-info.json"


def folder_rows(path: Path, options: EcomInstructOptions) -> Iterator[Row]:
    """The rows of a folder, or of its file; each has the folder's label set as `label_set`."""
    path = path / "test.json" if path.is_dir() else path
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file")
    allowed = (
        None if options.label_key is None else label_set(path.parent / META, options.label_key)
    )
    for row in record_rows(path, options):
        if row.error or allowed is None:
            yield row
        else:
            yield Row(row.number, {**row.values, "label_set": allowed})


def label_set(path: Path, key: str) -> list[str]:
    """The labels that a folder states under `key`.

    Raises:
        FileNotFoundError: no such file.
        ValueError: it is no JSON, or has no such label set.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file")
    try:
        meta = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise ValueError(f"{path}: no JSON: {error}") from None
    sets = meta.get("label_set") if isinstance(meta, dict) else None
    if not isinstance(sets, dict) or not isinstance(sets.get(key), list):
        known = sorted(sets) if isinstance(sets, dict) else []
        raise ValueError(f"{path}: label_set has no list {key!r}; it has {known}")
    return sets[key]


def folder_draft(context: Context, row: Row, language: str) -> dict[str, Any]:
    """As `record_draft`, once the row's labels are known to be of the label set."""
    options = context.options
    if options.label_key is not None:
        found = value_at(row.values, options.label_path or options.gold)
        for label in found if isinstance(found, list) else [found]:
            if label not in row.values["label_set"]:
                raise RowError("label_outside_set", f"label {label!r} is not in {META}")
    return record_draft(context, row, language)


ECOMINSTRUCT = Reader(EcomInstructOptions, folder_rows, folder_draft, check_records)
