"""From the values of a row to its text, keys and language, as a source describes them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from shoplm.corpus.literals import read_literal
from shoplm.corpus.properties import render_properties
from shoplm.corpus.rows import Unreadable, missing_column
from shoplm.corpus.sources import SourceField, TextSource, template_fields

Values = dict[str, Any]

NO_KEY = {"", "nan", "none", "null", "n/a"}
"""Spellings of an absent key: as a key, one of them would tie all such records together."""


class Renderer:
    """Renders the rows of one source; keeps account of the columns it has seen."""

    def __init__(self, source: TextSource) -> None:
        self._source = source
        self._each = _getter(source.each) if source.each else None
        self._fields = {name: _reader(field) for name, field in source.fields.items()}
        self._lines = _compile(source.template)
        bare = [re.fullmatch(r"\{(\w+)\}", line) for line in source.template.split("\n")]
        self._bare = [self._fields[line.group(1)] for line in bare] if all(bare) else None
        self._keys = [(path, _getter(path)) for path in source.keys]
        fixed = isinstance(source.language, str)
        self._language = None if fixed else _getter(source.language.column)
        in_row = set(source.row_paths(optional=False))
        self._unseen_in_row = in_row
        self._unseen_in_item = set(source.paths(optional=False)) - in_row
        self._lacking: dict[str, set[str]] = {}

    def elements(self, row: Values) -> list[Values]:
        """The scopes of a row: itself, or one for each element, then called `item`."""
        if self._unseen_in_row:
            self._watch(row, self._unseen_in_row)
        if self._source.row_key:
            row["row_key"] = f"row-{hashlib.md5(_serialised(row)).hexdigest()[:16]}"
        if self._each is None:
            return [row]
        return [{**row, "item": item} for item in _as_list(self._each(row))]

    def render(self, row: Values) -> tuple[str, tuple[str, ...], str] | Unreadable:
        """(text, sorted distinct keys, language) of a scope, or why it is no record."""
        if self._unseen_in_item:
            self._watch(row, self._unseen_in_item)
        source = self._source
        text = self._fill(row)
        if not text:
            return Unreadable("empty_text", f"nothing in {', '.join(self._fields)}")
        keys: tuple[str, ...] = (row["row_key"],) if source.row_key else ()
        for path, get in self._keys:
            found = _keys(get(row))
            if not found and source.key_needed:
                return Unreadable("missing_key", f"{path} is empty")
            keys += found
        if source.key_prefix:
            keys = tuple([source.key_prefix + key for key in keys])
        if len(keys) > 1:
            keys = tuple(sorted(set(keys)))
        if self._language is None:
            return text, keys, source.language
        language = self._stated_language(row)
        return language if type(language) is Unreadable else (text, keys, language)

    def names(self, row: Values) -> list[str]:
        """The names that a scope gives its product."""
        found = (self._fields[name](row) for name in self._source.names)
        return [name for text in found for name in text.splitlines() if name and encodable(name)]

    def check_columns(self, files: list[Path]) -> None:
        """Stops at a declared column that no row of all files had.

        Raises:
            ValueError: names file, column and the columns there are.
        """
        for path in sorted(self._unseen_in_row | self._unseen_in_item):
            if path in self._lacking:
                raise ValueError(missing_column(files[0], path, sorted(self._lacking[path])))

    def _fill(self, row: Values) -> str:
        if self._bare:  # nothing but fields, one a line: the usual template, three times as fast
            return "\n".join([text for read in self._bare if (text := read(row))])
        values = {name: read(row) for name, read in self._fields.items()}
        if not any(values.values()):
            return ""
        lines = []
        for parts, names in self._lines:
            if names and not any(values[name] for name in names):
                continue
            text = [
                form.format_map(values)
                for form, needed in parts
                if not needed or all(values[name] for name in needed)
            ]
            lines.append("".join(text))
        return "\n".join(lines).strip()

    def _stated_language(self, row: Values) -> str | Unreadable:
        field = self._source.language
        found = self._language(row)
        stated = str(found).strip() if found is not None else ""
        language = field.map.get(stated) or stated.lower() or field.default
        return language or Unreadable("missing_language", f"{field.column} is empty")

    def _watch(self, row: Values, unseen: set[str]) -> None:
        for path in list(unseen):
            seen, siblings = _presence(row, path.split("."), path)
            if seen:
                unseen.discard(path)
            elif seen is not None:
                self._lacking.setdefault(path, set()).update(siblings)


def encodable(text: str) -> bool:
    """Whether the text holds no half of a surrogate pair, which no encoding can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _serialised(row: Values) -> bytes:
    try:
        options = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
        return orjson.dumps(row, default=str, option=options)
    except TypeError:  # lone surrogates, numbers beyond 64 bits
        return json.dumps(row, default=str, sort_keys=True).encode()


def _presence(value: Any, parts: list[str], path: str = "") -> tuple[bool | None, set[str]]:
    """Whether a path is there, None where its parent is empty; and the names beside the gap."""
    if isinstance(value, dict):
        if path in value:
            return True, set()
        if parts[0] not in value:
            return False, set(map(str, value)) - {"item"}
        return _presence(value[parts[0]], parts[1:]) if parts[1:] else (True, set())
    if isinstance(value, list) and value:
        found = [_presence(item, parts) for item in value]
        known = [seen for seen, _ in found if seen is not None]
        return (any(known) if known else None), set().union(*(names for _, names in found))
    return (None if value is None or value == [] else False), set()


def _getter(path: str) -> Callable[[Values], Any]:
    """Reads a path; through a list it gives a flat list of what the elements have."""
    if "." not in path:
        return lambda row: row.get(path)
    parts = path.split(".")

    def get(row: Values) -> Any:
        return row[path] if path in row else _walk(row, parts)

    return get


def _walk(value: Any, parts: list[str]) -> Any:
    for depth, part in enumerate(parts):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list):
            flat = []
            for item in value:
                inner = _walk(item, parts[depth:])
                flat += inner if isinstance(inner, list) else [inner]
            return flat
        else:
            return None
    return value


def _reader(field: SourceField) -> Callable[[Values], str]:
    """Reads a field as text, stripped; empty where there is nothing."""
    column, join = field.column, field.join
    get = _getter(column)
    if field.parse == "properties":
        return lambda row: render_properties(_present(get(row)), field.shape)
    if field.parse == "list":
        return lambda row: _as_text(_as_list(get(row)), join)

    if "." in column:
        return lambda row: _as_text(get(row), join)

    def read(row: Values) -> str:  # every text passes here: no second call for a plain column
        value = row.get(column)
        return value.strip() if type(value) is str else _as_text(value, join)

    return read


def _as_text(value: Any, join: str) -> str:
    if isinstance(value, str):
        return value.strip()
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return join.join(filter(None, (_as_text(item, join) for item in value)))
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").strip()
    return render_properties(_present(value))


def _present(value: Any) -> Any:
    """None for not-a-number, which is how data frames spell an empty cell."""
    return None if isinstance(value, float) and value != value else value


def _as_list(value: Any) -> list:
    """A list as it is; one written as text is read; anything else is its only element."""
    value = _present(value)
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "("):
        try:
            value = read_literal(value.strip())
        except (ValueError, RecursionError):
            return [value]
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _keys(value: Any) -> tuple[str, ...]:
    if isinstance(value, list | tuple):
        return tuple([key for item in value for key in _keys(item)])
    if isinstance(value, float) and value.is_integer():
        # beyond 53 bits several numbers are one float, and would be one product
        value = int(value) if abs(value) < 2**53 else None
    if value is None or isinstance(value, bool | dict):
        return ()
    key = str(value).strip()
    return () if len(key) < 5 and key.lower() in NO_KEY else (key,)


def _compile(template: str) -> list[tuple[list[tuple[str, list[str]]], list[str]]]:
    """Lines of (parts, all fields); a part is (format, fields that must not be empty)."""
    lines: list[list[tuple[str, bool]]] = [[]]
    for index, chunk in enumerate(re.split(r"\[\[(.*?)\]\]", template, flags=re.DOTALL)):
        pieces = [chunk] if index % 2 else chunk.split("\n")
        lines[-1].append((pieces[0], bool(index % 2)))
        lines += [[(piece, False)] for piece in pieces[1:]]
    return [
        (
            [(form, template_fields(form) if optional else []) for form, optional in line],
            [name for form, _ in line for name in template_fields(form)],
        )
        for line in lines
    ]
