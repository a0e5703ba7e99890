"""Reader of published prompts: rows in the schema of ShopBench, which EC-Guide shares."""

from __future__ import annotations

import re
from typing import Any, Literal

from shoplm.tasks.readers import gold as golds
from shoplm.tasks.readers.files import FileOptions, read_rows
from shoplm.tasks.readers.numbered import Numbered, numbered_choices, renumbered
from shoplm.tasks.readers.reader import Context, Expression, GroupExpression, Reader, Row, RowError
from shoplm.tasks.readers.values import value_at
from shoplm.tasks.task import SourceFile, Task

KINDS: dict[str, frozenset[str]] = {
    "multiple-choice": frozenset({"multiple_choice", "classification"}),
    "retrieval": frozenset({"retrieval"}),
    "ranking": frozenset({"ranking"}),
    "named_entity_recognition": frozenset({"ner", "extraction"}),
    "generation": frozenset({"generation", "extraction"}),
    "yes_no": frozenset({"classification"}),
}
"""A row's kind: the types of task that it can be an example of. yes_no is what a file calls
multiple choice with the metric bool."""

NUMBER = re.compile(r"[-+]?[$€£]?\d[\d.,]*(?:/\d+)?%?")


class PublishedOptions(FileOptions):
    """Where prompt and answer stand, and how a prompt may be changed."""

    prompt: str = "input_field"
    answer: str = "output_field"
    kind: str = "task_type"
    metric: str = "metric"
    task_name: str = "task_name"
    """Column with the benchmark's name of the task. Where a file has it, rows of tasks that are
    not among the task's `shopbench` names are left to others."""
    choices: list[str] | None = None
    """The choices of every row, where prompts print none: `1` to `5`."""
    renumber: bool = False
    """Number the printed choices as the task does, where a prompt skips a number or starts at
    another one; without it such a row is rejected, since its answer cannot be written."""
    gap_is_slip: bool = False
    """Where the printed numbers are 0, 1, 3 and the answer is 2, the third choice is meant;
    otherwise such a row is rejected."""
    choices_are: Literal["numbers", "text"] | None = None
    """Only rows whose choices are all numbers, or not all; others are of another task."""
    answer_pattern: GroupExpression | None = None
    """Where the answer is a chain of reasoning: pattern whose first matching group is the answer
    itself, taken as the number of a choice where the prompt prints choices."""
    drop: list[Expression] = []
    """Patterns of text to take out of the prompt."""
    labels: dict[str, str] = {}
    """What the file writes: the task's label."""
    question: str | None = None
    """Field of the template that shows the prompt without its choices, in place of the prompt as
    it is."""


def published_draft(context: Context, row: Row, language: str) -> dict[str, Any]:
    """A ready prompt, the choices that it prints, and the right answer."""
    task, options, values = context.task, context.options, row.values
    prompt = golds.plain_text(value_at(values, options.prompt), repr(options.prompt))
    answer = value_at(values, options.answer)
    shown = prompt
    for pattern in options.drop:
        shown = re.sub(pattern, "", shown).rstrip()
    kind = _kind(values, options)
    printed = _printed(shown, kind, options)
    reasoned = options.answer_pattern is not None and kind == "generation"
    if reasoned and printed and task.type == "multiple_choice":
        kind = "multiple-choice"
    if task.type not in KINDS[kind] or (printed and task.type == "classification"):
        listed = " with numbered choices" if printed else ""
        raise RowError("other_task", f"a row of kind {kind}{listed} is no {task.type}")
    _check_choices(printed, options)
    if reasoned:
        answer = _final(answer, options.answer_pattern)
    if printed and task.type in ("multiple_choice", "retrieval", "ranking"):
        draft = _gold_of_choices(task, printed, answer, options.gap_is_slip)
        draft["prompt"] = _numbered_alike(task, shown, printed, options)
        return draft
    draft = {"prompt": shown}
    match task.type:
        case "multiple_choice" if options.choices:
            texts = tuple(options.choices)
            place = golds.whole_number(answer) - task.answer.first_number
            if not 0 <= place < len(texts):
                raise RowError("answer_outside_choices", f"answer {answer!r} of {len(texts)}")
            draft |= {"choices": texts, "gold": place}
        case "classification":
            draft["gold"] = golds.canonical_label(task, answer, language, options.labels)
        case "ner" | "extraction":
            draft["gold"] = golds.spans(
                answer if isinstance(answer, list) else [answer], None, None
            )
            if not draft["gold"]:
                raise RowError("empty_answer", "the answer is an empty list")
        case "generation":
            draft |= _text(answer, printed, shown, options)
        case _:
            raise RowError("no_choices", "the prompt prints no numbered choices")
    return draft


def _kind(values: dict[str, Any], options: PublishedOptions) -> str:
    kind = golds.plain_text(value_at(values, options.kind), repr(options.kind))
    metric = str(value_at(values, options.metric)).strip()
    if kind == "multiple-choice" and metric == "bool":
        return "yes_no"
    if kind not in KINDS:
        known = ", ".join(k for k in KINDS if k != "yes_no")
        raise RowError("unknown_kind", f"{options.kind} is {kind!r}, expected one of {known}")
    return kind


def _printed(prompt: str, kind: str, options: PublishedOptions) -> Numbered | None:
    listed = kind in ("multiple-choice", "retrieval", "ranking")
    if options.choices or not (listed or options.answer_pattern):
        return None
    return numbered_choices(prompt)


def _check_choices(printed: Numbered | None, options: PublishedOptions) -> None:
    if printed is None or options.choices_are is None:
        return
    numbers = all(NUMBER.fullmatch(text) for text in printed.texts)
    if numbers != (options.choices_are == "numbers"):
        found = "numbers" if numbers else "not all numbers"
        raise RowError("other_task", f"the choices are {found}")


def _final(answer: Any, pattern: str) -> str:
    match = re.search(pattern, golds.plain_text(answer, "the answer"))
    found = match and next(filter(None, match.groups()), None)
    if not found:
        raise RowError("no_final_answer", f"the reasoning ends without one: {str(answer)[-60:]!r}")
    return found


def _gold_of_choices(task: Task, printed: Numbered, answer: Any, slip: bool) -> dict[str, Any]:
    match task.type:
        case "multiple_choice":
            gold: Any = printed.place(golds.whole_number(answer), gap_is_slip=slip)
            if printed.texts.count(printed.texts[gold]) > 1:
                raise RowError("several_correct_answers", "another choice is the same text")
        case "retrieval":
            numbers = map(golds.whole_number, golds.listed(answer))
            gold = sorted({printed.place(number, gap_is_slip=slip) for number in numbers})
            if not gold:
                raise RowError("empty_answer", "the answer is an empty list")
        case _:
            gold = golds.relevances(answer, len(printed.texts))
    return {"choices": printed.texts, "gold": gold}


def _numbered_alike(task: Task, prompt: str, printed: Numbered, options: PublishedOptions) -> str:
    first = task.answer.first_number
    if printed.counts_from(first):
        return prompt
    if not options.renumber:
        numbers = ", ".join(map(str, printed.numbers))
        raise RowError("choice_numbers", f"the prompt numbers {numbers}, the task from {first}")
    return renumbered(prompt, printed, first)


def _text(
    answer: Any, printed: Numbered | None, shown: str, options: PublishedOptions
) -> dict[str, Any]:
    text = golds.plain_text(answer, "the answer")
    if printed and options.answer_pattern:
        text = printed.texts[printed.place(golds.whole_number(text))]
    if options.question is None:
        return {"gold": text, "prompt": shown}
    asked = shown[: printed.start].strip() if printed else shown
    return {"gold": text, "prompt": None, "fields": {options.question: asked}}


def is_of(task: Task, row: Row, options: PublishedOptions) -> bool:
    """Whether a row is of this task, in a file that names the task of every row."""
    name = row.values.get(options.task_name)
    return name is None or name in task.shopbench


def check_published(task: Task, source: SourceFile, options: PublishedOptions) -> None:
    """Whether the options fit the task."""
    if source.fields:
        raise ValueError("fields: a published prompt is shown as it is; name none")
    if options.question is not None and task.fields() != {options.question}:
        raise ValueError(f"options.question: the template shows {sorted(task.fields())}")
    if wrong := set(options.labels.values()) - set(task.labels or {}):
        raise ValueError(f"options.labels: the task has no label {', '.join(sorted(wrong))}")


PUBLISHED = Reader(PublishedOptions, read_rows, published_draft, check_published, is_of)
