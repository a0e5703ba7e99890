"""Gradient boosting of trees, one model a task: scikit-learn's, or LightGBM's as an extra."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Protocol

import numpy as np
import torch
from torch import Tensor

from shoplm.funnel.batch import Batch
from shoplm.funnel.models.description import Description
from shoplm.funnel.models.settings import GBMSettings


class Booster(Protocol):
    """What both libraries' fitted classifiers can do."""

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """(n, 2): of 0 and of 1."""


class GradientBoosting:
    """Histogram trees (LightGBM, NeurIPS 2017; scikit-learn's follow it) on the columns of a batch.

    `fit` takes all batches at once: the rows that it learns from are in memory, as 4 bytes a value.
    Categories, the region and the platform are told apart up to `categories` of the most frequent
    values, others, and a region unseen in training, are one value, "other". Features of many values
    come in as how many there are. Tasks are independent: probabilities may rise along them. A task
    whose training labels are all the same is given their value.
    """

    is_trained: ClassVar[bool] = False
    """Learns in `fit`, not by gradients."""

    def __init__(self, settings: GBMSettings, description: Description) -> None:
        self.settings = settings
        self.n_tasks = len(description.tasks)
        self.n_categorical = len(description.categorical) + 2
        self.multivalued = list(description.multivalued)
        self.has_region_numeric = not description.region_one_hot
        sizes = (*description.categorical.values(), description.n_regions, description.n_platforms)
        self.sizes = [int(size) for size in sizes]
        self.codes: list[np.ndarray] = []
        self.boosters: list[Booster | float] = []

    def fit(self, batches: Iterable[Batch]) -> GradientBoosting:
        """Learn from all rows of `batches`, whose order has no meaning.

        Raises:
            ValueError: there is no row.
        """
        parts = [(self._values(batch), batch.labels.cpu().numpy()) for batch in batches]
        if not parts:
            raise ValueError("model gbm: there is no training row")
        values = np.concatenate([x for x, _ in parts])
        labels = np.concatenate([y for _, y in parts])
        del parts
        self.codes = [
            _codes(values[:, i].astype(np.int64), size, self.settings.categories)
            for i, size in enumerate(self.sizes)
        ]
        self._encode(values)
        self.boosters = [self._fit_task(values, labels[:, t]) for t in range(self.n_tasks)]
        return self

    def predict(self, batch: Batch) -> Tensor:
        """(B, k) fp32 probabilities."""
        values = self._values(batch)
        self._encode(values)
        columns = [
            np.full(len(values), booster)
            if isinstance(booster, float)
            else booster.predict_proba(values)[:, 1]
            for booster in self.boosters
        ]
        return torch.from_numpy(np.stack(columns, 1).astype(np.float32))

    def _fit_task(self, x: np.ndarray, y: np.ndarray) -> Booster | float:
        if y.min() == y.max():
            return float(y[0])
        fit = LIBRARIES[self.settings.library]
        return fit(self.settings, list(range(self.n_categorical)), x, y.astype(np.int8))

    def _values(self, batch: Batch) -> np.ndarray:
        """(B, D) float32: categories first, their ids not yet encoded."""
        columns = [batch.categorical, batch.region[:, None], batch.platform[:, None], batch.numeric]
        if self.has_region_numeric:
            columns.append(batch.region_numeric)
        for name in self.multivalued:
            ids, starts = batch.multivalued[name]
            ends = torch.cat([starts[1:], starts.new_tensor([len(ids)])])
            columns.append((ends - starts)[:, None])
        return torch.cat([column.float() for column in columns], 1).cpu().numpy()

    def _encode(self, values: np.ndarray) -> None:
        """Put codes in the place of ids."""
        for i, codes in enumerate(self.codes):
            values[:, i] = codes[values[:, i].astype(np.int64)]


def _codes(ids: np.ndarray, size: int, most: int) -> np.ndarray:
    """(size,) float32: by id, a code from 1 in order of frequency, 0 for those beyond `most`."""
    counts = np.bincount(ids, minlength=size)
    frequent = np.argsort(-counts, kind="stable")[:most]
    frequent = frequent[counts[frequent] > 0]
    codes = np.zeros(size, np.float32)
    codes[frequent] = np.arange(1, len(frequent) + 1)
    return codes


def _scikit_learn(
    settings: GBMSettings, categorical: list[int], x: np.ndarray, y: np.ndarray
) -> Booster:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        learning_rate=settings.learning_rate,
        max_iter=settings.trees,
        max_leaf_nodes=settings.leaves,
        min_samples_leaf=settings.min_leaf_rows,
        l2_regularization=settings.l2,
        categorical_features=categorical,
        early_stopping=False,  # it would draw a share of the training rows, across time
        random_state=settings.seed,
    ).fit(x, y)


def _lightgbm(
    settings: GBMSettings, categorical: list[int], x: np.ndarray, y: np.ndarray
) -> Booster:
    try:
        from lightgbm import LGBMClassifier
    except ImportError:
        raise ValueError(
            "model gbm: library lightgbm is not installed; install the extra, or set library to "
            "scikit-learn"
        ) from None

    return LGBMClassifier(
        n_estimators=settings.trees,
        num_leaves=settings.leaves,
        learning_rate=settings.learning_rate,
        min_child_samples=settings.min_leaf_rows,
        reg_lambda=settings.l2,
        random_state=settings.seed,
        deterministic=True,
        n_jobs=torch.get_num_threads(),  # threads beyond the free cores spin
        verbose=-1,
    ).fit(x, y, categorical_feature=categorical)


LIBRARIES = {"scikit-learn": _scikit_learn, "lightgbm": _lightgbm}
