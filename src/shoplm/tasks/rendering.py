"""An example as text: the question that a model reads and the answer that it should give."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence

from shoplm.tasks.task import Example, Gold, Task


def render_prompt(task: Task, example: Example, seed: int = 0) -> str:
    """The question: a published prompt as it is, else the template with all its placeholders.

    Which paraphrase of the instruction it shows depends on `seed` and the example's id alone.

    Raises:
        ValueError: a language that the task lacks, or a placeholder that nothing fills; the message
            names task, example and field.
    """
    where = _where(task, example)
    if example.language not in task.languages:
        raise ValueError(
            f"{where}: language {example.language!r} is none of the task's {task.languages}"
        )
    if example.prompt is not None:
        return example.prompt.strip()
    shown = dict(example.fields)
    if example.choices:
        first = task.answer.first_number
        flat = (" ".join(choice.split()) for choice in example.choices)
        lines = (f"{number}. {choice}" for number, choice in enumerate(flat, start=first))
        shown["choices"] = "\n".join(lines)
    if task.labels is not None:
        shown["labels"] = task.answer.separator.join(label_surfaces(task, example.language))
    paraphrases = task.instructions[example.language]
    picked = paraphrases[_place(seed, example.example_id, len(paraphrases))]
    try:
        shown["instruction"] = picked.format_map(shown)
        return task.template.format_map(shown).strip()
    except KeyError as error:
        raise ValueError(
            f"{where}: nothing fills the placeholder {{{error.args[0]}}}; "
            f"the example has the fields {sorted(shown)}"
        ) from None


def render_answer(task: Task, example: Example) -> str:
    """The right answer as text.

    A ranking lists all choices, the most relevant first and equal ones as they stand.

    Raises:
        ValueError: the gold answer is not one that the task can have (a label outside the set, a
            place beyond the choices), or its text is empty; the message names task and example.
    """
    check_gold(task, example)
    text = render_gold(task, example.gold, example.language)
    if not text.strip():
        raise ValueError(f"{_where(task, example)}: the answer is empty")
    return text


def render_gold(task: Task, gold: Gold, language: str) -> str:
    """`gold` as text, unchecked: see `Gold` for what each type holds."""
    first, answer = task.answer.first_number, task.answer
    match task.type:
        case "multiple_choice":
            return str(first + gold)
        case "classification":
            return task.labels[gold][language]
        case "retrieval":
            return answer.separator.join(str(first + place) for place in gold)
        case "ranking":
            order = sorted(range(len(gold)), key=lambda place: -gold[place])
            return answer.separator.join(str(first + place) for place in order)
        case "generation":
            return gold.strip() or answer.none.get(language, "")
    pairs = [f"{label}{answer.pair_separator}{text}" if label else text for label, text in gold]
    return answer.separator.join(pairs) if pairs else answer.none.get(language, "")


def few_shot_prompt(task: Task, shots: Sequence[Example], example: Example, seed: int = 0) -> str:
    """Answered examples, an empty line after each, and then the question.

    Prompt and answer stand on lines of their own. The text before the question is the same for
    every example that has the same shots.

    Raises:
        ValueError: the example is among its own shots, or one cannot be rendered.
    """
    if any(shot.example_id == example.example_id for shot in shots):
        raise ValueError(f"{_where(task, example)}: it is among the shots that show its answer")
    answered = [f"{render_prompt(task, s, seed)}\n{render_answer(task, s)}\n\n" for s in shots]
    return "".join([*answered, render_prompt(task, example, seed)])


def label_surfaces(task: Task, language: str) -> list[str]:
    """How the labels of a classification are written, in the order of the task."""
    return [surfaces[language] for surfaces in (task.labels or {}).values()]


def check_gold(task: Task, example: Example) -> None:
    """Refuse an example whose gold answer the task cannot have.

    Raises:
        ValueError: its task or language is another, the answer is of a wrong kind, a label is
            outside the set, or a place is beyond the choices.
    """
    if example.task != task.name:
        raise ValueError(f"example {example.example_id!r} is of task {example.task!r}, "
                         f"not of {task.name!r}")  # fmt: skip
    if example.language not in task.languages:
        raise ValueError(f"{_where(task, example)}: language {example.language!r} is none of "
                         f"the task's {task.languages}")  # fmt: skip
    if wrong := _wrong_gold(task, example):
        raise ValueError(f"{_where(task, example)}: {wrong}")


def _wrong_gold(task: Task, example: Example) -> str | None:
    gold, n_choices = example.gold, len(example.choices)
    if example.references and task.type != "generation":
        return f"a {task.type} has no further references"
    match task.type:
        case "multiple_choice":
            return _wrong_places([gold], n_choices)
        case "classification":
            if not isinstance(gold, str) or gold not in task.labels:
                return f"label {gold!r} is none of {sorted(task.labels)}"
        case "retrieval":
            if not isinstance(gold, list) or not gold:
                return f"expected places of the relevant choices, got {gold!r}"
            if len(gold) > len(set(map(repr, gold))):
                return f"a place stands twice in {gold!r}"
            return _wrong_places(gold, n_choices)
        case "ranking":
            if not isinstance(gold, list) or len(gold) != n_choices:
                return f"expected the relevance of each of {n_choices} choices, got {gold!r}"
            if not all(map(_is_relevance, gold)):
                return f"expected finite relevances of 0 or more, got {gold!r}"
        case "ner" | "extraction":
            if not isinstance(gold, list) or not all(map(_is_pair, gold)):
                return f"expected (label, text) pairs with a text, got {gold!r}"
        case "generation":
            if not isinstance(gold, str):
                return f"expected a text, got {gold!r}"
    return None


def _wrong_places(places: Iterable[object], n_choices: int) -> str | None:
    for place in places:
        if not isinstance(place, int) or isinstance(place, bool):
            return f"expected the place of a choice, got {place!r}"
        if place < 0 or (n_choices and place >= n_choices):  # published prompts may hide choices
            return f"place {place} is beyond the {n_choices} choices"
    return None


def _is_relevance(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and value >= 0


def _is_pair(value: object) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) == 2
        and all(isinstance(part, str) for part in value)
        and bool(value[1].strip())
    )


def _place(seed: int, example_id: str, n: int) -> int:
    digest = hashlib.md5(f"{seed}:paraphrase:{example_id}".encode(), usedforsecurity=False)
    return int(digest.hexdigest(), 16) % n


def _where(task: Task, example: Example) -> str:
    return f"task {task.name!r}, example {example.example_id!r}"
