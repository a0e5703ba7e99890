"""An example as a row of the table `instructions`, and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, Literal

from shoplm.tasks.answers import answer_choices
from shoplm.tasks.rendering import render_answer, render_prompt
from shoplm.tasks.task import Example, Gold, Task

Source = Literal["open_data", "language_model"]

COLUMNS = [
    "instruction_id", "task", "capability", "language", "source", "difficulty", "prompt",
    "answer", "choices", "group", "origin", "example",
]  # fmt: skip
"""Of the table `instructions`."""


def instruction_row(task: Task, example: Example, source: Source, seed: int = 0) -> dict[str, Any]:
    """`example` as a row: COLUMNS.

    The id is of task, prompt and answer, so the same question asked twice has one id. `choices`
    are the possible answers as text, for types with a closed set; an example without a group is
    one of its own.

    Raises:
        ValueError: the example cannot be rendered.
    """
    prompt, answer = render_prompt(task, example, seed), render_answer(task, example)
    possible = answer_choices(task, example)
    return {
        "instruction_id": instruction_id(task.name, prompt, answer),
        "task": task.name,
        "capability": task.capability,
        "language": example.language,
        "source": source,
        "difficulty": example.difficulty,
        "prompt": prompt,
        "answer": answer,
        "choices": possible[0] if possible else None,
        "group": example.group or example.example_id,
        "origin": example.origin,
        "example": example_json(example),
    }


def instruction_id(task: str, prompt: str, answer: str) -> str:
    """Sixteen hex digits of task, prompt and answer."""
    content = "\0".join((task, prompt, answer)).encode()
    return hashlib.md5(content, usedforsecurity=False).hexdigest()[:16]


def example_json(example: Example) -> str:
    """All of an example as one line of JSON."""
    return json.dumps(asdict(example), ensure_ascii=False, sort_keys=True)


def example_of(row: Mapping[str, Any]) -> Example:
    """The example in a row's column `example`.

    Raises:
        ValueError: it is no JSON of an example; the message names the row.
    """
    try:
        values = dict(json.loads(row["example"]))
        if unknown := set(values) - {field.name for field in fields(Example)}:
            raise ValueError(f"unknown fields {sorted(unknown)}")
        sequences = {name: tuple(values.get(name, ())) for name in ("choices", "references")}
        return Example(**values | sequences | {"gold": _gold(values["gold"])})
    except (KeyError, TypeError, ValueError) as error:
        name = row.get("instruction_id", "?")
        raise ValueError(
            f"instruction {name!r}: column 'example' holds no example: {error}"
        ) from None


def _gold(value: Any) -> Gold:
    """JSON knows no tuples."""
    if isinstance(value, list) and value and isinstance(value[0], list):
        return [(label, text) for label, text in value]
    return value
