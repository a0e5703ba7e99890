"""The runs of `funnel`, every variant with every seed; and the pairs that are tested."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from shoplm.pipelines.recsys.funnel_params import FunnelParams, FunnelVariantSettings

if TYPE_CHECKING:
    from pandas import DataFrame

    from shoplm.funnel.run import FunnelRun
    from shoplm.funnel.settings import FeatureSplitSettings
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
    """What MD maps, by variant; nothing where there is no MD, or one region only.

    Raises:
        ValueError: an override names what is no numeric feature of the log.
    """
    from shoplm.funnel.feature_split import decide
    from shoplm.funnel.log.folder import FunnelLog

    found = {}
    for name, chosen in params.resolved_variants().items():
        found[name] = []
        log = FunnelLog.open(funnel_data[chosen.log])
        if chosen.has_md and len(log.regions) > 1:
            measured = feature_distances[feature_distances["log"] == chosen.log]
            with named(f"variant {name!r}, log {chosen.log!r}"):
                split = decide(measured, log.numeric_names, chosen.feature_split)
            found[name] = split.loc[split["dependent"], "feature"].tolist()
    return found


def plan_pairs(
    log: str, dependent: Mapping[str, Sequence[str]], params: FunnelParams
) -> list[tuple[str, str]]:
    """The pairs that are tested on a log: `comparisons`, and what MD brings each model.

    A variant whose MD has something to map is tested against the one that differs in nothing but
    MD. Where MD is off the two are the same model, and the test would only weaken the others.

    Args:
        log: one that a variant uses.
        dependent: what MD maps, by variant.
        params: the variants.
    """
    own = {name: of for name, of in params.resolved_variants().items() if of.log == log}
    plain: dict[str, str] = {}
    for name, chosen in own.items():
        if not chosen.has_md:
            plain.setdefault(_but_for_md(chosen), name)
    pairs = [pair for pair in params.comparisons if set(pair) & set(own)]
    pairs += [
        (name, plain[_but_for_md(chosen)])
        for name, chosen in own.items()
        if dependent[name] and _but_for_md(chosen) in plain
    ]
    return list(dict.fromkeys(pairs))


def choose_split(log: str, params: FunnelParams) -> FeatureSplitSettings:
    """How the features of a log are split where one split is shown: that of its first variant with
    MD, or without if none has it."""
    own = [of for of in params.resolved_variants().values() if of.log == log]
    return next((of for of in own if of.has_md), own[0]).feature_split


@contextmanager
def named(where: str) -> Iterator[None]:
    """Put in front of a `ValueError` what it is about."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def _but_for_md(chosen: FunnelVariantSettings) -> str:
    """All that decides the result of a variant, less MD."""
    settings = chosen.model_dump(
        mode="json", exclude={"launch": True, "model": {"md", "md_module"}}
    )
    return json.dumps(settings, sort_keys=True)
