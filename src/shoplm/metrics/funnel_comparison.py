"""Which of two models of a funnel is better, by a paired test over lists."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from shoplm.metrics.benchmark_pairs import Pair, match_seeds
from shoplm.metrics.funnel import (
    AUC,
    COMPLETE,
    LOG_LOSS,
    MEAN,
    NOT_PREDICTED,
    label_status,
    mean_figure,
    ndcg_name,
    statistic,
)
from shoplm.metrics.funnel_rows import ALL, POPULAR_FIRST, RANDOM, FunnelTable, read_funnel
from shoplm.metrics.funnel_settings import FunnelMetricSettings
from shoplm.metrics.funnel_statistics import Figure, Statistic, interval_of_moves
from shoplm.metrics.recommendation_intervals import sign_flip_p_values
from shoplm.metrics.significance import adjust_holm
from shoplm.variants import suggest

WHOLE, PLATFORM, REGION = "whole", "platform", "region"
"""Levels of a comparison: all lists, those of a platform, those of a region."""

COMPARISON = ["variant", "against", "seed", "task", "platform", "region", "metric", "value",
              "ci_low", "ci_high", "p_value", "p_holm", "n", "n_lists", "n_seeds", "seed_sd",
              "confidence", "level", "status"]  # fmt: skip

FAMILY = ["metric", "level"]


def compare_funnel(
    rows: pd.DataFrame,
    predictions: pd.DataFrame,
    tasks: Sequence[str],
    pairs: Sequence[Pair],
    settings: FunnelMetricSettings,
) -> pd.DataFrame:
    """Differences of NDCG, AUC and log loss between pairs, the first's value less the other's.

    Seeds are matched (one of a single seed against all of the other's) and differences averaged
    over them first. Then lists are the units: p is of a randomisation test that exchanges the two
    models on a list (`sign_flip_p_values`). NDCG and log loss are sums over lists, of which the
    test is exact; of AUC, which is not, what a list adds to the difference is its pseudo-value:
    its share of the difference plus its move. p_holm corrects over a family: all pairs and tasks,
    and the platforms or regions, of a metric and level.

    Args:
        rows: see `shoplm.metrics.funnel_rows.read_funnel`.
        predictions: see there.
        tasks: in their order.
        pairs: (variant, against); either may be `popular_first` or `random`, which have no log
            loss.
        settings: as of `summarise_funnel`; its bootstrap's patterns test few lists.

    Returns:
        COMPARISON, in the order of pairs; of log loss a difference below 0 is the better.

    Raises:
        ValueError: a variant is not there, two have no seed in common, or as `read_funnel`.
    """
    pairs = list(dict.fromkeys((one, other) for one, other in pairs))
    table = read_funnel(rows, predictions, tasks)
    orders = (POPULAR_FIRST, RANDOM)
    models = [*table.models, *((name, 0) for name in orders)]
    there = {variant for variant, _ in models}
    for name in sorted({name for pair in pairs for name in pair} - there):
        raise ValueError(f"comparisons: no variant {name!r} was measured; {suggest(name, there)}")
    matches = match_seeds(pairs, models, "funnel")
    places = {
        model: model[0] if model[0] in orders else place for place, model in enumerate(models)
    }
    found = []
    for task, _ in enumerate(table.tasks):
        for metric in (ndcg_name(settings), AUC, LOG_LOSS):
            asked = {model for sides in matches.values() for match in sides for model in match}
            statistics = {
                model: statistic(table, places[model], task, metric, settings)
                for model in sorted(asked)
            }
            for pair, sides in matches.items():
                if metric == LOG_LOSS and set(pair) & set(orders):
                    continue
                found += _pair_rows(table, task, metric, pair, sides, statistics, settings)
    if not found:
        return pd.DataFrame(columns=COMPARISON)
    compared = pd.DataFrame(found)
    compared["p_holm"] = np.nan
    for _, family in compared.groupby(FAMILY):
        compared.loc[family.index, "p_holm"] = adjust_holm(family["p_value"].to_numpy(float))
    order = {pair: number for number, pair in enumerate(pairs)}
    named = zip(compared["variant"], compared["against"], strict=True)
    places = np.argsort([order[pair] for pair in named], kind="stable")
    return compared.iloc[places].reset_index(drop=True)[COMPARISON]


def _pair_rows(
    table: FunnelTable,
    task: int,
    metric: str,
    pair: Pair,
    matches: Sequence[tuple[tuple[str, int], tuple[str, int]]],
    statistics: dict[tuple[str, int], Statistic | None],
    settings: FunnelMetricSettings,
) -> list[dict]:
    rows = []
    for cell in table.cells:
        if ALL not in (cell.platform, cell.region):
            continue  # too few lists each, and too many of them
        level = WHOLE if cell.platform == cell.region else REGION
        level = PLATFORM if cell.region == ALL and cell.platform != ALL else level
        status = label_status(table, cell, task, metric)
        gaps: list[Figure] = []
        for one, other in matches:
            sides = statistics[one], statistics[other]
            if status or None in sides:
                continue
            ours, theirs = (side.over(cell.lists) for side in sides)
            moves = ours.moves - theirs.moves
            gaps.append(Figure(ours.value - theirs.value, moves, ours.shares, ours.n))
        deviation, gap = mean_figure(gaps)
        figures = dict.fromkeys(("value", "ci_low", "ci_high", "p_value"), np.nan)
        if gap is not None:
            figures = _test(gap, settings)
        rows.append({
            "variant": pair[0], "against": pair[1], "seed": MEAN, "task": table.tasks[task],
            "platform": cell.platform, "region": cell.region, "metric": metric, **figures,
            "n": 0 if gap is None else gap.n, "n_lists": int(cell.lists.sum()),
            "n_seeds": len(matches), "seed_sd": deviation, "level": level,
            "confidence": settings.bootstrap.confidence,
            "status": status or (NOT_PREDICTED if gap is None else COMPLETE),
        })  # fmt: skip
    return rows


def _test(gap: Figure, settings: FunnelMetricSettings) -> dict[str, float]:
    moves = gap.moves[:, np.newaxis]
    value = np.array([gap.value])
    low, high = interval_of_moves(value, moves, settings.bootstrap.confidence)
    parts = moves + gap.value * gap.shares[:, np.newaxis]
    # what is 0 but for rounding is no difference
    parts[np.abs(parts) < 1e-15] = 0.0
    p = sign_flip_p_values(parts, np.zeros(1), settings.bootstrap)
    if low[0] == high[0]:
        low, high = np.full(1, np.nan), np.full(1, np.nan)
    return {
        "value": gap.value,
        "ci_low": float(low[0]),
        "ci_high": float(high[0]),
        "p_value": float(p[0]),
    }
