"""Tables and figures of funnel studies, filled with our figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from shoplm.metrics.funnel import MEAN
from shoplm.metrics.funnel_rows import ALL
from shoplm.reporting.figures import styled
from shoplm.reporting.funnel_cells import BASELINES, NDCG, Scores, shown
from shoplm.reporting.funnel_data import FunnelTables
from shoplm.reporting.funnel_settings import FunnelColumnSettings, FunnelStudySettings
from shoplm.reporting.funnel_tables import COSTS
from shoplm.reporting.recommendation_studies import cost_text
from shoplm.reporting.study_figures import Scale, plot_lines, plot_points
from shoplm.reporting.study_tables import OURS, PAPER

COLUMNS = ["log", "study", "row", "label", "group", "x", "column", "source", "variant", "seed",
           "cost", "metric", "value", "ci_low", "ci_high", "seed_sd", "n", "status"]  # fmt: skip


def fill_study(
    name: str, study: FunnelStudySettings, tables: FunnelTables, scores: Mapping[str, Scores]
) -> pd.DataFrame:
    """One row a figure: each seed, their mean, and the paper's own.

    A figure that was not measured is a row without a value, of the seed `mean`. Popular-first and
    random order stand first, where they have a figure, unless the study names them.

    Args:
        name: of the study.
        study: what it shows.
        tables: what was measured.
        scores: by search log.

    Returns:
        log (empty where none of the variants was trained), study, row, label, group, x, column,
        source (ours, paper), variant, seed, cost and metric (the one that it is, the other empty),
        value, ci_low, ci_high, seed_sd, n, status.
    """
    log = log_of(study, tables.variants)
    of_log = scores.get(log)
    columns = _expand(study, of_log)
    costs = tables.costs.merge(tables.variants[["variant", "n_dependent"]], on="variant")
    found: list[dict[str, Any]] = []
    for variant in [name for name in BASELINES if name not in study.variants().values()]:
        of = {"row": variant, "label": variant, "group": "", "x": None, "variant": variant}
        for label, column in columns.items():
            kind = {"column": label, "cost": "", "metric": column.metric}
            figures = _figures(of_log, variant, column) if column.cost is None else []
            measured = [figure for figure in figures if figure["value"] is not None]
            found += [{**of, "source": OURS, **figure, **kind} for figure in measured]
    for row, settings in study.kept_rows().items():
        variant = settings.variant or row
        of = {"row": row, "label": settings.label or row, "group": settings.group or "",
              "x": settings.x, "variant": variant}  # fmt: skip
        for label, column in columns.items():
            kind = {"column": label, "cost": column.cost or "", "metric": column.metric}
            figures = (
                _costs(costs, variant, column.cost)
                if column.cost is not None
                else _figures(of_log, variant, column)
            )
            found += [{**of, "source": OURS, **figure, **kind} for figure in figures]
            if label in settings.paper:
                paper = {"source": PAPER, "seed": MEAN, "value": settings.paper[label]}
                found.append({**of, **paper, **kind})
    return pd.DataFrame(found).assign(log=log, study=name).reindex(columns=COLUMNS)


def log_of(study: FunnelStudySettings, variants: pd.DataFrame) -> str:
    """The search log of a study: as set, else that of its first row that was trained."""
    logs = dict(zip(variants["variant"], variants["log"], strict=True))
    trained = (logs[name] for name in study.variants().values() if name in logs)
    return study.log or next(trained, "")


def write_figure(row: Mapping[str, Any]) -> str:
    """A row of a filled study as text."""
    return cost_text(row["cost"], row["value"]) if row["cost"] else shown(row)


def plot_study(filled: pd.DataFrame, study: FunnelStudySettings) -> go.Figure:
    """A filled study whose kind is `bars` or `lines`; nothing is drawn where nothing is measured.

    Bars are drawn as points with intervals, since what differs is little of a bar. Lines have no
    place for what is only an order.
    """
    rows = filled[(filled["source"] == OURS) & filled["value"].notna()]
    if study.kind == "lines":
        rows = rows[rows["x"].notna()]
    if study.kind == "table" or rows.empty:
        return styled(go.Figure(), study.title)
    rows = rows.assign(line=rows["label"], series=rows["group"], panel=rows["column"])
    if study.kind == "lines":
        scale = Scale("", ".4~g", "normal", "value")
        return plot_lines(rows, study.title, study.axis, study.log_axis, scale)
    return plot_points(rows, study.title, scale=Scale("", ".4~g", "normal"))


def column_label(column: FunnelColumnSettings, scores: Scores | None) -> str:
    """What a column is headed where the settings do not say."""
    if column.cost is not None:
        return column.label or COSTS[column.cost]
    title = scores.title(column.metric) if scores else column.metric.replace("_", " ")
    parts = [column.label or title, column.task or "", column.platform, column.region]
    return ", ".join(part for part in parts if part not in ("", ALL))


def _expand(study: FunnelStudySettings, scores: Scores | None) -> dict[str, FunnelColumnSettings]:
    """Columns by label, tasks and `each` written out."""
    columns: dict[str, FunnelColumnSettings] = {}
    for column in study.columns.values():
        tasks = [column.task] if scores is None or column.task or column.cost else scores.tasks
        if column.metric == "violations" and column.task is None:
            tasks = tasks[1:] or tasks  # the first task has none before it
        places: list[dict[str, str]] = [{}]
        if column.each is not None and scores is not None:
            key = column.each.removesuffix("s")
            names = scores.platforms if key == "platform" else scores.regions
            places = [{key: name} for name in [*names, ALL]]
        for task in tasks:
            for place in places:
                one = column.model_copy(update={"task": task, "each": None, **place})
                columns[column_label(one, scores)] = one
    return columns


def _figures(
    scores: Scores | None, variant: str, column: FunnelColumnSettings
) -> list[dict[str, Any]]:
    gap = [{"seed": MEAN, "value": None}]
    if scores is None:
        return gap
    metric = scores.ndcg if column.metric == NDCG else column.metric
    rows = scores.seeds(
        {"variant": variant, "task": column.task or "", "metric": metric,
         "platform": column.platform, "region": column.region}
    )  # fmt: skip
    kept = ["seed", "value", "ci_low", "ci_high", "seed_sd", "n", "status"]
    return rows[kept].to_dict("records") or gap


def _costs(costs: pd.DataFrame, variant: str, cost: str) -> list[dict[str, Any]]:
    of = costs.loc[costs["variant"] == variant, ["seed", cost]].dropna()
    seeds = [{"seed": str(s), "value": v} for s, v in of.itertuples(index=False)]
    return [*seeds, {"seed": MEAN, "value": of[cost].mean() if len(of) else None}]
