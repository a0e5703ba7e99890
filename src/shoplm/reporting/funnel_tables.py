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

MAIN = (NDCG, AUC, LOG_LOSS, VIOLATIONS)
CALIBRATION = (CALIBRATION_ERROR, PREDICTED_TO_OBSERVED)
COSTS = {
    "parameters": "parameters", "trained_parameters": "trained parameters",
    "rows_per_second": "training rows/s", "scored_per_second": "scored rows/s",
    "train_seconds": "seconds of training", "peak_memory_gb": "peak memory, GB",
    "passes": "passes", "threads": "threads", "n_dependent": "dependent features",
}  # fmt: skip
"""Columns of `funnel_costs`, and one of `funnel_variants`, as people read them."""


def tabulate_scores(
    scores: Scores, tasks: Sequence[str], variants: Sequence[str], metrics: Sequence[str] = MAIN
) -> pd.DataFrame | None:
    """A row a task and variant, baselines first; a column a metric that one of them has.

    Args:
        scores: of one search log.
        tasks: those that are shown; a single one has no column.
        variants: those that are shown.
        metrics: those that are shown.
    """
    lines = []
    for task in tasks:
        for variant in variants:
            cells = {scores.title(m): shown(scores.find(variant, task, m)) for m in metrics}
            if any(cells.values()):
                lines.append({"task": task, "model": variant} | cells)
    table = _table(lines)
    if table is None:
        return None
    return table[[c for c in table if table[c].any() and (c != "task" or len(tasks) > 1)]]


def tabulate_tasks(scores: Scores) -> pd.DataFrame | None:
    """A row a variant, baselines first; a column a task: NDCG, below it its interval, and AUC."""
    return _table(
        [
            {"": variant} | {task: _two_metrics(scores, variant, task) for task in scores.tasks}
            for variant in scores.variants
        ]
    )


def tabulate_by(
    scores: Scores, key: str, variants: Sequence[str], platform: str = ALL
) -> pd.DataFrame | None:
    """A row a task and variant; a column a platform or region, as `tabulate_tasks`.

    Args:
        scores: of one search log.
        key: `platform` or `region`.
        variants: those that are shown.
        platform: the one whose regions are shown.
    """
    names = scores.platforms if key == "platform" else scores.regions
    if len(names) < 2:
        return None
    lines = []
    for task in scores.tasks:
        places = {name: {"platform": platform} | {key: name} for name in names}
        for variant in variants:
            cells = {n: _two_metrics(scores, variant, task, **of) for n, of in places.items()}
            lines.append({"task": task, "model": variant} | cells)
        if variants:
            rows = {n: scores.find(variants[0], task, NDCG, **of) for n, of in places.items()}
            counts = {n: f"{row['n_lists']:,.0f}" for n, row in rows.items() if row}
            lines.append({"task": task, "model": "lists"} | counts)
    return _table(lines)


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
    scores: Scores, comparison: pd.DataFrame, pairs: Sequence[MDPair], metrics: Sequence[str]
) -> pd.DataFrame | None:
    """Plug and play: a row a model, task and metric, if there are several, with MD and without."""
    lines = []
    for pair in pairs:
        for task in scores.tasks:
            for metric in metrics:
                gain = find_gain(scores, comparison, pair, task, metric)
                if gain is None:
                    continue
                without, with_md = (
                    shown(scores.find(name, task, metric)) for name in reversed(pair)
                )
                lines.append(
                    {"model": pair.against, "task": task, "metric": scores.title(metric),
                     "difference": difference_text(gain), "corrected p": p_text(gain["p_holm"]),
                     "outcome": outcome(gain), "without MD": without, "with MD": with_md}
                )  # fmt: skip
    table = _table(lines)
    return table if table is None or len(metrics) > 1 else table.drop(columns="metric")


def tabulate_tests(
    scores: Scores, comparison: pd.DataFrame, pairs: Sequence[MDPair]
) -> pd.DataFrame | None:
    """One row a task and metric of every pair that was tested, but those of MD."""
    rows = comparison[(comparison["platform"] == ALL) & (comparison["region"] == ALL)]
    return _table(
        [
            {"model": row["variant"], "against": row["against"], "task": row["task"],
             "metric": scores.title(row["metric"]), "difference": difference_text(row),
             "corrected p": p_text(row["p_holm"]), "outcome": outcome(row),
             "p": p_text(row["p_value"]), "n": f"{row['n']:,.0f}"}
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


def tabulate_costs(costs: pd.DataFrame) -> pd.DataFrame | None:
    """One row a variant, means over seeds; without what `describe_machine` says of all."""
    left_out = {"threads", "device"} if describe_machine(costs) else set()
    if costs["parameters"].equals(costs["trained_parameters"]):
        left_out.add("trained_parameters")
    measured = [name for name in COSTS if name in costs and name not in left_out]
    named = [name for name in ("stopped_by", "device") if name not in left_out]
    lines = []
    for variant, of in costs.groupby("variant", sort=False):
        line = {"variant": variant, "seeds": of["seed"].nunique()}
        line |= {COSTS[name]: cost_text(name, of[name].mean()) for name in measured}
        line |= {name.replace("_", " "): ", ".join(of[name].dropna().unique()) for name in named}
        lines.append({title.replace(" ", "\n", 1): cell for title, cell in line.items()})
    return _table(lines)


def describe_machine(costs: pd.DataFrame) -> str:
    """On what all runs were made; empty where they differ."""
    kinds = costs[["device", "threads"]].drop_duplicates()
    if len(kinds) != 1:
        return ""
    device, threads = str(kinds["device"].iloc[0]), int(kinds["threads"].iloc[0])
    return f"All ran on {device} with {threads} thread{'s' * (threads > 1)}."


def _two_metrics(scores: Scores, variant: str, task: str, **place: str) -> str:
    ndcg, auc = (scores.find(variant, task, metric, **place) for metric in (NDCG, AUC))
    text = shown(ndcg)
    return text if auc is None or pd.isna(auc["value"]) else f"{text}\nAUC {auc['value']:.3f}"


def _table(lines: list[dict]) -> pd.DataFrame | None:
    return pd.DataFrame(lines).fillna("") if lines else None
