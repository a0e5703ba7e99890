"""Read an answer of the language model: strictly, and nothing of it lost."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from shoplm.tasks.synthesis.form import END, label_of, plain, shown_value, values_of
from shoplm.tasks.task import SyntheticField, Task

_START = re.compile(r"^[ \t]*\|#(\d+)\|[ \t]*$", re.MULTILINE)
_END = re.compile(r"^[ \t]*\|end\|[ \t]*$", re.MULTILINE)
_HEADING = re.compile(r"^[ \t]*\|([^|\n]+)\|", re.MULTILINE)
_ITEM = re.compile(r"^(\d+)[.)]\s*(.*)$")


@dataclass(frozen=True)
class Sample:
    """The fields of one sample, by name; a `many` field is a tuple."""

    values: Mapping[str, str | tuple[str, ...]]
    raw: str


@dataclass(frozen=True)
class Rejected:
    """What could not be used, and why."""

    reason: str
    """One snake_case word."""
    detail: str
    raw: str


class FormatError(ValueError):
    """A sample that is not in the form; `reason` is the word for it."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def parse_response(
    text: str, task: Task, language: str, samples: int, cut: bool = False
) -> list[Sample | Rejected]:
    """Every sample of an answer, in order: read, or rejected with its raw text.

    A sample runs from its number to |end|. It has every field of the task exactly once and in
    order, values among those stated, items numbered in order. An answer without a sample is one
    rejected piece; samples beyond the number asked for are rejected too.

    Args:
        text: the answer.
        task: whose synthetic block was shown.
        language: of the request.
        samples: the number asked for.
        cut: whether the endpoint says that it stopped for length.
    """
    starts = list(_START.finditer(text))
    if not starts:
        reason = "format" if text.strip() else "empty_answer"
        return [Rejected(reason, "the answer has no sample", text)]
    edges = [*(match.start() for match in starts), len(text)]
    read: list[Sample | Rejected] = []
    for place, match in enumerate(starts):
        raw = text[edges[place] : edges[place + 1]].strip()
        last = place == len(starts) - 1
        try:
            if place >= samples:
                raise FormatError("too_many_samples", f"{samples} were asked for")
            if int(match[1]) != place + 1:
                raise FormatError("format", f"sample {match[1]} in place of {place + 1}")
            read.append(Sample(_fields(raw, task, language, cut and last), raw))
        except FormatError as error:
            read.append(Rejected(error.reason, str(error), raw))
    return read


def _fields(raw: str, task: Task, language: str, cut: bool) -> dict[str, str | tuple[str, ...]]:
    body = raw.split("\n", 1)[1] if "\n" in raw else ""
    end = _END.search(body)
    if end is None:
        raise FormatError("cut" if cut else "format", f"no {END} after the sample")
    body = body[: end.start()]
    fields = task.synthetic.fields
    headings = list(_HEADING.finditer(body))
    found = [_named(match[1], fields, language) for match in headings]
    _check_order(found, [field.name for field in fields], [match[1] for match in headings])
    if (before := body[: headings[0].start()]).strip():
        raise FormatError("format", f"text before the first field: {before.strip()[:60]!r}")
    edges = [*(match.start() for match in headings[1:]), len(body)]
    return {
        field.name: _value(task, field, language, match[1], body[match.end() : edge].strip())
        for field, match, edge in zip(fields, headings, edges, strict=True)
    }


def _named(shown: str, fields: list[SyntheticField], language: str) -> str | None:
    """The field that a heading names, its hint or stated values shown again or not."""
    for field in fields:
        label = label_of(field, language)
        if plain(shown) == label or re.match(rf"{re.escape(label)}\s*[(（]", plain(shown)):
            return field.name
    return None


def _check_order(found: list[str | None], wanted: list[str], shown: list[str]) -> None:
    if None in found:
        raise FormatError("format", f"unknown field {shown[found.index(None)].strip()!r}")
    if missing := [name for name in wanted if name not in found]:
        raise FormatError("format", f"field {missing[0]!r} is missing")
    if len(found) > len(wanted):
        doubled = next(name for name in wanted if found.count(name) > 1)
        raise FormatError("format", f"field {doubled!r} stands there twice")
    if found != wanted:
        raise FormatError("format", f"fields in the order {', '.join(found)}")


def _value(
    task: Task, field: SyntheticField, language: str, heading: str, text: str
) -> str | tuple[str, ...]:
    if not text:
        raise FormatError("empty_answer" if field.name == "answer" else "empty_field", field.name)
    if field.many:
        return tuple(_stated(task, field, language, item) for item in _items(task, field, text))
    return _stated(task, field, language, text)


def _items(task: Task, field: SyntheticField, text: str) -> list[str]:
    items: list[str] = []
    first = task.answer.first_number
    for line in filter(None, map(str.strip, text.split("\n"))):
        match = _ITEM.match(line)
        if match is None or int(match[1]) != first + len(items) or not match[2]:
            raise FormatError(
                "format", f"{field.name}: expected item {first + len(items)}, got {line[:60]!r}"
            )
        items.append(match[2])
    wanted = field.items
    least = 2 if field.name == "choices" else 1
    if (wanted is not None and len(items) != wanted) or len(items) < least:
        expected = wanted or f"{least} or more"
        raise FormatError("wrong_number_of_items", f"{field.name}: {len(items)}, not {expected}")
    return items


def _stated(task: Task, field: SyntheticField, language: str, text: str) -> str:
    """The canonical value, where the field states some."""
    values = values_of(task, field)
    if not values:
        return text
    shown = {plain(shown_value(task, field, v, language)).strip('"'): v for v in values}
    if (said := plain(text).strip('"')) not in shown:
        raise FormatError(
            "value_outside_set", f"{field.name}: {text[:60]!r}, not among {', '.join(shown)}"
        )
    return shown[said]
