"""What a recipe is: a way to make examples of any task from tables of a catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import pandas as pd

from shoplm.tasks.task import Example, Task
from shoplm.variants import Settings

Tables = Mapping[str, pd.DataFrame]
"""Tables of a catalogue by name: products, reviews, queries, …"""


@dataclass(frozen=True)
class Rejection:
    """A row of a table from which no example could be made."""

    id: str
    source: str
    """Name of the table."""
    reason: str
    """One word or a few, with underscores."""
    detail: str = ""

    def row(self) -> dict[str, str]:
        """As a row of a table."""
        return asdict(self)


class RecipeOptions(Settings):
    """Base of the options of a recipe."""

    ASKS: ClassVar[frozenset[str]] = frozenset()
    """Options that decide what is asked of which rows. All others decide how: what is shown beside
    it, the form of the answer, wording, numbers, how hard it is."""

    def asks(self) -> dict[str, Any]:
        """What is asked: of two tasks of one recipe, the same where they ask the same."""
        values = self.model_dump(mode="json")
        return {name: values[name] for name in sorted(self.ASKS)}


@dataclass(frozen=True)
class Recipe:
    """A kind of recipe; a task's YAML says with which options."""

    settings: type[RecipeOptions]
    """Checks the options."""
    tables: Callable[[Any], frozenset[str]]
    """The tables that it needs, given its options."""
    examples: Callable[[Task, Tables, Any, int], Iterator[Example | Rejection]]
    """Task, tables, options, seed: examples one after the other, in an order that depends on the
    seed and on the rows' content, never on the order of rows; read only as far as needed."""
