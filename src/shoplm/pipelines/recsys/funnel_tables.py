"""Tables of `funnel` over all logs and variants; nodes import it when run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from shoplm.funnel import launching
from shoplm.funnel.log.columns import SIDES
from shoplm.funnel.log.folder import FunnelLog
from shoplm.pipelines.recsys.funnel_params import FunnelParams, FunnelVariantSettings

STATISTICS = ["side", "figure", "value"]
MODEL = ["variant", "seed", "log"]
PREDICTED = ["variant", "seed", "row"]


def stack(
    tables: Mapping[Any, pd.DataFrame], columns: Sequence[str], keys: Sequence[str] = ("log",)
) -> pd.DataFrame:
    """Tables below each other, with what they are called in front.

    Args:
        tables: by log, or by a tuple of what `keys` names.
        columns: of the tables, for where there is none.
        keys: columns of the names.
    """
    if not tables:
        return pd.DataFrame(columns=[*keys, *columns])
    found = pd.concat(dict(tables), names=keys)
    return found.reset_index(level=list(keys)).reset_index(drop=True)


def by_log(
    funnel_data: Mapping[str, Path], predictions: pd.DataFrame, params: FunnelParams
) -> Iterator[tuple[str, list[str], pd.DataFrame, pd.DataFrame]]:
    """Each log with its tasks, its test rows, and what its variants predicted for them."""
    for name, settings in params.used_logs().items():
        own = [n for n, chosen in params.resolved_variants().items() if chosen.log == name]
        places = [f"p_{n}" for n in range(1, len(settings.tasks) + 1)]
        chosen = predictions.loc[predictions["variant"].isin(own), [*PREDICTED, *places]]
        rows = launching.read_test_rows(funnel_data[name])
        yield name, settings.tasks, rows, chosen.reset_index(drop=True)


def name_logs(rows: pd.DataFrame, variants: Mapping[str, FunnelVariantSettings]) -> pd.DataFrame:
    """Rows of variants with the log of each in front."""
    logs = rows["variant"].astype("str").map({name: v.log for name, v in variants.items()})
    rows.insert(0, "log", logs.astype("category"))
    return rows


def count_sides(log: FunnelLog) -> pd.DataFrame:
    """side, figure, value: rows, lists, and by task how often it happened."""
    rows = []
    for side in SIDES:
        start, end = log.meta["sides"][side]
        figures = {"rows": end - start, "lists": log.meta["lists"][side]}
        figures |= log.meta["positives"][side]
        rows += [(side, name, value) for name, value in figures.items()]
    return pd.DataFrame(rows, columns=STATISTICS)


def describe_variants(dependent: Mapping[str, Sequence[str]], params: FunnelParams) -> pd.DataFrame:
    """One row a variant: log, model, tasks, what it starts from, what MD maps, and settings."""
    return pd.DataFrame(
        [
            {
                "variant": name,
                "log": chosen.log,
                "model": chosen.model.model,
                "md": chosen.has_md,
                "tasks": " ".join(params.tasks_of(chosen)),
                "initial": chosen.initial,
                "frozen": chosen.frozen,
                "n_dependent": len(dependent[name]),
                "threshold": chosen.feature_split.threshold,
                "distance": chosen.feature_split.distance,
                "settings": json.dumps(chosen.model.model_dump(mode="json", exclude={"model"})),
                "training": json.dumps(chosen.training.model_dump(mode="json")),
            }
            for name, chosen in params.resolved_variants().items()
        ]
    )
