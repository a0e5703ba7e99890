"""The tables of a catalogue that recipes make instructions from."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kedro.io import AbstractDataset, DatasetError
from pydantic import Field, ValidationError, field_validator, model_validator

from shoplm.variants import Settings

if TYPE_CHECKING:
    from pandas import DataFrame

UNREADABLE = "unreadable_rows"
"""Name of the table that lists rows which could not be read."""

Parse = Literal["text", "number", "list", "properties", "path"]


class TaskTable(Settings):
    """A file that is a table, or a part of one."""

    file: str = Field(min_length=1)
    """Path below the root; a glob pattern reads all matching files."""
    columns: dict[str, str] = Field(min_length=1)
    """Our name of a column: the file's; a path reaches into nested data (`qa.q`)."""
    parse: dict[str, Parse] = {}
    """How a column is read, by our name. By default text as it is, with a line for each element of
    a list. `number`; `list`: a list, also one written as text; `properties`: key-value properties
    in any usual notation, as key to values; `path`: categories from the broadest to the narrowest,
    as `A > B`."""
    values: dict[str, str] = {}
    """Columns that the file has not, with one value for all rows: `{language: en}`."""
    depth: int | None = Field(None, ge=1)
    """Categories of a path that are kept, from the broadest on."""
    each: str | None = None
    """Path of a list: every element becomes a row and is called `item`."""
    limit: int | None = Field(None, ge=1)
    """Reads only this many rows of each file."""

    @field_validator("columns", mode="before")
    @classmethod
    def _same_names(cls, value: Any) -> Any:
        return {name: name for name in value} if isinstance(value, list) else value

    @model_validator(mode="after")
    def _names_fit(self) -> TaskTable:
        for name in self.parse:
            if name not in self.columns:
                near = difflib.get_close_matches(name, self.columns, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise ValueError(f"parse: {name!r} is not one of the columns{hint}")
        if twice := sorted(set(self.values) & set(self.columns)):
            raise ValueError(f"values: {twice[0]!r} is a column of the file too")
        return self


class TaskTablesDataset(AbstractDataset["Sequence[str]", "dict[str, DataFrame]"]):
    """Tables by name out of files below one folder; a table without any file is left out.

    `path` is the folder, relative to the project like every `path` of a catalog. `tables` maps a
    name to a `TaskTable`, or to a list of them that are put one after another. Formats are told by
    the suffix, as for text sources; an empty value is null.

    Rows that cannot be read are in the table `unreadable_rows` (id, source, reason, detail).

    A pipeline that writes the files itself saves their names, which orders it before those that
    read them.
    """

    def __init__(
        self, *, path: str, tables: Mapping[str, Any], metadata: dict[str, Any] | None = None
    ) -> None:
        self._root = Path(path)
        self._tables = {name: _specifications(name, given) for name, given in tables.items()}
        self.metadata = metadata

    def load(self) -> dict[str, DataFrame]:
        """The tables that there are.

        Raises:
            DatasetError: a file is not what its suffix says, or lacks a declared column.
        """
        import pandas as pd

        unreadable: list[dict[str, str]] = []
        loaded = {}
        for name, parts in self._tables.items():
            files = [(part, file) for part in parts for file in self._files(part)]
            if not files:
                continue
            try:
                rows = [row for part, file in files for row in _rows(name, part, file, unreadable)]
            except ValueError as error:
                raise DatasetError(f"table {name!r}: {error}") from None
            columns = dict.fromkeys(c for part in parts for c in (*part.columns, *part.values))
            loaded[name] = pd.DataFrame(rows, columns=list(columns))
        columns = ["id", "source", "reason", "detail"]
        return loaded | {UNREADABLE: pd.DataFrame(unreadable, columns=columns)}

    def save(self, data: Sequence[str]) -> None:
        """Take note that the files called `data`, relative to the folder, have been written.

        Raises:
            DatasetError: no table of this entry reads one of them, or it does not exist.
        """
        read = {part.file for parts in self._tables.values() for part in parts}
        for name in data:
            if not any(Path(name).match(file) for file in read):
                raise DatasetError(f"{self._root / name}: no table reads this file; they read "
                                   f"{', '.join(sorted(read))}")  # fmt: skip
            if not (self._root / name).is_file():
                raise DatasetError(f"{self._root / name}: was not written")

    def _files(self, part: TaskTable) -> list[Path]:
        path = self._root / part.file
        if path.is_file():
            return [path]
        return sorted(file for file in self._root.glob(part.file) if file.is_file())

    def _exists(self) -> bool:
        return any(self._files(part) for parts in self._tables.values() for part in parts)

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._root), "tables": list(self._tables)}


def _specifications(name: str, given: Any) -> list[TaskTable]:
    parts = given if isinstance(given, list) else [given]
    try:
        return [TaskTable.model_validate(part) for part in parts]
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "(whole)"
        message = first["msg"].removeprefix("Value error, ")
        raise DatasetError(f"table {name!r}: field {field!r}: {message}") from None


def _rows(
    name: str, part: TaskTable, file: Path, unreadable: list[dict[str, str]]
) -> Iterator[dict[str, Any]]:
    from itertools import islice

    from shoplm.corpus.reading import read_rows
    from shoplm.corpus.rows import Unreadable, missing_column
    from shoplm.corpus.sources import ReadingSettings, TextSource

    listed = {c: c for c in part.columns.values() if not (part.each and c.split(".")[0] == "item")}
    source = TextSource(file=part.file, fields=listed or [part.each], language="und")
    readers = {ours: _PARSERS[part.parse.get(ours, "text")] for ours in part.columns}
    unseen = set(part.columns.values())
    seen: dict[str, None] = {}
    for number, row in islice(read_rows(file, source, ReadingSettings()), part.limit):
        place = f"{name}:{file.name}:row-{number}"
        if isinstance(row, Unreadable):
            unreadable.append(dict(zip(_LISTED, (place, name, *row), strict=True)))
            continue
        seen |= dict.fromkeys(row)
        elements = _walk(row, part.each.split(".")) or [] if part.each else [None]
        for element in elements:
            scope = {**row, "item": element} if part.each else row
            unseen -= {c for c in unseen if c in scope or c.split(".")[0] in scope}
            values = {}
            try:
                for ours, theirs in part.columns.items():
                    found = scope[theirs] if theirs in scope else _walk(scope, theirs.split("."))
                    values[ours] = None if found in (None, "") else readers[ours](found, part)
            except ValueError as error:
                detail = f"column {theirs!r}: {error}"
                listing = (place, name, "unreadable", detail[:300])
                unreadable.append(dict(zip(_LISTED, listing, strict=True)))
                continue
            yield values | part.values
    if unseen and seen:
        raise ValueError(missing_column(file, min(unseen), seen))


_LISTED = ("id", "source", "reason", "detail")


def _walk(value: Any, path: Sequence[str]) -> Any:
    for step in path:
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


def _text(value: Any, part: TaskTable) -> Any:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "\n".join(item.strip() for item in value if item.strip()) or None
    return (value.strip() or None) if isinstance(value, str) else value


def _number(value: Any, part: TaskTable) -> float | int:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        number = float(str(value).replace(",", ""))
    except ValueError:
        raise ValueError(f"expected a number, found {str(value)[:60]!r}") from None
    return int(number) if number.is_integer() else number


def _list(value: Any, part: TaskTable) -> list[str]:
    from shoplm.corpus.literals import read_literal

    if isinstance(value, str) and value.strip()[:1] in ("[", "("):
        value = read_literal(value)
    found = value if isinstance(value, list | tuple) else [value]
    return [text for item in found if item is not None and (text := str(item).strip())]


def _properties(value: Any, part: TaskTable) -> dict[str, list[str]]:
    from shoplm.corpus.properties import parse_properties

    found: dict[str, list[str]] = {}
    for key, text in parse_properties(value):
        if key and text not in found.setdefault(key, []):
            found[key].append(text)
    return found


def _path(value: Any, part: TaskTable) -> str | None:
    import re

    steps = [step.strip() for text in _list(value, part) for step in re.split(r"\s*>+\s*", text)]
    steps = [step for step in steps if step and not step.endswith(("...", "…"))]  # cut short
    return " > ".join(steps[: part.depth]) or None


_PARSERS: dict[str, Callable[[Any, TaskTable], Any]] = {
    "text": _text,
    "number": _number,
    "list": _list,
    "properties": _properties,
    "path": _path,
}
