"""The points of the checkpoint curve: where training started, the models on the way, the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from shoplm.pipelines.evaluation.params import EvaluationParams
from shoplm.pipelines.evaluation.plan import BASE

KEY = ["variant", "seed"]

NEAR = 0.02
"""Of the tokens seen."""


def collect_points(
    checkpoints: pd.DataFrame,
    final: pd.DataFrame,
    pretrain_metrics: pd.DataFrame,
    params: EvaluationParams,
    pretraining: Any = None,
) -> pd.DataFrame:
    """Predictions with the `tokens` that their model had seen, of the variants with checkpoints.

    Seeds and mixtures fill their blocks a little differently: numbers of tokens less than `NEAR`
    apart stand at one point, so that seeds have a mean and variants a common axis. Those of the
    start and of the end are there where the evaluations ask these models the same
    benchmarks.

    Args:
        checkpoints: predictions of the models on the way, with `tokens`.
        final: predictions of all other models.
        pretrain_metrics: variant, seed, tokens: the last is that of the final model.
        params: names the benchmarks of the curve.
        pretraining: parameters of `continual_pretrain`, which name the model that a variant
            started from where it is another than `base`.
    """
    if params.curve is None or checkpoints.empty:
        return final.assign(tokens=pd.Series(dtype="Int64")).iloc[:0]
    ours = final[final["benchmark"].isin(params.curve.benchmarks)]
    if not params.curve.free:
        ours = ours[ours["decoding"] == "constrained"]
    ends = pretrain_metrics.groupby(KEY)["tokens"].max()
    starts = start_models(pretraining)
    parts = [checkpoints]
    for variant, seed in checkpoints[KEY].drop_duplicates().itertuples(index=False):
        end = ours[(ours["variant"] == variant) & (ours["seed"] == seed)]
        if (variant, seed) in ends.index:
            parts.append(end.assign(tokens=int(ends[variant, seed])))
        start = ours[ours["variant"] == starts.get(variant, BASE)]
        parts.append(start.assign(variant=variant, seed=seed, tokens=0))
    points = pd.concat([part for part in parts if len(part)], ignore_index=True)
    return points.assign(tokens=join_near(points["tokens"]))


def join_near(tokens: pd.Series) -> pd.Series:
    """Each number as the mean of those that follow each other by less than `NEAR` of it."""
    distinct = pd.Series(sorted(set(tokens)), dtype=float)
    group = (distinct.diff() > NEAR * distinct).cumsum()
    joined = distinct.groupby(group).transform("mean").round().astype(int)
    return tokens.map(dict(zip(distinct.astype(int), joined, strict=True)))


def start_models(pretraining: Any) -> dict[str, str]:
    """The model that each variant of continual pre-training started from, if it names one."""
    if pretraining is None:
        return {}
    given: Mapping = pretraining if isinstance(pretraining, Mapping) else pretraining.model_dump()
    common = given["pretraining"].get("base_model")
    named = {
        name: (overrides or {}).get("base_model", common)
        for name, overrides in given["variants"].items()
    }
    return {name: model for name, model in named.items() if model is not None}
