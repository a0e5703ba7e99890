"""How many samples of which characteristics: the cells of the quota, and what is still short."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter

from shoplm.tasks.synthesis.form import Cell, is_balanced, values_of
from shoplm.tasks.task import Example, Task


class Quota:
    """Samples wanted and had of one task, by language and the values of every balanced field."""

    def __init__(self, task: Task, samples: int, seed: int) -> None:
        """Cells differ by at most one sample; who gets it is drawn by `seed`."""
        self.task = task
        self.names = [f.name for f in task.synthetic.fields if is_balanced(task, f)]
        of_field = [values_of(task, f) for f in task.synthetic.fields if is_balanced(task, f)]
        cells: list[tuple[str, Cell]] = [
            (language, tuple(zip(self.names, values, strict=True)))
            for language in languages(task)
            for values in itertools.product(*of_field)
        ]
        drawn = sorted(cells, key=lambda cell: _draw(f"{seed}:quota:{task.name}:{cell}"))
        each, left = divmod(samples, len(cells))
        more = set(drawn[:left])
        self.wanted = {cell: each + (cell in more) for cell in cells}
        self.had: Counter[tuple[str, Cell]] = Counter()

    def short(self, cell: tuple[str, Cell]) -> int:
        """Samples that a cell still wants."""
        return max(0, self.wanted[cell] - self.had[cell])

    def take(self, example: Example, values: dict[str, str]) -> bool:
        """Count an example in the cell that it says it is of; False if that one is full."""
        cell = (example.language, tuple((name, values[name]) for name in self.names))
        if not self.short(cell):
            return False
        self.had[cell] += 1
        return True

    @property
    def total(self) -> int:
        """Samples wanted of the task."""
        return sum(self.wanted.values())


def languages(task: Task) -> list[str]:
    """Languages in which the task is both asked and known."""
    return [language for language in task.languages if language in task.synthetic.request]


def _draw(name: str) -> str:
    return hashlib.md5(name.encode()).hexdigest()
