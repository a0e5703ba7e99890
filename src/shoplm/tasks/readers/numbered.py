"""Numbered choices inside a ready prompt."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shoplm.tasks.readers.reader import RowError

_START = r"(?:^[ \t]*|^[^\n]{0,40}:[ \t]+(?=[01]\b))(\d{1,2})[ \t]*[.)．、]"
AT_LINE = (
    re.compile(_START + r"(?!\d)[ \t]*", re.MULTILINE),
    re.compile(_START + r"[ \t]*", re.MULTILINE),
)
"""A number at the start of a line; the first one may follow a heading: `Products: 0. …`. First as
it is nearly always, then also where a choice that begins with a digit follows without a space."""
INLINE = re.compile(r"(?<!\S)(\d{1,2})[.)]\s+")
"""A number between words, where the choices are not on lines of their own."""
AFTER = re.compile(r"\n[ \t]*\n|\n[ \t]*(?:Answer|Output|Response|Result)[ \t]*:", re.IGNORECASE)
"""What ends the last choice when choices run over several lines."""


@dataclass(frozen=True)
class Numbered:
    """Choices found in a prompt, in the order shown."""

    numbers: tuple[int, ...]
    """As printed."""
    texts: tuple[str, ...]
    places: tuple[tuple[int, int], ...]
    """Where each number stands in the prompt: start, end."""
    start: int
    """Where the first choice begins."""
    end: int
    """Where the last choice ends."""

    def place(self, number: int, *, gap_is_slip: bool = False) -> int:
        """Place from 0 of the choice that `number` means: the one printed with it.

        With `gap_is_slip`, the answer that the printed numbers skip is taken as a count of choices,
        since there the list and not the answer was numbered wrongly.

        Raises:
            RowError: no choice has it.
        """
        if number not in self.numbers:
            place = number - self.numbers[0]
            if gap_is_slip and 0 <= place < len(self.numbers):
                return place
            printed = ", ".join(map(str, self.numbers))
            raise RowError(
                "answer_outside_choices", f"answer {number}, the prompt prints {printed}"
            )
        return self.numbers.index(number)

    def counts_from(self, first: int) -> bool:
        """Whether the printed numbers are first, first + 1, …"""
        return self.numbers == tuple(range(first, first + len(self.numbers)))


def numbered_choices(prompt: str) -> Numbered | None:
    """The numbered choices that a prompt prints; None where it prints none.

    A list that ends the prompt, each on a line of its own, or else one that runs inside the last
    line. The list counts up from 0 (from 1 where nothing is numbered 0) without gaps; one with a
    gap or in another order is taken only where no number comes twice.

    Raises:
        RowError: the numbers do not tell where a choice begins, or a choice is empty.
    """
    for pattern in AT_LINE:
        if run := _run(list(pattern.finditer(prompt))):
            return _numbered(prompt, run, inline=False)
    marks = list(AT_LINE[0].finditer(prompt))
    if len(marks) >= 2:
        return _numbered(prompt, _uneven(marks), inline=False)
    marks = _inline_run(list(INLINE.finditer(prompt)))
    return _numbered(prompt, marks, inline=True) if marks else None


def renumbered(prompt: str, found: Numbered, first: int) -> str:
    """The prompt with its choices numbered first, first + 1, … in the order shown."""
    parts, last = [], 0
    for number, (start, end) in enumerate(found.places, first):
        parts += [prompt[last:start], str(number)]
        last = end
    return "".join([*parts, prompt[last:]])


def _run(marks: list[re.Match]) -> list[re.Match] | None:
    """The marks from the last 0 (or 1), if they count up to the end."""
    numbers = [int(mark[1]) for mark in marks]
    first = 0 if 0 in numbers else 1
    if first not in numbers:
        return None
    start = len(numbers) - 1 - numbers[::-1].index(first)
    run = numbers[start:]
    counts_up = len(run) >= 2 and run == list(range(first, first + len(run)))
    return marks[start:] if counts_up else None


def _uneven(marks: list[re.Match]) -> list[re.Match]:
    """All marks, if no number comes twice."""
    numbers = [int(mark[1]) for mark in marks]
    if len(set(numbers)) == len(numbers) and min(numbers) <= 1:
        return marks
    raise RowError("ambiguous_choices", f"the prompt numbers its lines {numbers}")


def _inline_run(marks: list[re.Match]) -> list[re.Match]:
    """The longest run that counts up from 0 or 1; of several, the last."""
    best: list[re.Match] = []
    for start, mark in enumerate(marks):
        if mark[1] not in ("0", "1"):
            continue
        run = [mark]
        for other in marks[start + 1 :]:
            if int(other[1]) == int(run[-1][1]) + 1:
                run.append(other)
        if len(run) >= max(len(best), 2):
            best = run
    return best


def _numbered(prompt: str, marks: list[re.Match], *, inline: bool) -> Numbered:
    ends = [mark.start() for mark in marks[1:]]
    texts = [prompt[m.end() : end] for m, end in zip(marks, ends, strict=False)]
    rest = prompt[marks[-1].end() :]
    if not inline and all("\n" not in text.strip() for text in texts):
        after = rest.find("\n")
    else:
        after = stop.start() if (stop := AFTER.search(rest)) else -1
    texts.append(rest if after < 0 else rest[:after])
    shown = tuple(" ".join(text.split()) for text in texts)
    if empty := [mark[1] for mark, text in zip(marks, shown, strict=True) if not text]:
        raise RowError("empty_choice", f"choice {empty[0]} has no text")
    return Numbered(
        numbers=tuple(int(mark[1]) for mark in marks),
        texts=shown,
        places=tuple(mark.span(1) for mark in marks),
        start=marks[0].start(1),
        end=len(prompt) if after < 0 else marks[-1].end() + after,
    )
