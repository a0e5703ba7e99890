"""Passes over the rows that are learned from, counted in steps."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import islice

from shoplm.funnel.batch import Batch
from shoplm.funnel.inputs import RunData
from shoplm.funnel.run import FunnelRun

CHOOSING, REFITTING = ("train",), ("train", "validation")
"""Sides that are learned from, while the passes are chosen and afterwards."""


class Passes:
    """Steps and batches of a run. A step reads one batch, the last one of a pass may be smaller."""

    def __init__(self, data: RunData, run: FunnelRun) -> None:
        """Nothing is read yet."""
        self.data, self.seed, self.training = data, run.seed, run.training

    def steps_of_one(self, sides: Sequence[str]) -> int:
        """Steps of a pass over these sides."""
        return math.ceil(self.data.n_rows(sides) / self.training.batch_size)

    def most_steps(self, sides: Sequence[str]) -> int:
        """Steps of `max_passes`."""
        return max(1, round(self.training.max_passes * self.steps_of_one(sides)))

    def refit_steps(self, best: int) -> int:
        """As many passes over the larger number of rows as the `best` steps of choosing were."""
        passes = best / self.steps_of_one(CHOOSING)
        return max(1, round(passes * self.steps_of_one(REFITTING)))

    def batches(self, sides: Sequence[str], done: int) -> Iterator[Batch]:
        """All batches of all passes after the first `done`, without end.

        Their order follows from the seed and the number of the pass.
        """
        number, done = divmod(done, self.steps_of_one(sides))
        while True:
            seed = self.seed * 100_003 + number
            yield from islice(self.data.batches(sides, self.training.batch_size, seed), done, None)
            number, done = number + 1, 0
