"""Figures of the funnel: models, features by region, masks, what MD bought, and training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from shoplm.metrics.funnel import AUC
from shoplm.metrics.funnel_rows import ALL
from shoplm.reporting.figures import styled
from shoplm.reporting.funnel_cells import NDCG, Scores
from shoplm.reporting.funnel_pairs import MDPair, find_gain
from shoplm.reporting.study_figures import MEAN, Scale, framed, plot_curves, plot_points

VALUES = Scale(".2f", ".3f", "normal")
GAINS = Scale("+.2f", "+.4f", "normal")
BELOW, ABOVE = ("#f3f6f8", "#9fc3d4"), ("#f0c79b", "#b5602a")
"""Ends of the colours of distances on either side of the threshold."""
DIVERGING = ["#2f6f8f", "#f3f6f8", "#d98841"]
DISTANCES = {"js": "Jensen-Shannon distance, 0 to 1", "wasserstein": "Wasserstein-1, scaled units"}
MANY = 14
"""Regions above which a cell of a heat map has no room for its number."""
VALIDATION = "validation"


def plot_scores(scores: Scores, variants: Sequence[str]) -> go.Figure:
    """NDCG of these variants as points with intervals: a line a variant, a panel a task."""
    rows = scores.seeds({"metric": scores.ndcg, "platform": ALL, "region": ALL})
    shown = rows["variant"].isin(variants) & rows["value"].notna()
    rows = rows[shown & (rows["task"] != ALL)]
    rows = rows.assign(line=rows["variant"], series="", panel=rows["task"])
    title = f"{scores.title(NDCG)} by model and task"
    scale = VALUES._replace(title=scores.title(NDCG))
    return plot_points(rows, title, variants, scale)


def plot_feature_split(split: pd.DataFrame, distances: pd.DataFrame) -> go.Figure:
    """Largest distance of each region to another one, by feature, the dependent ones on top.

    Colours change at the threshold. Dependent features are bold; a hand marks those that were set.

    Args:
        split: `feature_split` of one log.
        distances: `feature_distances` of it.
    """
    split = split.sort_values(["dependent", "maximum"], ascending=False, kind="stable")
    title = "Distance of each region from the one that is farthest, by numeric feature"
    chosen = distances.merge(split[["feature", "distance"]], on=["feature", "distance"])
    if chosen.empty:
        return styled(go.Figure(), title)
    threshold, distance = float(split["threshold"].iloc[0]), split["distance"].iloc[0]
    ends = [chosen.rename(columns={end: "region"})[["feature", "region", "value"]]
            for end in ("region_a", "region_b")]  # fmt: skip
    wide = pd.concat(ends).pivot_table("value", "feature", "region", "max")
    wide = wide.reindex(split["feature"])
    top = max(float(np.nanmax(wide.to_numpy())), threshold * 1.25, 1e-9)
    at = threshold / top
    marks = sorted({0.0, threshold, top})
    figure = _heat_map(
        wide,
        [_feature_label(row) for row in split.to_dict("records")],
        colorscale=[[0, BELOW[0]], [at, BELOW[1]], [at, ABOVE[0]], [1, ABOVE[1]]],
        zmin=0, zmax=top,
        colorbar={"title": DISTANCES.get(distance, distance), "tickvals": marks,
                  "ticktext": [f"{m:.2f}" + " threshold" * (m == threshold) for m in marks]},
        hovertemplate="%{y}<br>%{x}: %{z:.3f} from the farthest region<extra></extra>",
    )  # fmt: skip
    n_dependent = int(split["dependent"].sum())
    if 0 < n_dependent < len(split):
        figure.add_hline(y=n_dependent - 0.5, line={"color": "#222", "width": 1.5})
    return _sized(figure, title, len(split), wide.shape[1])


def plot_masks(masks: pd.DataFrame, variant: str) -> go.Figure:
    """Factor of MD for every region and dependent feature, mean over seeds; 1 changes nothing.

    Colours are of the factor's logarithm where all are above 0: half is as far from 1 as twice.

    Args:
        masks: `region_masks`.
        variant: of them.
    """
    title = f"Factors of MD by region and feature, {variant}"
    rows = masks[masks["variant"] == variant]
    if rows.empty:
        return styled(go.Figure(), title)
    order = list(dict.fromkeys(rows["feature"]))
    wide = rows.pivot_table("mask", "feature", "region", "mean", sort=False).loc[order]
    values = wide.to_numpy(float)
    positive = bool((values > 0).all())
    colours = np.log2(values) if positive else values - 1
    reach = max(float(np.abs(colours).max()), 0.1)
    marks = np.linspace(-reach, reach, 5)
    factors = 2**marks if positive else 1 + marks
    figure = _heat_map(
        pd.DataFrame(colours, wide.index, wide.columns), list(wide.index), values,
        colorscale=DIVERGING, zmin=-reach, zmax=reach,
        colorbar={"title": "factor", "tickvals": marks, "ticktext": [f"{f:.2f}" for f in factors]},
        hovertemplate="%{y}<br>%{x}: times %{text}<extra></extra>",
    )  # fmt: skip
    return _sized(figure, title, *wide.shape)


def plot_gains(scores: Scores, comparison: pd.DataFrame, pairs: Sequence[MDPair]) -> go.Figure:
    """What MD added to NDCG and AUC by region: a line a region, a colour a model.

    Args:
        scores: of one search log.
        comparison: of that log; intervals are its, and there is none where it has no test.
        pairs: with MD and without.
    """
    regions = {ALL: "all regions"} | {name: name for name in scores.regions}
    rows = []
    for metric in (NDCG, AUC):
        for task in scores.tasks:
            for pair in pairs:
                for region, line in regions.items():
                    gain = find_gain(scores, comparison, pair, task, metric, region)
                    if gain is not None:
                        panel = f"{scores.title(metric)}, {task}"
                        rows.append(gain | {"line": line, "series": pair.variant, "panel": panel})
    columns = ["line", "series", "panel", "value", "ci_low", "ci_high", "n"]
    found = pd.DataFrame(rows, columns=columns).assign(seed=MEAN)
    scale = GAINS._replace(title="with MD less without")
    figure = plot_points(found, "What MD added, by region", list(regions.values()), scale)
    return figure.add_vline(x=0, line={"color": "#888", "width": 1}) if rows else figure


def plot_learning(metrics: pd.DataFrame, variants: Sequence[str]) -> go.Figure:
    """Mean over tasks of AUC on the validation dates over the passes; seeds: mean and range.

    Args:
        metrics: `funnel_metrics` of one log.
        variants: those that are drawn.
    """
    measured = metrics[metrics["variant"].isin(variants)]
    measured = measured[
        (measured["split"] == VALIDATION) & (measured["metric"] == AUC) & (measured["task"] == ALL)
    ]
    figure = plot_curves(
        measured, "passes", "AUC on the validation dates while training",
        "%{y:.4f} after %{x:.2f} passes",
    )  # fmt: skip
    figure.update_xaxes(title="passes over the training rows")
    return figure.update_yaxes(title="AUC, mean of tasks", tickformat=".2f", automargin=True)


def _feature_label(row: dict) -> str:
    text = f"<b>{row['feature']}</b>" if row["dependent"] else row["feature"]
    return f"{text} (set)" if row["overridden"] else text


def _heat_map(
    colours: pd.DataFrame, lines: Sequence[str], values: np.ndarray | None = None, **look: object
) -> go.Figure:
    values = colours.to_numpy(float) if values is None else values
    text = np.where(np.isnan(values), "", np.char.mod("%.2f", values))
    trace = go.Heatmap(
        z=colours.to_numpy(float), x=[str(name) for name in colours.columns], y=lines, text=text,
        texttemplate="%{text}" if colours.shape[1] <= MANY else None, textfont={"size": 10},
        xgap=1, ygap=1, **look,
    )  # fmt: skip
    trace.colorbar.update(thickness=12, title={"side": "right"}, tickfont={"size": 10})
    figure = go.Figure(trace)
    figure.update_xaxes(title="region", side="bottom", type="category")
    return figure.update_yaxes(autorange="reversed", automargin=True, title="feature")


def _sized(figure: go.Figure, title: str, n_lines: int, n_columns: int) -> go.Figure:
    framed(styled(figure, title), 130 + 24 * max(n_lines, 6))
    return figure.update_layout(
        margin={"t": 50, "b": 60}, meta={"min_width": 330 + 34 * min(n_columns, 40)}
    )
