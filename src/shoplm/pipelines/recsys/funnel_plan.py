"""The runs of `funnel`: every variant with every seed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from shoplm.pipelines.recsys.funnel_params import FunnelParams

if TYPE_CHECKING:
    from pandas import DataFrame

    from shoplm.funnel.run import FunnelRun
    from shoplm.launch import LaunchSettings


def plan_runs(
    funnel_data: Mapping[str, Path],
    feature_distances: DataFrame,
    params: FunnelParams,
    models: Mapping[str, Path] | None = None,
) -> list[tuple[FunnelRun, LaunchSettings]]:
    """Variants that start afresh, or, given their models, those that start from one of them.

    All of a seed come before the next; nothing is started.

    Args:
        funnel_data: data folders by log.
        feature_distances: log, and the columns of `FeatureSplit.distances`.
        params: the variants.
        models: by variant and seed (`seq_md_two/seed-0`).

    Raises:
        ValueError: a variant's split of features names what is no numeric feature of its log.
    """
    from shoplm.funnel.run import FunnelRun

    dependent = dependent_features(funnel_data, feature_distances, params)
    runs = []
    for seed in params.seeds:
        for name, chosen in params.resolved_variants().items():
            if (chosen.initial is None) != (models is None):
                continue
            run = FunnelRun(
                variant=name,
                seed=seed,
                data=funnel_data[chosen.log],
                model=chosen.model,
                training=chosen.training,
                tasks=tuple(chosen.tasks),
                dependent=tuple(dependent[name]),
                initial=models and models[f"{chosen.initial}/seed-{seed}"],
                frozen=chosen.frozen,
            )
            runs.append((run, chosen.launch))
    return runs


def dependent_features(
    funnel_data: Mapping[str, Path], feature_distances: DataFrame, params: FunnelParams
) -> dict[str, list[str]]:
    """What MD maps, by variant; nothing where there is no MD.

    Raises:
        ValueError: an override names what is no numeric feature of the log.
    """
    from shoplm.funnel.feature_split import decide
    from shoplm.funnel.log.folder import FunnelLog

    found = {}
    for name, chosen in params.resolved_variants().items():
        found[name] = []
        if chosen.has_md:
            measured = feature_distances[feature_distances["log"] == chosen.log]
            numeric = FunnelLog.open(funnel_data[chosen.log]).numeric_names
            split = decide(measured, numeric, chosen.feature_split)
            found[name] = split.loc[split["dependent"], "feature"].tolist()
    return found
