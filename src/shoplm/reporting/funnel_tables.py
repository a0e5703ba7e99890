"""Tables of the page of the funnel, as people read them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from shoplm.metrics.funnel import (
    AUC,
    CALIBRATION_ERROR,
    LOG_LOSS,
    PREDICTED_TO_OBSERVED,
    VIOLATIONS,
)
from shoplm.metrics.funnel_rows import ALL
from shoplm.reporting.funnel_cells import NDCG, Scores, difference_text, outcome, shown
from shoplm.reporting.funnel_pairs import MDPair, find_gain
from shoplm.reporting.recommendation_studies import cost_text
from shoplm.reporting.recommendation_tables import p_text

MAIN = (NDCG, AUC, LOG_LOSS, CALIBRATION_ERROR, PREDICTED_TO_OBSERVED, VIOLATIONS)
COSTS = {
    "parameters": "parameters", "trained_parameters": "trained parameters",
    "rows_per_second": "training rows/s", "scored_per_second": "scored rows/s",
    "train_seconds": "seconds of training", "peak_memory_gb": "peak memory, GB",
    "passes": "passes", "threads": "threads",
}  # fmt: skip
"""Columns of `funnel_costs`, as people read them."""


def tabulate_scores(scores: Scores, costs: pd.DataFrame) -> pd.DataFrame | None:
    """A row a task and variant, baselines first; a column a metric, parameters and rows/s.

    Args:
        scores: of one search log.
        costs: `funnel_costs`, of which means over seeds are shown.
    """
    beside = {name: COSTS[name] for name in ("parameters", "rows_per_second")}
    means = costs.groupby("variant")[list(beside)].mean()
    lines = []
    for task in scores.tasks:
        for variant in scores.variants:
            line = {"task": task, "model": variant}
            line |= {scores.title(m): shown(scores.find(variant, task, m)) for m in MAIN}
            if variant in means.index:
                line |= {
                    title: cost_text(name, means.loc[variant, name])
                    for name, title in beside.items()
                }
            lines.append(line)
    return _table(lines)


def tabulate_by(scores: Scores, key: str, platform: str = ALL) -> pd.DataFrame | None:
    """A row a task and variant; a column a platform or region: NDCG, below its interval, and AUC.

    Args:
        scores: of one search log.
        key: `platform` or `region`.
        platform: the one whose regions are shown.
    """
    names = scores.platforms if key == "platform" else scores.regions
    lines = []
    for task in scores.tasks:
        for variant in scores.variants:
            line = {"task": task, "model": variant}
            for name in names:
                place = {"platform": platform} | {key: name}
                ndcg, auc = (scores.find(variant, task, m, **place) for m in (NDCG, AUC))
                line[name] = shown(ndcg)
                if auc is not None and not pd.isna(auc["value"]):
                    line[name] += f"\nAUC {auc['value']:.3f}"
            lines.append(line)
        counts = [
            scores.find(variant, task, NDCG, **({"platform": platform} | {key: name}))
            for name in names
            for variant in scores.variants[:1]
        ]
        lines.append(
            {"task": task, "model": "lists"}
            | {n: f"{row['n']:,.0f}" for n, row in zip(names, counts, strict=True) if row}
        )
    return _table(lines) if len(names) > 1 else None


def tabulate_split(split: pd.DataFrame) -> pd.DataFrame | None:
    """One row a feature, the largest distance first, and by whom it was decided."""
    rows = split.sort_values("maximum", ascending=False, kind="stable")
    return _table(
        [
            {
                "feature": row["feature"],
                "largest distance": f"{row['maximum']:.3f}",
                "between": ""
                if pd.isna(row["region_a"])
                else f"{row['region_a']} and {row['region_b']}",
                "threshold": f"{row['threshold']:.3f}",
                "the feature is": "dependent" if row["dependent"] else "invariant",
                "decided by": "hand" if row["overridden"] else "distance",
            }
            for row in rows.to_dict("records")
        ]
    )


def tabulate_masks(masks: pd.DataFrame) -> pd.DataFrame | None:
    """A row a variant and region, a column a feature; the mean of seeds, below their range."""
    lines = []
    for (variant, region), of in masks.groupby(["variant", "region"], sort=False):
        line = {"model": variant, "region": region}
        for feature, values in of.groupby("feature", sort=False)["mask"]:
            line[feature] = f"{values.mean():.2f}"
            if len(values) > 1:
                line[feature] += f"\n({values.min():.2f} to {values.max():.2f})"
        lines.append(line)
    return _table(lines)


def tabulate_gains(
    scores: Scores, comparison: pd.DataFrame, pairs: Sequence[MDPair]
) -> pd.DataFrame | None:
    """Plug and play: a row a model, task and metric, without MD and with it."""
    lines = []
    for pair in pairs:
        for task in scores.tasks:
            for metric in (NDCG, AUC, LOG_LOSS):
                gain = find_gain(scores, comparison, pair, task, metric)
                if gain is None:
                    continue
                without, with_md = (
                    shown(scores.find(name, task, metric)) for name in reversed(pair)
                )
                lines.append(
                    {"model": pair.against, "task": task, "metric": scores.title(metric),
                     "without MD": without, "with MD": with_md, "difference": difference_text(gain),
                     "p": p_text(gain["p_value"]), "corrected p": p_text(gain["p_holm"]),
                     "outcome": outcome(gain)}
                )  # fmt: skip
    return _table(lines)


def tabulate_tests(
    scores: Scores, comparison: pd.DataFrame, pairs: Sequence[MDPair]
) -> pd.DataFrame | None:
    """One row a task and metric of every pair that was tested, but those of MD."""
    rows = comparison[(comparison["platform"] == ALL) & (comparison["region"] == ALL)]
    return _table(
        [
            {"model": row["variant"], "against": row["against"], "task": row["task"],
             "metric": scores.title(row["metric"]), "difference": difference_text(row),
             "p": p_text(row["p_value"]), "corrected p": p_text(row["p_holm"]),
             "outcome": outcome(row), "n": f"{row['n']:,}", "seeds": row["n_seeds"]}
            for row in rows.to_dict("records")
            if (row["variant"], row["against"]) not in pairs and not pd.isna(row["value"])
        ]
    )  # fmt: skip


def tabulate_statistics(statistics: pd.DataFrame) -> pd.DataFrame | None:
    """Rows, lists and positives: a row a figure, a column a side of one log."""
    sides = list(dict.fromkeys(statistics["side"]))
    lines = [
        {"": figure} | {row["side"]: f"{row['value']:,.0f}" for row in of.to_dict("records")}
        for figure, of in statistics.groupby("figure", sort=False)
    ]
    table = _table(lines)
    return table if table is None else table[["", *sides]]


def tabulate_costs(costs: pd.DataFrame, variants: pd.DataFrame) -> pd.DataFrame | None:
    """One row a variant, means over seeds."""
    models = dict(zip(variants["variant"], variants["model"], strict=True))
    return _table(
        [
            {"variant": variant, "model": models.get(variant, ""), "seeds": of["seed"].nunique()}
            | {title: cost_text(name, of[name].mean()) for name, title in COSTS.items()}
            | {"stopped by": ", ".join(dict.fromkeys(of["stopped_by"].dropna())),
               "device": ", ".join(dict.fromkeys(of["device"].dropna()))}
            for variant, of in costs.groupby("variant", sort=False)
        ]
    )  # fmt: skip


def _table(lines: list[dict]) -> pd.DataFrame | None:
    return pd.DataFrame(lines).fillna("") if lines else None
