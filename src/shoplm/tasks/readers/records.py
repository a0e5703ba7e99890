"""Reader of records: columns fill the template, one column holds the right answer."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping
from typing import Any

from shoplm.tasks.readers import gold as golds
from shoplm.tasks.readers.reader import Context, Reader, Row, RowError
from shoplm.tasks.readers.record_options import RecordOptions
from shoplm.tasks.readers.record_rows import record_rows
from shoplm.tasks.readers.values import cut_out, shown_properties, text_at, value_at
from shoplm.tasks.recipes.sampling import shuffled
from shoplm.tasks.task import SourceFile, Task, placeholders


def record_draft(context: Context, row: Row, language: str) -> dict[str, Any]:
    """What the template shows of a row, and the right answer."""
    options, task = context.options, context.task
    values = _with_new_columns(row.values, options)
    for column, form in options.properties.items():
        text = text_at(values, column, options.separator)
        values[column] = shown_properties(text, form, language)
    fields = {
        name: text_at(values, column, options.separator, options.defaults.get(name))
        for name, column in context.source.fields.items()
    }
    answer = _answer(values, options)
    draft: dict[str, Any] = {"fields": fields, "values": values}
    match task.type:
        case "classification":
            draft["gold"] = golds.canonical_label(task, answer, language, options.labels)
        case "multiple_choice":
            draft |= _choice(context, values, answer, draft["fields"])
        case "generation":
            draft |= _text(answer, values, options, task, language)
        case "ner" | "extraction":
            draft["gold"] = _spans(answer, options, task, language)
        case "retrieval" | "ranking":
            draft |= _list(task, value_at(values, options.choices), answer)
    return draft


def _with_new_columns(values: dict[str, Any], options: RecordOptions) -> dict[str, Any]:
    new = {**values, **cut_out(values, options.extract)}
    for column, text in options.combine.items():
        names = placeholders(text)
        parts = {name: text_at(new, name, options.separator, default="") for name in names}
        new[column] = text.format_map(parts).strip()
    return new


def _answer(values: Mapping[str, Any], options: RecordOptions) -> Any:
    found = value_at(values, options.gold)
    if str(found).strip() in options.no_gold:
        raise RowError("no_gold", f"{options.gold!r} is {found!r}: the annotators did not agree")
    if options.gold_pattern is not None:
        text = golds.plain_text(found, "the answer")
        if not (match := re.search(options.gold_pattern, text)):
            raise RowError("unexpected_text", f"the answer is not as expected: {text[-60:]!r}")
        found = match[1]
    return _single(found)


def _single(found: Any) -> Any:
    return found[0] if isinstance(found, list) and len(found) == 1 else found


def _text(
    answer: Any, values: Mapping[str, Any], options: RecordOptions, task: Task, language: str
) -> dict[str, Any]:
    if options.no_answer is not None and _is_true(value_at(values, options.no_answer)):
        if language not in task.answer.none:
            raise RowError("no_answer", "the task does not say how to answer that there is none")
        return {"gold": ""}
    texts = answer if isinstance(answer, list) else [answer]
    texts = list(dict.fromkeys(golds.plain_text(text, "the answer") for text in texts))
    if not texts:
        raise RowError("empty_answer", "the answer is empty")
    return {"gold": texts[0], "references": tuple(texts[1:])}


def _is_true(value: Any) -> bool:
    return value is True or str(value).strip().lower() in ("true", "1", "yes")


def _spans(answer: Any, options: RecordOptions, task: Task, language: str) -> list[tuple[str, str]]:
    names = (options.span.get("label"), options.span["text"]) if options.span else None
    items = answer if isinstance(answer, list) else [answer]
    found = golds.spans(items, names, options.labels or None)
    if not found and language not in task.answer.none:
        raise RowError("no_answer", "there is nothing to extract, which the task cannot say")
    return found


def _choice(
    context: Context, values: Mapping[str, Any], answer: Any, fields: Mapping[str, str]
) -> dict[str, Any]:
    options = context.options
    if options.draw is not None:
        return _drawn(context, values, golds.plain_text(answer, "the answer"), fields)
    found = value_at(values, options.choices)
    keys, texts = (
        (list(found), list(found.values()))
        if isinstance(found, dict)
        else ([], golds.listed(found))
    )
    shown = tuple(golds.plain_text(text, "a choice") for text in texts)
    if len(shown) < 2:
        raise RowError("too_few_choices", f"{len(shown)} choices")
    if len(set(shown)) < len(shown):
        raise RowError("several_correct_answers", "two choices are the same text")
    text = golds.plain_text(answer, "the answer")
    for known in (keys, list(shown)):
        if text in known:
            return {"choices": shown, "gold": known.index(text)}
    raise RowError("answer_outside_choices", f"answer {text!r} is none of the choices")


def _drawn(
    context: Context, values: Mapping[str, Any], right: str, fields: Mapping[str, str]
) -> dict[str, Any]:
    """The right answer among others of the file, in an order that depends on the text alone."""
    draw = context.options.draw
    by_kind = _answers(context)
    kind = json.dumps(value_at(values, draw.within)) if draw.within else ""
    near = by_kind.get(kind, set())
    far = set().union(*by_kind.values()) - near
    shown = "\0".join(fields.values())
    if draw.among is not None:
        far |= set(golds.listed(value_at(values, draw.among))) - near
    order = [
        *shuffled(near - {right}, draw.seed, f"choices:{shown}"),
        *shuffled(far - near - {right}, draw.seed, f"choices:{shown}"),
    ]
    if not order:
        raise RowError("too_few_choices", "the file has one answer, and no other")
    picked = [right, *order[: draw.number - 1]]
    choices = tuple(shuffled(picked, draw.seed, f"order:{shown}"))
    return {"choices": choices, "gold": choices.index(right)}


def _answers(context: Context) -> dict[str, set[str]]:
    """The right answers of all rows by what `draw.within` holds, gathered once a source."""
    options = context.options
    if "answers" not in context.gathered:
        found: dict[str, set[str]] = {}
        for row in context.rows:
            with contextlib.suppress(RowError):
                row, within = _with_new_columns(row, options), options.draw.within
                kind = json.dumps(value_at(row, within)) if within else ""
                text = golds.plain_text(_answer(row, options), "the answer")
                found.setdefault(kind, set()).add(text)
        context.gathered["answers"] = found
    return context.gathered["answers"]


def _list(task: Task, choices: Any, answer: Any) -> dict[str, Any]:
    shown = tuple(golds.plain_text(text, "a choice") for text in golds.listed(choices))
    if task.type == "ranking":
        return {"choices": shown, "gold": golds.relevances(answer, len(shown))}
    items = answer if isinstance(answer, list) else [answer]
    places = sorted({shown.index(i) if i in shown else golds.whole_number(i) for i in items})
    if not places or places[0] < 0 or places[-1] >= len(shown):
        raise RowError("answer_outside_choices", f"places {places} of {len(shown)} choices")
    return {"choices": shown, "gold": places}


def check_records(task: Task, source: SourceFile, options: RecordOptions) -> None:
    """Whether the fields fill the template and the type has what it needs."""
    if missing := sorted(task.fields() - set(source.fields)):
        raise ValueError(f"fields: nothing fills {', '.join(missing)} of the template")
    if unknown := sorted(set(options.defaults) - set(source.fields)):
        raise ValueError(f"options.defaults: no field {', '.join(unknown)}")
    for text in options.combine.values():
        placeholders(text)  # refuses braces that do not match
    if options.span and "text" not in options.span:
        raise ValueError("options.span: it names no text")
    needs_choices = task.type in ("multiple_choice", "retrieval", "ranking")
    if needs_choices and options.choices is None and options.draw is None:
        raise ValueError(f"options.choices: a {task.type} needs them")
    if task.type == "classification" and (wrong := set(options.labels.values()) - set(task.labels)):
        raise ValueError(f"options.labels: the task has no label {', '.join(sorted(wrong))}")


RECORDS = Reader(RecordOptions, record_rows, record_draft, check_records)
