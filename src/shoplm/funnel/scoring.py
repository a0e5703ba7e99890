"""Probabilities of the rows of a side, what they come to, and the file of those of the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from shoplm.funnel.inputs import RunData
from shoplm.launch.durable import placed_durably
from shoplm.metrics.funnel_statistics import (
    AreaUnderCurve,
    CalibrationError,
    Ratio,
    log_losses,
    ndcg_by_list,
)

if TYPE_CHECKING:
    from shoplm.funnel.models.base import FunnelModel
    from shoplm.funnel.models.gbm import GradientBoosting

MEASURED = ("auc", "log_loss", "ndcg@10", "calibration_error")
SMALLER_IS_BETTER = frozenset({"log_loss"})


def predict(
    model: FunnelModel | GradientBoosting,
    data: RunData,
    side: str,
    batch_rows: int,
    device: torch.device,
) -> np.ndarray:
    """(n, k) float32: probabilities of the rows of a side, in their order.

    Raises:
        FloatingPointError: one is not finite; the message names the row.
    """
    found = np.empty((data.n_rows([side]), len(data.tasks)), dtype=np.float32)
    first = data.log.rows([side]).start
    with _scoring(model):
        for batch in data.batches([side], batch_rows):
            p = model.predict(batch if device.type == "cpu" else batch.to(device))
            found[batch.index.numpy() - first] = p.cpu().numpy()
    for place, task in np.argwhere(~np.isfinite(found))[:1]:
        raise FloatingPointError(
            f"row {first + place} of {data.log.folder}: the probability of {data.tasks[task]} is "
            f"{found[place, task]}"
        )
    return found


def measure(p: np.ndarray, data: RunData, side: str) -> dict[str, dict[str, float]]:
    """By metric, of each task for which it is defined on the side, and of `all` the mean.

    Args:
        p: (n, k) of `predict`.
        data: labels and lists.
        side: whose rows they are.
    """
    labels, of_list = data.labels(side), data.lists(side)
    every = np.ones(of_list[-1] + 1, dtype=bool)
    ones = np.ones(len(of_list))
    values: dict[str, dict[str, float]] = {metric: {} for metric in MEASURED}
    for place, task in enumerate(data.tasks):
        column, y = p[:, place].astype(np.float64), labels[:, place]
        if not y.any() or y.all():
            continue
        statistics = {
            "auc": AreaUnderCurve(column, y, of_list).over(every),
            "log_loss": Ratio(log_losses(column, y), ones).over(np.ones(len(y), dtype=bool)),
            "ndcg@10": Ratio(*ndcg_by_list(column, y, of_list, 10)).over(every),
            "calibration_error": CalibrationError(column, y, of_list, 15).over(every),
        }
        for metric, figure in statistics.items():
            values[metric][task] = figure.value
    return {
        metric: by_task | {"all": float(np.mean(list(by_task.values())))}
        for metric, by_task in values.items()
        if by_task
    }


def write_predictions(file: Path, p: np.ndarray, data: RunData) -> None:
    """row and p_1 to p_k float32 of the test side, whole or not at all.

    k counts the tasks of the data; one that the run does not learn is null throughout.
    """
    rows = data.log.rows(["test"])
    columns = {"row": pa.array(np.arange(rows.start, rows.stop, dtype=np.int64))}
    for place in range(len(data.log.tasks)):
        own = p[:, data.places.index(place)] if place in data.places else None
        column = pa.nulls(len(p), pa.float32()) if own is None else pa.array(own)
        columns[f"p_{place + 1}"] = column
    with placed_durably(file) as partial:
        pq.write_table(pa.table(columns), partial)


@contextmanager
def _scoring(model: FunnelModel | GradientBoosting) -> Iterator[None]:
    if not model.is_trained:
        yield
        return
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        model.train(was_training)
