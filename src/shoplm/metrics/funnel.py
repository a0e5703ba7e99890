"""How well models of a funnel rank and predict, by task, platform and region."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from shoplm.metrics.benchmark_intervals import replace_flat
from shoplm.metrics.funnel_rows import (
    ALL,
    POPULAR_FIRST,
    RANDOM,
    Cell,
    FunnelTable,
    read_funnel,
)
from shoplm.metrics.funnel_settings import FunnelMetricSettings
from shoplm.metrics.funnel_statistics import (
    AreaUnderCurve,
    CalibrationError,
    Figure,
    Ratio,
    Statistic,
    interval_of_moves,
    log_losses,
    ndcg_by_list,
)

MEAN = "mean"
"""Seed of a row that is the mean over seeds."""

AUC, LOG_LOSS, CALIBRATION_ERROR = "auc", "log_loss", "calibration_error"
PREDICTED_TO_OBSERVED, VIOLATIONS = "predicted_to_observed", "violations"

OF_ORDER = (AUC,)
"""Besides NDCG, what an order without probabilities has."""

RANGES = {
    AUC: (0.0, 1.0),
    LOG_LOSS: (0.0, np.inf),
    CALIBRATION_ERROR: (0.0, 1.0),
    PREDICTED_TO_OBSERVED: (0.0, np.inf),
    VIOLATIONS: (0.0, 1.0),
}
"""Within which an interval stays; NDCG's is 0 to 1."""

COMPLETE, NO_POSITIVES, NO_NEGATIVES = "complete", "no positives", "no negatives"
NOT_PREDICTED, UNDEFINED = "not predicted", "undefined"

RESULTS = ["variant", "seed", "task", "platform", "region", "metric", "value", "ci_low", "ci_high",
           "n", "n_lists", "n_seeds", "seed_sd", "confidence", "status"]  # fmt: skip


def summarise_funnel(
    rows: pd.DataFrame,
    predictions: pd.DataFrame,
    tasks: Sequence[str],
    settings: FunnelMetricSettings,
) -> pd.DataFrame:
    """NDCG@k, AUC, log loss, calibration and violations, for each seed and their mean.

    - `ndcg@k`: mean over lists with a positive row; those without are left out, and are what
      n_lists has beyond n. Tied rows share what their places bring.
    - `auc`: over the rows of all lists together. `log_loss`: mean over rows.
    - `calibration_error`: mean distance of predicted from observed shares over bins that hold as
      many rows each. `predicted_to_observed`: their ratio, 1 at best.
    - `violations`: share of rows with p_{t+1} > p_t, at task t+1; any of them at task `all`.

    `popular_first` orders by the items' past rates, `random` is what chance expects; both have
    NDCG and AUC alone. Intervals are over lists, whose rows belong together: what the bootstrap's
    BCa interval tends to (`interval_of_moves`); that of the mean over seeds is of the mean of these
    models, on other lists. One without width says nothing, and is Clopper and Pearson's for NDCG
    and violations, else null.

    Args:
        rows: see `shoplm.metrics.funnel_rows.read_funnel`.
        predictions: see there.
        tasks: in their order.
        settings: depth, bins and confidence.

    Returns:
        RESULTS. n counts the lists of an NDCG and the rows of all else. A figure that is not
        defined is null, with a status that says why: `no positives`, `no negatives`, or
        `not predicted`.

    Raises:
        ValueError: rows and predictions do not fit; see `read_funnel`.
    """
    table = read_funnel(rows, predictions, tasks)
    parts = []
    for place, task in enumerate(table.tasks):
        for metric in metrics_of(settings, place):
            statistics = [statistic(table, name, place, metric, settings) for name in keys(table)]
            parts += [
                _rows(table, cell, (place, task), metric, statistics, settings)
                for cell in table.cells
            ]
    if len(table.tasks) > 1:
        statistics = [statistic(table, name, None, VIOLATIONS, settings) for name in keys(table)]
        for cell in table.cells:
            parts.append(_rows(table, cell, (None, ALL), VIOLATIONS, statistics, settings))
    return pd.concat(parts, ignore_index=True)[RESULTS]


def metrics_of(settings: FunnelMetricSettings, task: int) -> list[str]:
    """The metrics of a task by its place."""
    names = [ndcg_name(settings), AUC, LOG_LOSS, CALIBRATION_ERROR, PREDICTED_TO_OBSERVED]
    return names + [VIOLATIONS] * (task > 0)


def ndcg_name(settings: FunnelMetricSettings) -> str:
    """`ndcg@10`."""
    return f"ndcg@{settings.depth}"


def keys(table: FunnelTable) -> list[int | str]:
    """Places of the models, and the two orders."""
    return [*range(len(table.models)), POPULAR_FIRST, RANDOM]


def statistic(
    table: FunnelTable,
    key: int | str,
    task: int | None,
    metric: str,
    settings: FunnelMetricSettings,
) -> Statistic | None:
    """A metric of a model or order; null where it does not predict the task.

    Args:
        table: of all.
        key: place of the model, or the name of an order.
        task: place of the task; null for violations of any.
        metric: its name.
        settings: depth and bins.
    """
    of_list = table.of_list
    if isinstance(key, str) and metric not in (ndcg_name(settings), *OF_ORDER):
        return None
    if metric == VIOLATIONS:
        return _violations(table, key, task)
    scores, labels = table.column(key, task), table.labels[:, task]
    if scores is None:
        return None
    if metric == ndcg_name(settings):
        return Ratio(*ndcg_by_list(scores, labels, of_list, settings.depth))
    if metric == AUC:
        return AreaUnderCurve(scores, labels, of_list)
    p = scores.astype(np.float64)
    if metric == CALIBRATION_ERROR:
        return CalibrationError(p, labels, of_list, settings.bins)
    sizes = np.bincount(of_list).astype(np.float64)
    if metric == LOG_LOSS:
        return Ratio(np.bincount(of_list, log_losses(p, labels)), sizes)
    return Ratio(np.bincount(of_list, p), np.bincount(of_list, labels), counts=sizes)


def _violations(table: FunnelTable, model: int, task: int | None) -> Ratio | None:
    pairs = range(1, len(table.tasks)) if task is None else [task]
    seen = None
    for later in pairs:
        sides = table.column(model, later - 1), table.column(model, later)
        if sides[0] is not None and sides[1] is not None:
            above = sides[1] > sides[0]
            seen = above if seen is None else seen | above
    if seen is None:
        return None
    sizes = np.bincount(table.of_list).astype(np.float64)
    return Ratio(np.bincount(table.of_list, seen), sizes)


def _rows(
    table: FunnelTable,
    cell: Cell,
    task: tuple[int | None, str],
    metric: str,
    statistics: Sequence[Statistic | None],
    settings: FunnelMetricSettings,
) -> pd.DataFrame:
    place, name = task
    status = label_status(table, cell, place, metric)
    figures = {
        key: None if found is None or status else found.over(cell.lists)
        for key, found in zip(keys(table), statistics, strict=True)
        if found is not None or isinstance(key, int)
    }
    columns: list[tuple[str, str, int, float, Figure | None]] = []
    for variant in dict.fromkeys(variant for variant, _ in table.models):
        own = [key for key, model in enumerate(table.models) if model[0] == variant]
        for key in own:
            columns.append((variant, str(table.models[key][1]), 1, np.nan, figures[key]))
        there = [figures[key] for key in own if figures[key] is not None]
        columns.append((variant, MEAN, len(own), *mean_figure(there)))
    columns += [(key, MEAN, 0, np.nan, f) for key, f in figures.items() if isinstance(key, str)]
    values = np.array([np.nan if f is None else f.value for *_, f in columns])
    ends = np.full((2, len(columns)), np.nan)
    known = [n for n, (*_, f) in enumerate(columns) if f is not None]
    n = 0
    confidence = settings.bootstrap.confidence
    if known:
        moves = np.stack([columns[place][-1].moves for place in known], axis=-1)
        n = columns[known[0]][-1].n
        found = np.stack(interval_of_moves(values[known], moves, confidence))
        found = found.clip(*RANGES.get(metric, (0.0, 1.0)))
        ends[:, known] = replace_flat(
            found, values[known], _heaviest(table, cell, metric, n), confidence
        )
    variants, seeds, n_seeds, deviations, _ = zip(*columns, strict=True)
    stated = [status or (NOT_PREDICTED if f is None else COMPLETE) for *_, f in columns]
    return pd.DataFrame({
        "variant": variants, "seed": seeds, "task": name, "platform": cell.platform,
        "region": cell.region, "metric": metric, "value": values, "ci_low": ends[0],
        "ci_high": ends[1], "n": n, "n_lists": int(cell.lists.sum()), "n_seeds": n_seeds,
        "seed_sd": deviations, "confidence": confidence, "status": stated,
    })  # fmt: skip


def label_status(table: FunnelTable, cell: Cell, task: int | None, metric: str) -> str:
    """Why a metric of a task is not defined in a cell; empty where it is."""
    if metric == VIOLATIONS or task is None:
        return ""
    labels = table.labels[cell.lists[table.of_list], task]
    if not labels.any():
        return NO_POSITIVES
    return NO_NEGATIVES if metric == AUC and labels.all() else ""


def mean_figure(figures: Sequence[Figure]) -> tuple[float, Figure | None]:
    """Standard deviation over seeds (nan for one), and their mean."""
    if not figures:
        return np.nan, None
    values = [figure.value for figure in figures]
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else np.nan
    moves = np.mean([figure.moves for figure in figures], axis=0)
    return deviation, Figure(float(np.mean(values)), moves, figures[0].shares, figures[0].n)


def _heaviest(table: FunnelTable, cell: Cell, metric: str, n: int) -> NDArray | float:
    """Largest share that a list has in a mean of values from 0 to 1; nan of what is none."""
    if metric.startswith("ndcg@"):
        return 1 / n
    if metric == VIOLATIONS:
        return float(np.bincount(table.of_list)[cell.lists].max() / n)
    return np.nan
