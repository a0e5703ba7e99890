"""The form of a sample: what a request shows, an answer imitates and the parser reads.

    |#1|
    |Question Difficulty ("Very Easy", "Easy", "Medium" or "Hard")| Hard
    |Question| …
    |Choices|
    0. …
    1. …
    |Answer (one of the choices, word for word)| …
    |end|

A label may carry a hint in brackets; only what stands before it names the field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from shoplm.tasks.task import SyntheticField, Task

END = "|end|"
BLANK = "…"
OR = {"en": "or", "zh": "或"}

Cell = tuple[tuple[str, str], ...]
"""Values that a sample shall have, by field name."""


def start(number: int) -> str:
    """The line that begins a sample."""
    return f"|#{number}|"


def values_of(task: Task, field: SyntheticField) -> tuple[str, ...]:
    """The values that a field may take, none where it is free; a classification's labels."""
    if field.values is None and field.name == "answer" and task.labels is not None:
        return tuple(task.labels)
    return tuple(field.values or ())


def is_balanced(task: Task, field: SyntheticField) -> bool:
    """Whether the quota is spread over the values of a field."""
    return bool(values_of(task, field)) and not field.many


def shown_value(task: Task, field: SyntheticField, value: str, language: str) -> str:
    """How a value is written: a classification's label by its surface."""
    if field.name == "answer" and task.labels is not None and value in task.labels:
        return task.labels[value][language]
    return value


def label_of(field: SyntheticField, language: str) -> str:
    """The name between the delimiters, without its hint."""
    return plain(re.split(r"\s*[(（]", field.label[language])[0])


def plain(label: str) -> str:
    """A label as it is compared."""
    return " ".join(label.split()).casefold()


def heading(task: Task, field: SyntheticField, language: str) -> str:
    """`|Question Difficulty ("Easy" or "Hard")|`: a field with the values that it may have."""
    label, values = field.label[language], values_of(task, field)
    if not values:
        return f"|{label}|"
    quoted = [f'"{shown_value(task, field, value, language)}"' for value in values]
    stated = ", ".join(quoted[:-1])
    either = f"{stated} {OR.get(language, OR['en'])} {quoted[-1]}" if stated else quoted[0]
    return f"|{label} ({either})|"


def sample_output(task: Task, language: str, pinned: Mapping[str, str]) -> str:
    """One sample with blanks, the wanted values filled in: they are named nowhere else."""
    lines = [start(1)]
    for field in task.synthetic.fields:
        head = heading(task, field, language)
        if field.many:
            count = field.items
            first = task.answer.first_number
            lines += [head, *(f"{first + k}. {BLANK}" for k in range(count or 2))]
            lines += [] if count else [BLANK]
        elif field.name in pinned:
            lines.append(f"{head} {shown_value(task, field, pinned[field.name], language)}")
        else:
            lines.append(f"{head} {BLANK}")
    return "\n".join([*lines, END])


def write_sample(
    task: Task, language: str, number: int, values: Mapping[str, str | Sequence[str]]
) -> str:
    """A sample with its fields filled, as an endpoint answers it."""
    lines = [start(number)]
    for field in task.synthetic.fields:
        head, value = f"|{field.label[language]}|", values[field.name]
        if field.many:
            lines += [head, *(f"{k}. {v}" for k, v in enumerate(value, task.answer.first_number))]
        else:
            lines.append(f"{head} {value}")
    return "\n".join([*lines, END])
