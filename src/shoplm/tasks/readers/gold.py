"""The right answer of a row, by the task's type."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from shoplm.tasks.readers.reader import RowError
from shoplm.tasks.task import Task

NO_CHARACTER = re.compile("[\ud800-\udfff]")
"""What a byte that is no UTF-8 is read as, and what no file can be written with."""


def canonical_label(
    task: Task, value: Any, language: str, published: Mapping[str, str] | None = None
) -> str:
    """The task's label that a file's value means: as `published` maps it, else as the label is
    named, else as it is written in the row's language, letter case apart.

    Raises:
        RowError: none of the task's labels.
    """
    text = plain_text(value, "the answer")
    if published and text in published:
        return published[text]
    labels = task.labels or {}
    if text in labels:
        return text
    low = text.casefold()
    for label, surfaces in labels.items():
        if low in (label.casefold(), surfaces.get(language, label).casefold()):
            return label
    known = ", ".join(list(labels)[:8])
    raise RowError("label_outside_set", f"answer {text!r} is none of the labels {known}")


def whole_number(value: Any) -> int:
    """A whole number, also where it is written as text.

    Raises:
        RowError: something else.
    """
    if isinstance(value, str) and value.strip().lstrip("-").isdecimal():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise RowError("wrong_type", f"answer {value!r}, expected a whole number")
    return value


def listed(value: Any) -> list:
    """A list, also where it is written as a JSON list.

    Raises:
        RowError: something else.
    """
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except ValueError:
            raise RowError("wrong_type", f"answer {value!r}, expected a list") from None
    if not isinstance(value, list):
        raise RowError("wrong_type", f"answer {value!r}, expected a list")
    return value


def relevances(value: Any, n_choices: int) -> list[float]:
    """One number a choice, none below 0.

    Raises:
        RowError: another count or type.
    """
    found = listed(value)
    if len(found) != n_choices:
        raise RowError("wrong_length", f"{len(found)} relevances for {n_choices} choices")
    for number in found:
        number_like = isinstance(number, int | float) and not isinstance(number, bool)
        if not number_like or not math.isfinite(number) or number < 0:
            raise RowError("wrong_type", f"relevance {number!r}, expected a number from 0")
    return [float(number) for number in found]


def spans(
    value: Any, names: tuple[str | None, str] | None, labels: Mapping[str, str] | None
) -> list[tuple[str, str]]:
    """(label, text) pairs out of texts, pairs or objects; the label is empty where there is none.

    `names` are the members of an object that hold label and text; `labels`, where given, are the
    labels that may occur and how they are written.

    Raises:
        RowError: another type, an empty text or a label outside the set.
    """
    pairs = []
    for item in listed(value):
        label, text = _span(item, names)
        if labels is not None and label:
            if label not in labels:
                raise RowError("label_outside_set", f"label {label!r} is not in the label set")
            label = labels[label]
        pairs.append((label, plain_text(text, "a span")))
    return list(dict.fromkeys(pairs))


def _span(item: Any, names: tuple[str | None, str] | None) -> tuple[str, Any]:
    if isinstance(item, dict) and names is not None:
        for name in filter(None, names):
            if name not in item:
                raise RowError("missing_field", f"a span has no {name!r}")
        label = plain_text(item[names[0]], "a label") if names[0] else ""
        return label, item[names[1]]
    if isinstance(item, Sequence) and not isinstance(item, str) and len(item) == 2:
        return str(item[0]), item[1]
    return "", item


def plain_text(value: Any, what: str) -> str:
    """Text without white space around it; a number as it is written.

    Raises:
        RowError: empty, absent or of another type.
    """
    if value is None:
        raise RowError("empty_answer" if what == "the answer" else "empty_field", f"{what} is null")
    not_finite = isinstance(value, float) and not math.isfinite(value)
    if not_finite or isinstance(value, bool | dict | list):
        found = type(value).__name__
        raise RowError("wrong_type", f"{what} is a {found}, expected text")
    text = str(value).strip()
    if not text:
        raise RowError(
            "empty_answer" if what == "the answer" else "empty_field", f"{what} is empty"
        )
    if NO_CHARACTER.search(text):
        raise RowError("unreadable", f"{what} holds bytes that are no UTF-8")
    return text
