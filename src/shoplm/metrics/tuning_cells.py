"""Examples summed by group: what a figure, its interval and its test are taken of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shoplm.metrics.tuning_scores import BASELINE

ALL = "all"
TASK, CAPABILITY, TRAINED = "task", "capability", "trained"
TRAINED_SIDE = "validation"
"""Where tasks that a variant was trained on are measured."""

Model = tuple[str, int]
"""Variant and seed."""


@dataclass(frozen=True)
class Cell:
    """Sums over groups, of one task or as a mean over several."""

    place: dict[str, Any]
    """split, metric, level, task, n."""
    models: list[Model]
    values: NDArray[np.float64]
    """(n_models, 2, n_groups): as measured; and the same sum in all, in parts for intervals."""
    weights: NDArray[np.float64]
    """(n_groups,)."""
    has_spread: bool
    """Whether its groups say anything of how far others would be."""

    def variants(self) -> list[str]:
        """Names of the models, once each."""
        return list(dict.fromkeys(variant for variant, _ in self.models))

    def of(self, variant: str) -> dict[int, NDArray[np.float64]]:
        """Values of each seed."""
        models = zip(self.models, self.values, strict=True)
        return {seed: values for (name, seed), values in models if name == variant}


def iter_cells(
    scores: pd.DataFrame, starts: Mapping[str, tuple[str, ...]], trained: pd.DataFrame | None
) -> Iterator[Cell]:
    """The scores of each split and metric: of one task, one capability, all, and those trained on.

    Args:
        scores: see `shoplm.metrics.tuning_scores.example_scores`.
        starts: the names of what each variant starts from.
        trained: variant, seed, task; None leaves out the level `trained`.

    Raises:
        ValueError: models were measured on different tokens or examples.
    """
    for metric, rows in scores.groupby("metric"):
        table = _Table.of(metric, rows)
        splits, tasks = table.examples["split"], table.examples["task"]
        for split in sorted(splits.unique()):
            here = (splits == split).to_numpy()
            for task in sorted(tasks[here].unique()):
                yield table.of_task(split, task)
            capabilities = table.examples["capability"]
            for name in sorted(capabilities[here].unique()):
                yield table.mean(split, CAPABILITY, name, here & (capabilities == name).to_numpy())
            yield table.mean(split, ALL, ALL, here)
        if trained is None:
            continue
        here = (splits == TRAINED_SIDE).to_numpy()
        for variant, of in trained.groupby("variant", sort=False):
            by_seed = {
                seed: (here & tasks.isin(names)).astype(float)
                for seed, names in of.groupby("seed")["task"]
            }
            by_seed = {seed: share for seed, share in by_seed.items() if share.any()}
            names = {variant, *starts[variant]}
            models = [(v, s) for v, s in table.models if v in names and s in by_seed]
            shares = [by_seed[seed] for _, seed in models]
            if (BASELINE, 0) in table.models and by_seed:
                models.append((BASELINE, 0))
                shares.append(np.mean(list(by_seed.values()), axis=0))
            if models:
                yield table.mean(TRAINED_SIDE, TRAINED, variant, np.stack(shares), models)


@dataclass(frozen=True)
class _Table:
    """Values of one metric."""

    metric: str
    examples: pd.DataFrame
    """split, task, capability, group, instruction_id."""
    models: list[Model]
    values: NDArray[np.float64]
    """(n_models, n_examples)."""
    weights: NDArray[np.float64]
    """(n_examples,)."""
    residuals: NDArray[np.float64]
    """Values less what the mean of the task would give."""
    even: NDArray[np.float64]
    """(n_examples,): shares that sum to one over the weights of a task."""

    @classmethod
    def of(cls, metric: str, rows: pd.DataFrame) -> _Table:
        keys = ["split", "task", "capability", "group", "instruction_id"]
        wide = rows.pivot(index=keys, columns=["variant", "seed"], values=["value", "weight"])
        _check_same(wide["weight"])
        examples = wide.index.to_frame(index=False)
        values = wide["value"].to_numpy(np.float64).T
        weights = wide["weight"].iloc[:, 0].to_numpy(np.float64)
        task = examples.groupby(["split", "task"]).ngroup().to_numpy()
        sizes = np.bincount(task, weights)
        means = np.stack([np.bincount(task, row) for row in values]) / sizes
        return cls(
            metric, examples, list(wide["value"].columns), values, weights,
            values - means[:, task] * weights, 1 / sizes[task],
        )  # fmt: skip

    def of_task(self, split: str, task: str) -> Cell:
        chosen = ((self.examples["split"] == split) & (self.examples["task"] == task)).to_numpy()
        groups = self._groups(chosen)
        values = _summed(self.values[:, chosen], groups)
        weights = _summed(self.weights[np.newaxis, chosen], groups)[0]
        both = np.stack([values, values], axis=1)
        place = self._place(split, TASK, task, chosen)
        return Cell(place, self.models, both, weights, has_spread=len(weights) > 1)

    def mean(
        self,
        split: str,
        level: str,
        name: str,
        taken: NDArray[Any],
        models: list[Model] | None = None,
    ) -> Cell:
        """The mean over the tasks of the examples taken, a task as much as another.

        A resample with more of one task's groups would move a mean over unlike tasks, though the
        tasks are given: so intervals take each example by its distance from its task's mean.

        Args:
            taken: (n_examples,), or (n_models, n_examples) where models take different ones.
            models: of this table; the default is all.
        """
        models = self.models if models is None else models
        rows = [self.models.index(model) for model in models]
        share = np.broadcast_to(taken * self.even, (len(rows), len(self.weights)))
        share = share / (share @ self.weights)[:, np.newaxis]
        chosen = share.any(axis=0)
        share, groups = share[:, chosen], self._groups(chosen)
        measured = _summed(share * self.values[rows][:, chosen], groups)
        weights = _summed(share.mean(axis=0, keepdims=True) * self.weights[chosen], groups)[0]
        centred = _summed(share * self.residuals[rows][:, chosen], groups)
        centred += measured.sum(axis=1, keepdims=True) * weights
        by_task = self.examples[chosen].groupby("task")["group"].nunique()
        return Cell(
            self._place(split, level, name, chosen), models, np.stack([measured, centred], axis=1),
            weights, has_spread=bool(by_task.max() > 1),
        )  # fmt: skip

    def _groups(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.unique(self.examples["group"][chosen], return_inverse=True)[1]

    def _place(self, split: str, level: str, task: str, chosen: NDArray[np.bool_]) -> dict:
        return {"split": split, "metric": self.metric, "level": level, "task": task,
                "n": int(chosen.sum())}  # fmt: skip


def _summed(values: NDArray[np.float64], groups: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n_rows, n_examples) to (n_rows, n_groups)."""
    return np.stack([np.bincount(groups, row) for row in values])


def _check_same(weights: pd.DataFrame) -> None:
    """Every model is measured on the same tokens of the same examples."""
    first = weights.iloc[:, 0]
    for model, weight in weights.items():
        if (other := ~np.isclose(weight, first)).any():
            split, task, *_, name = weights.index[other][0]
            raise ValueError(
                f"document_losses: {model[0]!r}, seed {model[1]}, was not measured on the same "
                f"tokens of {name!r} ({task}, {split}) as {first.name[0]!r}"
            )
