"""From a sample of the language model to an example of the task, and back."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping

from shoplm.tasks.answers import parse_answer
from shoplm.tasks.rendering import render_answer
from shoplm.tasks.synthesis.form import plain, shown_value
from shoplm.tasks.synthesis.responses import FormatError, Sample
from shoplm.tasks.task import Example, Gold, Task

RELEVANCE = {"E": 1.0, "S": 0.1, "C": 0.01, "I": 0.0}
"""ShopBench's grades of a product for a query."""

OF_AN_EXAMPLE = ("choices", "answer", "difficulty")
"""Fields of a sample that are no field of the template."""


def to_example(
    task: Task, language: str, sample: Sample, record: Mapping[str, str], group: str, origin: str
) -> Example:
    """The example that a sample states.

    Placeholders of the template that are no field of the sample come from the product record.
    Characteristics that are no placeholder are kept among the fields.

    Raises:
        FormatError: the answer cannot be read, is not among the choices, or is there twice.
    """
    choices = tuple(sample.values.get("choices", ()))
    repeated = len(set(map(plain, choices))) < len(choices)
    gold = _gold(task, language, sample.values["answer"], choices)
    if repeated:
        reason = "repeated_choice"
        if task.type == "multiple_choice":
            right = plain(choices[gold])
            if sum(plain(choice) == right for choice in choices) > 1:
                reason = "several_correct_answers"
        raise FormatError(reason, "; ".join(choices))
    shown = {
        name: value if isinstance(value, str) else "; ".join(value)
        for name, value in sample.values.items()
        if name not in OF_AN_EXAMPLE
    }
    grounded = {c: text for c, text in record.items() if c in task.fields() and c not in shown}
    fields = shown | grounded
    if task.type == "ner":
        text = plain(" ".join(fields.values()))
        for label, span in gold:
            if plain(span) not in text:
                raise FormatError("span_not_in_text", f"{label}: {span}" if label else span)
    difficulty = sample.values.get("difficulty")
    content = [task.name, language, fields, choices, gold, difficulty]
    return Example(
        example_id=hashlib.md5(json.dumps(content, ensure_ascii=False).encode()).hexdigest()[:16],
        task=task.name,
        language=language,
        gold=gold,
        fields=fields,
        choices=choices,
        group=group,
        difficulty=difficulty,
        origin=origin,
    )


def to_sample(task: Task, example: Example) -> dict[str, str | tuple[str, ...]]:
    """What a sample must say for `to_example` to give `example`, as far as the example knows."""
    known: dict[str, str | tuple[str, ...]] = dict(example.fields)
    if example.choices:
        known["choices"] = example.choices
    if example.difficulty is not None:
        known["difficulty"] = example.difficulty
    field = next(field for field in task.synthetic.fields if field.name == "answer")
    answer: str | tuple[str, ...]
    if task.type == "multiple_choice":
        answer = example.choices[example.gold]
        if answer.strip().isdecimal():  # alone it could be the number of another choice
            answer = f"{task.answer.first_number + example.gold}. {answer}"
    elif task.type == "classification":
        answer = shown_value(task, field, example.gold, example.language)
    elif task.type == "ranking":
        answer = tuple(f"{relevance:g}" for relevance in example.gold)
    elif task.type == "retrieval" and field.many:
        answer = tuple(example.choices[place] for place in example.gold)
    elif field.many and example.gold:
        pair = task.answer.pair_separator
        answer = tuple(f"{a}{pair}{b}" if a else b for a, b in example.gold)
    elif field.many:
        answer = (task.answer.none.get(example.language, ""),)
    else:
        answer = render_answer(task, example)
    return known | {"answer": answer}


def _gold(
    task: Task, language: str, answer: str | tuple[str, ...], choices: tuple[str, ...]
) -> Gold:
    """The right answer in the type's own terms."""
    items = (answer,) if isinstance(answer, str) else answer
    match task.type:
        case "multiple_choice":
            if len(items) != 1:
                raise FormatError("several_correct_answers", "; ".join(items))
            return _place(items[0], choices, task.answer.first_number)
        case "classification":
            return items[0]  # canonical: it has stated values
        case "retrieval":
            if isinstance(answer, str):
                items = tuple(part for part in re.split(r"[,，、\s]+", answer.strip("[] ")) if part)
            places = [_place(item, choices, task.answer.first_number) for item in items]
            if len(set(places)) < len(places):
                raise FormatError("format", f"answer: a choice is named twice in {answer!r}")
            return sorted(places)
        case "ranking":
            if len(items) != len(choices):
                detail = f"answer: {len(items)} relevances for {len(choices)} choices"
                raise FormatError("wrong_number_of_items", detail)
            return [_relevance(item) for item in items]
        case "generation":
            return "\n".join(items)
    return _pairs(task, language, items)


def _place(said: str, choices: tuple[str, ...], first: int) -> int:
    """The choice that is meant by its text, its number, or both."""
    texts = [plain(choice) for choice in choices]
    meant = set()
    if plain(said) in texts:
        meant.add(texts.index(plain(said)))
    if match := re.fullmatch(r"(\d+)(?:[.):]\s*(.*))?", said.strip(), re.DOTALL):
        place, rest = int(match[1]) - first, match[2]
        if 0 <= place < len(choices) and (not rest or plain(rest) == texts[place]):
            meant.add(place)
    if not meant:
        raise FormatError("answer_outside_choices", said)
    if len(meant) > 1:
        raise FormatError("several_correct_answers", f"{said!r} is a choice and a number of one")
    return meant.pop()


def _relevance(said: str) -> float:
    if said.strip().upper() in RELEVANCE:
        return RELEVANCE[said.strip().upper()]
    try:
        value = float(said)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise FormatError("format", f"answer: {said!r} is no relevance: E, S, C, I, or from 0 to 1")
    return value


def _pairs(task: Task, language: str, items: tuple[str, ...]) -> list[tuple[str, str]]:
    if task.type == "extraction" and task.metric != "micro_f1":
        return [("", "\n".join(items))]
    asked = Example(example_id="", task=task.name, language=language, gold=[])
    pairs: list[tuple[str, str]] = []
    for item in items:
        read = parse_answer(task, item, asked)
        if read is None or any(not span for _, span in read):
            raise FormatError("unreadable_answer", item)
        pairs += read
    return pairs
