"""Values inside a row: by path, cut out of a text, or as the lines of properties."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import model_validator

from shoplm.tasks.readers.gold import plain_text
from shoplm.tasks.readers.reader import Expression, RowError
from shoplm.tasks.recipes.text import property_lines, readable
from shoplm.variants import Settings

_ESCAPED = re.compile(r"\\(.)")
"""A backslash before a quotation mark."""


class PropertyText(Settings):
    """How a text writes properties: `colour#red*size#L`."""

    between: str = ""
    """Between two properties."""
    inside: str = ""
    """Between the name and the value of one."""
    pattern: Expression | None = None
    """In place of both: finds one property, its name in the first group, its value in the second.
    What lies between is left out."""

    @model_validator(mode="after")
    def _one_way(self) -> PropertyText:
        if (self.pattern is None) != bool(self.between and self.inside):
            raise ValueError("expected between and inside, or a pattern")
        if self.pattern is not None and re.compile(self.pattern).groups != 2:
            raise ValueError(f"pattern {self.pattern!r}: expected two groups, name and value")
        return self


def value_at(values: Mapping[str, Any], path: str) -> Any:
    """What stands at `a.b`; a list on the way gives the list of what its elements hold.

    A column may have dots in its name.

    Raises:
        RowError: it is absent.
    """
    if path in values:
        return values[path]
    found: Any = values
    for name in path.split("."):
        found = _member(found, name, path)
    return found


def _member(found: Any, name: str, path: str) -> Any:
    if isinstance(found, list):
        return [_member(element, name, path) for element in found]
    if not isinstance(found, Mapping) or name not in found:
        raise RowError("missing_field", f"the row has no {path!r}")
    return found[name]


def text_at(values: Mapping[str, Any], path: str, join: str, default: str | None = None) -> str:
    """The text at `path`, that of a list joined by `join`; `default` where it is null or empty.

    Raises:
        RowError: absent, of another type, or empty without a default.
    """
    found = value_at(values, path)
    if isinstance(found, list):
        found = join.join(plain_text(item, repr(path)) for item in found)
    if default is not None and (found is None or not str(found).strip()):
        return default
    return plain_text(found, repr(path))


def cut_out(values: Mapping[str, Any], patterns: Mapping[str, str]) -> dict[str, str]:
    """The named groups of each column's pattern, which must match the whole text.

    Raises:
        RowError: a column is absent, is no text, or does not look like its pattern.
    """
    cut: dict[str, str] = {}
    for column, pattern in patterns.items():
        text = plain_text(value_at(values, column), repr(column))
        if not (match := re.fullmatch(pattern, text, re.DOTALL)):
            raise RowError("unexpected_text", f"{column!r} is not as expected: {text[:60]!r}")
        cut |= {name: part or "" for name, part in match.groupdict().items()}
    return cut


def shown_properties(text: str, form: PropertyText, language: str) -> str:
    """Properties as one readable line, values of one name together.

    Raises:
        RowError: a part without name or value.
    """
    found: dict[str, list[str]] = {}
    for name, value in _pairs(text, form):
        if value not in found.setdefault(name, []):
            found[name].append(value)
    if not found:
        raise RowError("empty_field", f"no properties in {text[:60]!r}")
    return property_lines(found, language)


def _pairs(text: str, form: PropertyText) -> Iterator[tuple[str, str]]:
    if form.pattern is not None:
        for match in re.finditer(form.pattern, text):
            name, value = (readable(_ESCAPED.sub(r"\1", match[n])) for n in (1, 2))
            if name and value:
                yield name, value
        return
    for part in filter(str.strip, text.split(form.between)):
        name, cut, value = (piece.strip() for piece in part.partition(form.inside))
        if not cut or not name or not value:
            raise RowError("unexpected_text", f"{part[:60]!r} is no property")
        yield name, value


def group_of(text: str) -> str:
    """A group's name: the same for texts that differ in case, width or white space alone."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
