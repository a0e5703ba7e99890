"""Tables and figures of the paper, filled with our figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from shoplm.reporting.figures import styled
from shoplm.reporting.recommendation_cells import (
    ALL,
    KEYS,
    MEAN,
    METRICS,
    TITLES,
    Scores,
    shown,
)
from shoplm.reporting.recommendation_settings import StudyColumnSettings, StudySettings
from shoplm.reporting.study_figures import plot_lines, plot_points
from shoplm.reporting.study_tables import OURS, PAPER

COSTS = {
    "train_hours": "hours of training", "evaluation_seconds": "seconds of evaluation",
    "peak_memory_gb": "peak memory, GB", "examples_per_second": "training examples/s",
    "users_per_second": "ranked users/s", "trained_parameters": "trained parameters",
}  # fmt: skip
"""Columns of `sequential_costs`, as people read them."""
LABEL_SUBSETS = ("same", "mix", "diff")
COLUMNS = ["study", "row", "label", "group", "x", "column", "source", "variant", "seed", "cost",
           "value", "ci_low", "ci_high", "seed_sd", "n"]  # fmt: skip


def fill_study(
    name: str, study: StudySettings, scores: Scores, costs: pd.DataFrame
) -> pd.DataFrame:
    """One row a figure: each seed, their mean, and the paper's own.

    A figure that was not measured is a row without a value, of the seed `mean`.

    Returns:
        study, row, label, group, x, column, source (ours, paper), variant, seed, cost (the column
        of costs that it is, else empty), value, ci_low, ci_high, seed_sd, n.
    """
    found: list[dict[str, Any]] = []
    chosen = scores.results
    columns = _expand(study, scores)
    for row, settings in study.kept_rows().items():
        variant = settings.variant or row
        of = {"row": row, "label": settings.label or row, "group": settings.group or "",
              "x": settings.x, "variant": variant}  # fmt: skip
        for label, column in columns.items():
            if column.cost is not None:
                figures = _costs(costs, variant, column.cost)
            else:
                figures = _figures(chosen, study, variant, column)
            found += [{**of, "column": label, "source": OURS, **figure} for figure in figures]
            if label in settings.paper:
                found.append(
                    {**of, "column": label, "source": PAPER, "seed": MEAN,
                     "cost": column.cost or "", "value": settings.paper[label]}
                )  # fmt: skip
    return pd.DataFrame(found).assign(study=name).reindex(columns=COLUMNS)


def write_figure(row: Mapping[str, Any]) -> str:
    """A row of a filled study as text."""
    if row["cost"]:
        return cost_text(row["cost"], row["value"])
    return shown(row).replace(" (", "\n(")


def plot_study(filled: pd.DataFrame, study: StudySettings) -> go.Figure:
    """A filled study whose kind is `bars` or `lines`; nothing is drawn where nothing is measured.

    Bars are drawn as points with intervals, since shares near 0 differ by little of a bar.
    """
    rows = filled[(filled["source"] == OURS) & filled["value"].notna()]
    lines = list(dict.fromkeys(rows["label"]))
    if study.kind == "table" or rows.empty:
        return styled(go.Figure(), study.title)
    rows = rows.assign(line=rows["label"], series=rows["group"], panel=rows["column"])
    if study.kind == "lines":
        return plot_lines(rows, study.title, study.axis, study.log_axis)
    if len(lines) == 1 or rows["panel"].nunique() > 4:  # many panels are better read as lines
        rows = rows.assign(
            series=[group or label for group, label in zip(rows["group"], rows["label"],
                                                            strict=True)],
            line=rows["column"], panel=lines[0] if len(lines) == 1 else "",
        )  # fmt: skip
    return plot_points(rows, study.title)


def cost_text(cost: str, value: float) -> str:
    """A measured cost as people read it."""
    if pd.isna(value):
        return ""
    if cost == "trained_parameters":
        return f"{value:,.0f}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"


def column_label(column: StudyColumnSettings) -> str:
    """What a column is headed where the settings do not say."""
    if column.label is not None:
        return column.label
    if column.cost is not None:
        return COSTS[column.cost]
    parts = [TITLES[column.metric]]
    parts += [column.domain] if column.domain != ALL else []
    return ", ".join(parts + ([column.subset] if column.subset != ALL else []))


def _expand(study: StudySettings, scores: Scores) -> dict[str, StudyColumnSettings]:
    """Columns by label, `each` written out."""
    columns: dict[str, StudyColumnSettings] = {}
    for column in study.columns.values():
        if column.each == "metrics":
            steps = [{"metric": metric, "label": TITLES[metric]} for metric in METRICS]
        elif column.each == "subsets":
            steps = [{"subset": subset, "label": subset} for subset in LABEL_SUBSETS]
        elif column.each == "domains":
            of = {"subset": column.subset, "split": study.split}
            names = scores.names("domain", **of)
            if study.interactions is not None:
                names = scores.names("domain", **of, interactions=study.interactions)
            names = [n for n in names if n != ALL] + [n for n in names if n == ALL]
            steps = [{"domain": n, "label": "all domains" if n == ALL else n} for n in names]
        else:
            steps = [{"label": column_label(column)}]
        for step in steps:
            expanded = column.model_copy(update={**step, "each": None})
            columns[expanded.label] = expanded
    return columns


def _figures(
    results: pd.DataFrame, study: StudySettings, variant: str, column: StudyColumnSettings
) -> list[dict[str, Any]]:
    of: Mapping[str, str] = {
        "split": study.split, "protocol": study.protocol, "history": study.history,
        "domain": column.domain, "subset": column.subset, "metric": column.metric,
        "variant": variant,
    }  # fmt: skip
    rows = results[np.logical_and.reduce([results[name] == value for name, value in of.items()])]
    if study.interactions is not None:
        rows = rows[rows["interactions"] == study.interactions]
    elif rows["interactions"].nunique() > 1:
        rows = rows[rows["interactions"] == rows["interactions"].iloc[0]]
    if not (rows["seed"] == MEAN).any():
        return [{"seed": MEAN, "cost": "", "value": None}]
    kept = rows.drop(columns=[name for name in KEYS if name in rows])
    return [{**row, "cost": ""} for row in kept.to_dict("records")]


def _costs(costs: pd.DataFrame, variant: str, cost: str) -> list[dict[str, Any]]:
    of = costs[costs["variant"] == variant]
    if cost not in of or of[cost].isna().all():
        return [{"seed": MEAN, "cost": cost, "value": None}]
    seeds = [
        {"seed": str(seed), "cost": cost, "value": value}
        for seed, value in zip(of["seed"], of[cost], strict=True)
    ]
    return [*seeds, {"seed": MEAN, "cost": cost, "value": of[cost].mean()}]
