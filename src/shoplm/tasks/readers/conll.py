"""Reader of CoNLL files: a character or word and its BIO tag a line, an empty line in between."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shoplm.tasks.readers.files import read_text
from shoplm.tasks.readers.gold import NO_CHARACTER
from shoplm.tasks.readers.reader import Context, Reader, ReaderOptions, Row, RowError
from shoplm.tasks.task import SourceFile, Task


class ConllOptions(ReaderOptions):
    """How tokens become a text and tags become labels."""

    between: str = ""
    """Between tokens: nothing for characters, a space for words."""
    labels: dict[str, str] = {}
    """Tag without its B- or I-: how an example writes it; where given, no other may occur."""


def sentence_rows(path: Path, options: ConllOptions) -> Iterator[Row]:
    """Sentences: `text`, and `spans` as (tag, text) pairs."""
    text, damage = read_text(path)
    number = 0
    # lines end in a line feed alone: a token may be any other white space or control character
    for block in _blocks(text.split("\n")):
        number += 1
        try:
            yield Row(number, _sentence(block, options.between))
        except RowError as error:
            yield Row(number, {}, error)
    if damage:
        yield Row(number + 1, {}, RowError("unreadable", damage))


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    block: list[str] = []
    for line in [*lines, ""]:
        if line.strip(" \t"):
            block.append(line)
        elif block:
            yield block
            block = []


def _sentence(lines: list[str], between: str) -> dict[str, Any]:
    tokens, spans, inside = [], [], None
    for line in lines:
        token, tag = _cut(line)
        tokens.append(token)
        if tag == "O":
            inside = None
            continue
        place, _, label = tag.partition("-")
        if place not in ("B", "I") or not label:
            raise RowError("wrong_tag", f"tag {tag!r}, expected O, B-… or I-…")
        if place == "I" and inside == label:
            spans[-1][1].append(token)
        elif place == "I":
            raise RowError("wrong_tag", f"{tag} at {token!r} goes on with nothing")
        else:
            spans.append((label, [token]))
        inside = label
    if NO_CHARACTER.search("".join(tokens)):
        raise RowError("unreadable", "the text holds bytes that are no UTF-8")
    found = [(label, between.join(parts)) for label, parts in spans]
    return {"text": between.join(tokens), "spans": found}


def _cut(line: str) -> tuple[str, str]:
    """The tag is after the last space or tab; the token may itself be a space."""
    place = max(line.rfind(" "), line.rfind("\t"))
    if place < 1:
        raise RowError("unreadable", f"line {line!r}, expected a token and its tag")
    return line[:place], line[place + 1 :]


def sentence_draft(context: Context, row: Row, language: str) -> dict[str, Any]:
    """The text, and each different (label, text) pair once."""
    labels = context.options.labels
    pairs = []
    for tag, text in row.values["spans"]:
        if labels and tag not in labels:
            raise RowError("label_outside_set", f"tag {tag!r} is not in the tag set")
        if not text.strip():
            raise RowError("empty_field", f"a span of {tag} is empty")
        pairs.append((labels.get(tag, tag), text.strip()))
    if not pairs and language not in context.task.answer.none:
        raise RowError("no_answer", "there is nothing to extract, which the task cannot say")
    fields = dict.fromkeys(context.source.fields, row.values["text"])
    return {"fields": fields, "gold": list(dict.fromkeys(pairs))}


def check_conll(task: Task, source: SourceFile, options: ConllOptions) -> None:
    """Whether the text fills the template and the task takes spans."""
    if task.type not in ("ner", "extraction"):
        raise ValueError(f"reader: conll gives spans, the task is a {task.type}")
    if set(source.fields) != task.fields() or set(source.fields.values()) != {"text"}:
        raise ValueError(f"fields: expected {sorted(task.fields())}, from the column text")


CONLL = Reader(ConllOptions, sentence_rows, sentence_draft, check_conll)
