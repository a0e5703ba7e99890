"""Each model with MD in front beside the same one without: what MD bought."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pandas as pd

from shoplm.metrics.funnel_rows import ALL
from shoplm.reporting.funnel_cells import Scores, select

OF_MD = ("md", "md_module")
"""Settings of a model that say whether MD stands in front, and how it is made."""


class MDPair(NamedTuple):
    """A variant with MD, and the one that lacks nothing else."""

    variant: str
    against: str


def list_md_pairs(variants: pd.DataFrame) -> list[MDPair]:
    """Each variant without MD beside the first one that has MD in front and is otherwise the same.

    The same are log, model, its other settings, tasks, training, and what training starts from.
    There is no pair where MD of that one is off.

    Args:
        variants: `funnel_variants`.
    """
    with_md: dict[str, dict[str, Any]] = {}
    rows = variants.to_dict("records")
    for row in rows:
        if row["md"]:
            with_md.setdefault(_all_but_md(row), row)
    found = [(with_md.get(_all_but_md(row)), row) for row in rows if not row["md"]]
    return [
        MDPair(one["variant"], other["variant"])
        for one, other in found
        if one is not None and one["n_dependent"]
    ]


def _all_but_md(row: dict[str, Any]) -> str:
    """What two variants of a pair have in common."""
    settings = {k: v for k, v in json.loads(row["settings"]).items() if k not in OF_MD}
    initial = "" if pd.isna(row["initial"]) else row["initial"]
    same = [row[key] for key in ("log", "model", "tasks")]
    same += [settings, json.loads(row["training"]), initial, bool(row["frozen"])]
    return json.dumps(same, sort_keys=True)


def find_gain(
    scores: Scores,
    comparison: pd.DataFrame,
    pair: MDPair,
    task: str,
    metric: str,
    region: str = ALL,
) -> dict[str, Any] | None:
    """The paired test of a pair in a region; the plain difference where there is none of it.

    Args:
        scores: of one search log.
        comparison: of that log.
        pair: of it.
        task: of it.
        metric: as `scores` has it, or `ndcg`.
        region: one, or all.

    Returns:
        metric, value, ci_low, ci_high, p_value, p_holm, n: nan where it was not tested. None where
        either has no value.
    """
    metric = scores.ndcg if metric == "ndcg" else metric
    of = {"variant": pair.variant, "against": pair.against, "task": task, "metric": metric,
          "platform": ALL, "region": region}  # fmt: skip
    rows = select(comparison, of)
    if len(rows) and rows["value"].notna().iloc[0]:
        return rows.iloc[0].to_dict()
    sides = [scores.find(name, task, metric, region=region) for name in pair]
    if any(row is None or pd.isna(row["value"]) for row in sides):
        return None
    untested = dict.fromkeys(("ci_low", "ci_high", "p_value", "p_holm"), float("nan"))
    value = sides[0]["value"] - sides[1]["value"]
    return of | untested | {"value": value, "n": sides[0]["n"]}
