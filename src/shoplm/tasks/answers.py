"""What an answer says: a model's text read back as strictly as ShopBench reads it."""

from __future__ import annotations

import ast
import re
import unicodedata

from shoplm.tasks.rendering import label_surfaces
from shoplm.tasks.task import Example, Task, bare

Parsed = int | str | list[int] | list[tuple[str, str]]
"""By type. multiple_choice: place of a choice, from 0. classification: a canonical label.
retrieval, ranking: places in the order given, wrong ones too. ner, extraction: (label, text) pairs.
generation: the text."""

_TWIN = {",": "，", ";": "；", ":": "："}
"""Chinese text writes the same sign full width."""
_COMMA = re.compile("[,，、]")


def parse_answer(task: Task, text: str, example: Example) -> Parsed | None:
    """What `text` says as an answer to `example`; None if it cannot be read as one.

    - multiple_choice: the first character is the number of a choice (after white space), so that
      there are none beyond 9, see `can_be_perfect`.
    - classification: the first line is the surface of a label, or begins with one that a sign of
      punctuation ends; case, full width, quotes and marks around it do not matter.
    - retrieval, ranking: the first line is a list of numbers between commas, or the task's
      separator, in brackets or not. Parts without exactly one number are skipped. Numbers beyond
      the choices are kept: they take a place, and are wrong.
    - ner, extraction: a list literal of texts, or the first line cut at the task's separator, full
      width or not. Parts are (label, text) pairs if the gold answer has labels or is empty.
      `answer.none` says that there is nothing.
    - generation, and extraction of one text without a label: the text without white space around
      it; `answer.none` says that it is empty.
    """
    stripped = text.strip()
    if not stripped:
        return None
    match task.type:
        case "multiple_choice":
            return _choice(task, stripped, example)
        case "classification":
            return _label(task, _first_line(stripped), example.language)
        case "retrieval" | "ranking":
            return _places(task, stripped)
        case "generation":
            return "" if says_nothing(task, stripped, example.language) else stripped
    return _pairs(task, stripped, example)


def answer_choices(task: Task, example: Example) -> tuple[list[str], int] | None:
    """The possible answers as text and the place of the right one.

    Numbers for multiple_choice, surfaces for classification, None for any other type and where a
    published prompt hides its choices.
    """
    if task.type == "classification":
        return label_surfaces(task, example.language), list(task.labels).index(example.gold)
    if task.type == "multiple_choice" and example.choices:
        first = task.answer.first_number
        return [str(first + place) for place in range(len(example.choices))], example.gold
    return None


def says_nothing(task: Task, text: str, language: str) -> bool:
    """Whether `text` is what the task writes where there is nothing."""
    none = task.answer.none.get(language)
    return none is not None and bare(text) == bare(none)


def is_one_text(task: Task, example: Example) -> bool:
    """Whether an extraction asks for one text, and not for pairs."""
    unlabelled = len(example.gold) <= 1 and not any(label for label, _ in example.gold)
    return task.type == "extraction" and task.metric != "micro_f1" and unlabelled


def _choice(task: Task, text: str, example: Example) -> int | None:
    if not text[0].isdecimal():
        return None
    place = int(text[0]) - task.answer.first_number
    beyond = example.choices and place >= len(example.choices)
    return None if place < 0 or beyond else place


def _label(task: Task, line: str, language: str) -> str | None:
    said = bare(line)
    surfaces = {bare(surfaces[language]): label for label, surfaces in task.labels.items()}
    if said in surfaces:
        return surfaces[said]
    for surface in sorted(surfaces, key=len, reverse=True):
        rest = said.removeprefix(surface)
        if rest != said and unicodedata.category(rest[0])[0] == "P" and rest[0] not in "-_'/":
            return surfaces[surface]
    return None


def _places(task: Task, text: str) -> list[int] | None:
    parts = _cut(task, _COMMA.sub(task.answer.separator, text))
    numbers = [re.findall(r"\d+", part) for part in parts]
    # no more digits than a number can have that int() still reads
    places = [int(found[0][:9]) - task.answer.first_number for found in numbers if len(found) == 1]
    return places or None


def _pairs(task: Task, text: str, example: Example) -> list[tuple[str, str]] | None:
    if says_nothing(task, _first_line(text), example.language):
        return []
    if is_one_text(task, example):
        return [("", text)]
    labelled = not example.gold or any(label for label, _ in example.gold)
    parts = _list_literal(text)
    if parts is None:
        parts = _cut(task, text)
    elif not parts:  # an empty list is said, not left out
        return []
    cut = _cutter(task.answer.pair_separator)
    pairs = []
    for part in filter(None, map(str.strip, parts)):
        label, *rest = cut.split(part, maxsplit=1) if labelled else [part]
        pairs.append((label.strip(), rest[0].strip()) if rest else ("", part))
    return pairs or None


def _list_literal(text: str) -> list[str] | None:
    """The texts of a Python or JSON list; None if `text` is no such list."""
    if not text.startswith("["):
        return None
    try:
        items = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return items if all(isinstance(item, str) for item in items) else None


def _cut(task: Task, text: str) -> list[str]:
    """The parts of an answer, which ends with its line unless lines are its parts."""
    separator = task.answer.separator
    return _cutter(separator).split(text if "\n" in separator else _first_line(text))


def _cutter(separator: str) -> re.Pattern[str]:
    """Where to cut: the separator without its spaces, or its full-width twin."""
    core = separator.strip() or separator
    return re.compile("|".join(map(re.escape, filter(None, (core, _TWIN.get(core))))))


def _first_line(text: str) -> str:
    return text.split("\n", 1)[0].strip()
