"""Each model with MD in front beside the same one without: what MD bought."""

from __future__ import annotations

from typing import Any, NamedTuple

import pandas as pd

from shoplm.metrics.funnel_rows import ALL
from shoplm.reporting.funnel_cells import Scores, select

SUFFIX = "_md"
"""In the name of a variant: MD stands in front of what has the name without it."""


class MDPair(NamedTuple):
    """A variant with MD, and the one that lacks nothing else."""

    variant: str
    against: str


def list_md_pairs(variants: pd.DataFrame) -> list[MDPair]:
    """Variants with MD at work whose name less `_md` is one without it; same model and log."""
    rows = {row["variant"]: row for row in variants.to_dict("records")}
    pairs = []
    for name, row in rows.items():
        other = rows.get(name.replace(SUFFIX, "", 1))
        alike = other is not None and all(row[key] == other[key] for key in ("log", "model"))
        if alike and row["md"] and row["n_dependent"] and not other["md"]:
            pairs.append(MDPair(name, other["variant"]))
    return pairs


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
