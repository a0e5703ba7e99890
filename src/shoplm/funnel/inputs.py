"""What the runs of one program share, and what a model is told of a data folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from shoplm.funnel.batch import Batch
from shoplm.funnel.log.folder import FunnelLog
from shoplm.funnel.models.description import Description
from shoplm.funnel.run import FunnelRun
from shoplm.launch import report_warning
from shoplm.launch.processes import Processes
from shoplm.variants import fingerprint, suggest


class SharedInputs:
    """Data folders and digests, each opened or taken once."""

    def __init__(self, processes: Processes) -> None:
        """Nothing is opened yet."""
        self.processes = processes
        self._logs: dict[Path, FunnelLog] = {}
        self._digests: dict[Path, str] = {}
        self._told: set[tuple[Path, str]] = set()

    def log(self, folder: Path) -> FunnelLog:
        """A data folder, memory-mapped."""
        key = Path(folder).resolve()
        if key not in self._logs:
            self._logs[key] = FunnelLog.open(key)
        return self._logs[key]

    def warn(self, folder: Path, text: str) -> None:
        """Report a warning about a data folder, once, however many runs come upon it."""
        key = Path(folder).resolve(), text
        if key not in self._told:
            self._told.add(key)
            report_warning(f"log {key[0].name!r}: {text}")

    def digest(self, path: Path) -> str:
        """Of a folder's bytes."""
        if path not in self._digests:
            self._digests[path] = fingerprint(path)
        return self._digests[path]


class RunData:
    """The rows of a run: its tasks alone."""

    def __init__(self, log: FunnelLog, run: FunnelRun) -> None:
        """Find the tasks.

        Raises:
            ValueError: the data lacks one or a dependent feature, tasks are in another order, or a
                side is empty.
        """
        self.log = log
        self.tasks = tuple(run.tasks or log.tasks)
        for name in self.tasks:
            if name not in log.tasks:
                raise ValueError(f"tasks: {log.folder} has no {name!r}; {suggest(name, log.tasks)}")
        self.places = [log.tasks.index(name) for name in self.tasks]
        if self.places != sorted(set(self.places)):
            raise ValueError(f"tasks: {list(self.tasks)} is no order of {list(log.tasks)}")
        named = set(run.dependent)
        for name in sorted(named - set(log.numeric_names)):
            raise ValueError(
                f"dependent: {log.folder} has no numeric feature {name!r}; "
                f"{suggest(name, log.numeric_names)}"
            )
        self.dependent = tuple(name for name in log.numeric_names if name in named)
        for side in ("train", "test"):
            if not self.n_rows([side]):
                raise ValueError(f"{log.folder}: there are no rows on the {side} side")

    def n_rows(self, sides: Sequence[str]) -> int:
        """Rows on these sides together."""
        rows = self.log.rows(sides)
        return rows.stop - rows.start

    def batches(self, sides: Sequence[str], size: int, seed: int | None = None) -> Iterator[Batch]:
        """Batches with the labels of the run's tasks; see `FunnelLog.batches`."""
        for batch in self.log.batches(sides, size, seed):
            if len(self.places) < len(self.log.tasks):
                batch = replace(batch, labels=batch.labels[:, self.places])
            yield batch

    def labels(self, side: str) -> np.ndarray:
        """(n, k) bool of the run's tasks."""
        return self.log.labels[self.log.rows([side])][:, self.places] > 0

    def lists(self, side: str) -> np.ndarray:
        """(n,) int32: number of each row's list, from 0."""
        lists = np.asarray(self.log.list[self.log.rows([side])])
        return np.concatenate([[0], np.cumsum(lists[1:] != lists[:-1])]).astype(np.int32)

    def describe(self, with_md: bool, sides: Sequence[str] = ("train",)) -> Description:
        """What a model is told that learns from these sides."""
        log = self.log
        seen = np.unique(log.region[log.rows(sides)])
        return Description(
            tasks=self.tasks,
            numeric=tuple(log.numeric_names),
            dependent=self.dependent if with_md else (),
            categorical={name: log.categories[name] for name in log.categorical_names},
            multivalued={name: log.categories[name] for name in log.multivalued_names},
            n_regions=len(log.regions),
            region_numeric=log.region_numeric.shape[1],
            region_one_hot=not log.meta["settings"]["region_features"],
            unseen_regions=tuple(sorted(set(range(len(log.regions))) - set(seen.tolist()))),
            n_platforms=len(log.platforms),
        )
