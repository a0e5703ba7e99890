"""Figures of recommendation: scores with intervals, and learning curves."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from shoplm.reporting.recommendation_cells import (
    ALL,
    LEAVE_ONE_OUT,
    NDCG_10,
    TITLES,
    Scores,
    protocol_label,
)
from shoplm.reporting.study_figures import plot_curves, plot_points

VALIDATION = "validation"


def plot_scores(results: pd.DataFrame, metric: str = NDCG_10) -> go.Figure:
    """Table 4 as points with intervals: a line a variant, a panel a way of ranking.

    Args:
        results: `sequential_results`; of several sets of interactions, the first is drawn.
        metric: of it.
    """
    scores = Scores(results)
    sets = scores.names("interactions")
    of = {"split": LEAVE_ONE_OUT, "domain": ALL, "subset": ALL, "metric": metric}
    of["interactions"] = sets[0] if sets else ""
    order = scores.variants(**of)
    rows = scores.results[scores.results["value"].notna()]
    for name, value in of.items():
        rows = rows[rows[name] == value]
    rows = rows.assign(
        line=rows["variant"], series="history " + rows["history"],
        panel=rows["protocol"].map(protocol_label),
    )  # fmt: skip
    place = {pair: n for n, pair in enumerate(scores.rankings(**of))}
    at = pd.Series(
        [place.get(p, len(place)) for p in zip(rows["protocol"], rows["history"], strict=True)],
        index=rows.index,
    )
    rows = rows.loc[at.sort_values(kind="stable").index]
    name = f" of {sets[0]}" if len(sets) > 1 else ""
    return plot_points(rows, f"{TITLES[metric]}{name}, all domains", order)


def plot_learning(metrics: pd.DataFrame) -> go.Figure:
    """The validation measure over the examples seen; several seeds: their mean and range.

    Recall@1 where it was measured, else what was. Left out: what came before the first step, for
    the axis is logarithmic, and variants with one measurement alone, which have no curve.

    Args:
        metrics: variant, seed, step, examples, split, metric, value.
    """
    measured = metrics[(metrics["split"] == VALIDATION) & (metrics["examples"] > 0)]
    names = [name for name in TITLES if name in set(measured["metric"])]
    title = f"{TITLES[names[0]] if names else 'Measured'} on validation cases while training"
    if names:
        measured = measured[measured["metric"] == names[0]]
    figure = plot_curves(measured, "examples", title, "%{y:.2%} after %{x:,.0f} examples")
    figure.update_xaxes(title="training examples seen", type="log", tickformat="~s")
    figure.update_yaxes(tickformat=".1%", rangemode="tozero", automargin=True)
    return figure
