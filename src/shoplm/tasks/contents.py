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
        `record_id, source` (the task), `language, text` and `parts`. Parts are the
        values that fill the template, the choices by alphabet, and the answer as text; of a
        published prompt, the lines and pieces of lines that are not shared wording, and the
        answer. `own` holds the parts without choices and answers that many instructions of the
        task have: what may be compared with a benchmark. Text is all parts, a line each.
    """
    examples = [example_of(row) for row in instructions.to_dict("records")]
    pieces = _published_pieces(examples, settings)
    parts = [
        (pieces[n] if example.prompt is not None else _fields(example), _closed(library, example))
        for n, example in enumerate(examples)
    ]
    shared = _shared_parts(examples, [closed for _, closed in parts], settings)
    answers = instructions["answer"].tolist()
    listed = []
    for example, answer, (content, closed) in zip(examples, answers, parts, strict=True):
        known = shared.get(example.task, frozenset())
        told = [] if closed else [answer]
        listed.append(
            {
                "parts": [*content, *closed, *told],
                "own": [*content, *(p for p in [*closed, *told] if normalise(p) not in known)],
            }
        )
    table = pd.DataFrame(listed, columns=["parts", "own"], index=instructions.index)
    return pd.DataFrame(
        {
            "record_id": instructions["instruction_id"],
            "source": instructions["task"],
            "language": instructions["language"],
            "text": table["parts"].map("\n".join),
            "parts": table["parts"],
            "own": table["own"],
        }
    ).reset_index(drop=True)


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


def _fields(example: Example) -> list[str]:
    return [value for _, value in sorted(example.fields.items()) if value.strip()]


def _closed(library: Mapping[str, Task], example: Example) -> list[str]:
    """Choices and the right ones among them, or the label; nothing for open answers."""
    gold = example.gold
    if not example.choices:
        return [gold] if library[example.task].type == "classification" else []
    if library[example.task].type == "ranking":
        right = [choice for choice, value in zip(example.choices, gold, strict=True) if value]
    else:
        right = [example.choices[place] for place in ([gold] if isinstance(gold, int) else gold)]
    return [*sorted(example.choices), *sorted(right)]


def _shared_parts(
    examples: Sequence[Example], closed: Sequence[list[str]], settings: TemplateSettings
) -> dict[str, frozenset[str]]:
    """By task, the choices and answers that many of its examples have."""
    return {
        task: _frequent(({normalise(p) for p in closed[n]} for n in places), settings)
        for task, places in _places(examples, lambda example: True).items()
    }


def _published_pieces(
    examples: Sequence[Example], settings: TemplateSettings
) -> dict[int, list[str]]:
    """By place, the pieces of each published prompt that are not shared wording."""
    pieces = {}
    for places in _places(examples, lambda example: example.prompt is not None).values():
        spans = {n: list(_WORD.finditer(examples[n].prompt)) for n in places}
        runs = {n: _runs(spans[n], settings) for n in places}
        shared = _frequent(({run for run, _, _ in runs[n]} for n in places), settings)
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


def _frequent(sets: Iterable[set[str]], settings: TemplateSettings) -> frozenset[str]:
    listed = list(sets)
    least = max(settings.min_prompts, settings.min_share * len(listed))
    counts = Counter(value for values in listed for value in values)
    return frozenset(value for value, count in counts.items() if count >= least)


def _places(examples: Sequence[Example], chosen: Callable[[Example], bool]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for n, example in enumerate(examples):
        if chosen(example):
            places.setdefault(example.task, []).append(n)
    return places
