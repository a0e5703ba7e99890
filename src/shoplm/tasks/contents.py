"""What an instruction is about, apart from the wording that all prompts of its task share.

Duplicates and overlap with benchmarks are sought in this alone: two prompts that ask the same of
two products are no duplicates, however long the instruction that they share.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import pandas as pd

from shoplm.tasks.gate_settings import TemplateSettings
from shoplm.tasks.records import example_of
from shoplm.tasks.task import Example, Task

_UNSPACED = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0eff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_ONE_CHARACTER = re.compile(rf"[{_UNSPACED}]")


def list_contents(
    instructions: pd.DataFrame, library: Mapping[str, Task], settings: TemplateSettings
) -> pd.DataFrame:
    """The content of each instruction, one row each.

    Args:
        instructions: rows of the `instructions` table.
        library: tasks by name.
        settings: what is shared wording.

    Returns:
        `record_id, source` (the task), `language, text, parts, own, whole`. Parts are the values
        that fill the template, the choices by alphabet, and the right answers; of a published
        prompt, the lines and pieces of lines that are not shared wording, and the answer. Text is
        all parts, a line each. `own` is what may be compared with a benchmark piece by piece: the
        parts without wrong choices, which other questions have too, and without the answers and
        values that many instructions of the task share. `whole` is equal for the same question.
    """
    examples = [example_of(row) for row in instructions.to_dict("records")]
    answers = instructions["answer"].tolist()
    asked = _asked(examples, settings)
    right = [_right(library, *pair) for pair in zip(examples, answers, strict=True)]
    frequent = {
        task: (
            _frequent(({*map(normalise, asked[n])} for n in places), settings.min_prompts,
                      settings.field_share),
            _frequent(({*map(normalise, right[n])} for n in places), settings.min_prompts,
                      settings.min_share),
        )
        for task, places in _places(examples, lambda example: True).items()
    }  # fmt: skip
    listed = []
    for example, question, answer in zip(examples, asked, right, strict=True):
        known_values, known_answers = frequent[example.task]
        wrong = {normalise(choice) for choice in example.choices} - {*map(normalise, answer)}
        own = [
            part
            for part in question
            if normalise(part) not in known_values and not _is_choice(part, wrong)
        ]
        parts = [*question, *sorted(example.choices), *answer]
        listed.append(
            {
                "text": "\n".join(parts),
                "parts": parts,
                "own": own + [part for part in answer if normalise(part) not in known_answers],
                "whole": question_of(example) + "\n" + normalise("\n".join(parts)),
            }
        )
    about = instructions[["instruction_id", "task", "language"]].reset_index(drop=True)
    about.columns = ["record_id", "source", "language"]
    return about.join(pd.DataFrame(listed, columns=["text", "parts", "own", "whole"]))


def question_of(example: Example) -> str:
    """What is asked, without the choices: equal for the same question about other choices."""
    if example.prompt is None:
        return "\n".join(f"{name}: {normalise(v)}" for name, v in sorted(example.fields.items()))
    prompt = example.prompt
    for choice in sorted(example.choices, key=len, reverse=True):
        prompt = prompt.replace(choice, "")
    return normalise(prompt)


def normalise(text: str) -> str:
    """Words alone, in compatibility forms, without case, white space or punctuation."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def _asked(examples: Sequence[Example], settings: TemplateSettings) -> list[list[str]]:
    """The values of each template, or the pieces of each published prompt."""
    pieces = _published_pieces(examples, settings)
    return [
        pieces[n] if example.prompt is not None else [
            value for _, value in sorted(example.fields.items()) if value.strip()
        ]
        for n, example in enumerate(examples)
    ]  # fmt: skip


def _right(library: Mapping[str, Task], example: Example, answer: str) -> list[str]:
    """The right answers: choices, a label, or the text."""
    gold = example.gold
    if library[example.task].type == "classification":
        return [gold]
    if not example.choices:
        return [answer]
    if library[example.task].type == "ranking":
        return sorted(c for c, value in zip(example.choices, gold, strict=True) if value)
    return sorted(example.choices[place] for place in ([gold] if isinstance(gold, int) else gold))


def _is_choice(part: str, wrong: set[str]) -> bool:
    """Whether a line of a published prompt is a wrong choice with its number."""
    words = normalise(part)
    return words in wrong or words.partition(" ")[2] in wrong


def _published_pieces(
    examples: Sequence[Example], settings: TemplateSettings
) -> dict[int, list[str]]:
    """By place, the pieces of each published prompt that are not shared wording."""
    pieces = {}
    for places in _places(examples, lambda example: example.prompt is not None).values():
        spans = {n: list(_WORD.finditer(examples[n].prompt)) for n in places}
        runs = {n: _runs(spans[n], settings) for n in places}
        shared = _frequent(
            ({run for run, _, _ in runs[n]} for n in places),
            settings.min_prompts,
            settings.min_share,
        )
        for n in places:
            pieces[n] = _uncovered(examples[n].prompt, spans[n], runs[n], shared)
    return pieces


def _runs(spans: Sequence[re.Match], settings: TemplateSettings) -> list[tuple[str, int, int]]:
    """(run, first word, end) at every word that starts one."""
    words = [span.group().casefold() for span in spans]
    short = [bool(_ONE_CHARACTER.match(word)) for word in words]
    found = []
    for start in range(len(words)):
        size = settings.characters if any(short[start : start + settings.words]) else settings.words
        if start + size <= len(words):
            found.append((" ".join(words[start : start + size]), start, start + size))
    return found


def _uncovered(
    prompt: str,
    spans: Sequence[re.Match],
    runs: Iterable[tuple[str, int, int]],
    shared: frozenset[str],
) -> list[str]:
    """What of the prompt no shared run covers, a line or less each."""
    covered = [False] * len(spans)
    for run, start, end in runs:
        if run in shared:
            covered[start:end] = [True] * (end - start)
    pieces, last = [""], 0
    for place, span in enumerate(spans):
        between = prompt[last : span.start()]
        if not covered[place]:
            pieces[-1] += between + span.group()
        elif pieces[-1]:
            pieces.append("")
        last = span.end()
    lines = (line.strip() for piece in pieces for line in piece.split("\n"))
    return [line for line in lines if _WORD.search(line)]


def _frequent(sets: Iterable[set[str]], least: int, share: float) -> frozenset[str]:
    """What at least so many of the sets, and this share of them, have."""
    listed = list(sets)
    counts = Counter(value for values in listed for value in values)
    enough = max(least, share * len(listed))
    return frozenset(value for value, count in counts.items() if count >= enough)


def _places(examples: Sequence[Example], chosen: Callable[[Example], bool]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for n, example in enumerate(examples):
        if chosen(example):
            places.setdefault(example.task, []).append(n)
    return places
