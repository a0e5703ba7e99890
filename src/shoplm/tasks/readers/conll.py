"""Reader of CoNLL files: a character or word and its BIO tag a line, an empty line in between."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shoplm.tasks.readers.files import read_text
from shoplm.tasks.readers.gold import NO_CHARACTER
from shoplm.tasks.readers.reader import Reader, Row, RowError
from shoplm.tasks.readers.record_options import RecordOptions
from shoplm.tasks.readers.record_rows import taken_apart
from shoplm.tasks.readers.records import check_records, record_draft


class ConllOptions(RecordOptions):
    """As records, of sentences with `text` and `spans`, each with `label` and `text`."""

    gold: str = "spans"
    between: str = ""
    """Between tokens: nothing for characters, a space for words."""


def sentence_rows(path: Path, options: ConllOptions) -> Iterator[Row]:
    """The sentences of one file, taken apart as the options say."""
    return taken_apart(_sentences(path, options), options)


def _sentences(path: Path, options: ConllOptions) -> Iterator[Row]:
    text, damage = read_text(path)
    number = 0
    # lines end in a line feed alone: a token may be any other white space or control character
    for block in _blocks(text.split("\n")):
        number += 1
        try:
            yield Row(number, _sentence(block, options.between))
        except RowError as error:
            yield Row(number, {"text": "\n".join(block)}, error)
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
    found = [{"label": label, "text": between.join(parts)} for label, parts in spans]
    return {"text": between.join(tokens), "spans": found}


def _cut(line: str) -> tuple[str, str]:
    """The tag is after the last space or tab; the token may itself be a space."""
    place = max(line.rfind(" "), line.rfind("\t"))
    if place < 1:
        raise RowError("unreadable", f"line {line!r}, expected a token and its tag")
    return line[:place], line[place + 1 :]


CONLL = Reader(ConllOptions, sentence_rows, record_draft, check_records)
