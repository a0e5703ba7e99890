"""From a published file to examples: every row is kept, or rejected with its reason."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from shoplm.tasks.readers.conll import CONLL
from shoplm.tasks.readers.ecominstruct import ECOMINSTRUCT
from shoplm.tasks.readers.files import source_paths
from shoplm.tasks.readers.published import PUBLISHED
from shoplm.tasks.readers.reader import (
    Context,
    Reader,
    ReaderOptions,
    Row,
    RowError,
    row_language,
)
from shoplm.tasks.readers.records import RECORDS
from shoplm.tasks.readers.values import group_of, text_at
from shoplm.tasks.recipes.sampling import chance
from shoplm.tasks.scoring import can_be_perfect
from shoplm.tasks.task import Example, SourceFile, Task

READERS: dict[str, Reader] = {
    "published": PUBLISHED,
    "records": RECORDS,
    "ecominstruct": ECOMINSTRUCT,
    "conll": CONLL,
}
"""By the name that a task's YAML uses."""

REJECTED = ["task", "file", "row", "reason", "detail", "prompt", "answer"]
"""Columns of a rejected row; the row counts from 1, 0 is the whole file."""


def read_examples(
    task: Task, source: SourceFile, root: Path
) -> tuple[list[Example], list[dict[str, Any]]]:
    """The examples in a published file, and the rows that give none (columns `REJECTED`).

    Together they are all rows of the file that are of this task and in `options.part`. An example
    that is kept scores 1 when its own right answer is rendered and read back.

    Raises:
        FileNotFoundError: the file is absent.
        ValueError: an unknown reader, options that it does not take or that do not fit the task.
    """
    reader, options = _configured(task, source)
    examples: list[Example] = []
    rejected: list[dict[str, Any]] = []
    seen: dict[str, str] = {}
    for path in source_paths(Path(root), source.file):
        name = path.relative_to(root).as_posix()
        rows = list(reader.rows(path, options))
        if not rows:
            error = RowError("empty_file", "the file holds no row")
            rejected.append(_rejected(task, name, Row(0, {}), error))
        context = Context(task, source, options, [row.values for row in rows if not row.error])
        for row in rows:
            if row.error is None and not reader.belongs(task, row, options):
                continue
            group, made = _read(reader, context, row, name)
            if not _in_part(options, group):
                continue
            if isinstance(made, Example) and made.example_id in seen:
                made = RowError("duplicate", f"the same as {seen[made.example_id]}")
            if isinstance(made, RowError):
                rejected.append(_rejected(task, name, row, made))
                continue
            seen[made.example_id] = f"{name}, row {row.number}"
            examples.append(made)
    return _without_contradictions(task, examples, rejected, seen)


def _without_contradictions(
    task: Task, examples: list[Example], rejected: list[dict[str, Any]], places: dict[str, str]
) -> tuple[list[Example], list[dict[str, Any]]]:
    """Where one of a few answers is right, a question with two right answers has none."""
    if task.type not in ("classification", "multiple_choice"):
        return examples, rejected
    golds: dict[str, set[str]] = {}
    for example in examples:
        golds.setdefault(_question(example), set()).add(_right(example))
    kept = []
    for example in examples:
        if len(answers := golds[_question(example)]) == 1:
            kept.append(example)
            continue
        name, _, number = places[example.example_id].rpartition(", row ")
        row = Row(int(number), {"shown": example.prompt or "\n".join(example.fields.values())})
        told = f"the file answers this question with {' and '.join(sorted(answers))}"
        rejected.append(_rejected(task, name, row, RowError("several_correct_answers", told)))
    return kept, rejected


def _question(example: Example) -> str:
    shown = [example.prompt, sorted(example.fields.items()), sorted(example.choices)]
    return json.dumps(shown, ensure_ascii=False)


def _right(example: Example) -> str:
    return example.choices[example.gold] if example.choices else str(example.gold)


def _configured(task: Task, source: SourceFile) -> tuple[Reader, ReaderOptions]:
    where = f"task {task.name}, {source.file}"
    if source.reader not in READERS:
        known = ", ".join(sorted(READERS))
        raise ValueError(f"{where}: no reader {source.reader!r}; one of {known}")
    reader = READERS[source.reader]
    try:
        options = reader.settings(**source.options)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise ValueError(f"{where}: options.{field} ({source.reader}): {first['msg']}") from None
    if source.language is not None and source.language not in task.languages:
        raise ValueError(f"{where}: language {source.language!r} is none of {task.languages}")
    if source.language is None and options.language_column is None and len(task.languages) > 1:
        raise ValueError(f"{where}: language: the task has several, say which the file is in")
    try:
        reader.check(task, source, options)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    return reader, options


def _read(reader: Reader, context: Context, row: Row, name: str) -> tuple[str, Example | RowError]:
    """A row's group and what became of it; a row without a group is one of its own."""
    group = f"{name}:{row.number}"
    if row.error is not None:
        return group, row.error
    try:
        draft = reader.draft(context, row, row_language(context, row))
    except RowError as error:
        return _group_without_draft(context, row, group), error
    values = draft.pop("values", row.values)
    try:
        group = _group(context, draft, values)
    except RowError as error:
        return group, error
    example = Example(
        example_id=_example_id(context.task, draft),
        task=context.task.name,
        language=row_language(context, row),
        group=group,
        origin=name,
        **draft,
    )
    if reason := can_be_perfect(context.task, example):
        return group, RowError("cannot_be_scored", reason)
    return group, example


def _group(context: Context, draft: dict[str, Any], values: dict[str, Any]) -> str:
    split_by, fields = context.options.split_by, draft.get("fields", {})
    if split_by is None:
        shown = draft.get("prompt") or "\0".join(fields[name] for name in sorted(fields))
    elif split_by in fields:
        shown = fields[split_by]
    else:
        shown = text_at(values, split_by, "\n")
    return _short(group_of(shown))


def _group_without_draft(context: Context, row: Row, otherwise: str) -> str:
    """Where a rejected row belongs, if its group can be told from its own columns."""
    split_by = context.options.split_by
    try:
        return _short(group_of(text_at(row.values, split_by, "\n"))) if split_by else otherwise
    except RowError:
        return otherwise


def _short(group: str) -> str:
    if len(group) <= 120:
        return group
    return hashlib.md5(group.encode(), usedforsecurity=False).hexdigest()


def _in_part(options: ReaderOptions, group: str) -> bool:
    if options.part is None:
        return True
    in_test = chance(options.seed, "split", group) < options.share
    return in_test == (options.part == "test")


def _example_id(task: Task, draft: dict[str, Any]) -> str:
    """Of the content alone, so that the place in the file does not matter."""
    content = json.dumps(draft, ensure_ascii=False, sort_keys=True)
    digest = hashlib.md5(f"{task.name}:{content}".encode(), usedforsecurity=False).hexdigest()
    return f"{task.name}-{digest[:16]}"


def _rejected(task: Task, name: str, row: Row, error: RowError) -> dict[str, Any]:
    prompt, answer = _texts(row.values)
    return dict(
        zip(REJECTED, [task.name, name, row.number, error.reason, error.detail, prompt, answer],
            strict=True)
    )  # fmt: skip


def _texts(values: dict[str, Any]) -> tuple[str, str]:
    """What a person needs to see of a rejected row: its first column, and the others as JSON."""
    parts: Iterator[str] = (
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        for value in values.values()
    )
    shown = [part.encode(errors="replace").decode() for part in parts]
    return (shown[0], "\n".join(shown[1:])[:500]) if shown else ("", "")
