"""Right and wrong answers put side by side, the wrong ones as near to the right as can be had."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from shoplm.tasks.recipes.sampling import digest, shuffled

TRIES = 400
"""Candidates looked at for one question."""


class Pool:
    """Possible answers, found by the groups that they belong to."""

    def __init__(self, members: Iterable[tuple[str, Sequence[str]]], seed: int) -> None:
        """`members`: an answer and its groups (a category, a department)."""
        groups: dict[str, set[str]] = defaultdict(set)
        for value, near in members:
            for group in (*near, ""):
                groups[group].add(value)
        self._groups = {name: shuffled(found, seed, "pool") for name, found in groups.items()}

    def draw(self, near: Sequence[str], start: str) -> Iterator[str]:
        """Answers of the first group, then of the next, then any; each once, from a place that
        `start` decides."""
        given: set[str] = set()
        for name in (*near, ""):
            values = self._groups.get(name, ())
            offset = int(digest(start, name)[:13], 16) % max(1, len(values))
            for at in range(len(values)):
                value = values[(offset + at) % len(values)]
                if value not in given:
                    given.add(value)
                    yield value


def pick_wrong(
    pool: Pool, near: Sequence[str], count: int, start: str, refuse: Callable[[str], bool]
) -> list[str]:
    """Up to `count` different answers that `refuse` does not hold to be right too."""
    wrong: list[str] = []
    seen: set[str] = set()
    for tried, value in enumerate(pool.draw(near, start)):
        if len(wrong) == count or tried >= TRIES:
            break
        if value.lower() not in seen and not refuse(value):
            seen.add(value.lower())
            wrong.append(value)
    return wrong


def arrange(
    right: Sequence[str], wrong: Sequence[str], seed: int, key: str
) -> tuple[tuple[str, ...], list[int]]:
    """All answers in an order that `key` decides, and the places of the right ones."""
    choices = tuple(shuffled((*right, *wrong), seed, f"places:{key}"))
    return choices, sorted(choices.index(value) for value in right)
